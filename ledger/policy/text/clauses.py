"""The shape of a policy file: clauses with their sentences, and open questions.

Every condition and sum quotes the words it rests on, which must be in the quoted sentence; the
sentence's place in the law is given by article and character offsets. A condition added by a
reading of an open question quotes that reading instead. Unknown keys are errors.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, field_validator
from pydantic import PlainValidator as Plain

from ledger.formats.field_parsers import Day, Shape, YesNo, fault, one_of, up_to
from ledger.policy.codes import CapPeriod, PoolRule, RoundingUnit
from ledger.policy.process import Process
from ledger.policy.text.amounts import Amount
from ledger.policy.text.conditions import Derivation, FactKind, Impossible, Requirement
from ledger.policy.text.terms import (
    CapYuan,
    ClauseId,
    Key,
    LastDay,
    Offset,
    PlaceId,
    PoolId,
    QuestionId,
    Sentence,
    Version,
)
from ledger.registry.rules.effective_dating import Span

RoundingMode = Literal["half_up", "down"]
CostBasis = Literal["without_tax", "with_tax"]
SameCost = Literal["once", "twice"]
ConflictRule = Literal["higher", "offset", "same_cost"]
Similar = Literal["difference", "choose_one"]
District = Literal["city", "apart"]


class Effective(Shape):
    """施行日 and the last day of 有效期; empty in a draft, `open` without an end."""

    since: Day | None = Field(default=None, alias="from")
    until: LastDay | None = None

    @property
    def span(self) -> Span | None:
        """The days on which the policy is in force; None while the text leaves them blank."""
        if self.since is None or self.until is None:
            return None
        return Span.through(self.since, None if isinstance(self.until, str) else self.until)


class Rounding(Shape):
    """How an award is rounded, once."""

    unit: Annotated[RoundingUnit, one_of(RoundingUnit)]
    mode: Annotated[RoundingMode, one_of(RoundingMode)]


class Citation(Shape):
    """A sentence of the law with its article and character offsets."""

    article: Sentence
    text: Sentence
    span: tuple[Offset, Offset] | None = None


class Part(Citation):
    """A part of the law: a sentence, and the questions it leaves open."""

    questions: tuple[QuestionId, ...] = ()


class Scope(Part):
    """Who may apply at all; checked before every clause."""

    require: tuple[Requirement, ...] = Field(min_length=1)


class Selection(Shape):
    """How many may be selected."""

    limit: Annotated[int, up_to(10_000)]
    period: Annotated[CapPeriod, one_of(CapPeriod)]
    words: Sentence


class Conflict(Shape):
    """Another clause that does not simply add up with this one."""

    clause: ClauseId = Field(alias="with")
    rule: Annotated[ConflictRule, one_of(ConflictRule)]
    question: QuestionId


class Clause(Part):
    """One award, or one support."""

    id: ClauseId
    title: Sentence
    departments: tuple[Sentence, ...] = Field(min_length=1)
    payee: Sentence
    require: tuple[Requirement, ...] = ()
    amount: Amount
    pool: PoolId | None = None
    selection: Selection | None = None
    conflicts: tuple[Conflict, ...] = ()
    cost_basis: Annotated[CostBasis, one_of(CostBasis)] | None = None  # None: as the policy says
    same_cost: Annotated[SameCost, one_of(SameCost)] | None = None  # None: as `stacking` says

    @property
    def voucher(self) -> bool:
        """Whether 算力券 are issued: a capped share of what a model or a team spends."""
        amount = self.amount
        if amount.kind != "rate" or amount.cap is None:
            return False
        return amount.cap.scope in ("model", "team", "builder", "person") and bool(amount.paid)


class Pool(Citation):
    """A sum shared by all awards of some clauses in a period."""

    fen: CapYuan = Field(alias="yuan")
    words: Sentence
    period: Annotated[CapPeriod, one_of(CapPeriod)]
    rule: Annotated[PoolRule, one_of(PoolRule)]
    applicant_fen: CapYuan | None = Field(default=None, alias="applicant_yuan")


class SimilarAward(Shape):
    """A line of the signed table: our clause, and a similar municipal award."""

    clause: ClauseId
    award: Sentence
    signed_by: Sentence
    signed_on: Day


class Stacking(Shape):
    """How several awards are combined."""

    words: Sentence
    similar: Annotated[Similar, one_of(Similar)]
    same_cost: Annotated[SameCost, one_of(SameCost)]
    district: Annotated[District, one_of(District)]
    table: tuple[SimilarAward, ...] = ()


class Reading(Shape):
    """One reading of a question, and what it sets or requires."""

    words: Sentence
    sets: dict[PlaceId, Annotated[Any, Plain(lambda value: value)]] = Field(default={})
    requires: dict[PlaceId, tuple[Requirement, ...]] = Field(default={})


def _reading(value: Any) -> Any:  # noqa: ANN401 - whatever was written
    return {"words": value} if isinstance(value, str) else value


class Decidable(Shape):
    """The chosen reading of a question; a proposal unless somebody decided it."""

    chosen: Key
    decided_by: Sentence | None = None
    decided_on: Day | None = Field(default=None, validate_default=True)

    @field_validator("decided_on")
    @classmethod
    def _by_somebody(cls, on: date | None, info: ValidationInfo) -> date | None:
        if (on is None) != (info.data.get("decided_by") is None):
            raise fault("half_decided")
        return on


class Question(Decidable):
    """What the law leaves open, and how it may be read."""

    asks: Sentence
    readings: dict[Key, Annotated[Reading, BeforeValidator(_reading)]] = Field(min_length=2)


class Policy(Shape):
    """One version of a policy; it never changes once published."""

    version: Version
    title: Sentence
    law: Sentence | None = None  # the file beside this one that has the whole text
    drill: YesNo = False
    effective: Effective
    cost_basis: Annotated[CostBasis, one_of(CostBasis)]
    rounding: Rounding
    facts: dict[Key, FactKind]
    derived: dict[Key, Derivation] = Field(default={})
    impossible: tuple[Impossible, ...] = ()
    scope: Scope
    clauses: tuple[Clause, ...] = Field(min_length=1)
    pools: dict[PoolId, Pool] = Field(default={})
    closing: Part
    stacking: Stacking
    context: tuple[Citation, ...] = ()  # sentences that give no right
    questions: dict[QuestionId, Question]
    process: Process
    _compiled: Any = PrivateAttr(default=None)  # the engine's own (`engine.py`)

    def clause(self, clause: str) -> Clause | None:
        """Return the clause with this id."""
        return next((c for c in self.clauses if c.id == clause), None)

    def questions_of(self, clause: Clause) -> tuple[str, ...]:
        """Return the questions that an award under this clause rests on."""
        keys = (*self.scope.questions, *clause.questions, *self.closing.questions)
        return tuple(dict.fromkeys(keys))

    def undecided_questions(self, clause: Clause) -> tuple[str, ...]:
        """Return those of them that nobody has decided."""
        return tuple(q for q in self.questions_of(clause) if self.questions[q].decided_by is None)

    def is_complete(self, clause: Clause) -> bool:
        """Return whether two persons may make it payable: it has dates and no open question."""
        return self.effective.span is not None and not self.undecided_questions(clause)

    def citations(self) -> Mapping[str, Citation]:
        """Return every cited sentence, by where it is cited."""
        clauses = {clause.id: clause for clause in self.clauses}
        pools = {f"pool {key}": pool for key, pool in self.pools.items()}
        context = {f"context {i + 1}": citation for i, citation in enumerate(self.context)}
        return {"scope": self.scope, **clauses, **pools, "closing": self.closing, **context}


class Extension(Shape):
    """A version that reuses another one's clauses, with dates and decisions of its own."""

    version: Version
    extends: Version
    title: Sentence
    drill: YesNo = False
    effective: Effective
    decisions: dict[QuestionId, Decidable]
