"""Read a contract's month with everything in it: cells, shares, differences, questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, select

from ledger.charging.rules.cells import Cell
from ledger.errors import NotFound
from ledger.policy.process import Process
from ledger.policy.text import published
from ledger.postgres.columns import key
from ledger.reconciliation.queries import messages, months
from ledger.reconciliation.queries.differences import differences_of
from ledger.reconciliation.queries.falls import Fall, falls_of
from ledger.reconciliation.queries.months import ChargedLine, Month, Share
from ledger.reconciliation.rules.difference_codes import Difference
from ledger.registry.tables import Contract, Project
from ledger.vouchers.queries.exclusions import Exclusion, exclusion_of
from ledger.vouchers.tables import Voucher


@dataclass(frozen=True)
class MonthDetails:
    """A contract's month; `numbers` names the documents of its shares and differences, by key.

    `process` is None where the project has no voucher; then there are no differences.
    """

    month: Month
    process: Process | None
    cells: Sequence[Cell]
    shares: Sequence[Share]
    differences: Sequence[Difference]
    falls: Sequence[Fall]
    lines: Sequence[ChargedLine]
    numbers: Mapping[int, str]
    messages: Sequence[Row[Any]]
    exclusion: Exclusion | None  # by which it earns nothing


def month_details(db: Session, contract: Contract, month: date) -> MonthDetails:
    """Return the month; NotFound where nothing was metered or invoiced in it."""
    contract_id = key(contract)
    row = months.contract_month(db, contract, month)
    if row is None:
        raise NotFound("reconciliation", id=f"{contract_id}-{month:%Y-%m}")
    shares = months.shares(db, contract_id, month)
    process = _process(db, contract)
    differences = differences_of(db, contract_id, month, process) if process else []
    documents = [*(s.document for s in shares), *(d.document for d in differences)]
    return MonthDetails(
        month=row,
        process=process,
        cells=months.month_cells(db, contract_id, month),
        shares=shares,
        differences=differences,
        falls=falls_of(db, contract_id, month),
        lines=months.charged_lines(db, contract_id, month),
        numbers=months.numbers(db, documents),
        messages=messages.of_month(db, contract_id, month),
        exclusion=exclusion_of(db, contract_id, month),
    )


def process_of(db: Session, contract: Contract) -> Process:
    """Return the process rules of the policy version of the project's voucher.

    Raises:
        NotFound: the project has no voucher yet, so nothing of it is reconciled.
    """
    process = _process(db, contract)
    if process is None:
        raise NotFound("voucher", project=db.get_one(Project, contract.project_id).code)
    return process


def _process(db: Session, contract: Contract) -> Process | None:
    query = select(Voucher).where(Voucher.project_id == contract.project_id)
    voucher = db.exec(query).one_or_none()
    return published.load(voucher.policy).process if voucher else None
