"""The two keys of a store as files that only their owner may read."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ledger.backup.rules.keys import ReadKey, WriteKey, make_keys, read_key, write_key
from ledger.errors import Unusable

_Key = TypeVar("_Key", WriteKey, ReadKey)


def make_key_files(write: Path, read: Path) -> None:
    """Make a pair in two new files.

    Raises:
        Unusable: one of them is there already, or cannot be written (`backup_key`); none is left.
    """
    keys = make_keys()
    _write(read, keys[1].text())
    try:
        _write(write, keys[0].text())
    except BaseException:
        read.unlink()
        raise


def load_write_key(path: Path) -> WriteKey:
    """Return the write key in a file. Raises Unusable (`backup_key`)."""
    return _load(path, write_key)


def load_read_key(path: Path) -> ReadKey:
    """Return the read key in a file. Raises Unusable (`backup_key`)."""
    return _load(path, read_key)


def _load(path: Path, parse: Callable[[str], _Key]) -> _Key:
    try:
        return parse(path.read_text(encoding="ascii"))
    except OSError as error:
        raise Unusable("backup_key", path=path, detail=error.strerror) from error
    except ValueError as error:
        raise Unusable("backup_key", path=path, detail=str(error)) from error


def _write(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Unusable("backup_key", path=path, detail=error.strerror) from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
