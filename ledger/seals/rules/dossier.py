r"""The form of a dossier: all that was decided and proved of one claim, in a file that verifies.

A ZIP archive, UTF-8. Its rows are written as in an export (`rules/export.py`); each brings the way
from its leaf to the root of its tree, so that neither the other rows nor the database is needed.

| member          | what stands in it                                                            |
|-----------------|------------------------------------------------------------------------------|
| dossier.json    | one line: form, claim, moment, last seal with its head's hash, key, and the   |
|                 | SHA-256 of every other member but the next                                    |
| dossier.sig     | Ed25519 of dossier.json by the key that signs after the last head, hexadecimal |
| heads.jsonl     | the heads from the first that is needed to the last, as in an export          |
| rows/NAME.tsv   | seal, place of the leaf, path in hexadecimal, key, the row's canonical line   |
| files/HASH.EXT  | the originals, as they came                                                   |
| policies/NAME   | the policies that decided, whose SHA-256 the last head names                  |
| use.tsv         | each day of use: device-milliseconds, and one batch of it (stream, number)    |
| summary.html    | what it says, to be read and printed                                          |

In rows/originals.tsv the content is `@`: it stands under files/.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ledger.seals.rules.export import Archive, Malformed, rows_member
from ledger.seals.rules.form import unescape
from ledger.seals.rules.heads import BureauKey, is_signature

FORM = "suanquan dossier 1"
MANIFEST, SIGNATURE = "dossier.json", "dossier.sig"
USE, SUMMARY = "use.tsv", "summary.html"
ELSEWHERE = b"@"
"""What stands for an original's bytes, which are a member of their own."""

_HASH_LENGTH = 64  # hexadecimal digits; SM3's are as many as SHA-256's
_EXTENSION = re.compile(r"\.([a-z0-9]{1,5})$")


@dataclass(frozen=True)
class Manifest:
    """What a dossier says it is; `members` are the SHA-256 of each, in hexadecimal."""

    claim: str
    made_at: str
    seal: int
    hash: str
    key: str
    members: Mapping[str, str]


@dataclass(frozen=True)
class ProvenRow:
    """A row with its way to a head: `place` of its leaf in the tree, and the hashes beside it."""

    seal: int
    place: int
    path: Sequence[bytes]
    key: bytes
    line: bytes


def write_manifest(manifest: Manifest) -> bytes:
    """Return the line that is signed."""
    content = {"form": FORM, **vars(manifest), "members": dict(manifest.members)}
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def read_manifest(line: bytes) -> Manifest:
    """Read the line that is signed.

    Raises:
        ValueError: it is none.
    """
    try:
        content: dict[str, Any] = json.loads(line)
        if content.pop("form") != FORM:
            raise ValueError("another form")
        members = {str(name): str(digest) for name, digest in content.pop("members").items()}
        manifest = Manifest(members=members, **content)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if write_manifest(manifest) != line:
        raise ValueError("not as it is written")
    return manifest


def sign(content: bytes, key: BureauKey) -> bytes:
    """Return the line of a signature."""
    return key.sign(content).signature.hex().encode() + b"\n"


def is_signed(content: bytes, signature: bytes, public_key: str) -> bool:
    """Whether this key signed this content; `signature` is the line of one."""
    try:
        value, key = bytes.fromhex(signature.decode()), bytes.fromhex(public_key)
    except (ValueError, TypeError):
        return False
    return signature == value.hex().encode() + b"\n" and is_signature(value, content, key)


def file_member(hash_: str, name: str) -> str:
    """Where an original stands, by its hash and the name under which it came."""
    extension = _EXTENSION.search(name.lower())
    return f"files/{hash_}{extension[0] if extension else ''}"


def row_line(row: ProvenRow, key_as_copied: bytes) -> bytes:
    """Write a row; its key as COPY writes it."""
    path = b"".join(row.path).hex().encode()
    return b"\t".join((b"%d" % row.seal, b"%d" % row.place, path, key_as_copied, row.line))


def rows_of(archive: Archive, relation: str) -> Iterator[ProvenRow]:
    """Return the rows of a relation. Raises Malformed."""
    member = rows_member(relation)
    number = 0
    try:
        for line in archive.lines(member):
            number += 1
            seal, place, path, key, content = line.split(b"\t", 4)
            yield ProvenRow(int(seal), int(place), _hashes(path.decode()), unescape(key), content)
    except ValueError as error:
        raise Malformed(member, number) from error


def _hashes(path: str) -> list[bytes]:
    if len(path) % _HASH_LENGTH:
        raise ValueError(len(path))
    places = range(0, len(path), _HASH_LENGTH)
    return [bytes.fromhex(path[place : place + _HASH_LENGTH]) for place in places]


def digest_of(content: bytes) -> str:
    """Return a member's SHA-256 in hexadecimal."""
    return sha256(content).hexdigest()
