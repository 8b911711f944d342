"""`suanquan claim`: claims from the first draft to the proposal to approve."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api.cli.arguments import content_of
from api.cli.client import Client, say
from api.cli.options import Code, Json
from api.cli.screen import as_json, beijing, called, money, pairs, person, table
from api.vouchers.cli import read_fact
from ledger.claims.codes import ClaimAction, ClaimState
from ledger.policy.codes import FileRole
from ledger.units import fen_from_yuan

app = typer.Typer()
claim = typer.Typer(no_args_is_help=True, help="兑付申请 / claims")
app.add_typer(claim, name="claim")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="申请编号 / claim number")]
Note = Annotated[str, typer.Option(help="说明或理由 / note, or why")]
Why = Annotated[str, typer.Option("--note", help="理由 / why")]
ROLES = "application, commitment, receipt, account, contract, result, other"


@claim.command("open")
def open_claim(
    code: Code,
    *,
    yuan: Annotated[
        str | None, typer.Option(help="金额，默认为全部待兑付 / amount, by default all")
    ] = None,
    json_: Json = False,
) -> None:
    """开一件兑付申请 / open a claim."""
    try:
        fen = None if yuan is None else fen_from_yuan(yuan)
    except ValueError as error:
        raise typer.BadParameter(say(f"不是金额：{yuan}", f"no amount: {yuan}")) from error
    with Client() as client:
        _tell(client.ask("POST", "claims", body={"project": code, "fen": fen}), json_)


@claim.command()
def add(
    number: Number,
    role: Annotated[str, typer.Argument(help=ROLES)],
    file: Annotated[Path, typer.Argument(help="文件 / file")],
    *,
    json_: Json = False,
) -> None:
    """给草稿加一份材料 / put a file to a draft."""
    content = content_of(file)
    with Client() as client:
        path, form = f"claims/{_path(number)}/files", {"file": (file.name, content)}
        told = client.ask("POST", path, query={"role": role}, form=form)
    if json_:
        as_json(told)
    else:
        print(say(f"已收下，SHA-256 {told['hash']}", f"taken, SHA-256 {told['hash']}"))


@claim.command()
def submit(number: Number, *, note: Note = "", json_: Json = False) -> None:
    """提交 / hand in."""
    _step(number, {"action": "submit", "note": note}, json_)


@claim.command("return")
def send_back(number: Number, *, note: Why, json_: Json = False) -> None:
    """退回补正 / return it for what it lacks."""
    _step(number, {"action": "return", "note": note}, json_)


@claim.command()
def accept(
    number: Number,
    *,
    fact: Annotated[
        list[str] | None, typer.Option(help="新的事实 k=v，可多次 / newer fact, repeatable")
    ] = None,
    reference: Annotated[str, typer.Option(help="人才认定文号 / a talent's reference")] = "",
    note: Note = "",
    json_: Json = False,
) -> None:
    """按政策当日认定，符合才受理 / decide by the policy of the day, and accept."""
    facts = dict(read_fact(f) for f in fact or [])
    wanted = {"action": "accept", "note": note, "facts": facts, "reference": reference}
    _step(number, wanted, json_)


@claim.command()
def publish(
    number: Number,
    *,
    channel: Annotated[str, typer.Option(help="提出异议的渠道 / where to object")],
    note: Note = "",
    json_: Json = False,
) -> None:
    """公示，次日起算工作日 / publish, from tomorrow."""
    _step(number, {"action": "publish", "note": note, "channel": channel}, json_)


@claim.command()
def refuse(number: Number, *, note: Why, json_: Json = False) -> None:
    """不予兑付 / refuse."""
    _step(number, {"action": "refuse", "note": note}, json_)


@claim.command()
def withdraw(number: Number, *, note: Note = "", json_: Json = False) -> None:
    """撤回 / withdraw."""
    _step(number, {"action": "withdraw", "note": note}, json_)


@claim.command()
def approve(number: Number, *, note: Note = "", json_: Json = False) -> None:
    """公示期满，提出批准，由审批确认 / propose to approve; an approver confirms."""
    with Client() as client:
        told = client.ask("POST", f"claims/{_path(number)}/approval", body={"reason": note})
    proposed(told, json_)


@claim.command("object")
def object_to(
    number: Number,
    *,
    objector: Annotated[str, typer.Option(help="谁提出 / who objects")],
    contact: Annotated[str, typer.Option(help="联系方式 / how to reach them")],
    body: Annotated[str, typer.Option(help="异议内容 / the objection")],
    json_: Json = False,
) -> None:
    """登记异议 / write down an objection."""
    wanted = {"claim": number, "objector": objector, "contact": contact, "body": body}
    with Client() as client:
        told = client.ask("POST", "objections", body=wanted)
    if json_:
        as_json(told)
    else:
        print(say(f"已登记异议 {told['id']}", f"objection {told['id']} is written down"))


@claim.command()
def resolve(
    objection: Annotated[int, typer.Argument(metavar="ID", help="异议编号 / objection")],
    *,
    resolution: Annotated[str, typer.Option(help="处理意见 / reasons")],
    upheld: Annotated[
        bool, typer.Option("--uphold/--dismiss", help="成立还是不成立 / uphold or dismiss")
    ],
    json_: Json = False,
) -> None:
    """处理异议 / resolve an objection."""
    wanted = {"upheld": upheld, "resolution": resolution}
    with Client() as client:
        told = client.ask("POST", f"objections/{objection}/resolution", body=wanted)
    if json_:
        as_json(told)
    else:
        ended = say("成立", "upheld") if upheld else say("不成立", "dismissed")
        print(say(f"异议 {objection} {ended}", f"objection {objection} is {ended}"))


@claim.command()
def show(number: Number, *, json_: Json = False) -> None:
    """一件申请的全部 / all about one claim."""
    with Client() as client:
        told = client.ask("GET", f"claims/{_path(number)}")
    if json_:
        as_json(told)
    else:
        _show(told)


@claim.command()
def ls(
    *,
    state: Annotated[list[str] | None, typer.Option(help="状态，可多次 / state")] = None,
    limit: Annotated[int, typer.Option(help="最多几条 / at most")] = 100,
    offset: Annotated[int, typer.Option(help="跳过几条 / skip")] = 0,
    json_: Json = False,
) -> None:
    """申请一览，新的在前 / claims, newest first."""
    with Client() as client:
        query = {"state": state, "limit": limit, "offset": offset}
        told = client.ask("GET", "claims", query=query)
    if json_:
        as_json(told)
        return
    titles = say(
        "编号 项目 条款 收款单位 金额 状态 自", "number project clause payee amount state since"
    ).split()
    keys = ("number", "code", "clause", "payee")
    rows = [
        [*(c[k] for k in keys), money(c["fen"]), called(ClaimState, c["state"]),
         beijing(c["since"])]
        for c in told
    ]  # fmt: skip
    table(titles, rows, right="llllrll")


def _step(number: str, wanted: dict[str, Any], json_: bool) -> None:
    with Client() as client:
        _tell(client.ask("POST", f"claims/{_path(number)}/actions", body=wanted), json_)


def _tell(told: dict[str, Any], json_: bool) -> None:
    if json_:
        as_json(told)
        return
    number, fen = told["number"], money(told["fen"])
    state = called(ClaimState, told["state"])
    print(say(f"申请 {number}，{fen}，现为 {state}", f"claim {number}, {fen}, is {state}"))
    for lack in told["lacks"]:
        print(f"  {lack}")


def proposed(told: dict[str, Any], json_: bool) -> None:
    """Say which decision waits for another person."""
    if json_:
        as_json(told)
        return
    number = told["decision"]
    print(say(f"待另一人确认决定 {number}", f"another person has to confirm decision {number}"))


def _show(c: dict[str, Any]) -> None:
    steps = [say(f"{called(ClaimAction, each)}（{each}）", each) for each in c["actions"]]
    period = f"{c['published_on']} — {c['published_until']}" if c["published_on"] else None
    pairs(
        [
            (say("编号", "number"), c["number"]),
            (say("项目", "project"), f"{c['code']} {c['project']}"),
            (say("条款", "clause"), f"{c['policy']} {c['clause']}"),
            (say("收款单位", "payee"), f"{c['payee']} {c['uscc']}"),
            (say("金额", "amount"), f"{money(c['fen'])} {c['words']}"),
            (say("状态", "state"), called(ClaimState, c["state"])),
            (say("公示", "published"), period),
            (say("待确认的决定", "decision to confirm"), c["decision"]),
            (say("可以做", "steps"), ", ".join(steps) or None),
        ]
    )
    for lack in c["lacks"]:
        print(f"  {lack}")
    titles = say("材料 文件 字节 SHA-256", "file name bytes SHA-256").split()
    keys = ("name", "size", "hash")
    files = [[called(FileRole, f["role"]), *(f[k] for k in keys)] for f in c["files"]]
    table(titles, files, "llr")
    titles = say("步骤 状态 谁 何时 说明", "step state who when note").split()
    table(titles, [_event(e) for e in c["events"]])
    for one in c["objections"]:
        ended = {None: say("未处理", "open"), True: say("成立", "upheld")}
        said = ended.get(one["upheld"], say("不成立", "dismissed"))
        told = f"{one['id']} {one['objector']}：{one['body']}（{said}）"
        print(say(f"异议 {told}", f"objection {told}"))


def _event(e: dict[str, Any]) -> list[object]:
    step, state = called(ClaimAction, e["action"]), called(ClaimState, e["next"])
    return [step, state, person(e["actor"]), beijing(e["at"]), e["note"]]


def _path(number: str) -> str:
    return quote(number, safe="")
