"""Reserve a part of a voucher for an approved plan until a day; release or expire it.

Reserved money is accrued before available money, from the oldest reservation first. So a
reservation that is released or expires returns its unused part: at most its own amount, and nothing
of a newer one. What a correction gives back is available; it does not refill a reservation.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import insert
from sqlmodel import Session, col, select

from ledger.accounts.queries import lock_book, post, rights
from ledger.accounts.rules.targets import Move, unused
from ledger.errors import Conflict, NotFound, Refused
from ledger.units import Fen, beijing_day, month_of, yuan
from ledger.vouchers.tables import Reservation, Voucher


def reserve(
    db: Session,
    voucher: Voucher,
    *,
    fen: Fen,
    plan: str,
    until: date,
    actor: str,
    now: datetime,
) -> Reservation:
    """Reserve `fen` of what is available for this plan, to the end of the Beijing day `until`.

    Raises:
        Refused: no amount (`amount_out_of_range`), more than is available (`not_available`), or a
            day that is over (`reservation_past`).
    """
    if fen <= 0:
        raise Refused("amount_out_of_range")
    if until < beijing_day(now):
        raise Refused("reservation_past", until=until)
    lock_book(db, voucher.book_id)
    available = rights(db, voucher.book_id).available
    if fen > available:
        raise Refused("not_available", available=yuan(available))
    values = {
        "voucher_id": voucher.id,
        "fen": fen,
        "plan": plan,
        "until": until,
        "reserved_at": now,
        "reserved_by": actor,
    }
    reservation = db.scalars(insert(Reservation).values(values).returning(Reservation)).one()
    month = month_of(beijing_day(now))
    post(
        db,
        cause=f"reserve/{reservation.id}",
        used_on=month,
        booked=month,
        actor=actor,
        moves={voucher.book_id: [Move("reserve", "available", "reserved", fen)]},
    )
    return reservation


def release(db: Session, reservation: Reservation, *, actor: str, now: datetime) -> Fen:
    """Release the unused part of a reservation; return its fen.

    Raises:
        Conflict: it was released before (`reservation_released`).
    """
    voucher = db.get_one(Voucher, reservation.voucher_id)
    lock_book(db, voucher.book_id)
    if reservation not in _open_rows(db, voucher):
        raise Conflict("reservation_released", id=reservation.id)
    return _release(db, voucher, reservation, actor, now)


def expire(db: Session, *, actor: str, now: datetime) -> int:
    """Release every reservation whose Beijing day is over; return how many."""
    over = col(Reservation.until) < beijing_day(now)
    stale = select(Reservation.voucher_id).where(col(Reservation.released_at).is_(None), over)
    vouchers = select(Voucher).where(col(Voucher.id).in_(stale)).order_by(col(Voucher.book_id))
    count = 0
    for voucher in db.exec(vouchers).all():
        lock_book(db, voucher.book_id)
        for reservation in _open_rows(db, voucher):
            if reservation.until < beijing_day(now):
                _release(db, voucher, reservation, actor, now)
                count += 1
    return count


def close_all(db: Session, voucher: Voucher, actor: str, now: datetime) -> None:
    """Close all empty reservations of a locked voucher."""
    for reservation in _open_rows(db, voucher):
        _close(db, reservation, actor, now)


def open_reservations(db: Session, voucher: Voucher) -> list[tuple[Reservation, Fen]]:
    """Return the voucher's open reservations, oldest first, each with its unused fen."""
    rows = _open_rows(db, voucher)
    unused_fen = unused(rights(db, voucher.book_id).reserved, [row.fen for row in rows])
    return list(zip(rows, unused_fen, strict=True))


def reservation_of(db: Session, voucher: Voucher, key: int) -> Reservation:
    """Return the voucher's reservation with this number; NotFound if there is none."""
    reservation = db.get(Reservation, key)
    if reservation is None or reservation.voucher_id != voucher.id:
        raise NotFound("reservation", id=key)
    return reservation


def _release(
    db: Session, voucher: Voucher, reservation: Reservation, actor: str, now: datetime
) -> Fen:
    """Release a reservation of a locked voucher."""
    fen = next(
        remaining for row, remaining in open_reservations(db, voucher) if row.id == reservation.id
    )
    if fen:
        month = month_of(beijing_day(now))
        post(
            db,
            cause=f"release/{reservation.id}",
            used_on=month,
            booked=month,
            actor=actor,
            moves={voucher.book_id: [Move("release", "reserved", "available", fen)]},
        )
    _close(db, reservation, actor, now)
    return fen


def _open_rows(db: Session, voucher: Voucher) -> Sequence[Reservation]:
    """Return the voucher's reservations that were not released, oldest first."""
    this_voucher = (
        select(Reservation)
        .where(Reservation.voucher_id == voucher.id, col(Reservation.released_at).is_(None))
        .order_by(col(Reservation.id))
        # What was read before the book was locked may have changed meanwhile.
        .execution_options(populate_existing=True)
    )
    return db.exec(this_voucher).all()


def _close(db: Session, reservation: Reservation, actor: str, now: datetime) -> None:
    reservation.released_at, reservation.released_by = now, actor
    db.add(reservation)
    db.flush()
