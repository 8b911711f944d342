"""Payment lists (付款清单): who is paid what, from which indicator, to which account.

One person makes a list: the claims that the money covers, in order, each with payee, account, bank
and bank code as confirmed. Nothing moves yet. Another person confirms exactly this list, by its
digest; then the money is committed and the list may go to the bank. If an account changed or is
about to, the money is gone, or is no longer owed, the list is not sent, and a new one is made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, text
from sqlmodel import Session

from ledger.accounts.queries import Draft, balances, lock_book, post_many
from ledger.accounts.rules.targets import Move
from ledger.claims.queries import payee_on
from ledger.claims.steps.claims import act
from ledger.claims.tables import Claim
from ledger.errors import Refused
from ledger.payment.queries import payment_lists, shares
from ledger.payment.queries.payment_lists import Payable
from ledger.payment.rules.payment_list import Payout, list_content, listed, outcome
from ledger.payment.tables import Indicator, PaymentLine, PaymentList
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.postgres.series import Series, next_number
from ledger.units import Fen, beijing_day, month_of, yuan

KIND = DecisionKind.PAYMENT_LIST
Part = tuple[Payable, Fen]
"""What is listed of a payable."""
LINES_MAX = 10_000

# Whoever would change one of these accounts waits until the list is sent, or was here first.
_KEEP_ACCOUNTS = text(
    "SELECT id FROM bank_accounts WHERE id = ANY(:accounts) ORDER BY id FOR SHARE"
)

_ADD_LINES = text("""
    INSERT INTO payment_lines
        (list_id, line, claim_id, voucher_id, account_id, payee, uscc, bank, bank_code, number, fen)
    VALUES (:list, :line, :claim, :voucher, :account, :payee, :uscc, :bank, :bank_code, :number,
            :fen)
""")


def make_list(
    db: Session,
    *,
    indicator: Indicator,
    claims: Sequence[str] | None,
    divide: bool = False,
    reason: str,
    actor: str,
    now: datetime,
) -> PaymentList:
    """Make a list and ask for its confirmation.

    Args:
        db: the transaction.
        indicator: whose money it draws on.
        claims: the numbers of the claims; None for as many as the money covers, in their order.
        divide: whether the last claim is paid in part where the money does not cover it; the
            rest waits for another indicator.
        reason: for whoever confirms.
        actor: who makes it.
        now: when.

    Raises:
        Refused: the indicator's year is not this one (`indicator_year`), a claim does not wait to
            be paid (`claim_not_waiting`) or is held (a `HoldReason`), the money is short
            (`money_short`), or nothing waits (`nothing_payable`).
    """
    _refuse_other_year(indicator, now)
    payment_lists.alone(db)
    lock_book(db, indicator.book_id)
    parts = _choose(db, indicator, claims, divide=divide)
    number = next_number(db, Series.PAYMENT_LIST, beijing_day(now).year)
    content = list_content(number, indicator.number, indicator.year, _payouts(parts))
    decision = decide(
        db, kind=KIND, subject=number, content=content, reason=reason, actor=actor, now=now
    )
    # The database says when it was sent, so that is read and not written.
    values = {
        "number": number,
        "indicator_id": indicator.id,
        "total_fen": content["total_fen"],
        "words": content["words"],
        "digest": decision.digest,
        "decision_id": decision.id,
        "made_at": now,
        "made_by": actor,
    }
    list_row = db.scalars(insert(PaymentList).values(values).returning(PaymentList)).one()
    _keep_lines(db, list_row, parts)
    return list_row


def send_list(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed list: send all lines, and commit their money."""
    list_row, indicator, lines = payment_lists.payment_list(db, decision.subject)
    _refuse_other_year(indicator, now)
    payment_lists.alone(db)
    db.execute(_KEEP_ACCOUNTS, {"accounts": [line.account_id for line in lines]})
    books = [payable.book for payable in payment_lists.payables(db, on_list=list_row.id)]
    payment_lists.lock_books(db, [indicator.book_id, *books])
    payables_by_claim = {
        payable.claim: payable for payable in payment_lists.payables(db, on_list=list_row.id)
    }
    claims_by_line = {line["line"]: line["claim"] for line in decision.content["lines"]}
    for line in lines:
        claim = claims_by_line.get(line.line)
        if claim is None:  # laid under the list since it was proposed
            raise Refused("claim_not_waiting", claim=db.get_one(Claim, line.claim_id).number)
        _refuse_changed(line, claim, payables_by_claim.get(line.claim_id))
        _refuse_other_payee(db, line, claim, now)
    _refuse_short(indicator, balances(db, indicator.book_id)["free"], list_row.total_fen)
    month = month_of(beijing_day(now))
    post_many(
        db,
        [
            Draft(
                cause=f"pay/{list_row.number}/{line.line}",
                used_on=month,
                booked=month,
                actor=actor,
                moves=_moves(line, payables_by_claim, indicator),
            )
            for line in lines
        ],
    )
    for line in lines:
        if db.get_one(Claim, line.claim_id, populate_existing=True).state != "listed":
            take_on(db, line.claim_id, "list", note=list_row.number, actor=actor, now=now)
    list_row.sent_at = now
    db.add(list_row)
    db.flush()


def take_on(db: Session, claim: int, action: str, *, note: str, actor: str, now: datetime) -> None:
    """Move a claim by a step of payment, in the role of `actor`."""
    row = db.get_one(Claim, claim)
    db.refresh(row)  # the books are locked by now, and it may have moved before
    role = actor.partition(":")[0]
    act(db, row, action, viewer_role=role, actor=actor, now=now, note=note)


def settle_claims(db: Session, claims: Iterable[int], note: str, actor: str, now: datetime) -> None:
    """Move claims on after the bank's rows, by what is paid of them and what is on its way."""
    for row in payment_lists.settled_claims(db, claims):
        action = outcome(row.state, row.due_fen, row.paid_fen, row.open_fen)
        if action:
            take_on(db, row.claim, action, note=note, actor=actor, now=now)


def _choose(
    db: Session, indicator: Indicator, claims: Sequence[str] | None, *, divide: bool
) -> list[Part]:
    payable_list, spare = payment_lists.payables(db), payment_lists.spare(db, indicator)
    if claims is None:
        able = [payable for payable in payable_list if not payable.held][:LINES_MAX]
    else:
        by_number = {payable.number: payable for payable in payable_list}
        for number in claims:
            _refuse_held(number, by_number.get(number))
        able = [payable for payable in payable_list if payable.number in set(claims)]
    able = _shared(db, indicator, able)
    parts = _parts(able, spare, divide=divide)
    is_short = claims is not None and not divide and len(parts) < len(able)
    if able and (is_short or not parts):
        needed_fen = able[0].due_fen if claims is None else sum(item.due_fen for item in able)
        _refuse_short(indicator, spare, needed_fen)
    if not parts:
        raise Refused("nothing_payable")
    return parts


def _shared(db: Session, indicator: Indicator, payables: Sequence[Payable]) -> list[Payable]:
    """Return what this indicator has to bear of the payables: all, or its share of each claim."""
    scheme = shares.scheme_of(db, key(indicator))
    if not scheme:
        return list(payables)
    bearer = next(share.bearer for share in scheme if share.indicator_id == indicator.id)
    drawn_fen = shares.drawn_fen(db, bearer, [payable.claim for payable in payables])
    borne = list[Payable]()
    for payable in payables:
        share = shares.share_of(scheme, key(indicator), payable.fen)
        fen = min(share - drawn_fen.get(payable.claim, 0), payable.due_fen)
        if fen > 0:
            borne.append(replace(payable, open_fen=payable.fen - payable.paid_fen - fen))
    return borne


def _parts(payables: Sequence[Payable], spare: Fen, *, divide: bool) -> list[Part]:
    """Return what the money covers, in order; of the last one a part, where it may be divided."""
    parts = list[Part]()
    for payable in payables:
        fen = min(payable.due_fen, spare) if divide else payable.due_fen
        if not 0 < fen <= spare:
            break
        parts.append((payable, fen))
        spare -= fen
    return parts


def _payouts(parts: Sequence[Part]) -> list[Payout]:
    return [
        Payout(
            line=line,
            claim=payable.number,
            payee=payable.holder,
            uscc=payable.uscc,
            bank=payable.bank,
            bank_code=payable.bank_code,
            account=payable.account_number,
            fen=fen,
        )
        for line, (payable, fen) in enumerate(parts, start=1)
    ]


def _keep_lines(db: Session, list_row: PaymentList, parts: Sequence[Part]) -> None:
    lines = [
        {
            "list": list_row.id,
            "line": payout.line,
            "claim": payable.claim,
            "voucher": payable.voucher,
            "account": payable.account,
            "payee": payout.payee,
            "uscc": payout.uscc,
            "bank": payout.bank,
            "bank_code": payout.bank_code,
            "number": payout.account,
            "fen": payout.fen,
        }
        for payout, (payable, _) in zip(_payouts(parts), parts, strict=True)
    ]
    db.execute(_ADD_LINES, lines)


def _moves(
    line: PaymentLine, payables_by_claim: Mapping[int, Payable], indicator: Indicator
) -> dict[int, list[Move]]:
    voucher, budget = listed(line.fen)
    return {payables_by_claim[line.claim_id].book: [voucher], indicator.book_id: [budget]}


def _refuse_other_year(indicator: Indicator, now: datetime) -> None:
    if indicator.year != beijing_day(now).year:
        raise Refused("indicator_year", number=indicator.number, year=indicator.year)


def _refuse_short(indicator: Indicator, free: Fen, needed_fen: Fen) -> None:
    if needed_fen > free:
        raise Refused(
            "money_short", number=indicator.number, free=yuan(free), wanted=yuan(needed_fen)
        )


def _refuse_held(claim: str, payable: Payable | None) -> None:
    if payable is None:
        raise Refused("claim_not_waiting", claim=claim)
    if payable.held:
        raise Refused(payable.held, claim=claim)


def _refuse_other_payee(db: Session, line: PaymentLine, claim: str, now: datetime) -> None:
    """Refuse a claim that would be paid to another organisation by now."""
    row = db.get_one(Claim, line.claim_id)
    if payee_on(db, row, beijing_day(now)) != row.payee_id:
        raise Refused("payee_changed", claim=claim, payee=line.payee)


def _refuse_changed(line: PaymentLine, claim: str, payable: Payable | None) -> None:
    """Refuse if anything on the line has changed."""
    _refuse_held(claim, payable)
    if payable is None or payable.account != line.account_id:
        raise Refused("account_changed", claim=claim)
    if payable.due_fen < line.fen:
        raise Refused("claim_not_waiting", claim=claim)
