"""Originals: the files behind documents, claims and bank returns, stored unchanged.

A file is identified by the SHA-256 of its content and stored once, with the name and person that
came first; users refer to the hash. Its media type is detected from its first bytes, never taken
from the sender, as browsers are told the same later.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from ledger.documents.tables import Original
from ledger.errors import NotFound

NAME_MAX = 200
UNKNOWN = "application/octet-stream"

# By how they begin; OFD and XLSX are both archives, told apart by what lies in them first.
_KINDS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"<?xml", "application/xml"),
    (b"\xef\xbb\xbf<?xml", "application/xml"),
    (b"PK\x03\x04", "application/zip"),
)
_IN_ARCHIVE = (
    (b"OFD.xml", "application/ofd"),
    (b"xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
)


@dataclass(frozen=True)
class File:
    """A file from a user."""

    name: str
    media: str
    content: bytes

    @classmethod
    def from_content(cls, name: str, content: bytes) -> "File":
        """Make a file with its bare name and its detected media type."""
        bare = name.replace("\\", "/").rpartition("/")[2]
        fit = "".join(c for c in bare if c.isprintable()).strip()[-NAME_MAX:]
        return cls(fit or "unnamed", media_of(content), content)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content, hexadecimal."""
        return sha256(self.content).hexdigest()


def media_of(content: bytes) -> str:
    """Return the media type of a content; `UNKNOWN` if it cannot be detected."""
    media = next((media for start, media in _KINDS if content.startswith(start)), UNKNOWN)
    if media == "application/zip":
        return next((inner for name, inner in _IN_ARCHIVE if name in content), media)
    return media


def keep(db: Session, file: File, *, actor: str, now: datetime) -> str:
    """Store a file once; return its hash."""
    values = {
        "hash": file.hash,
        "name": file.name,
        "media": file.media,
        "content": file.content,
        "received_at": now,
        "received_by": actor,
    }
    db.execute(insert(Original).values(values).on_conflict_do_nothing())
    return file.hash


def original(db: Session, hash_: str) -> Original:
    """Return the file with its content; NotFound if there is none."""
    row = db.get(Original, hash_)
    if row is None:
        raise NotFound("original", hash=hash_)
    return row
