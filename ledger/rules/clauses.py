"""What a policy file says: its clauses, each beside its sentence, and the questions left open.

Every condition and every sum quotes the words that it rests on, and these must stand in the
sentence quoted. Rates are exact fractions, caps exact yuan. A key that is not known here is an
error: nothing in a policy file is ignored.
"""

import re
from datetime import date
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, field_validator

from ledger.rules.dated import Span
from ledger.rules.process import Process
from ledger.rules.spelling import Day, Shape, YesNo, fault, one_of, read_day, spelled
from ledger.units import Fen, fen_from_yuan

FactType = Literal["choice", "yes_no", "count", "money"]
Operator = Literal["==", ">=", "in"]
CapScope = Literal["model", "team"]  # what one voucher is for; a project's kind says the same
CapPeriod = Literal["lifetime", "once"]
Threshold = bool | int | tuple[str, ...]

_RATE = re.compile(r"[1-9]\d{0,5}/[1-9]\d{0,5}", re.ASCII)
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)


def _matching(pattern: str, code: str) -> PlainValidator:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise fault(code)
        return text

    return spelled(parse)


def _sentence(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise fault("bad_sentence")
    return text


def _rate(text: str) -> Fraction:
    if not _RATE.fullmatch(text) or Fraction(text) > 1:
        raise fault("bad_rate")
    return Fraction(text)


def _cap(text: str) -> Fen:
    try:
        fen = fen_from_yuan(text)
    except ValueError:
        fen = 0
    if fen <= 0:
        raise fault("bad_cap")
    return fen


def _end(text: str) -> date | str:
    return text if text == "open" else read_day(text)


def _threshold(written: object, info: ValidationInfo) -> Threshold:
    """A value as its operator needs it: a yes or no, a whole number, a list of choices."""
    operator = info.data.get("op")
    if operator == "in" and isinstance(written, list) and all(isinstance(w, str) for w in written):
        return tuple(written)
    if operator == "==" and written in ("true", "false"):
        return written == "true"
    if operator == ">=" and isinstance(written, str) and _WHOLE.fullmatch(written):
        return int(written)
    raise fault("bad_threshold", op=operator or "-")


Key = Annotated[str, _matching(r"[a-z][a-z0-9_]{0,40}", "bad_key")]
ClauseId = Annotated[str, _matching(r"\d\d-\d", "bad_id")]
QuestionId = Annotated[str, _matching(r"Q\d{1,2}-\d{1,2}", "bad_id")]
Version = Annotated[str, _matching(r"[a-z][a-z0-9-]{0,60}", "bad_id")]
Sentence = Annotated[str, spelled(_sentence)]


class Effective(Shape):
    """施行日 and the last day of 有效期. Blank, as in a draft, is no date; `open` is no end."""

    since: Day | None = Field(default=None, alias="from")
    until: Annotated[date | Literal["open"], spelled(_end)] | None = None

    @property
    def span(self) -> Span | None:
        """The days on which the policy is in force; None where its text leaves them blank."""
        if self.since is None or self.until is None:
            return None
        return Span.through(self.since, None if isinstance(self.until, str) else self.until)


class Rounding(Shape):
    """How an award is rounded, once."""

    unit: Annotated[Literal["fen"], one_of(Literal["fen"])]
    mode: Annotated[Literal["half_up"], one_of(Literal["half_up"])]


class FactKind(Shape):
    """A fact that conditions and sums speak of, and what kind of value it has."""

    words: Sentence
    kind: Annotated[FactType, one_of(FactType)]
    choices: dict[Key, Sentence] = Field(default={}, validate_default=True)

    @field_validator("choices")
    @classmethod
    def _of_choices_alone(cls, choices: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if bool(choices) != (info.data.get("kind") == "choice"):
            raise fault("choices_mismatch")
        return choices


class Unless(Shape):
    """A condition does not apply to those whose fact is one of these."""

    fact: Key
    value: tuple[Key, ...]


class Requirement(Shape):
    """A condition: the fact, compared with the threshold, in the words of the text."""

    fact: Key
    op: Annotated[Operator, one_of(Operator)]
    value: Annotated[Threshold, PlainValidator(_threshold)]
    judgement: tuple[Key, ...] = ()  # choices on which a person must decide
    unless: Unless | None = None
    words: Sentence


class Cap(Shape):
    """The most that is paid, to what, over which time."""

    fen: Annotated[Fen, spelled(_cap)] = Field(alias="yuan")
    words: Sentence
    scope: Annotated[CapScope, one_of(CapScope)]
    period: Annotated[CapPeriod, one_of(CapPeriod)]


class Amount(Shape):
    """rate × base, rounded once, at most the cap, less what was paid before."""

    base: Key
    rate: Annotated[Fraction, spelled(_rate), PlainSerializer(str)]
    words: Sentence
    paid: Key
    cap: Cap


class Part(Shape):
    """A part of the text: the sentence, and the questions that it leaves open."""

    article: Sentence
    text: Sentence
    questions: tuple[QuestionId, ...] = ()


class Scope(Part):
    """Who may apply at all: the gate before every clause."""

    require: tuple[Requirement, ...] = Field(min_length=1)


class Clause(Part):
    """One award."""

    id: ClauseId
    title: Sentence
    departments: tuple[Sentence, ...] = Field(min_length=1)
    payee: Sentence
    require: tuple[Requirement, ...] = ()
    amount: Amount


class Decided(Shape):
    """Which reading of a question holds. Without a person and a day it is a proposal."""

    chosen: Key
    decided_by: Sentence | None = None
    decided_on: Day | None = Field(default=None, validate_default=True)

    @field_validator("decided_on")
    @classmethod
    def _by_somebody(cls, on: date | None, info: ValidationInfo) -> date | None:
        if (on is None) != (info.data.get("decided_by") is None):
            raise fault("half_decided")
        return on


class Question(Decided):
    """What the text does not say, and how it may be read."""

    asks: Sentence
    readings: dict[Key, Sentence] = Field(min_length=2)


class Policy(Shape):
    """One version of a policy. It never changes once published."""

    version: Version
    title: Sentence
    drill: YesNo = False
    effective: Effective
    cost_basis: Annotated[Literal["without_tax"], one_of(Literal["without_tax"])]
    rounding: Rounding
    facts: dict[Key, FactKind]
    scope: Scope
    clauses: tuple[Clause, ...] = Field(min_length=1)
    closing: Part
    questions: dict[QuestionId, Question]
    process: Process

    def clause(self, clause: str) -> Clause | None:
        """The clause of that id."""
        return next((c for c in self.clauses if c.id == clause), None)

    def undecided(self, clause: Clause) -> tuple[str, ...]:
        """The open questions that an award under this clause would rest on."""
        asked = (*self.scope.questions, *clause.questions, *self.closing.questions)
        return tuple(q for q in asked if self.questions[q].decided_by is None)

    def payable(self, clause: Clause) -> bool:
        """Whether vouchers may be issued and paid under it: it has dates and nothing is open."""
        return self.effective.span is not None and not self.undecided(clause)


class Extension(Shape):
    """A version that takes another one's clauses, with dates and decisions of its own."""

    version: Version
    extends: Version
    title: Sentence
    drill: YesNo = False
    effective: Effective
    decisions: dict[QuestionId, Decided]
