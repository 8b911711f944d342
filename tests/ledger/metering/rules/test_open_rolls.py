"""A roll opened again is what it was made of, to the byte; a damaged one is refused in one way."""

from collections.abc import Callable
from dataclasses import fields
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.metering.rules.open_rolls import OpenedBatch, open_roll
from ledger.metering.rules.rolls import Roll, Said, previous_of, roll_of
from tests.support.metering.batches import BATCHES, make_batches

SAID = make_batches([
    (
        {"sent_at": f"2026-03-01T00:0{batch}:07.{batch}00005Z"},
        [{"n": n * batch, "at": f"2026-03-01T0{n}:0{batch}:00Z"} for n in (1, 5, 2)],
        {"share": f"{batch}%"},
    )
    for batch in (1, 2, 4, 3)
])  # fmt: skip
"""A roll of these has columns of every kind, of several widths, and steps."""
HUGE = 10**12


def roll_and_previous(batches: list[Said]) -> tuple[Roll, bytes]:
    previous = previous_of(batches[0].body)
    return roll_of(batches, previous), previous


def words_of(batch: OpenedBatch) -> tuple[object, ...]:
    return (batch.body, batch.hash, round(batch.received_at.timestamp() * 10**6), batch.answer)


@given(BATCHES, st.integers(0, 5))
@settings(deadline=None, max_examples=50)
@example([({}, [{"n": n}, {"n": 10**17 - n}], n) for n in range(4)], 1)
@example([({"%s": "%"}, [{"n": 1}] * 3, "\x01")], 0)
@example([({}, [], None), ({}, [1, 3], None), ({}, [], 2**70)], 0)
def test_what_was_written_is_read_again(batches: list[Any], first: int) -> None:
    """Any batches of a stream, from its first on or from a later one."""
    chain = make_batches(batches)
    said = chain[min(first, len(chain) - 1) :]
    roll, previous = roll_and_previous(said)
    assert [words_of(batch) for batch in open_roll(roll, previous, len(said))] == [
        (batch.body, batch.hash, batch.received_us, batch.answer) for batch in said
    ]


def shorten(values: Any, at: int, _number: int) -> Any:
    return values[:at] + values[at + 1 :]


def lengthen(values: Any, at: int, _number: int) -> Any:
    return values[:at] + values[at : at + 1] + values[at:]


def change(values: Any, at: int, number: int) -> Any:
    if isinstance(values, str):
        return values[:at] + "nsuh%x"[number % 6] + values[at + 1 :]
    if isinstance(values, bytearray):
        return values[:at] + bytes([values[at] ^ (1 + number % 255)]) + values[at + 1 :]
    value = values[at]
    damaged = change(value, number % len(value), number) if isinstance(value, str) else number
    return [*values[:at], damaged, *values[at + 1 :]]


DAMAGES = st.tuples(
    st.sampled_from([shorten, lengthen, change]),
    st.sampled_from([column.name for column in fields(Roll)]),
    st.integers(0, 2**16),
    st.one_of(st.integers(-3, 9), st.integers(-HUGE, HUGE), st.just(2**63)),
)


@given(st.lists(DAMAGES, min_size=1, max_size=3), st.sampled_from([-1, 0, 0, 0, 1]))
@settings(deadline=None, max_examples=400)
def test_a_damaged_roll_is_refused_or_bears_the_hashes_of_what_it_says(
    damages: list[tuple[Callable[[Any, int, int], Any], str, int, int]], more: int
) -> None:
    """There is one error; what opens in spite of it is held to the seal by these hashes."""
    roll, previous = roll_and_previous(SAID)
    for damage, column, at, number in damages:
        values = getattr(roll, column)
        if values:
            setattr(roll, column, damage(values, at % len(values), number))
    try:
        opened = [*open_roll(roll, previous, len(SAID) + more)]
    except ValueError:
        return
    assert len(opened) == len(SAID) + more
    assert all(batch.hash == sha256(batch.body).digest() for batch in opened)


@pytest.mark.parametrize("template", ["%999999999s", "%(x)s", "%1$s", "%d", "%", "%%%", "%c"])
def test_a_template_has_places_for_words_alone(template: str) -> None:
    roll, previous = roll_and_previous(SAID)
    roll.templates[-1] += template
    with pytest.raises(ValueError, match="template"):
        [*open_roll(roll, previous, len(SAID))]


def test_more_pieces_than_batches_hold_are_not_counted_up() -> None:
    roll, previous = roll_and_previous(SAID)
    roll.counts[0] = HUGE
    with pytest.raises(ValueError, match="pieces"):
        [*open_roll(roll, previous, len(SAID))]
