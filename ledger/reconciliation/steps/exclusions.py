"""Exclude a single month of a contract from the subsidy, and readmit it: two persons decide.

The project was not eligible in it, though it was before and after. What was metered, invoiced and
matched of the month stays; the voucher earns nothing of it. What is payable falls with the second
person's word, and what was paid becomes recoverable; a readmission brings it back.
"""

from datetime import date, datetime

from sqlmodel import Session, select

from ledger.accounts.queries import lock_book
from ledger.charging.queries.cells import cells
from ledger.errors import Conflict, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.reconciliation.queries.subsidy import subsidy_of, voucher_of
from ledger.reconciliation.rules.clearing import subject
from ledger.registry.tables import Contract
from ledger.units import beijing_day
from ledger.vouchers.queries.exclusions import exclusions
from ledger.vouchers.steps.accrue import accrue
from ledger.vouchers.tables import ExcludedMonth, Voucher

KIND = DecisionKind.EXCLUDED_MONTH


def propose_exclusion(
    db: Session,
    contract: Contract,
    month: date,
    *,
    excluded: bool,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose that a contract's month earns nothing, or (not `excluded`) that it earns again.

    Raises:
        NotFound: the project has no voucher.
        Refused: it has not begun (`month_ahead`), it is so already (`month_excluded`,
            `month_not_excluded`), or no reason (`reason_missing`).
        Conflict: another decision about it waits for its answer.
    """
    if not reason.strip():
        raise Refused("reason_missing")
    name = subject(contract.number, month)
    if month > beijing_day(now):
        raise Refused("month_ahead", subject=name)
    voucher = voucher_of(db, contract)
    before = {exclusion.place for exclusion in exclusions(db, key(voucher))}
    place = (month, key(contract))
    if excluded and place in before:
        raise Refused("month_excluded", subject=name)
    if not excluded and place not in before:
        raise Refused("month_not_excluded", subject=name)
    of_project = cells(db, projects=[voucher.project_id])
    content = {
        "voucher": voucher.id,
        "contract": key(contract),
        "number": contract.number,
        "month": f"{month:%Y-%m}",
        "excluded": excluded,
        "subsidy_before_fen": subsidy_of(db, voucher, of_project, before),
        "subsidy_after_fen": subsidy_of(db, voucher, of_project, before ^ {place}),
    }
    return decide(db, kind=KIND, subject=name, content=content, reason=reason, actor=actor, now=now)


def carry_out_exclusion(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out a confirmed exclusion or readmission, and accrue.

    Raises:
        Conflict: the month is so already (`figures_changed`).
    """
    content = decision.content
    voucher = db.get_one(Voucher, content["voucher"])
    lock_book(db, voucher.book_id)
    month = date.fromisoformat(f"{content['month']}-01")
    row = db.exec(
        select(ExcludedMonth).where(
            ExcludedMonth.voucher_id == voucher.id,
            ExcludedMonth.contract_id == content["contract"],
            ExcludedMonth.month == month,
            ExcludedMonth.readmission_id == None,  # noqa: E711 - SQL's IS NULL
        )
    ).one_or_none()
    if (row is not None) == content["excluded"]:
        raise Conflict("figures_changed", subject=decision.subject)
    if row is None:
        row = ExcludedMonth(
            decision_id=key(decision), voucher_id=key(voucher), contract_id=content["contract"],
            month=month,
        )  # fmt: skip
    else:
        row.readmission_id = key(decision)
    db.add(row)
    db.flush()
    accrue(db, voucher, actor, now)
