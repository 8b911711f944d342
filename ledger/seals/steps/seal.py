"""Seal what came since the last seal: rows → leaves → trees → a head, signed and chained.

One transaction in one snapshot: a seal is whole or it is not, and a row that changes meanwhile
waits for the next one. One sealer at a time, by a lock; if two came all the same, the
chain's own keys refuse the second.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version

from sqlalchemy import text
from sqlmodel import Session, select

from ledger.errors import Busy, Conflict, Refused
from ledger.metering.queries.windows import raw_connection
from ledger.policy.text.published import beside, versions
from ledger.seals.codes import Algorithm
from ledger.seals.queries.leaves import relations_waiting, waiting_rows, write_leaves
from ledger.seals.queries.seals import last_seal
from ledger.seals.queries.shapes import Raw, Shape, shapes, write_as_sealed
from ledger.seals.rules.form import leaf_bytes, row_hash, unescape
from ledger.seals.rules.heads import (
    BureauKey,
    Head,
    SealedTree,
    hash_of,
    is_signed,
    read_head,
    sign,
    write_head,
)
from ledger.seals.rules.merkle import Tree
from ledger.seals.rules.occasions import BY_THE_HOUR, Occasion
from ledger.seals.tables import Seal, SealKey
from ledger.units import beijing_day, next_month

_MINE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('suanquan.seal', 0))")
_NOTE_POSTINGS = text("SELECT note_postings()")
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def seal(
    db: Session,
    key: BureauKey,
    actor: str,
    now: datetime,
    *,
    occasion: Occasion = BY_THE_HOUR,
    algorithm: Algorithm = Algorithm.SHA256,
    next_key: BureauKey | None = None,
) -> Seal:
    """Seal whatever waits, in a transaction that has not begun yet.

    Args:
        db: a session before its first statement.
        key: the bureau's: the first one that seals, then that which the last head names.
        actor: who has it registered.
        now: when; later than the last seal.
        occasion: light, or of a month that is over.
        algorithm: what hashes.
        next_key: the key of all seals after this one, where it changes.

    Returns:
        The seal, which stands once the caller commits.

    Raises:
        Busy: somebody else is sealing (`seal_busy`).
        Refused: the clock is behind the last seal (`seal_clock`), the last seal is not one of a
            registered key (`seal_broken`), another key is to sign (`seal_key_unknown`), or the
            month is not over (`seal_month_open`).
        Conflict: the month was sealed (`seal_month_known`).
    """
    db.execute(_SNAPSHOT)
    if not db.scalar(_MINE):
        raise Busy("seal_busy")
    last = last_seal(db)
    _refuse_early(db, last, occasion, now)
    signer = _signer(db, key, last, actor, now)
    if next_key is not None:
        _register(db, next_key, actor, now)
    raw = raw_connection(db)
    write_as_sealed(raw)
    number = last.number + 1 if last else 1
    postings = int(db.scalar(_NOTE_POSTINGS))
    head = Head(
        number=number,
        kind=occasion.kind,
        month=occasion.month,
        sealed_at=now,
        algorithm=algorithm,
        previous=last.hash.hex() if last else None,
        key=signer.public_key.hex(),
        next_key=bytes(next_key.verify_key).hex() if next_key else None,
        program=version("suanquan"),
        policies=_policies(),
        postings=postings,
        trees=tuple(_trees(raw, number, algorithm)),
    )
    return _keep(db, head, key, signer)


def _refuse_early(db: Session, last: Seal | None, occasion: Occasion, now: datetime) -> None:
    if last is not None:
        if last.sealed_at >= now:
            raise Refused("seal_clock", last=last.sealed_at)
        signer = db.get_one(SealKey, last.key_id)
        head_hash = hash_of(last.head, Algorithm(last.algorithm))
        if last.hash != head_hash or not is_signed(last.head, last.signature, signer.public_key):
            raise Refused("seal_broken", number=last.number)
    month = occasion.month
    if month is not None:
        if beijing_day(now) < next_month(month):
            raise Refused("seal_month_open", month=f"{month:%Y-%m}")
        same = select(Seal.number).where(Seal.kind == occasion.kind, Seal.month == month)
        if db.exec(same).first():
            raise Conflict("seal_month_known", month=f"{month:%Y-%m}")


def _signer(db: Session, key: BureauKey, last: Seal | None, actor: str, now: datetime) -> SealKey:
    public_key = bytes(key.verify_key).hex()
    expected = read_head(last.head).key_after if last else public_key
    if public_key != expected:
        raise Refused("seal_key_unknown", key=public_key[:16], expected=expected[:16])
    return _register(db, key, actor, now)


def _register(db: Session, key: BureauKey, actor: str, now: datetime) -> SealKey:
    """The key's row, a new one where there is none."""
    public_key = bytes(key.verify_key)
    known_key = db.exec(select(SealKey).where(SealKey.public_key == public_key)).one_or_none()
    if known_key is not None:
        return known_key
    new_key = SealKey(public_key=public_key, registered_at=now, registered_by=actor)
    db.add(new_key)
    db.flush()
    return new_key


def _policies() -> dict[str, str]:
    """The SHA-256 of each file of the policies that this program has."""
    files = (beside(f"{name}.yaml") for name in versions())
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in files if file}


def _trees(raw: Raw, number: int, algorithm: Algorithm) -> Iterator[SealedTree]:
    names = relations_waiting(raw)
    of_name = shapes(raw, names)
    for name in names:
        yield _tree(raw, number, of_name[name], algorithm)


def _tree(raw: Raw, number: int, shape: Shape, algorithm: Algorithm) -> SealedTree:
    """Seal the rows of a relation, a chunk after the other, which is what memory holds."""
    tree = Tree(algorithm)
    digest = row_hash(shape.relation, shape.columns, algorithm)
    after = ""
    while leaves := [
        (key, digest(line) if line is not None else None)
        for key, line in waiting_rows(raw, shape, after)
    ]:
        write_leaves(raw, number, shape.relation, leaves)
        for key, row in leaves:
            tree.add(leaf_bytes(unescape(key), row))
        after = unescape(leaves[-1][0]).decode()
    return SealedTree(shape.relation, shape.columns, tree.rows, tree.root().hex())


def _keep(db: Session, head: Head, key: BureauKey, signer: SealKey) -> Seal:
    content = write_head(head)
    read_head(content)  # what cannot be read again is not kept
    new_seal = Seal(
        number=head.number,
        kind=head.kind.value,
        month=head.month,
        sealed_at=head.sealed_at,
        algorithm=head.algorithm.value,
        previous=bytes.fromhex(head.previous) if head.previous else None,
        head=content,
        hash=hash_of(content, head.algorithm),
        key_id=signer.id or 0,
        signature=sign(content, key),
    )
    db.add(new_seal)
    db.flush()
    return new_seal
