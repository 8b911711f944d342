"""Batches of a stream whose texts hold whatever JSON can hold, and how they are made."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from ledger.metering.rules.rolls import Said

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
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
