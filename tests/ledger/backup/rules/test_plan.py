"""Which base and which WAL a moment needs, which moments can be had, and what may go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ledger.backup.rules.bases import Base, read_base
from ledger.backup.rules.keys import make_keys
from ledger.backup.rules.plan import (
    Reach,
    Retention,
    bases_to_keep,
    is_cut,
    is_needed,
    plan,
    reach_of,
)
from ledger.backup.rules.wal import Wal, at, furthest, lsn, parse, place_of
from ledger.errors import Unusable

SIZE = 16 << 20
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def minute(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def base(number: str = "20261130T120000Z", *, segment: int = 4, ended: datetime = NOON) -> Base:
    """A base within one segment."""
    return Base(
        number=number, system="7", timeline=1, start=segment * SIZE + 40,
        end=segment * SIZE + 400, ended_at=ended.isoformat(), postgres=18, segment=SIZE,
        program="1", database="suanquan", admin="a", owner="o", size=1,
    )  # fmt: skip


def wal(segment: int, through: datetime | None = None, end: int = SIZE, timeline: int = 1) -> Wal:
    return at(timeline, segment * SIZE + end, SIZE, through)


CHAIN = [wal(4), wal(5), wal(6, minute(3)), wal(7), wal(8, minute(9), end=500)]


def test_a_name_says_all_of_a_segment() -> None:
    for link in (*CHAIN, wal(300, minute(1.5)), wal(0, timeline=17)):
        assert parse(link.name) == link
    assert wal(300).file == "00000001000000010000002C"
    assert parse("wal/00000001/notes.txt") is None
    assert place_of(lsn((300 << 32) + 5)) == (300 << 32) + 5


def test_of_a_segment_what_reaches_furthest_counts_and_then_what_says_a_moment() -> None:
    early, late = wal(8, minute(8), end=400), wal(8, minute(9), end=500)
    assert furthest([early.name, late.name, *(w.name for w in CHAIN[:4]), "bases/x"]) == CHAIN
    assert furthest([wal(8).name, wal(8, minute(9)).name]) == [wal(8, minute(9))]


def test_a_moment_takes_the_wal_that_holds_all_of_it_and_no_more() -> None:
    reach = reach_of(base(), CHAIN)
    assert reach.last == minute(9)
    assert plan([reach], minute(2)).wal == tuple(CHAIN[:3])
    assert plan([reach], minute(3)).wal == tuple(CHAIN[:3])
    assert plan([reach], minute(4)).wal == tuple(CHAIN)
    assert plan([reach], None).wal == tuple(CHAIN)


def test_the_newest_base_before_the_moment_is_taken_and_no_later_one() -> None:
    second = base("20261130T120500Z", segment=7, ended=minute(5))
    reaches = [reach_of(start, CHAIN) for start in (base(), second)]
    assert plan(reaches, minute(6)).base == second
    assert plan(reaches, minute(4)).base == base()
    with pytest.raises(Unusable) as caught:
        plan(reaches, minute(-1))
    assert caught.value.code == "backup_too_early"
    with pytest.raises(Unusable) as caught:
        plan([], None)
    assert caught.value.code == "backup_none"


@pytest.mark.parametrize(
    ("missing", "last"), [(4, minute(9)), (5, NOON), (6, NOON), (7, minute(3)), (8, minute(3))]
)
def test_a_moment_beyond_a_gap_is_refused_with_the_last_before_it(
    missing: int, last: datetime
) -> None:
    """The base's own last segment lies in the base; any later one that is missing is a gap."""
    rest = [link for link in CHAIN if link.number != missing]
    later = base("20261130T200000Z", segment=20, ended=minute(480))
    reaches = [reach_of(base(), rest), Reach(later, ())]
    assert reaches[0].last == last
    with pytest.raises(Unusable) as caught:
        plan(reaches, minute(10))
    assert caught.value.params == {"last": last.isoformat(), "next": later.ended_at}


def test_a_segment_that_stops_short_ends_the_chain() -> None:
    short = [wal(4), wal(5, minute(1), end=700), wal(6), wal(7, minute(4))]
    assert reach_of(base(), short).last == minute(1)


def test_another_timeline_is_no_continuation() -> None:
    second = [wal(5, minute(1), timeline=2), wal(6, minute(2), timeline=2)]
    assert reach_of(base(), second).last == NOON


def test_wal_that_was_let_go_shows_between_the_chain_and_the_server() -> None:
    reach = reach_of(base(), CHAIN)
    assert not is_cut(reach, 8 * SIZE + 600)
    assert is_cut(reach, 9 * SIZE + 600)
    assert not is_cut(Reach(base(), ()), 4 * SIZE)


def test_every_moment_of_the_last_days_keeps_what_it_needs() -> None:
    days = [base(f"2026110{n}T120000Z", segment=n, ended=NOON - timedelta(days=9 - n))
            for n in range(1, 10)]  # fmt: skip
    stay = bases_to_keep(days, NOON, Retention(days=3, bases=2))
    assert [link.number[7:8] for link in stay] == ["6", "7", "8", "9"]  # the sixth is 3 days old
    assert len(bases_to_keep(days, NOON, Retention(days=1, bases=7))) == 7
    much_later = NOON + timedelta(days=400)
    assert bases_to_keep(days, much_later, Retention(days=1, bases=1)) == days[-1:]
    assert bases_to_keep([], NOON, Retention(days=1, bases=1)) == []


def test_wal_goes_that_precedes_every_base_that_stays() -> None:
    stay = [base(segment=6), replace(base(segment=9), timeline=2)]
    assert not is_needed(wal(5), stay)
    assert is_needed(wal(6), stay)
    assert not is_needed(wal(8, timeline=2), stay)
    assert is_needed(wal(9, timeline=2), stay)
    assert is_needed(wal(1, timeline=3), stay), "begun after all of them"


def test_a_manifest_is_believed_with_its_own_signature_alone() -> None:
    write, read = make_keys()
    start = base()
    text = start.manifest(write.sign)
    assert read_base(start.number, text, read) == read_base(start.number, text, write) == start
    faults = {
        "backup_forged": [
            (start.number, text.replace(b'"size": 1', b'"size": 2')),
            ("20261130T120001Z", text),
            (start.number, start.manifest(make_keys()[0].sign)),
        ],
        "backup_format": [(start.number, replace(start, format=2).manifest(write.sign))],
        "backup_broken": [
            (start.number, b"{"),
            (start.number, b"[]"),
            (start.number, text[:-9]),
        ],
    }
    for code, ways in faults.items():
        for number, content in ways:
            with pytest.raises(Unusable) as caught:
                read_base(number, content, read)
            assert caught.value.code == code
