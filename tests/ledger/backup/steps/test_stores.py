"""A folder and a bucket keep the same promises: what has a name is whole."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ledger.backup.steps.stores import Store, open_store, read_whole
from tests.support.backup.city import City, one_engine, refusal


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return open_store(str(tmp_path))
    return below(request.getfixturevalue("bucket"), tmp_path.name)


def below(bucket: str, prefix: str) -> Store:
    """Open a store of its own in the bucket."""
    return open_store(urlsplit(bucket)._replace(path=f"/{prefix}").geturl())


def test_an_object_is_what_was_written_and_has_its_size(store: Store) -> None:
    assert store.names("") == []
    assert store.write("wal/one", [b"ab", b"", b"c"]) == 3
    assert store.write("bases/two/content", [b"x" * 3_000_000]) == 3_000_000
    assert read_whole(store, "wal/one") == b"abc"
    assert len(read_whole(store, "bases/two/content")) == 3_000_000
    assert store.names("") == ["bases/two/content", "wal/one"]
    assert store.names("wal") == ["wal/one"]
    assert store.names("nowhere") == []
    store.write("wal/one", [b"again"])
    assert read_whole(store, "wal/one") == b"again"


def test_what_was_removed_is_gone_and_is_removed_once_more(store: Store) -> None:
    store.write("bases/two/content", [b"x"])
    for _ in range(2):
        store.remove("bases/two/content")
    assert store.names("") == []
    with refusal("backup_absent"), store.open("bases/two/content"):
        pass


def test_pieces_that_fail_leave_no_object(store: Store) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * 100
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write("wal/one", pieces())
    assert store.names("") == []


def test_a_bucket_that_is_not_there_is_away(bucket: str) -> None:
    with refusal("backup_away"):
        open_store(urlsplit(bucket)._replace(netloc="none").geturl())


@one_engine
def test_a_moment_comes_back_from_a_bucket(town: City, bucket: str) -> None:
    store = below(bucket, "city")
    town.act("before")
    town.copy(store)
    moment = town.act("first")
    town.act("second")
    town.stream(store)
    assert town.acts_at(moment, store) == ["before", "first"]
    assert town.acts_at(None, store) == ["before", "first", "second"]
