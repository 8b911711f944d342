"""The disk is full, the spool overflows, or its file is damaged."""

from __future__ import annotations

from ledger.desk.codes import FindingKind
from tests.support.faults.fault_books import Books, Tell
from tests.support.faults.fault_site import Life, Site, judge


def full(life: Life, *, is_full: bool) -> None:
    """No page more: SQLite then answers as it does on a full disk."""
    pages = "1" if is_full else "1000000000"
    life.spool._file.do(f"PRAGMA max_page_count = {pages}")


def test_the_disk_is_full_for_twenty_minutes(site: Site, check_row: Tell) -> None:
    life = site.start()
    site.run(70)
    full(life, is_full=True)
    site.run(20 * 60)
    assert life.spool.depth() < 2 * 20  # it took some: pages once freed are used again
    full(life, is_full=False)
    site.run(60)
    assert life.send()
    verdict = judge(site)
    assert not verdict.gaps
    check_row("disk_full", verdict)


def test_the_agent_is_killed_while_the_disk_is_full(site: Site, check_row: Tell) -> None:
    life = site.start()
    site.run(70)
    full(life, is_full=True)
    site.run(20 * 60)
    life.kill()
    life = site.start()
    site.run(60)
    assert life.send()
    verdict = judge(site)
    assert set(verdict.gaps) == {"agent_down"}
    check_row("disk_full_killed", verdict)


def test_the_spool_overflows(site: Site, check_row: Tell) -> None:
    """A small one, so that an hour is enough: the oldest minutes go, and are said to be gone."""
    life = site.start(bytes_max=60_000)
    site.run(4 * 3_600)
    assert life.send()
    verdict = judge(site)
    assert set(verdict.gaps) == {"spool_overflow"}
    assert verdict.silent == 0
    lost = [w.start for w in site.centre.windows_kept() if w.gaps]
    assert max(lost) <= min(w.start for w in site.centre.windows_kept() if not w.gaps)
    check_row("overflow", verdict)


def test_the_spool_is_damaged(real: tuple[Site, Books], check_row: Tell) -> None:
    """What was not sent is lost; the server finds minutes of which nobody said anything."""
    site, books = real
    life = site.start()
    site.run(121)
    assert life.send()
    site.run(184)
    life.kill()
    (life.folder / "spool.db").write_bytes(b"damaged" * 9_000)
    for rest in ("spool.db-wal", "spool.db-shm"):
        (life.folder / rest).unlink(missing_ok=True)
    life = site.start()
    site.run(600)
    assert life.send()
    verdict = judge(site)
    assert verdict.gaps == {"agent_down": 2 * 5_000}
    assert verdict.silent == 2 * 180_000
    assert list(life.folder.glob("spool.db.damaged-*"))
    assert books.count("conflicts") == books.count("forks") == 0
    site.pass_by(300_000)  # silence is told after five minutes
    silent_before = 12 * 60  # the GPUs are registered since midnight, the agent is there since noon
    assert [row["minutes"] - silent_before for row in books.find(FindingKind.SILENT)] == [3, 3]
    check_row("damaged", verdict)


def test_the_spool_is_lost_but_was_sent(real: tuple[Site, Books], check_row: Tell) -> None:
    """Someone deletes the folder's spool: another stream, and nothing is counted twice."""
    site, books = real
    life = site.start()
    site.run(121)
    assert life.send()
    life.kill()
    (life.folder / "spool.db").unlink()
    life = site.start()
    site.run(119)
    assert life.send()
    verdict = judge(site)
    assert books.count("streams") == 2
    assert verdict.gaps == {"agent_down": 2 * 1_000}
    assert verdict.silent == 0
    check_row("spool_lost", verdict)
