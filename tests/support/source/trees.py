"""Parse the modules of this repository, for tests that read what the code says."""

import ast
import gc
from pathlib import Path


def tree_of(path: Path) -> ast.Module:
    """Parse a module while no garbage is collected.

    CPython before 3.11.8 counts the depth of `ast.parse` in one place for all threads and greenlets
    (gh-106905): what a finalizer lets run meanwhile makes it a SystemError.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    finally:
        if was_enabled:
            gc.enable()
