"""Read and write the queue, the indicators, the lists and their lines.

The queue holds every approved claim of which something is on no list, the oldest approval first,
with what holds it: rows of the bank that contradict each other, a hold on the claim, no confirmed
account, a pending change of account, money no longer payable (a red invoice), or no budget. Lists
waiting for their second person count as drawn, so that money is not promised twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session, col, select

from ledger.accounts.queries import balances, lock_book
from ledger.errors import NotFound
from ledger.payment.rules.payment_list import LineState
from ledger.payment.tables import Indicator, PaymentLine, PaymentList
from ledger.units import Fen, beijing_day

# What unsent lists draw on a voucher counts as drawn, except by the list that is looked at; what is
# to be paid back is set off before anything is paid.
_PAYABLES = text("""
    SELECT c.id AS claim, c.number, c.due_fen AS fen, c.fen AS asked_fen, v.id AS voucher,
           v.book_id AS book, p.code AS project,
           p.name AS project_name, o.uscc, o.name AS organisation,
           a.id AS account, a.holder, a.bank, a.bank_code, a.number AS account_number,
           coalesce(e.at, c.opened_at) AS approved_at, coalesce(n.paid, 0) AS paid_fen,
           coalesce(n.open, 0) AS open_fen,
           s.balance - x.balance - coalesce(w.fen, 0) AS owed_fen,
           EXISTS (SELECT FROM decisions d WHERE d.kind = 'account' AND d.answer IS NULL
                   AND d.content ->> 'organisation' = c.payee_id::text) AS changing,
           bank_contradicts(c.id) AS contradicted,
           EXISTS (SELECT FROM case_holds h JOIN hold_kinds k USING (kind)
                   WHERE h.claim_id = c.id AND h.closed_at IS NULL
                       AND 'list' = ANY (k.gates)) AS held
    FROM claims c JOIN vouchers v ON v.id = c.voucher_id JOIN projects p ON p.id = v.project_id
    JOIN organisations o ON o.id = c.payee_id
    JOIN accounts s ON s.book_id = v.book_id AND s.role = 'payable'
    JOIN accounts x ON x.book_id = v.book_id AND x.role = 'recoverable'
    LEFT JOIN bank_accounts a ON a.organisation_id = c.payee_id AND a.superseded_at IS NULL
    LEFT JOIN LATERAL (SELECT min(at) AS at FROM claim_events
                       WHERE claim_id = c.id AND action = 'approve') e ON true
    LEFT JOIN LATERAL (
        SELECT sum(paid_fen)::bigint AS paid, sum(fen - paid_fen - returned_fen)::bigint AS open
        FROM payment_lines
        WHERE claim_id = c.id AND NOT void AND list_id IS DISTINCT FROM :list) n ON true
    LEFT JOIN LATERAL (SELECT sum(l.fen)::bigint AS fen
                       FROM payment_lines l JOIN payment_lists t ON t.id = l.list_id
                       WHERE l.voucher_id = v.id AND t.sent_at IS NULL AND NOT l.void
                           AND t.id IS DISTINCT FROM :list) w ON true
    WHERE c.state IN ('approved', 'listed')
        AND coalesce(n.paid + n.open, 0) < c.due_fen
        AND (CAST(:list AS bigint) IS NULL
             OR EXISTS (SELECT FROM payment_lines l WHERE (l.list_id, l.claim_id) = (:list, c.id)))
    ORDER BY approved_at, c.id
""")

_PROPOSED_FEN = text("""
    SELECT coalesce(sum(l.fen), 0)::bigint FROM payment_lines l
    JOIN payment_lists s ON s.id = l.list_id
    WHERE s.indicator_id = :indicator AND s.sent_at IS NULL AND NOT l.void
""")

_SENT_LINES = text("""
    SELECT s.number, l.list_id AS list, l.line, l.fen, l.paid_fen, l.returned_fen, l.over_fen,
           l.outside_fen, s.sent_at, c.id AS claim, c.number AS claim_number,
           v.id AS voucher, v.book_id AS book, i.book_id AS indicator_book
    FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id
    JOIN claims c ON c.id = l.claim_id JOIN vouchers v ON v.id = l.voucher_id
    JOIN indicators i ON i.id = s.indicator_id
    WHERE s.sent_at IS NOT NULL
        AND (CAST(:numbers AS text[]) IS NULL OR s.number = ANY(:numbers))
        AND (CAST(:indicator AS bigint) IS NULL
             OR s.indicator_id = :indicator AND l.paid_fen + l.returned_fen < l.fen)
        AND (CAST(:claim AS bigint) IS NULL OR l.claim_id = :claim)
    ORDER BY l.list_id, l.line
""")

_SETTLED = text("""
    SELECT c.id AS claim, c.number, c.state, c.due_fen, sum(l.paid_fen)::bigint AS paid_fen,
           sum(l.fen - l.paid_fen - l.returned_fen)::bigint AS open_fen
    FROM claims c JOIN payment_lines l ON l.claim_id = c.id
    JOIN payment_lists s ON s.id = l.list_id
    WHERE c.id = ANY(:claims) AND s.sent_at IS NOT NULL GROUP BY c.id ORDER BY c.id
""")

_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.payment', 0))")


@dataclass(frozen=True)
class Payable:
    """An approved claim of which something is on no list, fen.

    `held` says why it cannot be listed (`HoldReason`), or nothing. `indicator` is the one that has
    the money for it; `parts` is what several pay of it, by their shares or where one has not
    enough. Without either it waits for money (`funding.py`). `months` are those of the
    claim.
    """

    claim: int
    number: str
    project: str
    project_name: str
    organisation: str
    uscc: str
    voucher: int
    book: int
    account: int | None
    holder: str
    bank: str
    bank_code: str
    account_number: str
    approved_at: datetime
    asked_fen: Fen
    fen: Fen
    paid_fen: Fen
    open_fen: Fen
    held: str = ""
    indicator: str | None = None
    parts: Mapping[str, Fen] = field(default_factory=dict)
    months: Sequence[str] = ()

    @property
    def due_fen(self) -> Fen:
        """What is still to be listed of it."""
        return self.fen - self.paid_fen - self.open_fen


@dataclass(frozen=True)
class Money:
    """An indicator with its balances, fen; `proposed_fen` is on unsent lists."""

    number: str
    year: int
    project_name: str
    fund_kind: str
    classification: str
    appropriated_fen: Fen
    free_fen: Fen
    committed_fen: Fen
    spent_fen: Fen
    returned_fen: Fen
    proposed_fen: Fen


@dataclass(frozen=True)
class SentLine:
    """A line of a sent list, with its claim and the two books that it moves."""

    number: str
    list: int
    line: int
    claim: int
    claim_number: str
    voucher: int
    book: int
    indicator_book: int
    state: LineState


def alone(db: Session) -> None:
    """Keep others from making lists, taking returns or closing a year until the commit."""
    db.execute(_ALONE)


def lock_books(db: Session, books: Iterable[int]) -> None:
    """Lock books in the order of their ids."""
    for book in sorted(set(books)):
        lock_book(db, book)


def indicator(db: Session, number: str, year: int) -> Indicator:
    """Return the indicator; NotFound if there is none."""
    query = select(Indicator).where(Indicator.number == number, Indicator.year == year)
    row = db.exec(query).one_or_none()
    if row is None:
        raise NotFound("indicator", number=number, year=year)
    return row


def indicators(db: Session, year: int | None = None) -> list[Money]:
    """Return the indicators of a year, or of all years, newest year first."""
    query = select(Indicator).order_by(col(Indicator.year).desc(), col(Indicator.number))
    if year is not None:
        query = query.where(Indicator.year == year)
    return [_money(db, row) for row in db.exec(query)]


def _money(db: Session, indicator: Indicator) -> Money:
    amounts = balances(db, indicator.book_id)
    return Money(
        number=indicator.number,
        year=indicator.year,
        project_name=indicator.project_name,
        fund_kind=indicator.fund_kind,
        classification=indicator.classification,
        appropriated_fen=-amounts["appropriation"],
        free_fen=amounts["free"],
        committed_fen=amounts["committed"],
        spent_fen=amounts["spent"],
        returned_fen=amounts["returned"],
        proposed_fen=db.execute(_PROPOSED_FEN, {"indicator": indicator.id}).scalar_one(),
    )


def spare(db: Session, of: Indicator) -> Fen:
    """Return what may still be listed: free, less unsent lists."""
    money = _money(db, of)
    return money.free_fen - money.proposed_fen


def payables(db: Session, on_list: int | None = None) -> list[Payable]:
    """Return approved claims on no list, or on this unsent one, oldest first, with holds."""
    remaining: dict[int, Fen] = {}
    payable_list = []
    for row in db.execute(_PAYABLES, {"list": on_list}):
        payable = _payable(row)
        hold_reason = "account_changing" if row.changing else ""
        hold_reason = "without_account" if payable.account is None else hold_reason
        hold_reason = "claim_held" if row.held else hold_reason
        hold_reason = "bank_contradiction" if row.contradicted else hold_reason
        if not hold_reason:
            owed_fen = remaining.setdefault(payable.book, row.owed_fen)
            hold_reason = "payable_gone" if owed_fen < payable.due_fen else ""
            remaining[payable.book] -= 0 if hold_reason else payable.due_fen
        payable_list.append(replace(payable, held=hold_reason))
    return payable_list


def _payable(row: Row[Any]) -> Payable:
    return Payable(
        claim=row.claim,
        number=row.number,
        project=row.project,
        project_name=row.project_name,
        organisation=row.organisation,
        uscc=row.uscc,
        voucher=row.voucher,
        book=row.book,
        account=row.account,
        holder=row.holder or "",
        bank=row.bank or "",
        bank_code=row.bank_code or "",
        account_number=row.account_number or "",
        approved_at=row.approved_at,
        asked_fen=row.asked_fen,
        fen=row.fen,
        paid_fen=row.paid_fen,
        open_fen=row.open_fen,
    )


def payment_list(db: Session, number: str) -> tuple[PaymentList, Indicator, Sequence[PaymentLine]]:
    """Return a list with its indicator and lines; NotFound if there is none."""
    row = db.exec(select(PaymentList).where(PaymentList.number == number)).one_or_none()
    if row is None:
        raise NotFound("payment_list", number=number)
    lines = select(PaymentLine).where(PaymentLine.list_id == row.id).order_by(col(PaymentLine.line))
    return row, db.get_one(Indicator, row.indicator_id), db.exec(lines).all()


def sent_lines(
    db: Session,
    *,
    numbers: Sequence[str] | None = None,
    indicator: int | None = None,
    claim: int | None = None,
) -> list[SentLine]:
    """Return the lines of these sent lists, an indicator's unsettled lines, or a claim's lines."""
    params = {"indicator": indicator, "claim": claim}
    rows = db.execute(
        _SENT_LINES, {**params, "numbers": None if numbers is None else list(numbers)}
    )
    return [_sent_line(row) for row in rows]


def _sent_line(row: Row[Any]) -> SentLine:
    state = LineState(
        beijing_day(row.sent_at),
        row.fen,
        row.paid_fen,
        row.returned_fen,
        row.over_fen,
        row.outside_fen,
    )
    return SentLine(
        row.number,
        row.list,
        row.line,
        row.claim,
        row.claim_number,
        row.voucher,
        row.book,
        row.indicator_book,
        state,
    )


def recall_line(db: Session, line: SentLine, fen: Fen) -> None:
    """Call back `fen` of a line without an answer of the bank, as two persons confirmed."""
    row = db.get_one(PaymentLine, (line.list, line.line))
    row.recalled_fen += fen
    db.add(row)
    db.flush()
    db.refresh(row)


def settled_claims(db: Session, claims: Iterable[int]) -> Sequence[Row[Any]]:
    """Return claims with their state, what is due, and what of it is paid or on its way, fen."""
    return db.execute(_SETTLED, {"claims": sorted(set(claims))}).all()
