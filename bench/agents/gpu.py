"""What reading a real driver costs: how long a look takes, and the process that takes it.

The agent's other figures come from the fake driver (bench/agents/agent.py), whose calls cost
nothing. This one needs a GPU and says so where there is none: `python -m bench gpu`.
"""

import statistics
import time

import psutil

from agents.driver.watchdog import WatchedDriver
from agents.errors import NoDriver
from agents.observations import Look

LOOKS = 60
APART_S = 1.0
MIB = 2**20


def run() -> dict[str, object]:
    """The figures of one run."""
    watched, began = WatchedDriver(), time.monotonic()
    try:
        watched.open()
    except NoDriver as error:
        return {"skipped": error.en}
    opened_s = time.monotonic() - began
    (reader,) = psutil.Process().children()
    before, took, looks = reader.cpu_times(), list[float](), list[Look]()
    for _ in range(LOOKS):
        time.sleep(APART_S)
        took_s, looks = _look(watched)
        took.append(took_s)
    after = reader.cpu_times()
    spent = after.user + after.system - before.user - before.system
    figures: dict[str, object] = {
        "gpus": len(looks),
        "models": ", ".join(sorted({look.model for look in looks})),
        "slices": sum(len(look.slices) for look in looks),
        "opened_s": round(opened_s, 2),
        "look_ms_median": round(1_000 * statistics.median(took), 2),
        "look_ms_most": round(1_000 * max(took), 2),
        "processor_ms_a_look": round(1_000 * spent / LOOKS, 2),
        "core_percent_at_a_look_every_ten_seconds": round(10 * spent / LOOKS, 4),
        "reading_process_pss_mib": round(reader.memory_full_info().pss / MIB, 1),
        "reading_process_rss_mib": round(reader.memory_info().rss / MIB, 1),
    }
    watched.close()
    return figures


def _look(watched: WatchedDriver) -> tuple[float, list[Look]]:
    began = time.monotonic()
    watched.ask()
    while (sight := watched.answer(1)) is None:
        pass
    assert not isinstance(sight.looks, str), sight.looks
    return time.monotonic() - began, [x for x in sight.looks.values() if isinstance(x, Look)]
