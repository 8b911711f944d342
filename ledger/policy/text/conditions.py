"""What a policy file says of facts: their kinds, what follows from them, what is asked of them.

No expression is written anywhere: a condition is one fact, one comparison, one threshold; a derived
fact is a sum less others, or a ratio. That is all the language there is.
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
    """A fact that conditions and sums speak of, what kind of value it has, and what proves it."""

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
    """One quantity to another, compared by multiplication and never divided."""

    of: Key
    to: Key


class Derivation(Shape):
    """A fact that follows from others: a sum less others, or a ratio. Nothing else is derived."""

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
        """The facts from which it follows."""
        return (self.ratio.of, self.ratio.to) if self.ratio else (*self.plus, *self.less)


class Impossible(Shape):
    """Facts that cannot be true together: `parts` are more than the `whole` that has them."""

    parts: tuple[Key, ...] = Field(min_length=1)
    whole: Key
    words: Sentence


class Unless(Shape):
    """A condition does not apply to those whose fact is one of these."""

    fact: Key
    value: tuple[Key, ...]


class Requirement(Shape):
    """A condition: the fact, compared with the threshold, in the words of the text."""

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
