"""A dump's manifest: what it is, how long each file is, and the SHA-256 of each.

    suanquan-20261130T183000Z/
        database.dump     pg_dump's custom format; sealed where a key was given
        manifest.json     written last

With a key the manifest carries a mark that only its holder can make; without one it shows damage,
and no forger.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nacl.bindings import sodium_memcmp

from ledger.errors import Unusable
from ledger.formats.sealing import mark

FORMAT = 1
MANIFEST, DUMP = "manifest.json", "database.dump"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a dump says about itself."""

    made_at: str  # UTC, ISO 8601
    program: str  # the version that made it
    postgres: int  # major version of the server
    revision: str  # of the schema
    sealed: bool
    size: int  # bytes of the dump as it lies on disk
    sha256: str
    rows: Mapping[str, int]  # of each table
    format: int = FORMAT

    def write(self, folder: Path, key: bytes | None) -> Path:
        """Write it into a folder."""
        content = json.dumps(asdict(self), sort_keys=True, indent=1, ensure_ascii=False).encode()
        text = {"manifest": json.loads(content), "mark": mark(content, key) if key else None}
        path = folder / MANIFEST
        path.write_text(json.dumps(text, sort_keys=True, indent=1), encoding="utf-8")
        return path


def read(folder: Path, key: bytes | None) -> Manifest:
    """Read and check a dump's manifest, and its dump against it. Raises Unusable."""
    path = folder / MANIFEST
    try:
        text = json.loads(path.read_bytes())
        manifest = Manifest(**text["manifest"])
    except OSError as error:
        raise Unusable("dump_absent", path=path, detail=error.strerror) from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unusable("dump_broken", path=path, detail=str(error)) from error
    if manifest.format != FORMAT:
        raise Unusable("dump_format", path=path, have=manifest.format, want=FORMAT)
    if manifest.sealed and key is None:
        raise Unusable("dump_needs_key", path=folder)
    if key is not None and not _is_marked(text, manifest, key):
        raise Unusable("dump_forged", path=path)
    _check(folder / DUMP, manifest)
    return manifest


def _is_marked(text: Mapping[str, Any], manifest: Manifest, key: bytes) -> bool:
    content = json.dumps(asdict(manifest), sort_keys=True, indent=1, ensure_ascii=False).encode()
    stamp = text.get("mark")
    return isinstance(stamp, str) and sodium_memcmp(stamp.encode(), mark(content, key).encode())


def _check(dump: Path, manifest: Manifest) -> None:
    digest, size = hashlib.sha256(), 0
    try:
        with dump.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise Unusable("dump_absent", path=dump, detail=error.strerror) from error
    if (size, digest.hexdigest()) != (manifest.size, manifest.sha256):
        raise Unusable("dump_changed", path=dump, have=size, want=manifest.size)
