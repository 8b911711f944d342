"""A head is signed by the key before it, or by the one that the head before it names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from nacl.signing import SigningKey

from ledger.seals.codes import Algorithm, FaultCode, SealKind
from ledger.seals.rules.chain import KeptSeal, check_chain
from ledger.seals.rules.faults import Tally
from ledger.seals.rules.heads import Head, hash_of, sign, write_head

NOON = datetime(2026, 8, 1, 4, tzinfo=UTC)
KEYS = {name: SigningKey(bytes([place]) * 32) for place, name in enumerate("ABC")}


def public(name: str) -> str:
    return bytes(KEYS[name].verify_key).hex()


def chain(*links: tuple[str, str]) -> list[KeptSeal]:
    """Heads, each signed by the first of its two letters and naming the second as the next key."""
    seals: list[KeptSeal] = []
    for place, (key, next_key) in enumerate(links, start=1):
        before = seals[-1].hash if seals else None
        head = Head(
            number=place, kind=SealKind.LIGHT, month=None, sealed_at=NOON + timedelta(hours=place),
            algorithm=Algorithm.SHA256, previous=before.hex() if before else None,
            key=public(key), next_key=public(next_key) if next_key else None, program="0.1.0",
            policies={}, postings=0, trees=(),
        )  # fmt: skip
        text = write_head(head)
        seals.append(KeptSeal(
            place, head.kind, None, head.sealed_at, head.algorithm, before, text,
            hash_of(text, head.algorithm), sign(text, KEYS[key]), bytes(KEYS[key].verify_key),
        ))  # fmt: skip
    return seals


@pytest.mark.parametrize(
    ("links", "wrong_ones"),
    [
        ([("A", ""), ("A", "")], []),
        ([("A", "B"), ("B", ""), ("B", "C"), ("C", "")], []),
        ([("A", ""), ("B", "")], [2]),
        ([("A", "B"), ("A", ""), ("A", "")], [2]),
        ([("A", "B"), ("C", ""), ("C", "")], [2]),
        ([("A", "B"), ("B", ""), ("A", "")], [3]),
    ],
)
def test_another_key_is_named_by_the_head_before(
    links: list[tuple[str, str]], wrong_ones: list[int]
) -> None:
    tally = Tally()
    check_chain(chain(*links), tally)
    assert [(fault.code, fault.seal) for fault in tally.faults] == [
        (FaultCode.KEY, place) for place in wrong_ones
    ]


def test_a_head_that_cannot_be_read_is_named() -> None:
    first, second = chain(("A", ""), ("A", ""))
    tally = Tally()
    check_chain([replace(first, head="{}"), second], tally)
    assert (FaultCode.HEAD, 1) in [(fault.code, fault.seal) for fault in tally.faults]
