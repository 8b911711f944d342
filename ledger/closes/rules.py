"""What keeps a month from being closed, and which role each open thing waits for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from ledger.accounts.rules import invariants
from ledger.accounts.rules.targets import Move, Rights
from ledger.claims.codes import ClaimState
from ledger.claims.rules.courses import OPEN
from ledger.closes.codes import CloseKind, OpenKind
from ledger.errors import Finding
from ledger.people.codes import Role
from ledger.units import Fen, next_month

USAGE_DAY = 5
"""The Beijing day of the next month from which usage may be closed, where no setting says else."""

CLAIM_OWNERS: Mapping[ClaimState, Role] = MappingProxyType(
    {
        **dict.fromkeys(map(ClaimState, OPEN), Role.CLERK),
        ClaimState.DRAFT: Role.BUILDER,
        ClaimState.APPROVED: Role.FINANCE,
        ClaimState.LISTED: Role.FINANCE,
    }
)
"""For whom a claim waits that is not at its end."""


@dataclass(frozen=True)
class OpenItem:
    """One thing that is open and carried, and the role that it waits for.

    `subject` names it as people do; `amount` is fen, of quarantine windows, of unpriced usage
    whole device-milliseconds; None where it has none.
    """

    kind: OpenKind
    owner: Role
    subject: str
    since: date
    amount: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The item as a close keeps it."""
        return {
            "kind": self.kind.value,
            "owner": self.owner.value,
            "subject": self.subject,
            "since": self.since.isoformat(),
            "amount": self.amount,
        }


@dataclass(frozen=True)
class Calendar:
    """Where the months stand as one is to be closed; None: none was closed yet."""

    today: date
    last_usage: date | None
    last_books: date | None
    usage_day: int = USAGE_DAY

    def obstacles(self, kind: CloseKind, month: date) -> list[Finding]:
        """What the calendar says against closing this month, a line each."""
        is_usage = kind == CloseKind.USAGE
        first = next_month(month)
        if is_usage:
            first = first.replace(day=self.usage_day)
        last = self.last_usage if is_usage else self.last_books
        words = f"{month:%Y-%m}"
        findings = []
        if self.today < first:
            findings.append(_finding(words, "close_too_early", day=first.isoformat()))
        if last is not None and month <= last:
            findings.append(_finding(words, "closed_before"))
        elif last is not None and month > next_month(last):
            findings.append(_finding(words, "month_before_open", month=f"{next_month(last):%Y-%m}"))
        if not is_usage and (self.last_usage is None or self.last_usage < month):
            findings.append(_finding(words, "usage_open"))
        return findings


@dataclass(frozen=True)
class VoucherBook:
    """A voucher's book as a close looks at it: balances, floors, and what cash moved."""

    project: str
    rights: Rights
    floors: Mapping[str, Fen]
    cash_moves: Sequence[Move]


def books_broken(
    vouchers: Iterable[VoucherBook],
    budgets: Mapping[str, tuple[Mapping[str, Fen], Mapping[str, Fen]]],
) -> list[Finding]:
    """Return each invariant of the books that does not hold, with whose book it is.

    Args:
        vouchers: all of them.
        budgets: of each indicator the balances and the floors of its accounts.
    """
    every = list(vouchers)
    findings: list[Finding] = []
    for book in every:
        amounts = vars(book.rights)
        cap = -book.floors["clause"]
        findings += _broken(
            book.project,
            *invariants.floors_broken(amounts, book.floors),
            *invariants.sum_broken(amounts),
            *invariants.cash_broken(book.rights, invariants.cash(book.cash_moves), cap),
        )
    for indicator, (balances, floors) in budgets.items():
        findings += _broken(
            indicator,
            *invariants.floors_broken(balances, floors),
            *invariants.sum_broken(balances),
        )
    of_all = invariants.budget_broken((b.rights for b in every), (b for b, _ in budgets.values()))
    return findings + _broken("*", *of_all)


def _broken(where: str, *why: str) -> list[Finding]:
    return [_finding(where, "invariant_broken", why=reason) for reason in why]


def _finding(where: str, code: str, **params: str) -> Finding:
    return Finding(where, code, tuple(params.items()))
