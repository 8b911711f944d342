"""Parcels: signed batches as a relay keeps them and a courier carries them, never opened.

A courier's file is text with one JSON object a line. The first line names the format; then comes
one line for each item; the last has the number of items and the SHA-256 of all bytes before it, so
a file that was cut off or changed is known before any of it is used. A file is written beside its
place and renamed, so a half-written one never bears its name.

    suanquan-batches   to the server: agent, signature, body (zlib, base64) of each batch
    suanquan-receipt   back: for each batch the SHA-256 of its body, its key, the server's answer
                       (status, body), and the server's signature over key and answer

It needs the standard library alone: the people's command line reads it too.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Protocol, Self, TypeVar

VERSION = 1
BATCHES = "suanquan-batches"
RECEIPT = "suanquan-receipt"
BODY_BYTES_MAX = 1024 * 1024  # of a batch: wire.BATCH_BYTES_MAX
ANSWER_BYTES_MAX = 4 * 1024 * 1024
_LINE_BYTES_MAX = 8 * 1024 * 1024

_Item = TypeVar("_Item")


class FileFault(Exception):
    """This is no whole file of the format; `code` says why, `line` where.

    Codes: `another_format`, `another_version`, `cut_off`, `changed`, `unreadable_line`.
    """

    def __init__(self, code: str, line: int) -> None:
        super().__init__(f"{code}, line {line}")
        self.code, self.line = code, line


class Item(Protocol):
    """What is a line of a courier's file."""

    def record(self) -> dict[str, Any]:
        """Return it as JSON's values."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch with its sender's id and signature; nobody on the way reads the body."""

    agent: str
    signature: str
    body: bytes

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the body."""
        return sha256(self.body).hexdigest()

    @property
    def key(self) -> str:
        """What tells this parcel from any other, one with a false signature too."""
        return sha256(f"{self.agent}\n{self.signature}\n{self.digest}".encode()).hexdigest()

    def record(self) -> dict[str, Any]:
        """Return the parcel as an item of a courier's file."""
        body = base64.b64encode(zlib.compress(self.body)).decode()
        return {"agent": self.agent, "signature": self.signature, "body": body}

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Self:
        """Read an item. Raises ValueError, KeyError, TypeError, zlib.error."""
        inflate = zlib.decompressobj()
        body = inflate.decompress(base64.b64decode(record["body"], validate=True), BODY_BYTES_MAX)
        if not inflate.eof or inflate.unused_data:
            raise ValueError("the body is no batch's")
        return cls(_text(record["agent"]), _text(record["signature"]), body)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server's answer to one parcel; `signature` (base64) is empty where it signed nothing."""

    key: str
    digest: str
    status: int
    answer: bytes
    signature: str

    @property
    def signed(self) -> bytes:
        """What the server signs: this very answer to this very parcel."""
        return answer_digest(self.key, self.status, self.answer)

    def record(self) -> dict[str, Any]:
        """Return the receipt as an item of a receipt file."""
        answer = base64.b64encode(zlib.compress(self.answer)).decode()
        return {
            "key": self.key, "digest": self.digest, "status": self.status, "answer": answer,
            "signature": self.signature,
        }  # fmt: skip

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Self:
        """Read an item. Raises ValueError, KeyError, TypeError, zlib.error."""
        inflate = zlib.decompressobj()
        answer = base64.b64decode(record["answer"], validate=True)
        status = record["status"]
        if type(status) is not int:
            raise TypeError(status)
        content = inflate.decompress(answer, ANSWER_BYTES_MAX)
        signature = _text(record.get("signature", ""))  # an older server signs nothing
        return cls(_text(record["key"]), _text(record["digest"]), status, content, signature)


def answer_digest(key: str, status: int, answer: bytes) -> bytes:
    """Return the SHA-256 that the server signs: its answer to the parcel of this key."""
    words = f"suanquan-receipt\n{key}\n{status}\n{sha256(answer).hexdigest()}"
    return sha256(words.encode()).digest()


def write_file(path: Path, name: str, items: Iterable[Item]) -> int:
    """Write a whole file of format `name`, or leave what was there; return the number of items.

    It is on disk, folder entry too, when this returns. Raises OSError.
    """
    draft = path.with_name(path.name + ".part")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            count = write(file, name, items)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return count


def write(file: IO[bytes], name: str, items: Iterable[Item]) -> int:
    """Write the lines of a file of format `name`; return the number of items. Raises OSError."""
    digest, count = sha256(), 0

    def add(record: Mapping[str, Any]) -> None:
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        digest.update(line)
        file.write(line)

    add({"format": name, "version": VERSION})
    for item in items:
        add(item.record())
        count += 1
    add({"count": count, "sha256": digest.hexdigest()})
    return count


def parcels(path: Path) -> Iterator[Parcel]:
    """Iterate over a file's batches; it is found whole first. Raises FileFault, OSError."""
    return read_file(path, BATCHES, Parcel.read)


def receipts(path: Path) -> Iterator[Receipt]:
    """Iterate over a receipt file; it is found whole first. Raises FileFault, OSError."""
    return read_file(path, RECEIPT, Receipt.read)


def read_file(
    path: Path, name: str, of_record: Callable[[Mapping[str, Any]], _Item]
) -> Iterator[_Item]:
    """Iterate over the items of a file of format `name`. Raises FileFault, OSError."""
    with path.open("rb") as file:
        yield from read(file, name, of_record)


def read(
    file: IO[bytes], name: str, of_record: Callable[[Mapping[str, Any]], _Item]
) -> Iterator[_Item]:
    """Iterate over the items of an open file, which is found whole first. Raises FileFault.

    `of_record` reads one; it may raise ValueError, KeyError, TypeError, zlib.error.
    """
    file.seek(0)
    count = _check_whole(file, name, of_record)
    file.seek(0)
    file.readline()
    for _ in range(count):
        yield of_record(json.loads(file.readline()))


def _check_whole(
    file: IO[bytes], name: str, of_record: Callable[[Mapping[str, Any]], object]
) -> int:
    """Read all of the file, each item too; return the number of items."""
    digest, count, number = sha256(), -1, 0
    while True:
        line = file.readline(_LINE_BYTES_MAX)
        number += 1
        if not line.endswith(b"\n"):
            code = "another_format" if number == 1 and not _is_start(line) else "cut_off"
            raise FileFault(code, number)
        record = _record(line, number)
        if number == 1:
            if record.get("format") != name:
                raise FileFault("another_format", number)
            if record.get("version") != VERSION:
                raise FileFault("another_version", number)
        elif "count" in record:
            if record != {"count": count, "sha256": digest.hexdigest()} or file.read(1):
                raise FileFault("changed", number)
            return count
        else:
            try:
                of_record(record)
            except (ValueError, KeyError, TypeError, zlib.error) as error:
                raise FileFault("unreadable_line", number) from error
        digest.update(line)
        count += 1


def _is_start(line: bytes) -> bool:
    """Return whether this may be the beginning of a file of ours."""
    return b'{"format":"suanquan-'.startswith(line[:20])


def _record(line: bytes, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise FileFault("another_format" if number == 1 else "unreadable_line", number)
    return record


def _text(value: object) -> str:
    """Return a text of plain characters. Raises ValueError."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ValueError(value)
    return value
