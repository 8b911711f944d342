"""What is on disk, and not only in the machine's memory."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Have a file's content, or the names in a folder, on disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
