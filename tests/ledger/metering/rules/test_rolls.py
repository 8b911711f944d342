"""Whatever a batch says, its roll says it to the byte, as PostgreSQL reads it."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

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

STREAM = UUID(int=7)
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
OPENED = """
    SELECT number, hash, received_at, answer, bytes
    FROM open_roll(ROW(%s, 1, %s, 1, %s, 'empty', %s, %s, '', %s, %s::integer[], %s::smallint[], %s,
                      %s::bigint[], %s::bigint[], %s::smallint[], %s)::batch_rolls) ORDER BY number
"""
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from([
        "100% %s %%", "2026-03-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-03-01T00:00:00.000001Z",
        "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "xid:79", "a1 2 03 -4 5.6 7e8",
        "0" * 64, "job/c1/12/0/3", "\\", '"', "算券",
    ]),
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
WINDOWS = st.lists(
    st.one_of(
        VALUES,
        st.fixed_dictionaries({
            "gpu": st.sampled_from(["GPU-1", "GPU-2"]), "energy_mj": st.integers(0, 10**9),
            "start": st.integers(0, 100_000).map(
                lambda at: f"{NOON + timedelta(minutes=at):%Y-%m-%dT%H:%M}:00Z"),
        }),
    ), max_size=12,
)  # fmt: skip
BATCHES = st.lists(
    st.tuples(st.dictionaries(TEXTS, VALUES, max_size=3), WINDOWS, VALUES), min_size=1, max_size=6
)


def make_batches(batches: list[Any]) -> list[Said]:
    """Chained batches with these windows, and other things around them."""
    made_batches, previous = list[Said](), ""
    for number, (others, windows, tail) in enumerate(batches, 1):
        words = {"number": number, "previous": previous, **others, "windows": windows, "tail": tail}
        words["previous"] = previous
        body = json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()
        digest = sha256(body).digest()
        received = (NOON + timedelta(seconds=number * 61, microseconds=number**5)).timestamp()
        answer = json.dumps({"kept": len(windows), "refused": [str(tail)[:9]]}).replace(
            "\\u0000", ""
        )
        made_batches.append(Said(number, body, digest, bytes([number]) * 64, b"",
                                 round(received * 10**6), answer))  # fmt: skip
        previous = digest.hex()
    return made_batches


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
