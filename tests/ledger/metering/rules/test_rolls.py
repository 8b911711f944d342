"""Whatever a batch says, its roll says it to the byte, as PostgreSQL reads it."""

import json
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings

from ledger.metering.rules.rolls import (
    BYTES_MAX,
    Candidate,
    Said,
    Span,
    Unpackable,
    previous_of,
    roll_of,
    spans,
)
from tests.support.metering.batches import BATCHES, make_batches

STREAM = UUID(int=7)
OPENED = """
    SELECT number, hash, received_at, answer, bytes
    FROM open_roll(ROW(%s, 1, %s, 1, %s, 'empty', %s, %s, '', %s, %s::integer[], %s::smallint[], %s,
                      %s::bigint[], %s::bigint[], %s::smallint[], %s)::batch_rolls) ORDER BY number
"""


def open_batches(owner: psycopg.Connection, batches: list[Said]) -> list[tuple[Any, ...]]:
    """What PostgreSQL reads in the roll of these batches."""
    previous = previous_of(batches[0].body)
    roll = roll_of(batches, previous)
    hashes = previous + b"".join(batch.hash for batch in batches)
    signatures = b"".join(batch.signature for batch in batches)
    return owner.execute(
        OPENED,
        (STREAM, len(batches), UUID(int=8), hashes, signatures, roll.templates, roll.counts,
         roll.columns, roll.kinds, roll.bases, roll.steps, roll.widths, bytes(roll.content)),
    ).fetchall()  # fmt: skip


@given(BATCHES)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@example([({}, [{"n": n}, {"n": 10**17 - n}], n) for n in range(4)])
@example([({}, [], None)])
@example([({"%s": "%"}, [{"n": 1}] * 3, "\x01")])
def test_a_roll_says_what_its_batches_said(owner: psycopg.Connection, batches: list[Any]) -> None:
    batches_said = make_batches(batches)
    for batch, row in zip(batches_said, open_batches(owner, batches_said), strict=True):
        number, digest, received_at, answer, body = row
        assert (number, digest, bytes(body)) == (batch.number, batch.hash, batch.body)
        assert answer == json.loads(batch.answer)
        assert round(received_at.timestamp() * 10**6) == batch.received_us


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"\xff", b'{"windows":1}', b'{"windows": [1]}', b'{"windows":[1, 2]}', b'{"x":[]}',
     b'{"windows":[' + b",".join([b"1"] * 1001) + b"]}"],
)  # fmt: skip
def test_what_is_not_written_as_agents_write_it_stays(body: bytes) -> None:
    batch = Said(1, body, bytes(32), bytes(64), b"", 0, "{}")
    with pytest.raises(Unpackable):
        roll_of([batch], bytes(32))
    with pytest.raises(Unpackable):
        previous_of(body)


def test_rolls_are_of_one_seal_without_a_hole_and_not_too_long() -> None:
    small = [Candidate(n, 10, seal) for n, seal in
             [(1, 1), (2, 1), (3, 2), (4, None), (5, 2), (7, 2), (8, 2)]]  # fmt: skip
    assert spans(STREAM, small) == [
        Span(STREAM, 1, 2), Span(STREAM, 3, 3), Span(STREAM, 5, 5), Span(STREAM, 7, 8),
    ]  # fmt: skip
    large = [Candidate(n, BYTES_MAX // 2, 1) for n in range(1, 6)]
    assert spans(STREAM, large) == [Span(STREAM, 1, 2), Span(STREAM, 3, 4), Span(STREAM, 5, 5)]
    assert spans(STREAM, []) == []
