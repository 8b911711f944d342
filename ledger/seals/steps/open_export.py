"""Open an export: a ZIP file whose members are read line by line."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import Unusable


class ExportFile:
    """The members of an export file (`ledger.seals.rules.export.Archive`)."""

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
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise ValueError(str(error)) from error
        if not line.endswith(b"\n"):
            raise ValueError(line[-10:])


@contextmanager
def open_export(file: Path) -> Iterator[ExportFile]:
    """Open an export.

    Raises:
        Unusable: there is none, or it is no ZIP file (`export_file`).
    """
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as error:
        raise Unusable("export_file", path=file, detail=error) from error
    with archive:
        yield ExportFile(archive)
