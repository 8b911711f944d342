"""Verify a database against its own seals: the chain, the trees, every row; then what follows.

One snapshot, read only; what comes meanwhile is not looked at. Rows stream through, so memory
stays as it is however large the database has grown.
"""

from collections.abc import Callable, Mapping

from ledger.seals.queries.books import check_books
from ledger.seals.queries.chain import kept_leaves, kept_seals
from ledger.seals.queries.evidence import LiveEvidence
from ledger.seals.queries.rows import check_rows
from ledger.seals.queries.shapes import Raw, write_as_sealed
from ledger.seals.rules.chain import check_chain, check_trees
from ledger.seals.rules.faults import Tally
from ledger.seals.rules.heads import Head
from ledger.seals.rules.outside.away import Away, Nowhere, check_away
from ledger.seals.rules.outside.stamps import stamp_check
from ledger.seals.rules.recomputation.all import CHECKS, recompute
from ledger.seals.rules.recomputation.notes import Notes

# Nothing is being packed (08_windows): what was has come to every machine before the snapshot.
_SETTLED = "SELECT pg_advisory_xact_lock_shared(hashtextextended('suanquan.pack', 0))"
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def verify(
    raw: Raw,
    look: Callable[[Tally], None] = lambda _: None,
    away: Callable[[Raw], Away] = lambda _: Nowhere(),
    roots: bytes | None = None,
) -> Tally:
    """Check everything that is sealed, in the transaction of a connection that has none yet.

    Args:
        raw: a connection that may read.
        look: is shown, now and then, what was looked at so far.
        away: returns, asked in this transaction, who reads what lies outside of the database.
        roots: the certificates, PEM, that time stamps are traced to.

    Returns:
        What was looked at, and every fault.
    """
    tally = Tally()
    with raw.transaction():
        raw.execute(_SETTLED)
    with raw.transaction():
        raw.execute(_SNAPSHOT)
        write_as_sealed(raw)
        heads = check_chain(kept_seals(raw), tally)
        check_trees(kept_leaves(raw), heads, tally)
        look(tally)
        check_rows(raw, heads, tally, look)
        outside = away(raw)
        _check_away(raw, outside, heads, tally, look)
        check_books(raw, tally, look)
        checks = [*CHECKS, stamp_check(heads, roots)]
        recompute(LiveEvidence(raw, outside, heads), Notes(tally, look), checks)
    return tally


def verify_away(raw: Raw, away: Callable[[Raw], Away]) -> Tally:
    """Check what lies outside of the database, and nothing else but the heads that it rests on."""
    tally = Tally()
    with raw.transaction():
        raw.execute(_SNAPSHOT)
        write_as_sealed(raw)
        heads = check_chain(kept_seals(raw), tally)
        _check_away(raw, away(raw), heads, tally)
    return tally


def _check_away(
    raw: Raw,
    away: Away,
    heads: Mapping[int, Head],
    tally: Tally,
    look: Callable[[Tally], None] = lambda _: None,
) -> None:
    agent_keys = dict(raw.execute("SELECT id::text, public_key FROM agents").fetchall())
    check_away(away.rows(heads, tally.faults.append), heads, agent_keys, tally, look)
