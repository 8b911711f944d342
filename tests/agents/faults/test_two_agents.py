"""Two agents at once: of one node by mistake, or of a copy of its disk. A minute counts once."""

from __future__ import annotations

import shutil

from ledger.desk.codes import FindingKind
from tests.support.agents.fake_driver import Direct
from tests.support.faults.fault_books import Books, Tell
from tests.support.faults.fault_site import Site, judge


def test_two_agents_with_folders_of_their_own(real: tuple[Site, Books], check_row: Tell) -> None:
    """The second begins in the middle of a minute; the first goes on for three minutes more."""
    site, books = real
    shared = Direct()
    old = site.start("old", driver=shared)
    site.run(90)
    new = site.start("new", driver=shared)
    site.run(180)
    assert old.send()
    assert new.send()
    old.term()
    site.run(100)
    assert new.send()
    assert books.count("agents") == 2
    assert books.count("conflicts") == 2
    assert len(books.find(FindingKind.CONFLICTS)) == 2
    verdict = judge(site)
    assert verdict.silent == 0
    check_row("two_agents", verdict)


def test_a_node_is_cloned(real: tuple[Site, Books], check_row: Tell) -> None:
    """A copy of its disk, key and spool, wakes up beside it: whoever speaks second forks."""
    site, books = real
    shared = Direct()
    life = site.start("node", driver=shared)
    site.run(70)
    assert life.send()
    life.kill()
    shutil.copytree(site.folder / "node", site.folder / "clone")
    life, clone = site.start("node", driver=shared), site.start("clone", driver=shared)
    site.run(60)
    assert life.send()
    site.run(60)
    assert clone.send()
    site.run(60)
    assert life.send()
    assert clone.send()
    assert books.count("agents") == 1
    assert [row["node"] for row in books.find(FindingKind.FORKS)] == ["n1"]
    assert life.spool.stream != clone.spool.stream
    verdict = judge(site)
    assert verdict.silent == 0
    check_row("cloned", verdict)
