"""What the voucher of a contract's project earns in all, for those who decide about one month."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, select

from ledger.accounts.queries import rights
from ledger.charging.rules.cells import Cell
from ledger.errors import NotFound
from ledger.registry.tables import Contract, Project
from ledger.units import Fen
from ledger.vouchers.queries.earnings import earnings_of
from ledger.vouchers.queries.years import aim_of, year_books
from ledger.vouchers.rules import ContractMonth
from ledger.vouchers.tables import Voucher


def voucher_of(db: Session, contract: Contract) -> Voucher:
    """Return the voucher of a contract's project; NotFound where there is none yet."""
    query = select(Voucher).where(Voucher.project_id == contract.project_id)
    voucher = db.exec(query).one_or_none()
    if voucher is None:
        raise NotFound("voucher", project=db.get_one(Project, contract.project_id).code)
    return voucher


def subsidy_of(
    db: Session,
    voucher: Voucher,
    of_project: Sequence[Cell],
    excluded_months: Collection[ContractMonth] | None = None,
) -> Fen:
    """Return what these cells earn the voucher under its caps, fen.

    `excluded_months` are the months that earn nothing; by default those that two persons excluded.
    """
    months = earnings_of(db, voucher, of_project, excluded_months)
    books = year_books(db, voucher, {month.year for month in months})
    goal, _ = aim_of(months, rights(db, voucher.book_id).room, books)
    return goal.earned_fen
