"""Slices, slots and claims through random histories: nobody gets a millisecond more or less.

A node of two GPUs is driven from sample to sample while pods come and go, plugins hand out slots,
DRA names places, GPUs are sliced anew under their holders, the kubelet is away or talks nonsense,
and the agent is killed. The truth is kept beside it in plain words (who uses which device with
which weight), never by the agent's own reading of ids. What leaves the meter must be that truth,
as fractions, to the millisecond; what was not seen must be a gap; nothing may be missing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import wire
from agents.holders import podresources
from agents.holders.devices import Devices
from agents.holders.slots import holdings
from agents.metering.meter import Meter
from agents.observations import Holdings, Instant, Look, ShareRule
from tests.support.agents.fake_kubelet import GPU, Pod, listing
from tests.support.agents.node_world import GPUS, NOON, slices

REPLICAS = 4
TICK_MS = 2_500  # a sample speaks for three seconds
UNREACHABLE = wire.GapReason.KUBELET_UNREACHABLE
Truth = dict[str, dict[str, Fraction]]  # device -> who -> share


@dataclass
class Use:
    """A pod's right to one device, as it was given."""

    pod: str
    device: str
    slot: str
    name: str  # the id or DRA name that the kubelet tells


@dataclass
class Node:
    """The node, and what is true of it."""

    chance: random.Random
    rule: ShareRule
    now: int = 0
    layout: list[int] = field(default_factory=lambda: [0, 0])
    uses: list[Use] = field(default_factory=list)
    strange: bool = False  # a pod whose id names nothing
    away: bool = False
    meter: Meter | None = None
    content: bytes | None = None
    devices: Devices = field(default_factory=Devices)
    windows: list[wire.Window] = field(default_factory=list)
    runs: int = 0
    record: dict[str, list[tuple[int, int, Truth | None]]] = field(
        default_factory=lambda: {gpu: [] for gpu in GPUS}
    )
    _pieces: list[tuple[int, int, Truth | None]] = field(default_factory=list)
    _ticked: tuple[int, Truth | None] | None = None
    _layout: list[int] | None = None  # at the last look
    _cut: set[int] = field(default_factory=set)

    def of(self, gpu: int) -> list[tuple[str, wire.Mig | None]]:
        cut = slices(GPUS[gpu], self.layout[gpu])
        return [(mig.uuid, mig) for mig in cut] or [(GPUS[gpu], None)]

    def truth(self) -> Truth | None:
        if self.away:
            return None
        shares: Truth = {}
        for gpu in range(2):
            for device, _ in self.of(gpu):
                shares[device] = self._shares(device, gpu)
        return shares

    def _shares(self, device: str, gpu: int) -> dict[str, Fraction]:
        uses = [use for use in self.uses if use.device == device]
        if not uses:
            named_whole = any(use.device == GPUS[gpu] for use in self.uses)
            return {"?" if self.strange or (named_whole and self.layout[gpu]) else "": Fraction(1)}
        slots = {use.slot for use in uses}
        pods = {use.pod for use in uses}
        doubled = len({(use.slot, use.pod) for use in uses}) > len(slots)
        by_claim = any(use.name.startswith("gpu-") for use in uses)
        if len(pods) > 1 and (doubled or by_claim):
            return {"?": Fraction(1)}
        on_offer = REPLICAS if slots != {""} and self.rule is ShareRule.REPLICAS else 0
        of = max(on_offer, len(slots))
        shares: dict[str, Fraction] = {}
        for use in uses:
            shares[use.pod] = shares.get(use.pod, Fraction()) + Fraction(1, of)
        free = 1 - sum(shares.values(), Fraction())
        return {**shares, **({"": free} if free else {})}

    def give(self, pod: str) -> None:
        """The plugin or the DRA driver gives a pod a device, rarely one that is taken."""
        gpu = self.chance.randrange(2)
        device, mig = self.chance.choice(self.of(gpu))
        texts = {use.slot for use in self.uses if use.device == device}
        if texts == {""} and self.chance.random() > 0.1:
            return
        slot = self.chance.choice(
            ["", *map(str, range(REPLICAS))] if not texts else ["0", "1", "2"]
        )
        if slot in texts and self.chance.random() > 0.1:
            return
        if (texts and slot == "") or any(u.pod == pod and u.device == device for u in self.uses):
            return  # within one pod it would be no conflict: told apart in test_slots
        self.uses.append(Use(pod, device, slot, self._name(gpu, device, mig, slot)))

    def _name(self, gpu: int, device: str, mig: wire.Mig | None, slot: str) -> str:
        place = str(gpu) if mig is None else f"MIG-{GPUS[gpu]}/{mig.gi}/{mig.ci}"
        dra = f"gpu-{gpu + 3}"
        if mig is not None:
            assert mig.placement is not None
            dra += f"-mig-{mig.profile.replace('.', '')}-19-{mig.placement[0]}"
        if slot:
            return f"{self.chance.choice([device, place])}::{slot}"
        return self.chance.choice([device, device, place, dra])

    def end(self, pod: str) -> None:
        self.uses = [use for use in self.uses if use.pod != pod]

    def cut(self, gpu: int, layout: int) -> None:
        """Slice a GPU anew, once between two looks; its holders are sent away, or forgotten."""
        if layout == self.layout[gpu] or gpu in self._cut:
            return
        self._cut.add(gpu)
        texts = {device for device, _ in self.of(gpu)}
        self.layout[gpu] = layout
        stale = self.chance.random() < 0.2
        # what is named by a place would name another device now
        self.uses = [
            use
            for use in self.uses
            if use.device not in texts or (stale and use.name.startswith(use.device))
        ]

    def answer(self) -> Holdings | wire.GapReason:
        if self.away:
            return UNREACHABLE
        pods = [Pod("odd", [(GPU, f"{GPUS[0]}-1")])] if self.strange else []
        for use in self.uses:
            if use.name.startswith("gpu-"):
                claim = (f"{use.pod}-{use.device}", "gpu.nvidia.com", use.name)
                pods.append(Pod(use.pod, claims=[claim]))
            else:
                pods.append(Pod(use.pod, [(GPU, use.name)]))
        containers = podresources.listing(listing(pods, self.chance)).containers
        on_offer = dict.fromkeys((device for g in range(2) for device, _ in self.of(g)), REPLICAS)
        return holdings(containers, self.devices, self.rule, on_offer)[0]

    def tick(self) -> None:
        at = Instant(NOON + self.now, self.now)
        if self.meter is None:
            self.meter = Meter(at, None, self.content)
        looks = None
        if self.meter.due(at):
            looks = {
                gpu: Look("H100", cut > 0, slices(gpu, cut), {}, index=place, minor=place + 3)
                for place, (gpu, cut) in enumerate(zip(GPUS, self.layout, strict=True))
            }
            self.devices.update(looks)
        closed = self.meter.see(at, self.answer(), looks)
        self.windows += closed.windows
        self.runs += len(closed.gaps)
        if self._ticked is not None:
            self._pieces.append((self._ticked[0], self.now, self._ticked[1]))
        self._ticked = (self.now, self.truth())
        if looks is not None:
            self._write()
            self.content = self.meter.checkpoint()

    def _write(self) -> None:
        for place, gpu in enumerate(GPUS):
            same = self._layout is not None and self._layout[place] == self.layout[place]
            texts = {device for device, _ in self.of(place)}
            for low, high, truth in self._pieces:
                sight = truth if same else None
                sight_here = sight and {device: sight[device] for device in texts}
                self.record[gpu].append((low, high, sight_here))
        self._pieces, self._layout, self._cut = [], list(self.layout), set()

    def kill(self) -> None:
        self.meter, self._ticked, self._layout, self._pieces = None, None, None, []

    def live(self, ticks: int, eventful: float) -> None:
        for _ in range(ticks):
            if self.chance.random() < eventful:
                self._happen()
            self.tick()
            self.now += TICK_MS

    def _happen(self) -> None:
        match self.chance.randrange(12):
            case 0 | 1 | 2 | 3 | 4:
                self.give(self.chance.choice("abcde"))
            case 5 | 6 | 7:
                self.end(self.chance.choice("abcde"))
            case 8 | 9:
                self.cut(self.chance.randrange(2), self.chance.randrange(3))
            case 10:
                self.away = self.chance.random() < 0.5
            case _ if self.chance.random() < 0.5:
                self.strange = not self.strange
            case _:
                self.kill()


def check_exact(node: Node) -> None:
    """Every window is the truth; together they tile the time without an overlap."""
    assert node.runs == 0
    for gpu in GPUS:
        windows = [window for window in node.windows if window.gpu == gpu]
        starts = [wire.start_ms(window.start) - NOON for window in windows]
        assert starts == list(range(0, 60_000 * len(windows), 60_000))
        for window, start in zip(windows, starts, strict=True):
            assert wire.faults(window) == []
            record = [
                span for span in node.record[gpu] if span[0] < start + 60_000 and span[1] > start
            ]
            check_window(window, start, record)


def check_window(
    window: wire.Window, start: int, record: list[tuple[int, int, Truth | None]]
) -> None:
    edges = {0, 60_000}
    edges |= {ms for part in window.parts for ms in (part.from_ms, part.to_ms)}
    edges |= {min(max(ms - start, 0), 60_000) for span in record for ms in span[:2]}
    for low, high in pairwise(sorted(edges)):
        truths = [t for a, b, t in record if a - start <= low and high <= b - start]
        truth = truths[0] if truths else None
        statement: Truth = {}
        for part in window.parts:
            if part.from_ms <= low and high <= part.to_ms:
                device = part.mig.uuid if part.mig else window.gpu
                statement.setdefault(device, {})[_holder_name(part.holder)] = Fraction(
                    part.num, part.den
                )
        assert statement == (truth or {}), (low, high)
    if any(part.den > 1 for part in window.parts):
        assert {"shares_held", "shares_replicas"} & set(window.flags)


def _holder_name(holder: wire.Holder) -> str:
    if isinstance(holder, wire.Pod):
        return holder.pod
    return "?" if isinstance(holder, wire.Unattributed) else ""


def play(seed: int, ticks: int, eventful: float) -> Node:
    chance = random.Random(seed)  # noqa: S311
    node = Node(chance, chance.choice(list(ShareRule)))
    node.live(ticks, eventful)
    return node


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_nobody_gets_a_millisecond_more_or_less(seed: int) -> None:
    check_exact(play(seed, 25, 0.6))


def test_a_long_history() -> None:
    node = play(1, 2_000, 0.3)
    assert len(node.windows) == 2 * (2_000 * TICK_MS // 60_000)
    check_exact(node)


@pytest.mark.torture
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("quarter", range(4))
def test_nobody_gets_a_millisecond_more_or_less_in_a_million_histories(quarter: int) -> None:
    for seed in range(quarter * 250_000, (quarter + 1) * 250_000):
        check_exact(play(seed, 25, 0.6))
