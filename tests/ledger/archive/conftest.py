"""Where tests archive: a new folder, or the bucket that a session has."""

from pathlib import Path

import pytest

from ledger.archive.steps.places import Place


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    is_folder = request.param == "folder"
    return Place(str(tmp_path) if is_folder else request.getfixturevalue("bucket"))
