"""The manifest of a part: which file it is, and the seal that it rests on.

One line of JSON, its members in the order of their names, as a seal's head is written. It is signed
with the bureau's key, and names the head of the month's seal: whoever has that head knows which
keys may sign.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from ledger.seals.codes import Algorithm
from ledger.seals.rules.merkle import Tree

FORM = "suanquan archive 1"


@dataclass(frozen=True)
class Manifest:
    """A part; hashes and keys are hexadecimal.

    Attributes:
        month: of which it is.
        part: its number in the month, from 1.
        head: the hash of the head of the month's seal.
        key: the bureau's key that signs it.
        program: which version of the program wrote it.
        file: the name of its file in the archive.
        bytes: how long the file is.
        sha256: of the file.
        rolls, batches, windows: how many the file holds.
        root: of the Merkle tree over the leaves of its batches, by stream and number.
    """

    month: date
    part: int
    head: str
    key: str
    program: str
    file: str
    bytes: int
    sha256: str
    rolls: int
    batches: int
    windows: int
    root: str


def write_manifest(manifest: Manifest) -> str:
    """Return the text that is signed."""
    members = {**asdict(manifest), "form": FORM, "month": f"{manifest.month:%Y-%m}"}
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_manifest(text: str) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: it is none, or is written otherwise than `write_manifest` does.
    """
    try:
        manifest = _manifest(json.loads(text))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if write_manifest(manifest) != text:
        raise ValueError("not as a manifest is written")
    return manifest


def _manifest(members: Mapping[str, Any]) -> Manifest:
    names = {field.name for field in fields(Manifest)}
    values = {name: value for name, value in members.items() if name in names}
    return Manifest(**{**values, "month": date.fromisoformat(f"{members['month']}-01")})


def names_of(month: date, part: int, token: str) -> tuple[str, str]:
    """Return the names of a part's file and of its manifest; `token` tells two writers apart."""
    front = f"{month:%Y-%m}/{part:04}-{token}"
    return f"{front}.parquet", f"{front}.json"


def manifest_name(manifest: Manifest) -> str:
    """Return the name of the file in which a manifest lies beside its part."""
    return manifest.file.removesuffix(".parquet") + ".json"


def manifest_bytes(text: str, signature: bytes) -> bytes:
    """Return what stands in a manifest's file: the text, and its signature in hexadecimal."""
    return f"{text}\n{signature.hex()}\n".encode()


def root_of(leaves: Mapping[tuple[UUID, int], bytes]) -> str:
    """Return the root over the leaves of a part's batches, in hexadecimal.

    Args:
        leaves: of each roll, by its stream and first number; 32 bytes to a batch.
    """
    tree = Tree(Algorithm.SHA256)
    for _, of_roll in sorted(leaves.items(), key=lambda item: (str(item[0][0]), item[0][1])):
        for at in range(0, len(of_roll), 32):
            tree.add(of_roll[at : at + 32])
    return tree.root().hex()
