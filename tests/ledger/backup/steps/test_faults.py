"""Killed at each step, and without room: there is a whole backup or none, and nothing is lost."""

import pytest

from ledger.backup.rules.plan import Retention, plan
from ledger.backup.steps.catalogue import bases, prune, reaches
from ledger.backup.steps.stores import open_store
from tests.support.backup.city import City, die_at, one_engine, refusal
from tests.support.servers.small_disk import fill, small_disk


@one_engine
def test_killed_at_each_step_of_a_base_there_is_a_whole_one_or_none(town: City) -> None:
    step = 0
    while not die_at(town, "base", step):
        assert bases(town.store, town.read) == []
        if town.store.names("bases"):
            town.wait_for_next_second()
        step += 1
    assert step > 5
    (base,) = bases(town.store, town.read)
    prune(town.url, town.store, town.write, base.moment, Retention(days=1, bases=1))
    assert {name.split("/")[1] for name in town.store.names("bases")} == {base.number}


@one_engine
def test_killed_at_each_step_of_the_wal_nothing_is_missing_afterwards(town: City) -> None:
    town.act("before")
    town.copy()
    town.act("first")
    town.switch()
    moment = town.act("second")
    step = 0
    while not die_at(town, "wal", step):
        step += 1
    assert step > 5
    town.act("third")
    town.stream()
    assert list(town.spool.iterdir()) == []
    assert plan(reaches(town.store, town.read), moment).wal
    assert town.acts_at(moment) == ["before", "first", "second"]


@one_engine
def test_killed_at_each_step_of_a_removal_what_is_kept_is_whole(town: City) -> None:
    for act in ("one", "two"):
        town.copy()
        town.switch()
        moment = town.act(act)
        town.stream()
        town.wait_for_next_second()
    step = 0
    while not die_at(town, "prune", step):
        assert plan(reaches(town.store, town.read), moment).wal
        step += 1
    assert step > 3
    (base,) = bases(town.store, town.read)
    assert {name.split("/")[1] for name in town.store.names("bases")} == {base.number}
    assert town.acts_at(moment) == ["one", "two"]


@one_engine
@pytest.mark.parametrize("step", [1, 12, 30])
def test_killed_in_a_restoration_the_next_one_starts_afresh(town: City, step: int) -> None:
    town.act("one")
    town.copy()
    assert not die_at(town, "restore", step)
    assert not (town.place / "kept").exists()
    assert town.acts_at(None) == ["one"]
    assert not (town.place / "recovery").exists()


@one_engine
def test_a_full_store_takes_nothing_by_half_and_goes_on_with_room(town: City) -> None:
    with small_disk(town.place / "small", 16) as small:
        store = open_store(str(small))
        town.copy(store)
        town.act("one")
        filler = fill(small, leave=8192)
        before = store.names("")
        with refusal("backup_away"):
            town.stream(store)
        town.wait_for_next_second()
        with refusal("backup_away"):
            town.copy(store)
        assert [n for n in store.names("") if n != filler.name] == [
            n for n in before if n != filler.name
        ]
        filler.unlink()
        moment = town.act("two")
        town.stream(store)
        assert plan(reaches(store, town.read), moment).wal


@one_engine
def test_a_full_disk_stops_a_restoration_and_leaves_nothing(town: City) -> None:
    town.copy()
    with small_disk(town.place / "small", 24) as small:
        less = City(town.embedded, small, town.write, town.read)
        with refusal("backup_room"):
            less.acts_at(None, town.store)
        assert list(small.iterdir()) == []


@one_engine
def test_a_full_spool_says_so_and_loses_nothing(town: City) -> None:
    town.copy()
    moment = town.act("one")
    with small_disk(town.place / "small", 1) as small:
        tight = City(town.embedded, small, town.write, town.read)
        with refusal("dump_program"):
            tight.stream(town.store)
    town.stream()
    assert plan(reaches(town.store, town.read), moment).wal
