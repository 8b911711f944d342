import pytest

from ledger.documents.rules.remarks import reversal


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
