"""A real server is copied and streamed, and moments come back from its store."""

from pathlib import Path

import psycopg
import pytest

from ledger.backup.queries import source
from ledger.backup.queries.source import connection_to, slot_place
from ledger.backup.rules.plan import Retention, plan
from ledger.backup.rules.wal import FOLDER as WAL
from ledger.backup.rules.wal import parse
from ledger.backup.steps.catalogue import bases, prune, reaches
from ledger.backup.steps.stores import open_store
from ledger.backup.steps.wal import store_wal
from ledger.errors import Busy
from tests.support.backup.city import City, each_engine, one_engine, refusal


@each_engine
def test_a_moment_between_two_acts_has_the_first_and_not_the_second(town: City) -> None:
    town.act("before")
    town.copy()
    moment = town.act("first")
    town.switch()
    town.act("second")
    town.stream()
    assert town.acts_at(moment) == ["before", "first"]
    assert town.acts_at(None) == ["before", "first", "second"]
    last = reaches(town.store, town.read)[-1].last
    town.act("third")
    assert town.acts_at(last) == ["before", "first", "second"], "the WAL ends before the moment"
    assert not (town.place / "recovery").exists()


@one_engine
def test_the_store_shows_nothing_of_what_is_in_it(town: City) -> None:
    town.act("a-name-that-nobody-may-read")
    town.copy()
    town.act("another-such-name")
    town.stream()
    for name in town.store.names(""):
        with town.store.open(name) as file:
            content = file.read()
        assert b"such-name" not in content
        assert b"that-nobody" not in content


@one_engine
def test_of_a_segment_one_object_stays_and_the_server_drops_what_is_stored(town: City) -> None:
    town.copy()
    for said in ("one", "two", "three"):
        town.act(said)
        progress = town.stream()
        assert progress
        assert progress.objects
        with connection_to(town.url) as connection:
            assert slot_place(connection) == progress.place
    wals = [wal for wal in map(parse, town.store.names(WAL)) if wal]
    assert len({wal.number for wal in wals}) == len(wals)
    again = town.stream()
    assert again
    assert again.objects == 0


@one_engine
def test_beyond_a_gap_nothing_is_recovered_and_the_last_moment_is_named(town: City) -> None:
    town.copy()
    town.act("one")
    town.stream()
    town.switch()
    town.act("two")
    town.switch()
    moment = town.act("three")
    town.stream()
    wals = [wal for wal in map(parse, town.store.names(WAL)) if wal]
    town.store.remove(wals[-2].name)
    with refusal("backup_unreachable"):
        plan(reaches(town.store, town.read), moment)


@one_engine
def test_an_object_that_was_changed_is_refused_before_a_server_starts(town: City) -> None:
    town.copy()
    (base,) = bases(town.store, town.read)
    file = town.place / "store" / base.content
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with refusal("backup_sealed"):
        town.acts_at(None)
    file.write_bytes(content[:-5000])
    with refusal("backup_sealed"):
        town.acts_at(None)
    file.unlink()
    with refusal("backup_absent"):
        town.acts_at(None)
    assert not (town.place / "recovery").exists()


@one_engine
def test_wal_that_the_server_let_go_is_a_gap_and_the_next_base_goes_on(town: City) -> None:
    """The slot's bound is passed: the server keeps its disk, and says that the WAL is lost."""
    town.copy()
    town.act("one")
    town.stream()
    for _ in range(8):
        town.switch()
        town.act("more")
    with psycopg.connect(town.embedded.admin_url, autocommit=True) as admin:
        admin.execute("CHECKPOINT")
        status = admin.execute("SELECT wal_status FROM pg_replication_slots").fetchone()
    assert status == ("lost",)
    town.stream()
    moment = town.act("two")
    town.stream()
    with refusal("backup_unreachable"):
        plan(reaches(town.store, town.read), moment)


@one_engine
def test_the_spool_of_a_server_with_a_relative_data_folder(
    town: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.copy()
    moment = town.act("one")
    monkeypatch.chdir(town.place)
    store_wal(town.url, town.store, town.write, Path("spool"))
    assert plan(reaches(town.store, town.read), moment).wal


@one_engine
def test_a_store_that_is_away_is_said_and_moves_nothing(town: City) -> None:
    town.copy()
    town.act("one")
    store = town.store
    (town.place / "store").rename(town.place / "away")
    with connection_to(town.url) as connection:
        before = slot_place(connection)
        (town.place / "store").touch()  # what the mount point is, without its disk
        with refusal("backup_away"):
            town.stream(store)
        with refusal("backup_away"):
            open_store(str(town.place / "store"))
        assert slot_place(connection) == before


@one_engine
def test_a_server_that_would_keep_wal_without_a_bound_gets_no_slot(town: City) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.backup.queries.source._BOUND", b"SELECT '-1'")
        with refusal("backup_unbound"):
            town.stream()
    with connection_to(town.url) as connection:
        slots = connection.execute("SELECT slot_name FROM pg_replication_slots").fetchall()
    assert slots == []


@one_engine
def test_what_is_old_goes_and_every_moment_that_is_promised_stays(town: City) -> None:
    moments = []
    for said in ("one", "two", "three"):
        town.copy()
        town.switch()
        moments.append(town.act(said))
        town.stream()
        town.wait_for_next_second()
    town.store.write("bases/20200101T000000Z/base.sealed", [b"half"])
    removal = prune(town.url, town.store, town.write, moments[-1], Retention(days=1, bases=2))
    assert removal.bases == 0
    later = moments[-1].replace(year=2100)
    removal = prune(town.url, town.store, town.write, later, Retention(days=1, bases=2))
    assert removal.bases == 1
    rest = reaches(town.store, town.read)
    assert len(rest) == 2
    assert "bases/20200101T000000Z/base.sealed" not in town.store.names("bases")
    with refusal("backup_too_early"):
        plan(rest, moments[0])
    assert plan(rest, moments[1]).base == rest[0].base
    first = min(wal.start(rest[0].base.segment) for wal in map(parse, town.store.names(WAL)) if wal)
    assert first == rest[0].base.start // rest[0].base.segment * rest[0].base.segment


@one_engine
def test_two_at_once_are_one(town: City) -> None:
    with pytest.MonkeyPatch.context() as patch, connection_to(town.url) as connection:
        patch.setattr(source, "_PATIENCE", b"SET lock_timeout = '1ms'")
        assert source.take(connection, source.BASE_LOCK)
        assert source.take(connection, source.WAL_LOCK)
        with pytest.raises(Busy, match=r"^backup_busy"):
            town.copy()
        assert town.stream() is None
