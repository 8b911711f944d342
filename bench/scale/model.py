"""From GPUs to what a site of that size needs: windows, bytes, cores, connections; pure.

Every constant is a measured one, from bench/scale/measured.json: a quantity that has a part for
each window and a part for each batch is a line through two measured sizes of batches, the smallest
and the largest. What was measured between them and at other numbers of GPUs checks the model
(`python -m bench capacity`, tests/test_capacity.py).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NODE = 8  # GPUs of a node, so windows of a minute of its batch
DAY_S, MINUTE_S = 86_400, 60
WORKER_SHARE = 0.7  # of a core that a process is busy at most, so that nobody waits long
PARTS = ("wire", "new", "packed", "archive")  # of what `size` measures, a line each
SMALLEST, LARGEST = 8, 1_000  # windows of a batch, by which the lines are drawn

# What one machine for the database has, assumed: cores, bytes of disk, bits a second, connections;
# and how late a quota may be, which is how long a round may take, for it runs on one core.
CORES, DISK_BYTES, NETWORK_BITS, CONNECTIONS, LATE_S = 64, 20e12, 10e9, 500, 600
YEAR_DAYS = 365

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """So much a window, and so much more a batch."""

    a_window: float
    a_batch: float

    def of(self, windows: float, batches: float) -> float:
        """Return what so many windows in so many batches take."""
        return windows * self.a_window + batches * self.a_batch


def line(small: float, large: float) -> Line:
    """Return the line through what a window takes in the smallest batches and in the largest."""
    a_batch = max(small - large, 0) / (1 / SMALLEST - 1 / LARGEST)
    return Line(large - a_batch / LARGEST, a_batch)


@dataclass(frozen=True)
class Rounds:
    """Seconds of a core for a round in which the money of every project moves."""

    always: float
    a_project: float

    def of(self, projects: int) -> float:
        """Return what a round of so many projects takes."""
        return self.always + projects * self.a_project


@dataclass(frozen=True)
class Constants:
    """What the model rests on: bytes, and seconds of a core."""

    wire: Line
    new: Line  # bytes in the database while windows are rows
    packed: Line  # and once their day is closed
    archive: Line  # in the files of its month
    core_s: Line  # of intake, the server's and PostgreSQL's together
    round_s: Rounds


def constants(results: Results) -> Constants:
    """Read the constants from the figures of `size` and `capacity`."""
    size, capacity = results["size"], results["capacity"]

    def of_size(part: str) -> Line:
        return line(*(_bytes(size[f"{n}_a_batch_{part}"]) for n in (SMALLEST, LARGEST)))

    return Constants(
        wire=of_size("wire"),
        new=of_size("new"),
        packed=of_size("packed"),
        archive=of_size("archive"),
        core_s=line(*(capacity[f"{n}_a_batch_core_us"] / 1e6 for n in (SMALLEST, LARGEST))),
        round_s=_rounds(capacity["rounds"]),
    )


def _bytes(figure: float | Mapping[str, float]) -> float:
    """Return the bytes a window: one figure, or that of all parts."""
    return figure["all"] if isinstance(figure, Mapping) else figure


def _rounds(points: Sequence[Mapping[str, float]]) -> Rounds:
    """Return the line through the round of the fewest projects and that of the most."""
    few, many = points[0], points[-1]
    a_project = (many["core_s"] - few["core_s"]) / (many["projects"] - few["projects"])
    return Rounds(few["core_s"] - few["projects"] * a_project, a_project)


@dataclass(frozen=True)
class Site:
    """A site: its GPUs, its projects, and after how many minutes a node sends."""

    name: str
    gpus: int
    projects: int
    minutes: int


@dataclass(frozen=True)
class Need:
    """What a site needs. Bytes are of a day; `stock_bytes` are of the days that are rows."""

    windows_per_s: float
    batches_per_s: float
    wire_bytes_per_s: float
    packed_bytes: float
    archive_bytes: float
    stock_bytes: float
    intake_cores: float
    round_core_s: float
    postings_per_s: float
    workers: int
    connections: int

    @property
    def year_bytes(self) -> float:
        """What a year leaves in the database: the packed days, and those that are rows."""
        return self.packed_bytes * YEAR_DAYS + self.stock_bytes

    @property
    def loads(self) -> dict[str, float]:
        """How many times over it takes what one machine has; a round cannot be shared."""
        return {
            "cores": self.workers / CORES,
            "disk": self.year_bytes / DISK_BYTES,
            "network": self.wire_bytes_per_s * 8 / NETWORK_BITS,
            "connections": self.connections / CONNECTIONS,
            "round": self.round_core_s / LATE_S,
        }

    @property
    def machines(self) -> int:
        """How many such machines hold a year, the round aside and connections through a pooler."""
        loads = self.loads
        return math.ceil(max(loads["cores"], loads["disk"], loads["network"]))


def need(site: Site, of: Constants, *, open_days: int, every_s: float, pool: int) -> Need:
    """Return what a site needs, where a round is done every `every_s` seconds at the most often.

    A round takes the time that it takes, on one core: where that is longer, the next one begins
    when it has ended. Each moves the money of every project once.
    """
    windows, batches = site.gpus / MINUTE_S, site.gpus / NODE / MINUTE_S / site.minutes
    cores = of.core_s.of(windows, batches)
    round_core_s = of.round_s.of(site.projects)
    workers = math.ceil(cores / WORKER_SHARE) or 1
    return Need(
        windows_per_s=windows,
        batches_per_s=batches,
        wire_bytes_per_s=of.wire.of(windows, batches),
        packed_bytes=of.packed.of(windows, batches) * DAY_S,
        archive_bytes=of.archive.of(windows, batches) * DAY_S,
        stock_bytes=of.new.of(windows, batches) * DAY_S * open_days,
        intake_cores=cores,
        round_core_s=round_core_s,
        postings_per_s=site.projects / max(every_s, round_core_s),
        workers=workers,
        connections=workers * pool,
    )


@dataclass(frozen=True)
class Check:
    """Something that was measured and that the model foretells."""

    name: str
    measured_value: float
    foretold: float

    @property
    def ratio(self) -> float:
        """How much of what was measured the model foretells."""
        return self.foretold / self.measured_value


def checks(results: Results, of: Constants) -> list[Check]:
    """Return what was measured apart from the constants: sizes of batches, numbers of GPUs."""
    all_checks: list[Check] = []
    for name, value in results["size"].items():
        words = name.split("_a_batch_")
        windows = int(words[0])
        if words[1] in PARTS and windows not in (SMALLEST, LARGEST):
            by_model = getattr(of, words[1]).of(1, 1 / windows)
            all_checks.append(Check(f"{words[1]}, {windows} a batch", _bytes(value), by_model))
    for point in results["capacity"]["points"]:
        windows, batches = point["windows"], point["batches"]
        place = f"{point['gpus']} GPUs, {windows // batches} a batch"
        by_model = of.core_s.of(windows, batches)
        all_checks.append(Check(f"intake, {place}", point["core_s"], by_model))
    for point in results["capacity"]["rounds"][1:-1]:
        by_model = of.round_s.of(point["projects"])
        all_checks.append(Check(f"a round of {point['projects']}", point["core_s"], by_model))
    return all_checks
