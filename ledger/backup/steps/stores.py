"""Where backups lie: a folder that another machine's disk is mounted on, or an S3 bucket.

What has a name is whole: in a folder a file gets its name when it is on disk, and in a bucket an
object is there when its last part has come. A base counts by its manifest, which is written last;
every object is signed and has a marked end, which is looked at when it is read.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ledger.archive.rules.addresses import has_secret
from ledger.backup.steps.disks import are_apart
from ledger.errors import Busy, Unusable
from ledger.formats.disk import flush

PART = ".part"
_PIECE = 1 << 20


class Store(Protocol):
    """Objects by name; whatever does not work is `Busy` (`backup_away`)."""

    address: str

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Write an object, the whole of it or nothing; return its size in bytes."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open an object; Unusable (`backup_absent`): it is not there."""

    def names(self, folder: str) -> list[str]:
        """Return the names of all objects under a folder, sorted."""

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""

    def is_apart(self, data: Path) -> bool:
        """Return whether it is still there when the disks of a folder are lost."""


def open_store(address: str) -> Store:
    """Open the store at an address: a folder, or `s3://bucket/prefix?region=…`.

    Raises:
        Busy: it is not there (`backup_away`). A folder is not made, for a disk that is not mounted
            would be taken for an empty store.
        Unusable: its address has a secret in it, or there is no pyarrow for a bucket.
    """
    if address.startswith("s3://"):
        if has_secret(address):
            raise Unusable("backup_secret")
        return Bucket(address)
    return Folder(Path(address))


class Folder:
    """A folder."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self.address = str(path.absolute())
        self._path = path.absolute()
        with self._or_away():
            if not self._path.is_dir():
                raise FileNotFoundError(2, os.strerror(2))

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Write a file beside its place, flush it, and give it its name."""
        with self._or_away():
            file = self._path / name
            self._make(file.parent)
            part = file.with_name(file.name + PART)
            try:
                handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "wb") as content:
                    for piece in pieces:
                        content.write(piece)
                    content.flush()
                    os.fsync(content.fileno())
                    size = content.tell()
                part.rename(file)
                flush(file.parent)
            except BaseException:
                with suppress(OSError):
                    part.unlink()
                raise
        return size

    def _make(self, folder: Path) -> None:
        """Make a folder below ours, and have it on disk."""
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        flush(folder.parent)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file."""
        with self._or_away():
            try:
                file = (self._path / name).open("rb")
            except FileNotFoundError as error:
                raise Unusable("backup_absent", name=name) from error
        with file:
            yield file

    def names(self, folder: str) -> list[str]:
        """Return the names under a folder; what was never finished has none."""
        with self._or_away():
            files = (
                Path(above, file)
                for above, _folders, files in os.walk(self._path / folder, onerror=_tell)
                for file in files
            )
            return sorted(
                str(file.relative_to(self._path)) for file in files if file.suffix != PART
            )

    def remove(self, name: str) -> None:
        """Remove a file, and folders that are empty then."""
        with self._or_away():
            (self._path / name).unlink(missing_ok=True)
        with suppress(OSError):
            for above in (self._path / name).parents:
                if above == self._path:
                    break
                above.rmdir()

    def is_apart(self, data: Path) -> bool:
        """Return whether it lies on other disks than the other folder, or on another machine."""
        with self._or_away():
            return are_apart(self._path, data)

    @contextmanager
    def _or_away(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Busy("backup_away", store=self.address, detail=error.strerror) from error


class Bucket:
    """An S3 bucket; who may write there is told by AWS's own variables or files."""

    def __init__(self, address: str) -> None:
        """Open it."""
        try:
            from pyarrow import fs  # noqa: PLC0415 - only a bucket needs it
        except ImportError as error:
            raise Unusable("backup_extra") from error
        self._fs = fs
        self.address = address.partition("?")[0]
        with self._or_away():
            self._files, self._root = fs.FileSystem.from_uri(address)
            bucket = self._root.partition("/")[0]
            if self._files.get_file_info(bucket).type != fs.FileType.Directory:
                raise FileNotFoundError(2, os.strerror(2))

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Write an object in parts; one that the pieces fail is removed again.

        A stream that is closed is taken for whole, so whatever must not be there by half is given
        as one piece (WAL), or counts by what is written after it (a base's manifest).
        """
        with self._or_away():
            sink, size = self._files.open_output_stream(f"{self._root}/{name}"), 0
            try:
                for piece in pieces:
                    sink.write(piece)
                    size += len(piece)
                sink.close()
            except BaseException:
                with suppress(OSError, ValueError):
                    sink.close()
                with suppress(OSError, ValueError):
                    self._files.delete_file(f"{self._root}/{name}")
                raise
        return size

    @contextmanager
    def open(self, name: str) -> Iterator[Any]:
        """Open an object."""
        with self._or_away():
            info = self._files.get_file_info(f"{self._root}/{name}")
            if not info.is_file:
                raise Unusable("backup_absent", name=name)
            file = self._files.open_input_stream(info.path)
        with file:
            yield file

    def names(self, folder: str) -> list[str]:
        """Return the names under a folder."""
        with self._or_away():
            selector = self._fs.FileSelector(
                f"{self._root}/{folder}", allow_not_found=True, recursive=True
            )
            files = [info for info in self._files.get_file_info(selector) if info.is_file]
        return sorted(info.path.removeprefix(f"{self._root}/") for info in files)

    def remove(self, name: str) -> None:
        """Remove an object; pyarrow leaves a mark of no bytes for its folder, which has no name."""
        with self._or_away(), suppress(FileNotFoundError):
            self._files.delete_file(f"{self._root}/{name}")

    def is_apart(self, data: Path) -> bool:  # noqa: ARG002 - wherever that is
        """A bucket is no disk of this machine, as far as can be known."""
        return True

    @contextmanager
    def _or_away(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # pyarrow's own errors are of these two
            raise Busy("backup_away", store=self.address, detail=str(error)) from error


def read_whole(store: Store, name: str) -> bytes:
    """Return all of an object, which is small. Raises as `open` does."""
    with store.open(name) as file:
        return file.read()


def copy(pieces: Iterable[bytes], target: Path) -> None:
    """Write pieces into a file of this machine. Raises Unusable (`backup_room`)."""
    try:
        with target.open("wb") as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        raise Unusable("backup_room", path=target.parent, detail=error.strerror) from error


def _tell(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
