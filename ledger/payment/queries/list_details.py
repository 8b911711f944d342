"""Read a payment list with its lines, its decision and the bank's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, select

from ledger.claims.tables import Claim
from ledger.payment.queries import bank_rows
from ledger.payment.queries.payment_lists import payment_list
from ledger.payment.tables import Indicator, PaymentLine, PaymentList
from ledger.people.tables import Decision


@dataclass(frozen=True)
class ListDetails:
    """A payment list; `claim_numbers` by the keys of claims, `returns` by line, as they came."""

    payment_list: PaymentList
    indicator: Indicator
    lines: Sequence[PaymentLine]
    claim_numbers: Mapping[int, str]
    decision: Decision
    returns: Sequence[Row[Any]]
    files: Sequence[Row[Any]]


def list_details(db: Session, number: str) -> ListDetails:
    """Return the payment list of this number; NotFound if there is none."""
    list_row, indicator, lines = payment_list(db, number)
    return ListDetails(
        payment_list=list_row,
        indicator=indicator,
        lines=lines,
        claim_numbers=_claim_numbers(db, [line.claim_id for line in lines]),
        decision=db.get_one(Decision, list_row.decision_id),
        returns=bank_rows.rows_of_list(db, number),
        files=bank_rows.files_of_list(db, number),
    )


def _claim_numbers(db: Session, claims: Sequence[int]) -> dict[int, str]:
    rows = db.exec(select(Claim.id, Claim.number).where(col(Claim.id).in_(claims)))
    return {key: number for key, number in rows if key is not None}
