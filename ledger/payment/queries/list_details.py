"""Read a payment list with its lines, its decision and the bank's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, select

from ledger.claims.queries import month_names, months_of
from ledger.claims.tables import Claim
from ledger.payment.queries import bank_rows
from ledger.payment.queries.payment_lists import payment_list
from ledger.payment.tables import Indicator, PaymentLine, PaymentList
from ledger.people.tables import Decision
from ledger.postgres.columns import key


@dataclass(frozen=True)
class ListDetails:
    """A payment list; `claims` and their `months` by key, `returns` by line, as they came.

    `month_names` are those that are due: `2026-03`.
    """

    payment_list: PaymentList
    indicator: Indicator
    lines: Sequence[PaymentLine]
    claims: Mapping[int, Claim]
    months: Mapping[int, Sequence[Row[Any]]]
    month_names: Mapping[int, Sequence[str]]
    decision: Decision
    returns: Sequence[Row[Any]]
    files: Sequence[Row[Any]]


def list_details(db: Session, number: str) -> ListDetails:
    """Return the payment list of this number; NotFound if there is none."""
    list_row, indicator, lines = payment_list(db, number)
    claim_ids = [line.claim_id for line in lines]
    claims = select(Claim).where(col(Claim.id).in_(claim_ids))
    return ListDetails(
        payment_list=list_row,
        indicator=indicator,
        lines=lines,
        claims={key(claim): claim for claim in db.exec(claims)},
        months=months_of(db, claim_ids),
        month_names=month_names(db, claim_ids),
        decision=db.get_one(Decision, list_row.decision_id),
        returns=bank_rows.rows_of_list(db, number),
        files=bank_rows.files_of_list(db, number),
    )
