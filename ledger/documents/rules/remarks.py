"""Read the agreed forms of an invoice's remark (备注).

The invoice form has no field for a service period or a statement's number, so both are in the
remark: 服务期间：2026-10-01至2026-10-31 and 对账单号：DZ-…. A red invoice repeats there its blue
one and its confirmation. Other wordings are not understood; a person enters them instead.
"""

import re
from datetime import date, timedelta

_DAY = r"(\d{4})(?:-|\.|/|年)(\d{1,2})(?:(?:-|\.|/|月)(\d{1,2})日?|月份?)?"
_PERIOD = re.compile(
    r"(?:服务期间|服务期|所属期间|所属期|结算期间|结算期|账期)[:：]?\s*"
    rf"{_DAY}(?!\d)(?:\s*(?:至|到|~|～|—|–|-)\s*{_DAY}(?!\d))?",
    re.ASCII,
)
_GOES_ON = re.compile(r"\s*(?:[至到~～—–]|-\s*\d)")
_STATEMENT = re.compile(r"对账单(?:编号|号码?)?[:：]?\s*(DZ-[0-9A-Za-z-]+)", re.ASCII)
_BLUE = re.compile(r"被红冲蓝字(?:数电票|数电发票)号码[:：]?\s*(\d{20})(?!\d)", re.ASCII)
_OLD_BLUE = re.compile(
    r"对应正数发票代码[:：]?\s*(\d{10}|\d{12})(?!\d)\s*[,，;；]?\s*号码[:：]?\s*(\d{8})(?!\d)",
    re.ASCII,
)
_CONFIRMATION = re.compile(
    r"红字(?:增值税专用)?发票信息(?:确认单|表)编号[:：]?\s*(\d{16,20})(?!\d)", re.ASCII
)


def remark_says(remark: str) -> tuple[date | None, date | None, str | None]:
    """Return the service period (both days included) and the statement's number, or None.

    A month alone is all its days. A day that is in no calendar says nothing, nor do two different
    periods, nor one whose end is written in another way than its beginning.
    """
    statements = set(_STATEMENT.findall(remark))
    since, until = _period(remark)
    return since, until, statements.pop() if len(statements) == 1 else None


def reversal(remark: str) -> tuple[str | None, str | None]:
    """Return the blue invoice's number and the confirmation of a red one, or None.

    The number of an older blue one is its code and its number in one, 20 digits. The confirmation
    is the 红字发票信息确认单, formerly 信息表.
    """
    new, old = _BLUE.search(remark), _OLD_BLUE.search(remark)
    confirmation = _CONFIRMATION.search(remark)
    blue = new[1] if new else old[1] + old[2] if old else None
    return blue, confirmation[1] if confirmation else None


def _period(remark: str) -> tuple[date | None, date | None]:
    periods = {match.groups(): match for match in _PERIOD.finditer(remark)}
    match = next(iter(periods.values()), None)
    if match is None or len(periods) > 1 or _GOES_ON.match(remark, match.end()):
        return None, None
    first, second = match.groups()[:3], match.groups()[3:]
    try:
        since, end = _days(*first)
        until = _days(*second)[1] if second[0] else end
    except ValueError:
        return None, None
    return since, until


def _days(year: str, month: str, day: str | None) -> tuple[date, date]:
    """Return the first and the last day of a text: of a month, or one day twice."""
    first = date(int(year), int(month), int(day or 1))
    if day:
        return first, first
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
