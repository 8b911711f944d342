"""Codes of statements. Their labels: `api/language/labels/statements.py`."""

from enum import StrEnum


class Party(StrEnum):
    """Who answers a statement."""

    CENTRE = "centre"
    BUILDER = "builder"


class LineAnswer(StrEnum):
    """A party's answer to one line."""

    CONFIRMED = "confirmed"
    CONTESTED = "contested"


class AnswerState(StrEnum):
    """What a party says of the whole: every line confirmed, one contested, or not all answered."""

    CONFIRMED = "confirmed"
    CONTESTED = "contested"
    OPEN = "open"
