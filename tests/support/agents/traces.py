"""A small trace of jobs, and what it holds."""

from pathlib import Path

from agents.sources import job_trace

SMALL = [
    "a-1,alpha,2,A800,2026-01-01T00:00:00Z,2026-01-01T00:10:00Z,2026-01-01T03:20:00.500Z,COMPLETED",
    "a-2,alpha,1,A800,2026-01-02T00:00:00Z,2026-01-02T08:00:00+08:00,2026-01-03T00:00:00Z,FAILED",
    "b-1,beta,4,,2026-01-01T00:00:00Z,2026-01-01T00:00:01Z,2026-01-01T00:00:02Z,COMPLETED",
    "b-2,beta,8,,2026-01-01T00:00:00Z,,2026-01-01T09:00:00Z,CANCELLED",
]


SMALL_MS = {
    "alpha": 2 * (3 * 3_600_000 + 10 * 60_000 + 500) + 24 * 3_600_000,
    "beta": 4 * 1000,
}


def trace(path: Path, *rows: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in (job_trace.HEADER, *rows)))
    return path
