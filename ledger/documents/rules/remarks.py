"""Read from the remark (备注) of a red invoice what it reverses (红冲).

It repeats there its blue one and its confirmation. What a remark says of the service is read in
`service_periods`.
"""

import re

_BLUE = re.compile(r"被红冲蓝字(?:数电票|数电发票)号码[:：]?\s*(\d{20})(?!\d)", re.ASCII)
_OLD_BLUE = re.compile(
    r"对应正数发票代码[:：]?\s*(\d{10}|\d{12})(?!\d)\s*[,，;；]?\s*号码[:：]?\s*(\d{8})(?!\d)",
    re.ASCII,
)
_CONFIRMATION = re.compile(
    r"红字(?:增值税专用)?发票信息(?:确认单|表)编号[:：]?\s*(\d{16,20})(?!\d)", re.ASCII
)


def reversal(remark: str) -> tuple[str | None, str | None]:
    """Return the blue invoice's number and the confirmation of a red one, or None.

    The number of an older blue one is its code and its number in one, 20 digits. The confirmation
    is the 红字发票信息确认单, formerly 信息表.
    """
    new, old = _BLUE.search(remark), _OLD_BLUE.search(remark)
    confirmation = _CONFIRMATION.search(remark)
    blue = new[1] if new else old[1] + old[2] if old else None
    return blue, confirmation[1] if confirmation else None
