"""How the policy's values and figures are written, in the reader's language.

The policy itself is Chinese and is quoted, never translated. To who reads English a fact is named
by its key (`annual_revenue_fen`: annual revenue), and so is a choice. No figure is rounded: one
that has no end is cut off, and an ellipsis says so.
"""

from fractions import Fraction

from api.language.i18n import SOURCE, language
from api.language.i18n import gettext as _
from api.language.labels import label
from ledger.policy.decide.explain import FactName
from ledger.policy.decide.tree import Decision, Quotient
from ledger.units import Fen, yuan

_PLACES = 9  # of a figure without an end
_LONGEST = 20  # a quantity of 12 decimals, times a price, in yuan
_SHARES = (100, 1_000, 10_000)  # a share is told as the text tells it: 2/100, not 1/50


def units() -> dict[str, str]:
    """Units of the facts; one that is not here is left out in another language."""
    return {
        "元": _("元"),
        "元/亩": _("元/亩"),
        "千瓦时": _("千瓦时"),
        "席": _("席"),
        "P": "P",
    }


def fact_label(fact: FactName) -> str:
    """What a fact is called."""
    return fact.words if language() == SOURCE else plain_key(fact.name)


def plain_key(key: str) -> str:
    """`annual_revenue_fen` → annual revenue: a name for who does not read the Chinese one."""
    return " ".join(word for word in key.split("_") if word != "fen")


def money(fen: Fen | Fraction) -> str:
    """Exact fen as yuan: `1,234.50 元`; less than a fen is shown too."""
    return _("{sum} 元").format(sum=_yuan(fen))


def value(fact: FactName, raw: object) -> str:
    """A value of a fact; what was not given is said to be so, and is no nought."""
    if raw is None:
        return _("没有给出")
    if isinstance(raw, bool):
        return _("是") if raw else _("否")
    if isinstance(raw, Quotient):
        ratio = raw.value
        quotient = figure(ratio) if ratio is not None else "∞"
        return f"{figure(raw.of)} ÷ {figure(raw.to)} = {quotient}"
    if fact.kind == "choice":
        choice = fact.choices.get(str(raw), str(raw))
        return choice if language() == SOURCE else plain_key(str(raw))
    number = Fraction(raw) if isinstance(raw, (str, int, Fraction)) else Fraction(0)
    text = _yuan(number) if fact.kind == "money" else figure(number)
    return f"{text} {unit(fact)}".strip()


def unit(fact: FactName) -> str:
    """In what a fact is measured; empty where there is no word for it."""
    own = fact.unit or ("元" if fact.kind == "money" else "")
    return units().get(own, own if language() == SOURCE else "")


def figure(number: int | Fraction) -> str:
    """An exact figure, grouped: `12,345.678`; one without an end is cut off: `0.333333333…`."""
    exact = Fraction(number)
    ends = (n for n in range(_LONGEST) if (exact * 10**n).denominator == 1)
    places, more = next(ends, _PLACES), ""
    if (exact * 10**places).denominator != 1:
        more = "…"
    whole, rest = divmod(abs(exact.numerator) * 10**places // exact.denominator, 10**places)
    sign = "-" if exact < 0 else ""
    return f"{sign}{whole:,}" + (f".{rest:0{places}d}{more}" if places else "")


def share(rate: Fraction) -> str:
    """A share as the text tells it: 2/100."""
    for whole in _SHARES:
        if whole % rate.denominator == 0:
            return f"{rate.numerator * whole // rate.denominator}/{whole}"
    return str(rate)


def outcome(decision: Decision) -> str:
    """What a decision comes to, in a few words."""
    if decision.result != "eligible":
        return label(decision.result)
    if decision.amount_fen is not None:
        if decision.amount_fen < 0:
            return _("应追回 {sum}").format(sum=money(-decision.amount_fen))
        return _("可得 {sum}").format(sum=money(decision.amount_fen))
    if decision.ceiling_fen is not None:
        return _("最高 {sum}，由评审在此之内确定").format(sum=money(decision.ceiling_fen))
    if decision.posts is not None:
        return _("见习岗位 {posts} 个").format(posts=f"{decision.posts:,}")
    return _("可享受支持，没有金额")


def _yuan(fen: int | Fraction) -> str:
    exact = Fraction(fen)
    return yuan(exact.numerator) if exact.denominator == 1 else figure(exact / 100)
