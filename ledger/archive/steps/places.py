"""Where an archive lies: a folder of this machine, or an S3 bucket.

A bucket is named as pyarrow names it, `s3://bucket/folder?region=…&endpoint_override=…`; who may
write there is told by AWS's own variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`) or files.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from pyarrow import ArrowException, fs

from ledger.archive.rules.addresses import has_secret
from ledger.errors import Busy, Refused
from ledger.formats.disk import flush

_CHUNK = 1 << 20


class Place:
    """Files by their names; a name is `2026-09/0001-….parquet`."""

    def __init__(self, address: str) -> None:
        """Open it.

        Raises:
            Busy: it is not there (`archive_away`).
            Refused: its address has a secret in it, which would be kept with it (`archive_secret`).
        """
        if has_secret(address):
            raise Refused("archive_secret")
        is_bucket = address.startswith("s3://")
        self.address = address if is_bucket else str(Path(address).absolute())
        self._folder: Path | None = None
        with self._or_away():
            if is_bucket:
                self._files, self._root = fs.FileSystem.from_uri(address)
            else:
                self._folder = Path(address)
                self._files, self._root = fs.LocalFileSystem(), str(self._folder.resolve())
            if self._files.get_file_info(self._root).type != fs.FileType.Directory:
                raise FileNotFoundError(self._root)

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Open a new file, which is whole and on disk when the block ends, or not there at all.

        Raises:
            Busy: the place does not take it (`archive_away`).
        """
        with self._or_away():
            if self._folder is None:
                try:
                    with self._files.open_output_stream(f"{self._root}/{name}") as sink:
                        yield sink
                except BaseException:
                    self.remove(name)  # closing its stream uploaded what there was of it
                    raise
                return
            file = self._folder / name
            file.parent.mkdir(exist_ok=True)
            part = file.with_name(f".{file.name}")
            try:
                with part.open("xb") as content:
                    yield content
                    content.flush()
                    os.fsync(content.fileno())
                part.rename(file)
                for folder in (file.parent, self._folder):
                    flush(folder)
            except BaseException:
                with suppress(OSError):
                    part.unlink()
                raise

    @contextmanager
    def open(self, name: str) -> Iterator[Any]:
        """Open a file to be read anywhere.

        Raises:
            Busy: the place is not there (`archive_away`).
            Refused: it is, and the file is not (`archive_file`).
        """
        with self._or_away():
            info = self._files.get_file_info(f"{self._root}/{name}")
            source = self._files.open_input_file(info.path) if info.is_file else None
        if source is None:
            raise Refused("archive_file", file=name)
        with source:
            yield source

    def digest(self, name: str) -> tuple[int, str]:
        """Return how many bytes a file has, and their SHA-256 in hexadecimal.

        Raises:
            Busy: the place is not there (`archive_away`).
            Refused: it is, and the file is not (`archive_file`).
        """
        size, state = 0, sha256()
        with self.open(name) as source:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                state.update(chunk)
        return size, state.hexdigest()

    def holds(self, name: str, content: bytes) -> bool:
        """Whether a file is there and says this."""
        try:
            with self.open(name) as source:
                return bool(source.read(len(content) + 1) == content)
        except (OSError, Refused):
            return False

    def remove(self, name: str) -> None:
        """Remove a file, if it is there and goes."""
        with suppress(OSError):
            self._files.delete_file(f"{self._root}/{name}")

    @contextmanager
    def _or_away(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ArrowException) as error:
            raise Busy("archive_away") from error
