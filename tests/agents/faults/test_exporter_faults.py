"""A cluster metered by its exporters: one is away, breaks off, lies, is restarted, says nothing.

The same site and the same oracle as for the node's agent. The exporters' clock is the site's; each
of the two GPUs has an exporter of its own, on a real socket, that names who holds it in truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from agents import wire
from agents.commands.dcgm import LiveSampler
from agents.commands.health import Health
from agents.exporters.scraper import Scraper
from agents.exporters.settings import ScrapeSettings
from agents.observations import ShareRule
from tests.support.agents.fake_driver import Direct
from tests.support.agents.fake_exporter import (
    FakeExporter,
    dcgm_rows,
    page,
    pod,
    serving_exporter,
)
from tests.support.faults.fault_books import Tell
from tests.support.faults.fault_site import GPUS, Centre, Life, Site, Told, Verdict, judge

EVERY_MS = 15_000


class Scraped(Life):
    """The agent of a cluster: the loop that scrapes, instead of a node's."""

    def __init__(self, site: Site, folder: Path, exporters: list[FakeExporter]) -> None:
        super().__init__(site, folder, Told(site), Direct(), 2**28)
        urls = " ".join(exporter.url for exporter in exporters)
        settings = ScrapeSettings.read({"SUANQUAN_EXPORTERS": urls, "SUANQUAN_SCRAPE_S": "15"})
        self.scraper = Scraper(settings)
        self.health = Health(self.spool)
        self.sampler = LiveSampler(  # type: ignore[assignment]
            self.scraper, ShareRule.HELD, self.spool, self.health, site.instant, every_ms=EVERY_MS
        )

    def _end(self) -> None:
        self.scraper.close()
        super()._end()


class Cluster:
    """Two exporters and the agent that scrapes them."""

    def __init__(self, site: Site, stack: ExitStack) -> None:
        self.site = site
        self.exporters = [
            stack.enter_context(serving_exporter(FakeExporter(self.writer(gpu)))) for gpu in GPUS
        ]

    def writer(self, gpu: str) -> Callable[[], str]:
        """Who holds the GPU now, as its exporter writes it."""

        def write() -> str:
            name = self.site.held.get(gpu, "")
            energy = 1 + self.site.now * 300
            return page(dcgm_rows(gpu, energy, **(pod(name) if name else {})))

        return write

    def start(self) -> Scraped:
        life = Scraped(self.site, self.site.folder / "agent", self.exporters)
        self.site.lives.append(life)
        return life

    def set(self, fault: str) -> Callable[[], None]:
        """From now on this happens to the first exporter."""
        return lambda: setattr(self.exporters[0], "fault", fault)

    def write(self, spoil: Callable[[str], str]) -> Callable[[], None]:
        """From now on the first exporter writes it like this."""
        write = self.writer(GPUS[0])
        return lambda: setattr(self.exporters[0], "write", lambda: spoil(write()))


@pytest.fixture
def cluster(site: Site) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(site, stack)


def finish(site: Site) -> Verdict:
    (life,) = site.lives
    assert life.send()
    verdict = judge(site)
    assert verdict.silent == 0
    return verdict


def check_other(site: Site) -> None:
    """The GPU of the other exporter lost nothing."""
    assert [g for w in site.centre.windows_kept() if w.gpu == GPUS[1] for g in w.gaps] == []


UNKNOWN: wire.GapReason = "unattributed"  # type: ignore[assignment]
AWAY = {"exporter_unreachable": 45_000}  # from the last good scrape to the first after 30 s


def test_an_exporter_is_away(cluster: Cluster, check_row: Tell) -> None:
    cluster.start()
    cluster.site.run(301, {70: cluster.set("drop"), 100: cluster.set("")})
    verdict = finish(cluster.site)
    assert verdict.gaps == AWAY
    check_other(cluster.site)
    check_row("exporter_away", verdict)


@pytest.mark.parametrize("fault", ["cut", "huge", "503", "gzip"])
def test_an_answer_breaks_off_or_has_no_end(cluster: Cluster, check_row: Tell, fault: str) -> None:
    cluster.start()
    cluster.site.run(301, {70: cluster.set(fault), 100: cluster.set("")})
    verdict = finish(cluster.site)
    assert verdict.gaps == AWAY
    check_other(cluster.site)
    check_row("exporter_cut", verdict)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('UUID="', "UUID=", 1),
        lambda text: text[: len(text) // 2],
        lambda text: text + "<html>\n",
        lambda _text: "# nothing\n",
    ],
)
def test_an_exposition_is_broken(
    cluster: Cluster, check_row: Tell, spoil: Callable[[str], str]
) -> None:
    cluster.start()
    cluster.site.run(301, {70: cluster.write(spoil), 100: cluster.write(lambda text: text)})
    verdict = finish(cluster.site)
    assert verdict.gaps == AWAY
    check_other(cluster.site)
    check_row("exposition_broken", verdict)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('pod="a"', f'pod="{"a" * 300}"'),
        lambda text: text.replace('pod="a"', 'pod=""'),
        lambda text: text.replace('pod="a"', 'pod="a\'; DROP TABLE windows"'),
        lambda text: text.replace('namespace="a"', 'namespace="b"', 1),
        lambda text: text.replace('container="main",namespace="a",pod="a"', ""),
    ],
)
def test_labels_are_hostile_or_absent(
    cluster: Cluster, check_row: Tell, spoil: Callable[[str], str]
) -> None:
    """Nobody is billed, the GPU is not free, and no window is refused."""
    cluster.start()
    cluster.site.run(301, {70: cluster.write(spoil), 100: cluster.write(lambda text: text)})
    verdict = finish_aside(cluster.site)
    assert verdict.gaps == {"unattributed": 45_000}
    check_other(cluster.site)
    check_row("labels", verdict)


def test_a_pod_gives_way_between_two_scrapes(cluster: Cluster, check_row: Tell) -> None:
    """Neither of them is billed for the span in which it changed, and nobody has it twice."""
    site = cluster.site
    cluster.start()
    site.run(301, {70: lambda: site.held.update({GPUS[0]: "c"})})
    verdict = finish_aside(site)
    assert verdict.gaps == {"unattributed": EVERY_MS}
    check_row("between_scrapes", verdict)


def test_an_exporter_answers_with_what_it_had(cluster: Cluster, check_row: Tell) -> None:
    """It answers, and nothing in it moves: after two minutes it is not believed any more."""
    site, old = cluster.site, list[str]()
    write = cluster.writer(GPUS[0])

    def freeze() -> None:
        old.append(write())
        cluster.exporters[0].write = lambda: old[0]

    cluster.start()
    site.run(481, {70: freeze, 280: cluster.write(lambda text: text)})
    verdict = finish(site)
    assert verdict.gaps == {"exporter_stale": 285_000 - 195_000}
    check_other(site)
    check_row("exporter_stale", verdict)


def test_the_agent_of_a_cluster_is_killed(cluster: Cluster, check_row: Tell) -> None:
    """It knows its GPUs from the process before: an exporter that is away too hides none."""
    site = cluster.site
    life = cluster.start()
    site.run(70)
    life.kill()
    site.pass_by(30_000)
    cluster.exporters[0].fault = "drop"
    cluster.start()
    site.run(201, {20: cluster.set("")})
    verdict = finish(site)
    assert set(verdict.gaps) == {"agent_down", "exporter_unreachable"}
    check_row("cluster_killed", verdict)


class Aside:
    """The centre, with what nobody is billed for put beside what is billed, as gaps are."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self.url = centre.url

    def code(self) -> str:
        return self._centre.code()

    def windows_kept(self) -> list[wire.Window]:
        return [self._aside(window) for window in self._centre.windows_kept()]

    def _aside(self, window: wire.Window) -> wire.Window:
        unknown = [p for p in window.parts if isinstance(p.holder, wire.Unattributed)]
        gaps = [wire.Gap(p.from_ms, p.to_ms, UNKNOWN) for p in unknown]
        parts = tuple(part for part in window.parts if part not in unknown)
        return msgspec.structs.replace(window, parts=parts, gaps=(*window.gaps, *gaps))


def finish_aside(site: Site) -> Verdict:
    (life,) = site.lives
    assert life.send()
    site.centre = Aside(site.centre)
    verdict = judge(site)
    assert verdict.silent == 0
    return verdict
