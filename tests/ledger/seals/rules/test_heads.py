"""A head is written in one way, read as it was written, and signed whole."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from nacl.signing import SigningKey

from ledger.seals.codes import Algorithm, SealKind
from ledger.seals.rules.heads import Head, SealedTree, is_signed, read_head, sign, write_head

KEY = SigningKey(bytes(32))
HEAD = Head(
    number=2,
    kind=SealKind.MONTH,
    month=date(2026, 7, 1),
    sealed_at=datetime(2026, 8, 1, 4, 0, 0, 5, tzinfo=UTC),
    algorithm=Algorithm.SHA256,
    previous="00" * 32,
    key=bytes(KEY.verify_key).hex(),
    next_key=None,
    program="0.1.0",
    policies={"宁.yaml": "11" * 32},
    postings=7,
    trees=(SealedTree("claims", ("id:bigint",), 3, "22" * 32),),
)


def test_it_is_read_as_it_was_written() -> None:
    text = write_head(HEAD)
    assert read_head(text) == HEAD
    assert '"sealed_at":"2026-08-01T04:00:00.000005+00:00"' in text
    assert "宁.yaml" in text
    assert HEAD.rows == 3


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "7", "{}", '{"form":"suanquan seal 1"}', write_head(HEAD) + " ",
        json.dumps(json.loads(write_head(HEAD))),
        write_head(HEAD).replace('"number":2', '"number":2,"more":1'),
        write_head(HEAD).replace('"kind":"month"', '"kind":"year"'),
        "[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any
        read_head(text)


def test_every_byte_of_it_is_signed() -> None:
    text = write_head(HEAD)
    signature, public_key = sign(text, KEY), bytes(KEY.verify_key)
    assert is_signed(text, signature, public_key)
    assert not is_signed(write_head(replace(HEAD, number=3)), signature, public_key)
    assert not is_signed(text, bytes(64), public_key)
    assert not is_signed(text, signature, bytes(SigningKey.generate().verify_key))
    assert not is_signed(text, b"short", b"short")
