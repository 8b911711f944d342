"""Everything that is computed again, in the order in which one thing follows from another."""

from collections.abc import Callable

from ledger.seals.rules.recomputation.actors import check_actors
from ledger.seals.rules.recomputation.charges import check_charges
from ledger.seals.rules.recomputation.evidence import Evidence
from ledger.seals.rules.recomputation.notes import Notes
from ledger.seals.rules.recomputation.payments import check_payments
from ledger.seals.rules.recomputation.replays import check_replays

CHECKS: tuple[Callable[[Evidence, Notes], None], ...] = (
    check_charges,
    check_actors,
    check_replays,
    check_payments,
)


def recompute(evidence: Evidence, notes: Notes) -> None:
    """Compute again what follows from the rows, and note what differs, the first cause first."""
    for check in CHECKS:
        check(evidence, notes)
        notes.look(notes.tally)
