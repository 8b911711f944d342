"""The head of a seal: what is hashed, signed and shown to everybody.

A head is one line of JSON, its members in the order of their names, without spaces. It names the
head before it by its hash, and of each relation that had something to seal the columns, the number
of rows and the root of their tree. Signed are its bytes, with Ed25519.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from ledger.seals.codes import Algorithm, SealKind
from ledger.seals.rules.merkle import hash_by

FORM = "suanquan seal 1"


class Signature(Protocol):
    """What a key made of bytes."""

    @property
    def signature(self) -> bytes:
        """The signature alone."""


class BureauKey(Protocol):
    """Whatever signs with Ed25519: a key of nacl, or one in a token."""

    @property
    def verify_key(self) -> VerifyKey:
        """Its public half."""

    def sign(self, message: bytes) -> Signature:
        """Sign bytes."""


@dataclass(frozen=True)
class SealedTree:
    """The rows of one relation in one seal; `columns` are `name:type`, `root` is hexadecimal."""

    relation: str
    columns: tuple[str, ...]
    rows: int
    root: str


@dataclass(frozen=True)
class Head:
    """One seal; `previous` and the keys are hexadecimal, `policies` the SHA-256 of each file.

    `next_key` signs from the next head on, where the key changes. `postings` is the number of the
    last posting that was taken by this seal or one before.
    """

    number: int
    kind: SealKind
    month: date | None
    sealed_at: datetime
    algorithm: Algorithm
    previous: str | None
    key: str
    next_key: str | None
    program: str
    policies: Mapping[str, str]
    postings: int
    trees: tuple[SealedTree, ...]

    @property
    def key_after(self) -> str:
        """Which key signs the next head."""
        return self.next_key or self.key

    @property
    def rows(self) -> int:
        """How many leaves the seal has."""
        return sum(tree.rows for tree in self.trees)


def write_head(head: Head) -> str:
    """Return the text that is hashed and signed."""
    return json.dumps(
        {
            "form": FORM,
            "number": head.number,
            "kind": head.kind.value,
            "month": head.month.isoformat() if head.month else None,
            "sealed_at": head.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "algorithm": head.algorithm.value,
            "previous": head.previous,
            "key": head.key,
            "next_key": head.next_key,
            "program": head.program,
            "policies": dict(head.policies),
            "postings": head.postings,
            "trees": [
                {"relation": t.relation, "columns": t.columns, "rows": t.rows, "root": t.root}
                for t in head.trees
            ],
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )


def read_head(text: str) -> Head:
    """Read a head.

    Raises:
        ValueError: it is none, or is written otherwise than `write_head` does.
    """
    try:
        head = _head(json.loads(text))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if write_head(head) != text:
        raise ValueError("not as a head is written")
    return head


def _head(members: Mapping[str, Any]) -> Head:
    return Head(
        number=members["number"],
        kind=SealKind(members["kind"]),
        month=date.fromisoformat(members["month"]) if members["month"] else None,
        sealed_at=datetime.fromisoformat(members["sealed_at"]),
        algorithm=Algorithm(members["algorithm"]),
        previous=members["previous"],
        key=members["key"],
        next_key=members["next_key"],
        program=members["program"],
        policies=members["policies"],
        postings=members["postings"],
        trees=tuple(
            SealedTree(tree["relation"], tuple(tree["columns"]), tree["rows"], tree["root"])
            for tree in members["trees"]
        ),
    )


def hash_of(text: str, algorithm: Algorithm) -> bytes:
    """Return the hash of a head's text."""
    return hash_by(algorithm)(text.encode())


def sign(text: str, key: BureauKey) -> bytes:
    """Sign a head's text."""
    return key.sign(text.encode()).signature


def is_signed(text: str, signature: bytes, public_key: bytes) -> bool:
    """Whether this key signed this head."""
    return is_signature(signature, text.encode(), public_key)


def is_signature(signature: bytes, content: bytes, public_key: bytes) -> bool:
    """Whether this is the Ed25519 signature of these bytes by this key."""
    try:
        VerifyKey(public_key).verify(content, signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True
