"""Where tests archive: a new folder, or the bucket that a session has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.archive.steps.places import Place
from tests.support.archive.buckets import serve_bucket


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_bucket(tmp_path_factory.mktemp("bucket")) as address:
        yield address


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    is_folder = request.param == "folder"
    return Place(str(tmp_path) if is_folder else request.getfixturevalue("bucket"))
