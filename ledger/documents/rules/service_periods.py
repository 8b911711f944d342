"""Read from an invoice for which days it was issued (服务期).

The invoice form has no field for it, so it stands in the remark or in the items, in the words of
who issued it: 服务期间：2026-10-01至2026-10-31, 3月, 2026年3月份, 202603, 2026.03, 3-5月, 第一季度.
A month without a year is the newest one that is not after the day of issue; 3-5月 says nothing in
April. A day or a span that belongs to something else (合同期, 付款日) says nothing, nor do two
different periods: a person says it then. The number of a statement (对账单号) names its month, and
wins over the words beside it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from ledger.formats.field_parsers import FIRST_DAY, LAST_DAY
from ledger.units import month_of

_STATEMENT = re.compile(
    r"(?<![0-9A-Za-z-])DZ-(?P<year>20\d\d)-?(?P<month>0[1-9]|1[0-2])-[0-9A-Za-z-]*[0-9A-Za-z]"
)
_NAMED_STATEMENT = re.compile(r"对账单(?:编号|号码?)?:?\s*(?P<number>DZ-[0-9A-Za-z-]*[0-9A-Za-z])")
_CHINESE = {word: n for n, word in enumerate("一二三四五六七八九十", 1)} | {"十一": 11, "十二": 12}
_NUMBER = r"(?:十[一二]?|[一二三四五六七八九]|\d{1,2})"
_TO = r"(?:至|到|~|-|—|–|起至)"
# Of each part `@` is `a` at the beginning of a period, `b` at its end.
_YEAR = r"(?:(?P<@year>(?:20)?\d\d)年度?)?"
_FULL_DAY = r"(?P<@year>20\d\d)[-./年](?P<@month>\d{1,2})[-./月](?P<@day>\d{1,2})日?"
_COMPACT_DAY = r"(?P<@year>20\d\d)(?P<@month>\d\d)(?P<@day>\d\d)"
_SHORT_DAY = _YEAR + rf"(?P<@month>{_NUMBER})月(?P<@day>\d{{1,2}})日?"
_LATE_DAY = r"(?P<@day>\d{1,2})日"
_FULL_MONTH = r"(?P<@year>20\d\d)(?:[-./])(?P<@month>\d{1,2})(?![-./]?\d)"
_COMPACT_MONTH = r"(?P<@year>20\d\d)(?P<@month>0[1-9]|1[0-2])"
_WORD_MONTH = _YEAR + rf"(?P<@month>{_NUMBER})月份?(?!\d)"
_BARE_MONTH = _YEAR + rf"(?P<@month>{_NUMBER})"


def _alone(form: str) -> str:
    return form.replace("@", "a")


def _span(first: str, last: str, between: str = _TO) -> str:
    return first.replace("@", "a") + between + last.replace("@", "b")


# The longest forms come first: what one has read, the next ones do not read again.
_FORMS = tuple(
    re.compile(rf"(?<![0-9A-Za-z\-./_]){form}(?![0-9A-Za-z_]|[-./]\d|元|个|号|[至到~])", re.ASCII)
    for form in (
        _span(_FULL_DAY, _FULL_DAY), _span(_COMPACT_DAY, _COMPACT_DAY),
        _span(_SHORT_DAY, _SHORT_DAY), _span(_FULL_DAY, _SHORT_DAY), _span(_SHORT_DAY, _LATE_DAY),
        _span(_FULL_MONTH, _FULL_MONTH), _span(_COMPACT_MONTH, _COMPACT_MONTH),
        _span(_FULL_MONTH, _WORD_MONTH), _span(_WORD_MONTH, _WORD_MONTH),
        _span(_BARE_MONTH, _WORD_MONTH), _span(_BARE_MONTH, _WORD_MONTH, "[、和及]"),
        _span(_WORD_MONTH, _WORD_MONTH, "[、和及]"),
        _alone(_YEAR) + r"第?(?P<quarter>[一二三四1-4])季度",
        _alone(_FULL_DAY), _alone(_COMPACT_DAY), _alone(_SHORT_DAY),
        _alone(_FULL_MONTH), _alone(_COMPACT_MONTH), _alone(_WORD_MONTH),
    )
)  # fmt: skip
_CLAUSE = re.compile(r"[,，;；。、|\s]")
_SERVICE = re.compile(r"服务|所属|结算|账期|帐期|费用期|计费|使用|用量|算力|租赁|租用")
_OTHERS = re.compile(
    r"合同|协议|有效|签|开票|付款|支付|缴|收款|到账|到期|出具|打印|订单|编号|批复|截至|截止"
)
_SPACES = re.compile(r"(?<=[年月日至到\-~])[ \t]+(?=[\d年月日至到])|(?<=\d)[ \t]+(?=[年月日至到])")
BEFORE = 12  # characters that say of what a period is


@dataclass(frozen=True)
class Period:
    """Days of service, both included."""

    since: date
    until: date


@dataclass(frozen=True)
class ServiceWords:
    """What an invoice says of its service; None where it says nothing.

    `contradicts`: the statement's month and the words are of different days.
    """

    period: Period | None
    statement: str | None
    contradicts: bool = False


def service_of(
    remark: str, items: Sequence[str], issued_on: date, statement: str | None = None
) -> ServiceWords:
    """Return the service period and the statement's number that an invoice says.

    Args:
        remark: 备注, as printed.
        items: the names of its lines.
        issued_on: the day of issue, by which a missing year is found.
        statement: the statement's number, where a field of its own says it.
    """
    statements = [statement] if statement else statements_in(remark, *items)
    number = statements[0] if len(statements) == 1 else None
    words = spoken_period(remark, issued_on) or _of_items(items, issued_on)
    month = statement_month(number) if number else None
    if month is None:
        return ServiceWords(words, number)
    if month.since > issued_on:  # of a month that has not begun there is no statement
        return ServiceWords(words, number, contradicts=True)
    if words is None or (month.since <= words.since and words.until <= month.until):
        return ServiceWords(words or month, number)
    return ServiceWords(month, number, contradicts=True)


def statements_in(*texts: str) -> list[str]:
    """Return the different numbers of statements in these texts, in order."""
    numbers: list[str] = []
    for text in map(_plain, texts):
        numbers += (match[0] for match in _STATEMENT.finditer(text))
        numbers += (match["number"] for match in _NAMED_STATEMENT.finditer(text))
    return list(dict.fromkeys(numbers))


def statement_month(number: str) -> Period | None:
    """Return the month that a statement's number names: `DZ-202603-12-1` is March."""
    match = _STATEMENT.fullmatch(_plain(number))
    return _month(int(match["year"]), int(match["month"])) if match else None


def spoken_period(text: str, issued_on: date) -> Period | None:
    """Return the one period that a text says is that of the service; None if none or several."""
    candidates = list(_periods(_STATEMENT.sub(" ", _plain(text)), issued_on))
    periods = {period for period, labelled in candidates if labelled}
    periods = periods or {period for period, _labelled in candidates}
    return periods.pop() if len(periods) == 1 else None


def _of_items(items: Iterable[str], issued_on: date) -> Period | None:
    """Return the days of the lines that say any, if they follow one another."""
    different = {period for item in items if (period := spoken_period(item, issued_on))}
    periods = sorted(different, key=lambda period: (period.since, period.until))
    if not periods:
        return None
    for period, after in pairwise(periods):
        if after.since > period.until + timedelta(days=1):
            return None
    return Period(periods[0].since, max(period.until for period in periods))


def _periods(text: str, issued_on: date) -> Iterator[tuple[Period, bool]]:
    """Find periods, each with whether it is labelled as that of the service."""
    for form in _FORMS:
        for match in form.finditer(text):
            period = _period(match, issued_on)
            before = text[max(match.start() - BEFORE, 0) : match.start()].rstrip(": ")
            label = _CLAUSE.split(before)[-1]
            labelled = _SERVICE.search(label) is not None
            lone_day = "aday" in form.groupindex and "bday" not in form.groupindex
            if period and (labelled or not (lone_day or _OTHERS.search(label))):
                yield period, labelled
        text = form.sub(lambda match: "\0" * len(match[0]), text)


def _period(match: re.Match[str], issued_on: date) -> Period | None:
    """Return the days of a match; None if no calendar has them."""
    parts = match.groupdict()
    try:
        if quarter := parts.get("quarter"):
            return _quarter(_number(quarter), parts["ayear"], issued_on)
        first, last = _months(parts, issued_on)
        since = first if not parts.get("aday") else first.replace(day=int(parts["aday"] or 1))
        day = parts.get("bday") if "bday" in parts else parts.get("aday")
        until = _month(last.year, last.month).until
        until = last.replace(day=int(day)) if day else until
    except ValueError:
        return None
    fits = FIRST_DAY <= since <= until <= LAST_DAY
    return Period(since, until) if fits else None


def _months(parts: dict[str, str | None], issued_on: date) -> tuple[date, date]:
    """Return the first days of the first and the last month."""
    start = _number(parts["amonth"] or "")
    end = _number(parts.get("bmonth") or parts["amonth"] or "")
    first, last = _year(parts.get("ayear")), _year(parts.get("byear"))
    if first is None and last is None:
        if start <= issued_on.month < end:
            raise ValueError("of this year it is not over, and it says no other")
        last = issued_on.year - (end > issued_on.month)
    if first is None and last is not None:
        first = last - (start > end)
    if last is None and first is not None:
        last = first + (end < start)
    return date(first or 1, start, 1), date(last or 1, end, 1)


def _quarter(quarter: int, year: str | None, issued_on: date) -> Period:
    months = {"amonth": f"{3 * quarter - 2}", "bmonth": f"{3 * quarter}", "ayear": year}
    first, last = _months(months, issued_on)
    return Period(first, _month(last.year, last.month).until)


def _month(year: int, month: int) -> Period:
    first = date(year, month, 1)
    return Period(first, month_of(first + timedelta(days=31)) - timedelta(days=1))


def _year(text: str | None) -> int | None:
    return None if text is None else int(text) + (2000 if len(text) == 2 else 0)  # noqa: PLR2004


def _number(text: str) -> int:
    return _CHINESE[text] if text in _CHINESE else int(text)


def _plain(text: str) -> str:
    """Full width to half, and no space within 2026 年 3 月."""
    plain = unicodedata.normalize("NFKC", text)
    return _SPACES.sub("", plain)
