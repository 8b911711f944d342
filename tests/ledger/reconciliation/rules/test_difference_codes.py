"""Each code R01–R20: its smallest example, and one that is just inside."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell
from ledger.documents.rules.cost_document import Party
from ledger.documents.rules.line_items import is_compute, rate, unusual_tax
from ledger.policy.text.published import load
from ledger.reconciliation.rules.difference_codes import (
    CODES,
    BilledDocument,
    BilledLine,
    ContractLine,
    Difference,
    Evidence,
    Receipt,
    Terms,
    UnusualPrice,
)
from ledger.reconciliation.rules.differences import differences, payment_differences
from ledger.registry.rules.safeguards import KnownName
from tests.support.documents import party

PROCESS = load("yinchuan-2024-drill").process  # 100 fen a document, 5 ‰ of a cell
OCTOBER = date(2026, 10, 1)
SELLER, BUYER, STRANGER = party(1, "智算中心"), party(2, "模型企业"), party(3)
FEN = 100_000
CELL = Cell(1, OCTOBER, Part.COMPUTE, "model", FEN, FEN)
KEY = CELL.key
LINE = BilledLine(1, "*信息技术服务*算力服务费", "项", "1", "6%", FEN, {KEY: FEN})
BILLED = BilledDocument(
    5, "digital_invoice", SELLER, BUYER, OCTOBER, date(2026, 10, 31), FEN, 6_000, 106_000, (LINE,),
    spells=((date(2026, 1, 1), None),), receipts=(Receipt(BUYER.name, SELLER.name, 106_000),),
)  # fmt: skip
HOUR = ContractLine("gpu-hour", Fraction(1_000), Fraction(6, 100))
TERMS = Terms((SELLER,), (BUYER,), {Part.COMPUTE: [HOUR]})
SOUND = Evidence()
UNUSUAL = UnusualPrice(Fraction(1_200), Fraction(600), Fraction(1_000))


def differences_of(
    document: BilledDocument | None = BILLED,
    cell: Cell = CELL,
    terms: Terms = TERMS,
    evidence: Evidence = SOUND,
) -> list[Difference]:
    return differences([document] if document else [], [cell], terms, evidence, PROCESS)


def rows(*args: object, **more: object) -> list[tuple[str, str, int]]:
    """code, handling, fen."""
    return [(d.code, d.handling, d.fen) for d in differences_of(*args, **more)]  # type: ignore[arg-type]


def lined(**fields: object) -> BilledDocument:
    """The document with another line."""
    return replace(BILLED, lines=(replace(LINE, **fields),))  # type: ignore[arg-type]


def of(code: str, items: Iterable[Difference]) -> list[tuple[str, int]]:
    return [(d.handling, d.fen) for d in items if d.code == code]


def test_a_month_that_fits() -> None:
    assert differences_of() == []


def test_the_codes() -> None:
    assert CODES[0] == "R01"
    assert CODES[-1] == "R20"


def test_r01_a_number_known_in_another_disguise() -> None:
    assert of("R01", differences_of(replace(BILLED, duplicate_of=("24640000000000000008",)))) == [
        ("block", FEN)
    ]


def test_r02_reversed_wholly_or_in_part() -> None:
    assert of("R02", differences_of(replace(BILLED, red_fen=-FEN))) == [("block", FEN)]
    assert of("R02", differences_of(replace(BILLED, red_fen=-1))) == [("note", FEN)]


def test_r03_another_buyer() -> None:
    assert of("R03", differences_of(replace(BILLED, buyer=STRANGER))) == [("block", FEN)]


def test_r04_another_seller() -> None:
    assert of("R04", differences_of(replace(BILLED, seller=STRANGER))) == [("person", FEN)]


def test_r03_and_r04_go_by_the_code_and_then_by_the_name() -> None:
    wide = replace(BUYER, name="模型企业２")
    assert wide.name != BUYER.name
    assert differences_of(replace(BILLED, buyer=wide)) == []
    renamed = replace(BUYER, name="旧名称")
    paid_so = (Receipt("旧名称", SELLER.name, 106_000),)
    assert rows(replace(BILLED, buyer=renamed, receipts=paid_so)) == [("R03", "note", FEN)]
    nameless = replace(BILLED, kind="internal_settlement", buyer=Party("", BUYER.name))
    assert differences_of(nameless) == []
    assert of("R04", differences_of(replace(BILLED, seller=Party("", "谁")))) == [("person", FEN)]


def paid(*receipts: Receipt, **fields: object) -> list[tuple[str, int]]:
    """What R05 says of the document with these receipts."""
    document = replace(BILLED, receipts=receipts, **fields)  # type: ignore[arg-type]
    return [(d.handling, d.fen) for d in payment_differences(document, PROCESS)]


def test_r05_what_was_not_paid_does_not_count() -> None:
    whole = Receipt(BUYER.name, SELLER.name, 106_000)
    assert paid(replace(whole, fen=105_900)) == []  # 100 fen of 1,060 yuan are within tolerance
    assert paid(*[replace(whole, fen=53_000)] * 2) == []
    assert paid(replace(whole, fen=53_000)) == [("cut", 50_000)]  # half paid counts half
    assert paid(replace(whole, fen=105_899)) == [("cut", 95)]
    halved = {"red_fen": -50_000, "lines": (replace(LINE, shares={KEY: 50_000}),)}
    assert paid(replace(whole, fen=53_000), **halved) == []  # its red one took the other half
    assert paid(whole, **halved) == []


def test_r05_paid_by_another_or_too_much_is_for_a_person() -> None:
    whole = Receipt(BUYER.name, SELLER.name, 106_000)
    assert paid(replace(whole, payer="第三方")) == [("person", FEN)]
    assert paid(replace(whole, fen=106_101)) == [("person", FEN)]


def test_r05_no_receipt_is_told() -> None:
    assert paid() == [("note", FEN)]


def test_r06_service_beyond_the_contract() -> None:
    ends = replace(BILLED, spells=((OCTOBER, date(2026, 10, 31)),))
    assert of("R06", differences_of(ends)) == [("person", FEN)]
    assert differences_of(replace(BILLED, spells=((OCTOBER, date(2026, 11, 1)),))) == []
    in_turn = ((date(2026, 10, 15), None), (None, date(2026, 10, 15)))
    assert differences_of(replace(BILLED, spells=in_turn)) == []


def test_r07_more_invoiced_than_metered() -> None:
    def metered(fen: int) -> list[tuple[str, str, int]]:
        return rows(BILLED, replace(CELL, metered_fen=fen))

    assert metered(FEN - 497) == [("R07", "note", 497)]  # 5 ‰ of 99,503
    assert metered(FEN - 498) == [("R07", "cut", 498)]
    assert metered(0) == [("R07", "cut", FEN)]
    small = replace(CELL, metered_fen=900, invoiced_fen=1_000)
    assert rows(lined(shares={KEY: 1_000}), small) == [("R07", "note", 100)]  # 100 fen a document
    assert rows(BILLED, replace(CELL, metered_fen=60_000, extra_fen=40_000)) == []


def test_r08_more_used_than_installed() -> None:
    full = Evidence(used_ms=Fraction(1_000), capacity_ms=1_000)
    assert differences_of(evidence=full) == []
    assert rows(evidence=replace(full, used_ms=Fraction(3_001, 3))) == [("R08", "block", FEN)]
    assert differences_of(evidence=replace(full, capacity_ms=None)) == []


def test_r09_another_price() -> None:
    hours = lined(unit="卡时", quantity="100")
    assert differences_of(hours) == []
    assert differences_of(lined(unit="卡时", quantity="99.5")) == []  # 500 fen are 5 ‰
    assert rows(lined(unit="卡时", quantity="99.49")) == [("R09", "person", 510)]
    assert rows(lined(unit="卡时", quantity="101")) == [("R09", "person", -1_000)]
    assert differences_of(lined(unit="小时", quantity="1")) == []  # of what?
    assert differences_of(lined(unit="卡时", quantity="")) == []


def test_r09_hours_of_two_prices_in_one_line() -> None:
    two = replace(TERMS, lines={Part.COMPUTE: [HOUR, replace(HOUR, net_fen=Fraction(700))]})

    def hours(quantity: str) -> list[tuple[str, str, int]]:
        return rows(lined(unit="卡时", quantity=quantity), terms=two)

    assert hours("100") == hours("120") == hours("142.86") == []  # 1,000, both, 700 fen an hour
    assert hours("99.49") == [("R09", "person", 510)]  # the nearer price: 1,000 fen
    assert hours("143.58") == [("R09", "person", -506)]  # 700 fen


def test_r09_hours_of_two_parts_in_one_line() -> None:
    package = replace(CELL, part=Part.PACKAGE)
    two = lined(unit="卡时", quantity="120", shares={KEY: 50_000, package.key: 50_000})
    lines = {**TERMS.lines, Part.PACKAGE: [replace(HOUR, net_fen=Fraction(700))]}
    half = [replace(c, metered_fen=50_000, invoiced_fen=50_000) for c in (CELL, package)]
    assert differences([two], half, replace(TERMS, lines=lines), SOUND, PROCESS) == []


def test_r09_only_prices_of_its_unit_and_of_what_it_pays_for_are_compared() -> None:
    hours = lined(unit="卡时", quantity="120")
    month = replace(HOUR, unit="month", net_fen=Fraction(1))
    assert rows(hours, terms=replace(TERMS, lines={Part.COMPUTE: [HOUR, month]})) == [
        ("R09", "person", -20_000)
    ]
    cheap = replace(HOUR, net_fen=Fraction(700))
    assert rows(
        hours, terms=replace(TERMS, lines={Part.COMPUTE: [HOUR], Part.PACKAGE: [cheap]})
    ) == [("R09", "person", -20_000)]
    assert differences_of(hours, terms=replace(TERMS, lines={Part.PACKAGE: [HOUR]})) == []


def test_r06_beyond_the_contracts_total() -> None:
    beyond = replace(TERMS, beyond_total_fen=30_000)
    assert of("R06", differences_of(terms=beyond)) == [("person", 30_000)]


def test_r08_jobs_without_a_capacity_that_proves_them() -> None:
    assert rows(evidence=Evidence(unproved=True)) == [("R08", "block", FEN)]


def test_r09_a_price_outside_its_band() -> None:
    unusual = replace(TERMS, unusual_prices={Part.COMPUTE: UNUSUAL})
    assert rows(terms=unusual) == [("R09", "person", FEN)]
    assert differences_of(terms=replace(TERMS, unusual_prices={Part.PACKAGE: UNUSUAL})) == []


def test_r04_a_former_name_on_an_old_invoice() -> None:
    old = replace(BILLED, seller=replace(SELLER, name="旧名"), issued_on=date(2026, 10, 5))
    old = replace(old, receipts=(Receipt(BUYER.name, "旧名", 106_000),))
    assert rows(old) == [("R04", "note", FEN)]
    names = (KnownName("旧名"), KnownName(SELLER.name, date(2026, 10, 3)))
    assert differences_of(old, terms=replace(TERMS, names={SELLER.uscc: names})) == []
    early = replace(BILLED, issued_on=date(2026, 10, 2))  # the new name before it was taken
    assert rows(early, terms=replace(TERMS, names={SELLER.uscc: names})) == [("R04", "note", FEN)]


@pytest.mark.parametrize(
    "facts",
    [
        {"gross_fen": 106_002},
        {"net_fen": FEN + 1, "gross_fen": 106_001},
        {"seller": replace(SELLER, uscc=SELLER.uscc[:-1] + "I")},
    ],
)
def test_r10_what_does_not_add_up(facts: dict[str, object]) -> None:
    assert of("R10", differences_of(replace(BILLED, **facts))) == [("block", FEN)]  # type: ignore[arg-type]


def test_r10_one_fen_of_rounding() -> None:
    assert differences_of(replace(BILLED, gross_fen=106_001)) == []


def test_r11_what_is_no_compute() -> None:
    assert of("R11", differences_of(lined(item="*餐饮服务*餐费"))) == [("exclude", FEN)]


def test_r11_a_fee_that_is_no_compute_cost_is_told() -> None:
    fee = replace(CELL, part=Part.FEE)
    assert rows(lined(shares={fee.key: FEN}), fee) == [("R11", "note", FEN)]
    assert rows(None, replace(fee, metered_fen=0, invoiced_fen=0)) == []


@pytest.mark.parametrize(
    ("item", "compute"),
    [
        ("*信息技术服务*算力服务费", True),
        ("*信息技术服务*技术服务费", True),
        ("*经营租赁*GPU服务器租赁", True),
        ("算力及存储服务", True),
        ("十月结算", True),
        ("*信息技术服务*存储服务费", False),
        ("*计算机*GPU服务器", False),
        ("网络专线", False),
    ],
)
def test_what_is_compute(item: str, compute: bool) -> None:
    assert is_compute(item) == compute


def test_r12_an_unusual_tax_is_told() -> None:
    lease = lined(item="*经营租赁*GPU租赁", tax_rate="6%")
    assert rows(lease) == [("R12", "note", FEN)]
    assert unusual_tax("*信息技术服务*算力服务费", "13%")
    assert not unusual_tax("*经营租赁*GPU租赁", "13%")
    assert not unusual_tax("*信息技术服务*算力服务费", "免税")


@pytest.mark.parametrize(
    ("text", "tax"),
    [("6%", "6/100"), ("0.06", "6/100"), ("免税", "0"), ("1.5%", "15/1000"), ("***", None)],
)
def test_a_rate_as_it_is_printed(text: str, tax: str | None) -> None:
    assert rate(text) == (None if tax is None else Fraction(tax))


def test_r13_related_parties() -> None:
    related = frozenset({frozenset({BUYER.uscc, SELLER.uscc})})
    assert of("R13", differences_of(terms=replace(TERMS, related=related))) == [("exclude", FEN)]
    alone = replace(TERMS, buyers=(SELLER,))
    itself = (Receipt(SELLER.name, SELLER.name, 106_000),)
    assert rows(replace(BILLED, buyer=SELLER, receipts=itself), terms=alone) == [
        ("R13", "person", FEN)
    ]
    within = replace(BILLED, buyer=SELLER, kind="internal_settlement", receipts=itself)
    assert differences_of(within, terms=alone) == []


def test_r14_outside_the_term_or_the_period() -> None:
    nowhere = replace(BILLED, lines=(replace(LINE, shares={}),), left_fen=FEN)
    document = replace(nowhere, spells=((None, OCTOBER),))
    assert of("R14", differences_of(document, replace(CELL, invoiced_fen=0))) == [("exclude", FEN)]
    later = replace(BILLED, since=date(2026, 11, 1), until=date(2026, 11, 30))
    assert of("R14", differences_of(later)) == [("exclude", FEN)]
    assert (
        differences_of(replace(later, statement_month=(1, OCTOBER))) == []
    )  # its statement says so
    assert differences_of(replace(later, since=date(2026, 10, 31))) == []


def test_r14_not_for_what_an_earlier_month_carried_over() -> None:
    later = replace(BILLED, since=date(2026, 11, 1), until=date(2026, 11, 30))
    assert differences_of(later, replace(CELL, carried=True)) == []
    # It may be billed later, not before it was used.
    before = replace(BILLED, since=date(2026, 9, 1), until=date(2026, 9, 30))
    assert of("R14", differences_of(before, replace(CELL, carried=True))) == [("exclude", FEN)]


def test_r14_not_for_a_package_that_was_paid_before_or_after_its_use() -> None:
    package = replace(CELL, part=Part.PACKAGE)
    before = replace(
        lined(shares={package.key: FEN}), since=date(2026, 9, 1), until=date(2026, 9, 1)
    )
    assert differences_of(before, package) == []
    assert of("R14", differences_of(replace(before, lines=BILLED.lines))) == [("exclude", FEN)]
    after = replace(before, since=date(2026, 11, 1), until=date(2026, 11, 30))
    assert differences_of(after, package) == []


def test_r15_the_same_cost_under_another_clause() -> None:
    assert rows(lined(same_as=("24640000000000000009",))) == [("R15", "person", FEN)]


def test_r16_a_kind_that_the_policy_does_not_name() -> None:
    assert rows(replace(BILLED, kind="other")) == [("R16", "person", FEN)]


def test_r17_less_invoiced_than_metered() -> None:
    def invoiced(fen: int, closed_fen: int = 0) -> list[tuple[str, str, int]]:
        cell = replace(CELL, invoiced_fen=fen, closed_fen=closed_fen)
        return rows(lined(shares={KEY: fen}), cell)

    assert invoiced(FEN - 500) == [("R17", "note", -500)]
    assert invoiced(FEN - 501) == [("R17", "person", -501)]
    assert invoiced(FEN - 501, closed_fen=501) == []
    assert rows(None, replace(CELL, invoiced_fen=0)) == [("R17", "person", -FEN)]


def test_r18_a_red_confirmation_on_its_way() -> None:
    assert of("R18", differences_of(replace(BILLED, frozen=True))) == [("block", FEN)]


def test_r19_another_basis_of_tax() -> None:
    assert rows(lined(tax_rate="13%", item="*经营租赁*算力租赁")) == [("R19", "person", FEN)]
    assert differences_of(lined(tax_rate="***")) == []
    lines = {Part.COMPUTE: [HOUR, replace(HOUR, tax_rate=Fraction(13, 100))]}
    both = replace(TERMS, lines=lines)
    assert rows(lined(tax_rate="13%", item="*经营租赁*算力租赁"), terms=both) == []
    on_top = lined(unit="卡时", quantity="94.34")  # 94.34 hours at 10.60 with tax
    assert rows(on_top) == [("R19", "person", 5_660)]


def test_r20_evidence_that_is_too_weak() -> None:
    graded = Evidence(grades={KEY: {"A": FEN - 501, "D": 501}})
    assert differences_of(evidence=Evidence(grades={(1, OCTOBER, Part.PACKAGE): {"D": FEN}})) == []
    assert rows(evidence=graded) == [("R20", "exclude", 501)]
    assert rows(evidence=Evidence(grades={KEY: {"D": 500}})) == [("R20", "note", 500)]
    assert differences_of(evidence=Evidence(grades={KEY: {"C": FEN}})) == []


def test_what_is_stopped_asks_no_more_and_leaves_a_gap_in_the_cell() -> None:
    blocked = replace(BILLED, frozen=True, kind="other")
    assert rows(blocked) == [
        ("R16", "note", FEN), ("R17", "person", -FEN), ("R18", "block", FEN),
    ]  # fmt: skip


def test_an_excluded_line_is_counted_once() -> None:
    meal = replace(LINE, line=2, item="*餐饮服务*餐费", shares={KEY: 300}, net_fen=300)
    whole = (Receipt(BUYER.name, SELLER.name, FEN + 6_300),)
    mixed = replace(
        BILLED, lines=(LINE, meal), net_fen=FEN + 300, gross_fen=FEN + 6_300, receipts=whole
    )
    assert rows(mixed, replace(CELL, invoiced_fen=FEN + 300)) == [("R11", "exclude", 300)]
