r"""The canonical form of a row, version 1: the bytes that are hashed.

A row's bytes are the line that PostgreSQL's `COPY … TO STDOUT` writes for it, its newline included:
columns in the stated order with a tab between them, `\N` for NULL (an empty text is empty), numbers
exact and as they were written, moments in UTC to the microsecond (`2026-01-31 16:00:00.5+00`),
dates as in ISO 8601, bytes as `\\x` and hexadecimal digits, JSON as `jsonb` orders it; a tab is
`\t`, a newline `\n`, a backslash two. Before it stands a header with the version, the relation and
its columns with their types, so that the same line means another row under another header. A
secret (`column:type:sha256`) stands as the SHA-256 of its bytes, in hexadecimal: it is not shown
to whoever verifies.

A leaf of the tree is the row's key (the JSON of its primary key), a newline, and the row's hash; or
nothing behind the newline where the row is gone.
"""

import hashlib
from collections.abc import Callable, Sequence

from ledger.seals.codes import Algorithm

VERSION = "suanquan row 1"
_UNESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def header(relation: str, columns: Sequence[str]) -> bytes:
    """Return what stands before every row of a relation; a column is `name:type`."""
    return "\n".join((VERSION, relation, "\t".join(columns), "")).encode()


def row_hash(
    relation: str, columns: Sequence[str], algorithm: Algorithm
) -> Callable[[bytes], bytes]:
    """Return the function from a row's line to its hash."""
    start = hashlib.new(algorithm.value, header(relation, columns))

    def digest(line: bytes) -> bytes:
        state = start.copy()
        state.update(line)
        return state.digest()

    return digest


def leaf_bytes(key: bytes, row: bytes | None) -> bytes:
    """Return the bytes of a leaf, from the key's text and the row's hash; None: it is gone."""
    return key + b"\n" + (row or b"")


def unescape(text: bytes) -> bytes:
    """Return a value as it is, from how COPY writes it.

    Raises:
        ValueError: nothing stands behind its last backslash.
    """
    if b"\\" not in text:
        return text
    characters = iter(text.decode())
    return "".join(
        character if character != "\\" else _escape(next(characters, None))
        for character in characters
    ).encode()


def bytes_of(value: bytes) -> bytes:
    """Return the bytes of a `bytea`, from how COPY writes it: hexadecimal digits behind an `x`.

    Raises:
        ValueError: it is not written so.
    """
    if not value.startswith(b"\\\\x"):
        raise ValueError(value[:10])
    return bytes.fromhex(value[3:].decode())


def _escape(character: str | None) -> str:
    if character is None:
        raise ValueError("nothing behind a backslash")
    return _UNESCAPED.get(character, character)
