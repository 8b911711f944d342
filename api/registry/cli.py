"""Commands about the books: the registry, projects, quotas, usage, findings, accruals."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api.cli.arguments import content_of
from api.cli.client import Client, say
from api.cli.options import Code, Json, Since, Until
from api.cli.screen import (
    approximate,
    as_json,
    beijing,
    columns,
    gpu_hours,
    money,
    pairs,
    percent,
    table,
)

app = typer.Typer()


@app.command()
def register(
    file: Annotated[Path, typer.Argument(help="登记文件 / registry file (YAML)")],
    *,
    supersede: Annotated[bool, typer.Option(help="更正已有事实 / correct dated facts")] = False,
    json_: Json = False,
) -> None:
    """登记机构、集群、项目、合同与绑定 / register who takes part (docs/registry.md)."""
    content = content_of(file)
    with Client() as client:
        query = {"supersede": "true" if supersede else None}
        told = client.ask("POST", "registry", query=query, content=content)
    if json_:
        as_json(told)
    else:
        outcomes = (told["created"], told["unchanged"], told["superseded"])
        titles = say("类别 新登记 原已如此 更正", "section created unchanged superseded").split()
        sections = sorted(set().union(*outcomes))
        table(titles, [[s, *(o.get(s, 0) for o in outcomes)] for s in sections], right="lrrr")


@app.command()
def projects(*, json_: Json = False) -> None:
    """项目一览 / the projects."""
    with Client() as client:
        told = client.ask("GET", "projects")
    if json_:
        as_json(told)
        return
    titles = say(
        "编号 名称 类别 单位 条款 演练", "code name kind organisation clause drill"
    ).split()
    keys = ("code", "name", "kind", "organisation", "clause")
    drill = {True: say("是", "yes"), False: ""}
    table(titles, [[*(p[k] for k in keys), drill[p["drill"]]] for p in told])


@app.command()
def quota(code: Code, *, json_: Json = False) -> None:
    """剩余额度 / what is left of the voucher."""
    with Client() as client:
        told = client.ask("GET", f"projects/{quote(code, safe='')}/quota")
    if json_:
        as_json(told)
        return
    pairs(
        [
            (say("项目", "project"), f"{told['code']} {told['name']}"),
            (say("条款", "clause"), f"{told['policy']} {told['clause']}"),
            (say("上限", "cap"), money(told["cap_fen"])),
            (say("预计（已计提）", "provisional"), money(told["provisional_fen"])),
            (say("待兑付", "payable"), money(told["payable_fen"])),
            (say("已兑付", "paid"), money(told["paid_fen"])),
            (say("应追缴", "to be paid back"), money(told["rights"]["recoverable"])),
            (say("剩余", "left"), money(told["left_fen"])),
            (say("超出上限", "beyond the cap"), money(told["cut_fen"])),
            (say("按目前用量用完于", "used up by"), told["runs_out"]),
            (say("计提于（北京时间）", "accrued at, Beijing"), beijing(told["computed_at"])),
        ]
    )


@app.command()
def days(code: Code, *, since: Since = None, until: Until = None, json_: Json = False) -> None:
    """逐日用量 / usage day by day."""
    with Client() as client:
        query = {"since": since, "until": until}
        told = client.ask("GET", f"projects/{quote(code, safe='')}/days", query=query)
    if json_:
        as_json(told)
        return
    titles = say(
        "日期 卡时 费用 累计补贴 利用率 无价格卡时", "day GPU-h cost earned util unpriced"
    ).split()
    table(titles, [_day(d) for d in told], right="lrrrrr")


@app.command()
def usage(*, since: Since = None, until: Until = None, json_: Json = False) -> None:
    """各项目用量 / usage by project."""
    with Client() as client:
        told = client.ask("GET", "usage", query={"since": since, "until": until})
    if json_:
        as_json(told)
        return
    titles = say("项目 卡时 设备毫秒", "project GPU-h device-ms").split()
    rows = [[u["project"], gpu_hours(u["device_ms"]), u["device_ms"]] for u in told]
    table(titles, rows, right="lrr")


@app.command()
def findings(
    kind: Annotated[
        str,
        typer.Argument(help="conflicts, forks, quarantine, gaps, silent, unowned, unpriced"),
    ],
    *,
    limit: Annotated[int, typer.Option(help="最多几条 / at most")] = 100,
    offset: Annotated[int, typer.Option(help="跳过几条 / skip")] = 0,
    json_: Json = False,
) -> None:
    """待查事项 / what a person should look at."""
    with Client() as client:
        query = {"kind": kind, "limit": limit, "offset": offset}
        told = client.ask("GET", "findings", query=query)
    if json_:
        as_json(told)
    else:
        table(*columns(told))


@app.command()
def release(*, json_: Json = False) -> None:
    """重新审视隔离的窗口 / keep what was quarantined and may count by now."""
    with Client() as client:
        told = client.ask("POST", "quarantine/release")
    if json_:
        as_json(told)
    else:
        pairs([(say("解除隔离的窗口", "windows released"), told["released"])])


@app.command()
def accrue(*, json_: Json = False) -> None:
    """计费并计提 / price the usage and accrue every voucher."""
    with Client() as client:
        told = client.ask("POST", "accruals")
    if json_:
        as_json(told)
        return
    pairs(
        [
            (say("变动的费用", "charges changed"), told["charges_changed"]),
            (say("无价格的用量", "usage without a price"), told["unpriced"]),
            (say("算力券", "vouchers"), told["vouchers"]),
            (say("其中有变动", "of which moved"), told["moved"]),
        ]
    )


def _day(day: dict[str, Any]) -> list[object]:
    return [
        day["day"],
        gpu_hours(day["device_ms"]),
        approximate(day["cost_fen"]),
        money(day["earned_fen"]),
        percent(day["util_ppm"]),
        gpu_hours(day["unpriced_ms"]),
    ]
