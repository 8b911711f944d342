"""Facts and conditions in a policy file.

There is no expression language: a condition is one fact, one comparison, one threshold; a derived
fact is a sum less others, or a ratio.
"""

from typing import Annotated, Self

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ledger.formats.field_parsers import Shape, fault, one_of
from ledger.policy.text.terms import (
    BOUNDS,
    Bound,
    FactType,
    Key,
    Operator,
    QuestionId,
    Sentence,
    Threshold,
    plain_value,
    threshold,
)


class FactKind(Shape):
    """A fact: its kind of value, and what proves it."""

    words: Sentence
    kind: Annotated[FactType, one_of(FactType)]
    unit: Sentence | None = None
    evidence: Sentence | None = None
    owner: Sentence | None = None  # the department that vouches for it
    choices: dict[Key, Sentence] = Field(default={}, validate_default=True)

    @field_validator("choices")
    @classmethod
    def _of_choices_alone(cls, choices: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if bool(choices) != (info.data.get("kind") == "choice"):
            raise fault("choices_mismatch")
        return choices


class Ratio(Shape):
    """One quantity to another, compared by multiplication, never divided."""

    of: Key
    to: Key


class Derivation(Shape):
    """A fact derived from others: a sum less others, or a ratio."""

    words: Sentence
    plus: tuple[Key, ...] = ()
    less: tuple[Key, ...] = ()
    ratio: Ratio | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.plus) == bool(self.ratio) or (self.less and not self.plus):
            raise fault("derived_one_way")
        return self

    @property
    def inputs(self) -> tuple[str, ...]:
        """The facts that it is derived from."""
        return (self.ratio.of, self.ratio.to) if self.ratio else (*self.plus, *self.less)


class Impossible(Shape):
    """Facts that contradict each other: `parts` exceed their `whole`."""

    parts: tuple[Key, ...] = Field(min_length=1)
    whole: Key
    words: Sentence


class Unless(Shape):
    """An exemption: the condition does not apply to these values of a fact."""

    fact: Key
    value: tuple[Key, ...]


class Requirement(Shape):
    """A condition: a fact compared with a threshold, quoting the text."""

    fact: Key
    op: Annotated[Operator, one_of(Operator)]
    value: Annotated[Threshold, PlainValidator(threshold), PlainSerializer(plain_value)]
    bound: Annotated[Bound, one_of(Bound)] | None = None  # whether the threshold itself is enough
    judgement: tuple[Key, ...] = ()  # choices on which a person must decide
    unless: Unless | None = None
    words: Sentence
    reading: QuestionId | None = None  # the question whose reading adds it; not a text's own

    @model_validator(mode="after")
    def _bound_agrees(self) -> Self:
        if self.bound != BOUNDS.get(self.op):
            raise fault("bound_mismatch", op=self.op)
        return self
