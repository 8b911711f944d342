from datetime import date

import pytest

from ledger.documents.rules.remarks import remark_says, reversal

OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


@pytest.mark.parametrize(
    ("remark", "period"),
    [
        ("服务期间：2026-10", OCTOBER),
        ("所属期 2026年10月", OCTOBER),
        ("所属期:2026年10月份", OCTOBER),
        ("服务期间：2026-10-01至2026-10-31", OCTOBER),
        ("甲方 服务期间: 2026年10月1日-2026年10月31日 谢谢", OCTOBER),
        ("结算期：2026.10.01～2026.10.31", OCTOBER),
        ("账期：2026/10", OCTOBER),
        ("服务期间：2026-10至2026-12", (date(2026, 10, 1), date(2026, 12, 31))),
        ("服务期间：2024-02", (date(2024, 2, 1), date(2024, 2, 29))),
        ("服务期间：2026-10-08", (date(2026, 10, 8), date(2026, 10, 8))),
        ("服务期间：2026-12-31至2026-12-01", (date(2026, 12, 31), date(2026, 12, 1))),
        ("", (None, None)),
        ("合同签订于2026-10-01", (None, None)),  # some day, not a period
        ("服务期间：2026-13", (None, None)),
        ("服务期间：2026-02-30至2026-03-01", (None, None)),
        ("服务期间：十月", (None, None)),
        ("服务期间：2026年10月1日至10月31日", (None, None)),  # not one day
        ("服务期间：2026-10-01至今", (None, None)),
        ("服务期间：2026-10，服务期间：2026-11", (None, None)),
        ("服务期间：2026-10，服务期间：2026-10", OCTOBER),
        ("服务期间：2026-1012345", (None, None)),
    ],
)
def test_service_periods(remark: str, period: tuple[date | None, date | None]) -> None:
    assert remark_says(remark)[:2] == period


@pytest.mark.parametrize(
    ("remark", "statement"),
    [
        ("对账单号：DZ-2026-10-0001", "DZ-2026-10-0001"),
        ("服务期间：2026-10，对账单号DZ-000123。", "DZ-000123"),
        ("对账单编号: DZ-7", "DZ-7"),
        ("DZ-7", None),
        ("对账单号：DZ-7，对账单号：DZ-8", None),
        ("对账单号：", None),
    ],
)
def test_statements(remark: str, statement: str | None) -> None:
    assert remark_says(remark)[2] == statement


@pytest.mark.parametrize(
    ("remark", "numbers"),
    [
        (
            "被红冲蓝字数电票号码:24112000000135114086 红字发票信息确认单编号:1101082409100261",
            ("24112000000135114086", "1101082409100261"),
        ),
        ("对应正数发票代码:050001700111号码:12235358", ("05000170011112235358", None)),
        ("被红冲蓝字数电票号码：241120000001351140861", (None, None)),  # a digit too many
        ("", (None, None)),
    ],
)
def test_what_a_red_one_takes_back(remark: str, numbers: tuple[str | None, str | None]) -> None:
    assert reversal(remark) == numbers
