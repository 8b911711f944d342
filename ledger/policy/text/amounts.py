"""The amount of a clause: one of a few kinds of formula, and its figures.

`rate` gives base × rate up to a cap, and the rate may depend on facts; `bands` a ceiling by the
band of the base; `ladder` a sum by the step reached, less earlier payments; `ceiling` a maximum
within which a reviewer decides;
`quota` a share of the seats, in kind; `negotiated` (一事一议) whatever is agreed; `support` no sum.
A figure that its kind does not use is an error.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ledger.formats.field_parsers import Shape, fault, one_of
from ledger.policy.codes import CapPeriod, CapScope
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.terms import Bound, Bounded, CapYuan, Gives, Key, Rate, Sentence
from ledger.units import Fen

FormulaKind = Literal["rate", "bands", "ladder", "ceiling", "quota", "negotiated", "support"]
Combine = Literal["highest", "first"]
Mode = Literal["cumulative", "single", "top_up", "accumulate", "once", "slab", "marginal"]

# kind: (what it must say, what it may say besides)
_SAYS: dict[str, tuple[str, str]] = {
    "rate": ("base rate mode", "paid cap cap_per_year per rates"),
    "bands": ("base bands per", "paid bound"),
    "ladder": ("base bands per paid mode", "bound"),
    "ceiling": ("cap", "limit"),
    "quota": ("base bands per mode", "bound"),
    "negotiated": ("", "per"),
    "support": ("", ""),
}
MODES: dict[str, tuple[Mode, ...]] = {
    "rate": ("cumulative", "single"),
    "ladder": ("top_up", "accumulate", "once"),
    "quota": ("slab", "marginal"),
}


class Cap(Shape):
    """The maximum, for what, and over which time."""

    fen: CapYuan = Field(alias="yuan")
    words: Sentence
    scope: Annotated[CapScope, one_of(CapScope)]
    period: Annotated[CapPeriod, one_of(CapPeriod)]


class YearCap(Shape):
    """The maximum for each calendar year of use, beside the cap for life."""

    fen: CapYuan = Field(alias="yuan")
    words: Sentence


class Per(Shape):
    """What an award without a cap is counted for."""

    scope: Annotated[CapScope, one_of(CapScope)]
    period: Annotated[CapPeriod, one_of(CapPeriod)]


class Band(Shape):
    """From `low` (included, unless the amount says otherwise) to below `high` (None: open)."""

    low: Bounded = Field(alias="from")
    high: Bounded | None = Field(default=None, alias="to")
    gives: Gives  # a sum in fen, or a share
    words: Sentence


class CaseRate(Shape):
    """A rate for those who meet all its conditions."""

    rate: Rate
    words: Sentence
    require: tuple[Requirement, ...] = Field(min_length=1)


class Rates(Shape):
    """Rates beside the clause's own, which is that of those to whom none of them applies.

    `highest`: the highest of all that apply, the clause's own included (就高). `first`: the first
    that applies, in the order of the file.
    """

    combine: Annotated[Combine, one_of(Combine)]
    cases: tuple[CaseRate, ...] = Field(min_length=1)


class Amount(Shape):
    """The formula, its figures, and the words that state them."""

    kind: Annotated[FormulaKind, one_of(FormulaKind)]
    words: Sentence
    base: Key | None = None
    rate: Rate | None = None  # a share of a sum, or fen for each unit of a quantity
    rates: Rates | None = None
    mode: Annotated[Mode, one_of(Mode)] | None = None
    bands: tuple[Band, ...] = ()
    bound: Annotated[Bound, one_of(Bound)] = "included"  # whether a band's `low` is in it
    paid: Key | None = None
    cap: Cap | None = None
    cap_per_year: YearCap | None = None
    limit: Key | None = None  # a ceiling is never more than this sum
    per: Per | None = None

    @model_validator(mode="after")
    def _says_what_its_kind_needs(self) -> Self:
        must, may = (names.split() for names in _SAYS[self.kind])
        keys = self.model_fields_set - {"kind", "words"}
        if absent := [name for name in must if name not in keys]:
            raise fault("amount_lacks", kind=self.kind, names=", ".join(absent))
        if strange := sorted(keys - {*must, *may}):
            raise fault("amount_strange", kind=self.kind, names=", ".join(strange))
        if self.mode is not None and self.mode not in MODES[self.kind]:
            raise fault("bad_choice", choices=", ".join(MODES[self.kind]))
        if self.kind == "rate" and (self.cap is None) == (self.per is None):
            raise fault("amount_lacks", kind=self.kind, names="cap | per")
        if self.cap_per_year is not None and self.cap is None:
            raise fault("amount_lacks", kind=self.kind, names="cap")
        return self

    @property
    def rate_cases(self) -> tuple[CaseRate, ...]:
        """The rates that depend on facts."""
        return self.rates.cases if self.rates else ()

    @property
    def rate_conditions(self) -> tuple[Requirement, ...]:
        """The conditions of all of them."""
        return tuple(condition for case in self.rate_cases for condition in case.require)

    @property
    def unit(self) -> Cap | Per | None:
        """For what, and over which time, the award is counted."""
        return self.cap or self.per

    @property
    def most(self) -> Fen | None:
        """The most fen that one award can be; None if the text sets no limit."""
        if self.cap:
            return self.cap.fen
        sums = [int(band.gives) for band in self.bands if self.kind in ("bands", "ladder")]
        if not sums:
            return None
        return sum(sums) if self.mode == "accumulate" else max(sums)
