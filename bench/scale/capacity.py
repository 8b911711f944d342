"""What the model of `model.py` rests on and is checked by, and the tables of its page.

Measured by the real server over HTTP, in seconds of its processes and PostgreSQL's: intake of
batches of 8 windows and of 1,000 by one node, by which the line is drawn, and of 80 by nodes of 16,
32 and 64 GPUs, which check it; rounds in which the money of every project moves, of 8, 24 and 48
projects. Bytes are those that `python -m bench size` left in bench/results.json: what it
measured since is taken over. All of it is kept in bench/scale/measured.json.

    python -m bench size capacity         all of it
    python -m bench capacity --tables     the tables alone, from what was measured before
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import psutil
import psycopg
from sqlmodel import Session

from agents import wire
from api.server.background import EVERY_S
from bench import stage
from bench.scale import model
from ledger.charging.steps import charge
from ledger.metering.steps.pack import KEPT_WHOLE
from ledger.postgres.database import POOL
from ledger.vouchers.steps.accrue import accrue_all
from tests.support.people import let_everybody_act
from tests.support.region.site import RegionSite
from tests.support.region.usage import NOW, TODAY, Size
from tests.support.simulation import Node, enrolled, gpu_id, minute, place

RESULTS = Path(__file__).parents[1] / "results.json"
MEASURED = Path(__file__).parent / "measured.json"
PAGE = Path(__file__).parents[2] / "docs" / "capacity.md"
BEGIN, END = "<!-- tables: python -m bench capacity -->", "<!-- end of tables -->"
LINES = ((8, 1, 600), (8, 125, 1_500))  # GPUs, minutes of a batch, minutes in all
POINTS = ((16, 10, 600), (32, 10, 300), (64, 10, 150))
ROUNDS = (8, 24, 48)
SITES = (
    model.Site("一个中心（320 卡）", 320, 40, 1),
    model.Site("一个市（1 万卡）", 10_000, 300, 1),
    model.Site("一个区（16.4 万卡）", 164_000, 2_000, 5),
    model.Site("全国（1000 万卡）", 10_000_000, 50_000, 15),
)

_LOADS = {
    "cores": "接收的核",
    "disk": "一年的磁盘",
    "network": "入口网络",
    "connections": "连接",
    "round": "一轮的时间",
}


def run() -> dict[str, object]:
    """Measure, write the tables, and return what was measured."""
    figures_by_name = _read(MEASURED) | {
        name: figures for name, figures in _read(RESULTS).items() if name == "size"
    }
    if "--tables" not in sys.argv:
        figures_by_name["capacity"] = {**_intake(), "rounds": list(_rounds())}
    MEASURED.write_text(json.dumps(figures_by_name, indent=2) + "\n", encoding="utf-8")
    write_tables(figures_by_name)
    return dict(figures_by_name["capacity"])


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def write_tables(results: model.Results) -> None:
    """Write the tables into docs/capacity.md; the rest of the page stays as it is."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n\n{tables(results)}\n\n{END}{tail}", encoding="utf-8")


def tables(results: model.Results) -> str:
    """Return both tables: what each site needs, and how far the model is from what was measured."""
    of = model.constants(results)
    needs = [
        model.need(site, of, open_days=KEPT_WHOLE.days + 1, every_s=EVERY_S, pool=POOL)
        for site in SITES
    ]
    heads = ["", *(site.name for site in SITES)]
    rows = [
        ["项目（假定）", *(f"{site.projects:,}" for site in SITES)],
        ["节点每几分钟上报一次（假定）", *(str(site.minutes) for site in SITES)],
        ["窗口 / 秒", *(_figure(n.windows_per_s) for n in needs)],
        ["批 / 秒", *(_figure(n.batches_per_s) for n in needs)],
        ["入口网络，Mbit/s", *(_figure(n.wire_bytes_per_s * 8 / 1e6) for n in needs)],
        ["未打包的行（常驻），GB", *(_figure(n.stock_bytes / 1e9) for n in needs)],
        ["打包后在线，GB / 天", *(_figure(n.packed_bytes / 1e9) for n in needs)],
        ["打包后在线，TB / 年", *(_figure(n.packed_bytes * 365 / 1e12) for n in needs)],
        ["存档，TB / 年", *(_figure(n.archive_bytes * 365 / 1e12) for n in needs)],
        ["接收占用的核（服务器与 PostgreSQL 合计）", *(_figure(n.intake_cores) for n in needs)],
        ["接收进程（每个最多用一核的 70%）", *(f"{n.workers:,}" for n in needs)],
        ["数据库连接（直连时）", *(f"{n.connections:,}" for n in needs)],
        ["一轮计价与计提，核秒", *(_figure(n.round_core_s) for n in needs)],
        ["金额过账 / 秒（用量一直在动）", *(_figure(n.postings_per_s) for n in needs)],
        ["数据库机器（存一年）", *(_machines(n) for n in needs)],
        ["最先到顶的", *(_bottleneck(n) for n in needs)],
    ]
    checked = [
        [check.name, f"{check.measured_value:,.3g}", f"{check.foretold:,.3g}", f"{check.ratio:.2f}"]
        for check in model.checks(results, of)
    ]
    return "\n\n".join(
        [_table(heads, rows), _table(["核对", "实测", "模型", "模型 ÷ 实测"], checked)]
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _figure(value: float) -> str:
    """Two figures that count: 0.013, 4.5, 1,300."""
    return f"{float(f'{value:.2g}'):,.10g}"


def _machines(of: model.Need) -> str:
    if of.machines > 1:
        return f"Citus，{of.machines:,} 台"
    return f"一台，{of.workers + 2} 核，{_figure(of.year_bytes / 1e12)} TB"  # rounds, and people


def _bottleneck(of: model.Need) -> str:
    """What is nearest to what one machine has, or farthest beyond it."""
    name, load = max(of.loads.items(), key=lambda pair: pair[1])
    return f"{_LOADS[name]}：{_figure(100 * load)}%"


def _intake() -> dict[str, Any]:
    with stage.database() as database, stage.owner(database) as owner:
        let_everybody_act(owner)
        gpus = max(point[0] for point in POINTS)
        cluster = place(owner, gpus=gpus)
        owner.execute(
            "UPDATE gpus SET node = 'n' || ('x' || right(gpu, 4))::bit(16)::integer / %s",
            (model.NODE,),
        )
        nodes = [
            enrolled(owner, cluster, node=f"n{number}") for number in range(gpus // model.NODE)
        ]
        at = 0
        figures: dict[str, Any] = {"points": []}
        with stage.server(database) as url, httpx2.Client(base_url=url, timeout=60) as client:
            _post(client, nodes, (model.NODE, 1, 20), at)  # the first ones start plans
            for size in (*LINES, *POINTS):
                at += 2_000
                point = _post(client, nodes, size, at)
                if size in POINTS:
                    figures["points"].append(point)
                else:
                    name = f"{size[1] * model.NODE}_a_batch_core_us"
                    figures[name] = round(1e6 * point["core_s"] / point["windows"], 1)
    return figures


def _post(
    client: httpx2.Client, nodes: Sequence[Node], size: tuple[int, int, int], at: int
) -> dict[str, float]:
    """Send all minutes from `at` on of so many GPUs; windows, batches, seconds of the server's."""
    gpus, minutes, length = size
    batches = [
        batch
        for first in range(at, at + length, minutes)
        for number in range(gpus // model.NODE)
        for batch in [_batch(nodes[number], number, first, minutes)]
    ]
    began = _served_s()
    for body, headers in batches:
        answer = client.post("/api/v1/batches", content=body, headers=headers)
        assert answer.json()["kept"] == minutes * model.NODE, answer.text
    core_s = round(_served_s() - began, 3)
    windows = gpus * length
    return {"gpus": gpus, "windows": windows, "batches": len(batches), "core_s": core_s}


def _batch(node: Node, number: int, first: int, minutes: int) -> tuple[bytes, dict[str, str]]:
    body = node.batch(
        _window(number * model.NODE + gpu, at)
        for at in range(first, first + minutes)
        for gpu in range(model.NODE)
    )
    return body, node.headers(body)


def _window(gpu: int, at: int) -> wire.Window:
    """A minute as a node's agent says it: a pod, every reading, energy."""
    boot = UUID(int=gpu + 1)
    readings = wire.Readings(6, 600_000 + at, 500_000 + at, 61_000, 412_000 + at)
    pod = wire.Pod("team-a", f"pretrain-worker-{gpu}", "main", str(boot))
    return wire.Window(
        gpu_id(gpu), "NVIDIA H100 80GB HBM3", minute(at), wire.MINUTE_MS,
        (wire.Part(pod, 0, wire.MINUTE_MS, readings=readings),), boot=str(boot),
        energy_mj=25_000_000 + at,
    )  # fmt: skip


def _served_s() -> float:
    """What the server and PostgreSQL have used, seconds of a core; not this process, which asks."""
    processes = psutil.Process().children(recursive=True)
    return float(sum(p.cpu_times().user + p.cpu_times().system for p in processes))


def _rounds() -> Iterator[dict[str, float]]:
    with stage.database() as database, stage.owner(database) as owner:
        site = RegionSite(database, owner)
        for projects in ROUNDS:
            site.grow(Size(projects, projects, 17))
            _use_more(owner)
            _round(site)  # those that are new have moved
            _use_more(owner)
            began = stage.processor_s()
            moves = _round(site)
            core_s = round(stage.processor_s() - began, 3)
            yield {"projects": projects, "moved": moves, "core_s": core_s}
        site.close()


def _use_more(owner: psycopg.Connection) -> None:
    """Every holder of today has used another minute."""
    owner.execute(
        "UPDATE day_totals SET held = held + 60000 WHERE day >= %s", (TODAY.replace(day=1),)
    )


def _round(site: RegionSite) -> int:
    with Session(site.engine) as db, db.begin():
        charge(db, NOW)
    with Session(site.engine) as db, db.begin():
        return accrue_all(db, "bench", NOW).moved
