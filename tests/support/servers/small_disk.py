"""A small file system of its own, that a test may fill."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """Mount one on a folder that is made; skip the test where that may not be done."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    folder.mkdir(parents=True)
    command = [mount or "", "-t", "tmpfs", "-o", f"size={mib}m,mode=0755", "tmpfs", str(folder)]
    is_mounted = mount and unmount and not subprocess.run(command, check=False).returncode
    if not is_mounted:
        pytest.skip("only root may mount a small file system, and not in every container")
    try:
        yield folder
    finally:
        subprocess.run([unmount or "", "--lazy", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill a file system, but for so many bytes; return the file that does it."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as filler:
        status = os.statvfs(folder)
        os.posix_fallocate(filler.fileno(), 0, status.f_bavail * status.f_frsize - leave)
    return file
