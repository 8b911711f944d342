"""What caps for the years and yearly pools let through and cut off, a sentence each."""

from collections.abc import Iterable

from api.language.format import money
from api.language.i18n import gettext as _
from ledger.vouchers.queries.years import YearQuota


def year_notices(years: Iterable[YearQuota]) -> list[str]:
    """Return for each year what its cap and its pool are, what is used, and what is beyond."""
    lines = []
    for year in years:
        book, share = year.book, year.share
        if book.cap_fen is not None:
            lines.append(
                _("%(year)s 年度上限 %(cap)s，已用 %(used)s，预计 %(more)s，超出 %(over)s。")
                % {
                    "year": book.year,
                    "cap": money(book.cap_fen),
                    "used": money(share.earned_fen),
                    "more": money(share.provisional_fen),
                    "over": money(share.over_cap_fen),
                }
            )
        if book.pool is not None:
            lines.append(
                _(
                    "%(year)s 年度资金池「%(pool)s」%(cap)s，各券合计已用 %(drawn)s；"
                    "本券已用 %(used)s，超出 %(over)s，其中排队等待 %(waiting)s。"
                )
                % {
                    "year": book.year,
                    "pool": book.pool.number,
                    "cap": money(book.pool.cap_fen),
                    "drawn": money(book.pool.drawn_fen),
                    "used": money(share.earned_fen),
                    "over": money(share.over_pool_fen),
                    "waiting": money(share.waiting_fen),
                }
            )
    return lines
