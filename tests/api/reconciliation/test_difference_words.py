"""Every difference says in its row what it rests on: dates, figures, names."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from api.reconciliation.difference_words import words
from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell
from ledger.documents.rules.cost_document import Party
from ledger.policy.text.published import load
from ledger.reconciliation.rules.difference_codes import (
    BilledDocument,
    BilledLine,
    ContractLine,
    Evidence,
    Receipt,
    Terms,
    UnusualPrice,
)
from ledger.reconciliation.rules.differences import differences
from tests.support.documents import party

PROCESS = load("yinchuan-2024-drill").process
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
SELLER, BUYER = party(1, "智算中心"), party(2, "模型企业")
FEN = 100_000
CELL = Cell(1, OCTOBER, Part.COMPUTE, "model", FEN, FEN)
LINE = BilledLine(1, "*信息技术服务*算力服务费", "卡时", "100", "6%", FEN, {CELL.key: FEN})
BILLED = BilledDocument(
    5, "digital_invoice", SELLER, BUYER, OCTOBER, date(2026, 10, 31), FEN, 6_000, 106_000, (LINE,),
    spells=((date(2026, 1, 1), None),), receipts=(Receipt("模型企业", "智算中心", 106_000),),
)  # fmt: skip
HOUR = ContractLine("gpu-hour", Fraction(1_000), Fraction(6, 100))
TERMS = Terms((SELLER,), (BUYER,), {Part.COMPUTE: [HOUR]})
PAIR = frozenset((SELLER.uscc, BUYER.uscc))


def lined(**fields: object) -> BilledDocument:
    return replace(BILLED, lines=(replace(LINE, **fields),))  # type: ignore[arg-type]


def facts(
    code: str,
    document: BilledDocument = BILLED,
    cell: Cell = CELL,
    terms: Terms = TERMS,
    evidence: Evidence = Evidence(),  # noqa: B008 - frozen
) -> list[str]:
    """What the first difference with this code rests on."""
    rows = differences([document], [cell], terms, evidence, PROCESS)
    return next(words(difference) for difference in rows if difference.code == code)


BEFORE = replace(
    BILLED, since=date(2026, 10, 16), until=date(2026, 11, 30), spells=((NOVEMBER, None),)
)


def test_the_days_of_service_and_contract() -> None:
    assert facts("R06", BEFORE) == ["服务期 2026-10-16 至 2026-11-30", "合同期 2026-11-01 起"]
    short = replace(BILLED, spells=((date(2025, 1, 1), date(2026, 10, 1)),))
    assert facts("R14", short) == [
        "服务期 2026-10-01 至 2026-10-31", "合同期 2025-01-01 至 2026-09-30", "计入账期 2026-10",
    ]  # fmt: skip


def test_the_contract_s_total() -> None:
    terms = replace(
        TERMS, beyond_total_fen=30_000, total_gross_fen=500_000, billed_gross_fen=531_800
    )
    assert facts("R06", terms=terms) == ["合同总额 ¥5,000.00，累计开票 ¥5,318.00（含税）"]


def test_metered_and_invoiced() -> None:
    more = lined(shares={CELL.key: 130_000}, net_fen=130_000, quantity="130")
    more = replace(more, net_fen=130_000, tax_fen=7_800, gross_fen=137_800)
    more = replace(more, receipts=(Receipt("模型企业", "智算中心", 137_800),))
    assert facts("R07", more, replace(CELL, invoiced_fen=130_000)) == [
        "计量 ¥1,000.00，已开票 ¥1,300.00"
    ]
    carried = replace(CELL, metered_fen=180_000, closed_fen=10_000)
    assert facts("R17", cell=carried) == ["计量 ¥1,800.00，已开票 ¥1,000.00", "已了结 ¥100.00"]


def test_what_other_differences_leave_out_is_told() -> None:
    service = lined(item="*餐饮服务*餐费")
    assert "其中因别的差异不计入 ¥1,000.00" in facts("R17", service)


def test_the_receipts_that_are_there_and_what_is_missing() -> None:
    half = replace(BILLED, receipts=(Receipt("模型企业", "智算中心", 53_000),))
    assert facts("R05", half) == [
        "价税合计 ¥1,060.00，凭证合计 ¥530.00，还缺 ¥530.00", "模型企业 付 智算中心 ¥530.00",
    ]  # fmt: skip
    assert facts("R05", replace(BILLED, receipts=())) == ["价税合计 ¥1,060.00，没有付款凭证"]


def test_the_price_beside_the_contract_s_and_the_band() -> None:
    assert facts("R09", lined(quantity="80")) == [
        "发票单价 ¥12.50，合同单价 ¥10.00（不含税）", "发票税率 6%，合同税率 6%",
    ]  # fmt: skip
    unusual = {Part.COMPUTE: UnusualPrice(Fraction(1_200), Fraction(600), Fraction(1_000))}
    assert facts("R09", terms=replace(TERMS, unusual_prices=unusual)) == [
        "合同单价每卡时 ¥12.00，参考价 ¥6.00 至 ¥10.00（不含税）"
    ]


def test_both_tax_rates() -> None:
    assert facts("R19", lined(tax_rate="13%")) == ["发票税率 13%，合同税率 6%"]


def test_through_whom_two_are_related() -> None:
    related = replace(TERMS, related=frozenset({PAIR}))
    assert facts("R13", terms=related)[1:] == ["登记为关联方"]
    controlled = replace(related, controllers={PAIR: ("王某",)})
    assert facts("R13", terms=controlled) == [
        "销方 智算中心1，购方 模型企业2", "双方都由 王某 控制",
    ]  # fmt: skip


def test_the_other_document() -> None:
    assert facts("R15", lined(same_as=("2464",))) == ["另一张：2464"]
    assert facts("R01", replace(BILLED, duplicate_of=("0641", "0642"))) == ["另一张：0641、0642"]


@pytest.mark.parametrize(
    ("code", "document", "evidence", "expected"),
    [
        ("R02", replace(BILLED, red_fen=-20_000), Evidence(), ["蓝字 ¥1,000.00，红字冲回 ¥200.00"]),
        (
            "R08",
            BILLED,
            Evidence(used_ms=Fraction(7_200_000), capacity_ms=3_600_000),
            ["用了 2.00 卡时，最多可有 1.00"],
        ),
        ("R08", BILLED, Evidence(unproved=True), ["作业占用超过登记或认定的容量"]),
        ("R11", lined(item="*餐饮服务*餐费"), Evidence(), ["项目名称 *餐饮服务*餐费", "税率 6%"]),
        ("R16", replace(BILLED, kind="other"), Evidence(), ["单据种类 其他凭证"]),
        ("R20", BILLED, Evidence(grades={CELL.key: {"D": FEN}}), ["证据等级 D：¥1,000.00"]),
        (
            "R10",
            replace(BILLED, gross_fen=106_005),
            Evidence(),
            ["各行合计 ¥1,000.00，票面 ¥1,000.00，税额 ¥60.00，价税合计 ¥1,060.05"],
        ),
    ],
)
def test_the_figures_of_the_others(
    code: str, document: BilledDocument, evidence: Evidence, expected: list[str]
) -> None:
    assert facts(code, document, evidence=evidence) == expected


def test_who_stands_on_the_document_and_who_is_known() -> None:
    stranger = Party("", "别的企业")
    rows = facts("R03", replace(BILLED, buyer=stranger, receipts=()))
    assert rows == ["发票上是 别的企业", f"登记的是 模型企业2 {BUYER.uscc}"]
