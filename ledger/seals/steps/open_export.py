"""Open an export or a dossier: a ZIP file whose members are read line by line, or whole."""

import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import Unusable

MEMBER_MAX = 256 * 2**20  # bytes of a member that is read whole
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, struct.error)
"""What a torn or locked archive is read with; one packed in another way is a RuntimeError."""


class ExportFile:
    """The members of a file (`Archive`, and `WholeArchive` in `ledger/seals/rules/`)."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def names(self) -> set[str]:
        """Return the members that are there."""
        return set(self._archive.namelist())

    def lines(self, member: str) -> Iterator[bytes]:
        """Return the lines of a member; none where it is not there.

        Raises:
            ValueError: its bytes are broken, packed or locked in a way that cannot be read, or the
                last line has no end.
        """
        if member not in self.names():
            return
        line = b"\n"
        try:
            with self._archive.open(member) as content:
                for line in content:
                    yield line
        except _BROKEN as error:
            raise ValueError(str(error)) from error
        if not line.endswith(b"\n"):
            raise ValueError(line[-10:])

    def content(self, member: str) -> bytes:
        """Return a member's bytes; none where it is not there.

        Raises:
            ValueError: it cannot be read, or has more than MEMBER_MAX bytes.
        """
        if member not in self.names():
            return b""
        if self._archive.getinfo(member).file_size > MEMBER_MAX:
            raise ValueError(member)
        try:
            return self._archive.read(member)
        except _BROKEN as error:
            raise ValueError(str(error)) from error

    def repeated(self) -> set[str]:
        """Return the names that stand more than once."""
        return {name for name, times in Counter(self._archive.namelist()).items() if times > 1}


@contextmanager
def open_export(file: Path) -> Iterator[ExportFile]:
    """Open an export.

    Raises:
        Unusable: there is none, or it is no ZIP file (`export_file`).
    """
    try:
        archive = zipfile.ZipFile(file)
    except (*_BROKEN, ValueError) as error:
        raise Unusable("export_file", path=file, detail=error) from error
    with archive:
        yield ExportFile(archive)
