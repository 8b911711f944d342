"""`make bench`: every benchmark in one run, as a table, and as JSON in bench/results.json.

What another one measured before stays in that file. What a server says meanwhile goes to a file
that is named at the end.

    python -m bench            all of them
    python -m bench intake     one of them; what begins with -- is for it

The figures that matter are ratios measured in one run on one machine; absolute numbers say more
about the machine. Nothing here is a test, and no test is timed.
"""

import importlib
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.stage import LOG

MODULES = (
    "bench.agents.agent",
    "bench.agents.exporters",
    "bench.agents.witness",
    "bench.agents.gpu",
    "bench.metering.intake",
    "bench.metering.size",
    "bench.flood",
    "bench.metering.nodes",
    "bench.scale.growth",
    "bench.scale.plans",
    "bench.scale.capacity",
    "bench.posting",
    "bench.seals",
    "bench.charge",
    "bench.match",
    "bench.month",
    "bench.replay",
    "bench.agents.slurm",
    "bench.policy",
)
BENCHMARKS = {module.rpartition(".")[2]: module for module in MODULES}
RESULTS = Path(__file__).parent / "results.json"


def main(names: list[str]) -> int:
    """Run the named benchmarks (all, if none is named) and print what they measured."""
    if unknown := set(names) - set(BENCHMARKS):
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
        return 2
    LOG.unlink(missing_ok=True)
    for name in names or BENCHMARKS:
        print(f"\n{name}", flush=True)
        figures = importlib.import_module(BENCHMARKS[name]).run()
        _keep(name, figures)
        width = max(map(len, figures))
        for key, value in figures.items():
            print(f"  {key:{width}}  {value}", flush=True)
    if LOG.exists():
        print(f"\nthe server's log: {LOG}")
    return 0


def _keep(name: str, figures: dict[str, object]) -> None:
    """Write what was measured beside what the others measured before, with when and where."""
    fields = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    fields[name] = figures
    fields.setdefault("measured", {})[name] = {
        "machine": f"{_processor()}, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    RESULTS.write_text(json.dumps(fields, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main([word for word in sys.argv[1:] if not word.startswith("--")]))
