"""Open zip files from outside, unless anything about them is suspicious.

OFD files and workbooks are zip files. Too many members, too large or too tightly packed; a member
that is an archive, is encrypted, points outside its folder or appears twice: each is refused with
one finding that names the member, before anything is unpacked. Nothing is written to disk.
"""

import zipfile
from collections import Counter
from io import BytesIO
from zlib import error as ZlibError  # noqa: N812 - an error is spelled like one

from ledger.errors import Finding
from ledger.formats.findings import finding

SIGNATURE = b"PK\x03\x04"
MEMBERS_MAX = 1_000
UNPACKED_MAX = 64 * 1024 * 1024  # bytes
RATIO_MAX = 200  # times; real ones stay below 40
RATIO_FROM = 64 * 1024  # bytes: small members may well be all blanks

_ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, ZlibError, EOFError, OSError, ValueError, NotImplementedError)


class Archive:
    """The members of an open archive, by path."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._zip = file
        self.names = frozenset(file.namelist())

    def read(self, path: str) -> bytes | None:
        """Return a member's content; None if it is missing or broken."""
        try:
            return self._zip.read(path) if path in self.names else None
        except _BROKEN:
            return None


def open_archive(content: bytes) -> tuple[Archive | None, list[Finding]]:
    """Return the archive, or the one finding that says why it is refused."""
    try:
        file = zipfile.ZipFile(BytesIO(content))
        refusal = _refusal(file)
    except _BROKEN:
        return None, [finding("archive_broken", "file")]
    return (None, [refusal]) if refusal else (Archive(file), [])


def _refusal(file: zipfile.ZipFile) -> Finding | None:
    members = file.infolist()
    if len(members) > MEMBERS_MAX:
        return finding("archive_members", "file", limit=MEMBERS_MAX)
    if sum(member.file_size for member in members) > UNPACKED_MAX:
        return finding("archive_unpacked", "file", limit=UNPACKED_MAX)
    twice = [path for path, n in Counter(m.filename.casefold() for m in members).items() if n > 1]
    if twice:
        return finding("archive_twice", "file", member=twice[0])
    return next((refusal for member in members if (refusal := _member_refusal(file, member))), None)


def _member_refusal(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> Finding | None:
    path = member.orig_filename
    if not path.isprintable() or "\\" in path or ":" in path or _leads_out(path):
        return finding("archive_path", "file", member=path)
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
        return finding("archive_locked", "file", member=path)
    if member.file_size > RATIO_FROM and member.file_size > RATIO_MAX * member.compress_size:
        return finding("archive_ratio", "file", member=path, limit=RATIO_MAX)
    with file.open(member) as stream:
        if stream.read(6).startswith(_ARCHIVES):
            return finding("archive_nested", "file", member=path)
    return None


def _leads_out(path: str) -> bool:
    return path.startswith("/") or any(
        step in ("", ".", "..") for step in path.rstrip("/").split("/")
    )
