"""The whole thread on one page: from a GPU's clock to a capped voucher and the quota.

Read this first. It is the product as its users meet it: the server as `make run` starts it, the
commands that people type, the agent's own code for meter, spool and report. Two GPUs run for two
hours; one of them is lost for ten minutes. The builder then sees what that was worth, to the fen,
and can walk from the figure down to the very windows.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.identity import enrol
from agents.looks import Held, Holding, Instant, Look, Reading
from agents.meter import Meter
from agents.report import drain
from agents.spool import Spool
from tests.running import Up, running

FIRST, SECOND = (f"GPU-5a1e0000-0000-4000-8000-00000000000{n}" for n in (1, 2))

REGISTRY = f"""
organisations:
  - {{uscc: 91640100MADEM0001Y, name: 银川示例智算有限公司}}
  - {{uscc: 91640100MADEM00022, name: 塞上大模型科技有限公司}}
centres:
  - {{name: 贺兰山智算中心, organisation: 91640100MADEM0001Y}}
clusters:
  - {{name: helan-a, centre: 贺兰山智算中心, billing: [{{source: nvml, from: 2026-01-01}}]}}
catalogue:
  - {{model: H100-80G, names: [{{nvml: NVIDIA H100 80GB HBM3}}]}}
gpus:
  - {{gpu: {FIRST}, cluster: helan-a, node: gpu-01, from: 2026-01-01}}
  - {{gpu: {SECOND}, cluster: helan-a, node: gpu-01, from: 2026-01-01}}
projects:
  - {{code: saishang-72b, name: 塞上大模型 72B, kind: model, organisation: 91640100MADEM00022,
     drill: true}}
contracts:
  - number: HL-2026-001
    centre: 贺兰山智算中心
    project: saishang-72b
    from: 2026-01-01
    prices:
      - {{unit: gpu-hour, yuan: "10.60", model: H100-80G, tax_included: true, tax_rate: "0.06"}}
bindings:
  - {{cluster: helan-a, holder: {{static: 塞上团队}}, project: saishang-72b, from: 2026-01-01}}
"""


@pytest.fixture
def city(folder: Path) -> Iterator[Up]:
    """The server, on a data folder of its own, as `make run` starts it."""
    with running(folder / "data") as city:
        yield city


def test_from_a_gpus_clock_to_the_quota_that_its_owner_sees(city: Up, folder: Path) -> None:
    # The bureau registers who is who, what a GPU-hour costs, and whose the holder is.
    (folder / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    city.ask("register", str(folder / "registry.yaml"))

    # The model meets article 9, so the city promises 30 % of its compute cost, up to 5 million.
    given = city.ask(
        "voucher", "open", "saishang-72b", "--clause=09-1", "--policy=yinchuan-2024-drill",
        "--fact=subject_kind=enterprise", "--fact=legal_person=true",
        "--fact=landed_in_city=true", "--fact=parameters=72000000000", "--fact=scenarios=5",
    )  # fmt: skip
    assert given["cap_fen"] == 500_000_000

    # The centre's operator enrols a node with a one-time code; its private key never leaves it.
    code = city.ask("agent", "code", "helan-a", "--source=nvml")["code"]
    identity = enrol(folder / "node", city.url, code, "gpu-01")

    # The agent meters two hours into its spool, then reports: numbered, chained and signed.
    with Spool(folder / "node" / "spool.sqlite") as spool:
        spool.add(two_hours_of_two_gpus())
        drain(spool, identity, city.url, give_up_after_s=30)
        assert spool.depth() == 0

    # Nobody is billed for what nobody saw: 2 × 120 minutes, less the ten that one GPU was lost.
    assert city.usage() == {"saishang-72b": (2 * 120 - 10) * wire.MINUTE_MS}
    assert [gap["reasons"] for gap in city.ask("findings", "gaps")] == ["gpu_lost"]

    # 230 minutes at 10.00 yuan without tax an hour are 38.33 yuan; 30 % of them are 11.50.
    city.ask("accrue")
    quota = city.ask("quota", "saishang-72b")
    assert quota["cost_fen"] == 3833
    assert quota["provisional_fen"] == 1150
    assert quota["left_fen"] == 500_000_000 - 1150

    # Asking again moves nothing: figures are absolute, never «new since last time».
    city.ask("accrue")
    assert city.ask("quota", "saishang-72b")["provisional_fen"] == 1150

    # From the figure down: the days, and the windows that they are made of.
    days = city.ask("days", "saishang-72b")
    assert sum(day["device_ms"] for day in days) == 230 * wire.MINUTE_MS
    windows = [window for day in days for window in windows_of(city, day["day"])]
    assert sum(w["to_ms"] - w["from_ms"] for w in windows) == 230 * wire.MINUTE_MS
    assert {w["gpu"] for w in windows} == {FIRST, SECOND}
    assert {w["util_ppm"] for w in windows} == {870_000}

    # The builder's own token shows her own project, and no other's.
    token = city.ask("token", "create", "塞上联系人", "--role=builder", "--project=saishang-72b")
    assert [p["code"] for p in as_builder(city, token["secret"]).ask("projects")] == [
        "saishang-72b"
    ]


def two_hours_of_two_gpus() -> Iterator[wire.Window]:
    """The real meter, driven: holders every second, the driver every ten."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=3)
    start_ms = wire.start_ms(start)
    team = (Held(wire.Static("塞上团队")),)
    holding = Holding({FIRST: team, SECOND: team})
    meter = Meter(Instant(start_ms, 0), boot="boot-1")
    for ms in range(0, 120 * wire.MINUTE_MS + 1, 1_000):
        at = Instant(start_ms + ms, ms)
        lost = 30 * wire.MINUTE_MS < ms < 40 * wire.MINUTE_MS
        looks = {FIRST: look(FIRST), SECOND: wire.GapReason.GPU_LOST if lost else look(SECOND)}
        yield from meter.see(at, holding, looks if meter.due(at) else None).windows


def look(gpu: str) -> Look:
    """What the driver shows of a busy GPU."""
    return Look(
        "NVIDIA H100 80GB HBM3", mig=False, slices=(), readings={gpu: Reading(util_ppm=870_000)}
    )


def windows_of(city: Up, day: str) -> list[dict[str, Any]]:
    """Every window of a day, page by page."""
    path = f"/api/v1/projects/saishang-72b/days/{day}/windows?limit=1000"
    found: list[dict[str, Any]] = city.get(path)
    return found


def as_builder(city: Up, secret: str) -> Up:
    """The same server, seen by somebody with another token."""
    return Up(city.data, environment={"SUANQUAN_URL": city.url, "SUANQUAN_TOKEN": secret})
