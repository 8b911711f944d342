"""What a database guarantees, by which of its mechanisms, and what came of trying to break it."""

from enum import StrEnum


class Guarantee(StrEnum):
    """What nobody can do, whatever SQL is sent; the rows of docs/money.md and docs/security.md."""

    REAL_ACTORS = "real_actors"
    TWO_PERSONS = "two_persons"
    SHOWN_CODE = "shown_code"
    DECIDED_AS_SHOWN = "decided_as_shown"
    ANSWERED_ONCE = "answered_once"
    NO_INVENTED_PERSON = "no_invented_person"
    NO_LOOKALIKE = "no_lookalike"
    SEPARATE_DUTIES = "separate_duties"
    HAPPENS_ONCE = "happens_once"
    BY_THE_CLOCK = "by_the_clock"
    NO_OVERDRAFT = "no_overdraft"
    CAP = "cap"
    LEGAL_MOVES = "legal_moves"
    BOOKS_STAY = "books_stay"
    CAUSED = "caused"
    PROMISE_STANDS = "promise_stands"
    DECIDED_BY_TWO = "decided_by_two"
    BANK_ROWS = "bank_rows"
    PAYEE = "payee"
    CASE_STEPS = "case_steps"
    PUBLISHED = "published"
    DOCUMENTS = "documents"
    ONE_WINDOW = "one_window"
    SIGNED_BATCHES = "signed_batches"
    TOTALS = "totals"
    REGISTERED = "registered"
    EVENTS_STAY = "events_stay"
    SEALS_FOLLOW = "seals_follow"
    DRILL_STAYS = "drill_stays"
    AS_MADE = "as_made"


class MechanismKind(StrEnum):
    """What in a database holds a guarantee."""

    TRIGGER = "trigger"
    CONSTRAINT = "constraint"
    INDEX = "index"
    FUNCTION = "function"
    RIGHT = "right"
    SCHEMA = "schema"


class TriedAs(StrEnum):
    """With whose rights it was tried; what is only compared was not."""

    OWNER = "owner"
    APPLICATION = "application"
    COMPARED = "compared"


class Outcome(StrEnum):
    """What came of an attempt."""

    HELD = "held"
    BROKEN = "broken"
    NOT_HERE = "not_here"
    UNTRIED = "untried"
