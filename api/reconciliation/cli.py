"""`suanquan reconcile`: the bureau's month, from matching to a proposal; asking the centre."""

import re
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.cli.client import Client, Failure, say
from api.cli.screen import as_json, called, money, pairs, person, table
from ledger.reconciliation.codes import DifferenceCode, Handling, MonthState

app = typer.Typer()
reconcile = typer.Typer(
    help="对账 / reconcile invoices with what was metered", no_args_is_help=True
)
app.add_typer(reconcile, name="reconcile")

Json = Annotated[bool, typer.Option("--json", help="JSON 输出 / print JSON")]
Contract = Annotated[str, typer.Argument(help="合同号 / contract number")]
Month = Annotated[str, typer.Argument(help="账期，如 2026-11 / month")]
Reason = Annotated[str, typer.Option(help="理由 / reason")]


@reconcile.command()
def match(*, json_: Json = False) -> None:
    """把单据逐行匹配到用量 / allocate document lines over what was metered."""
    with Client() as client:
        told = _matched(client)
    if json_:
        as_json(told)
        return
    pairs(
        [
            (say("处理的单据行", "document lines"), told["lines"]),
            (say("分配", "shares"), told["shares"]),
            (say("分配金额（不含税）", "allocated, without tax"), money(told["allocated_fen"])),
            (say("未能分配的行", "lines not allocated"), told["unallocated"]),
        ]
    )


_AT_ONCE = 2_000  # lines of one request: a second or so


def _matched(client: Client) -> dict[str, Any]:
    """All runs together, with a bar where there are several."""
    done = client.ask("POST", "matching", body={"at_most": _AT_ONCE})
    sums = {key: done[key] for key in ("lines", "shares", "allocated_fen", "unallocated")}
    with Progress(
        TextColumn(say("匹配", "matching")),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=done["next"] is None,
    ) as bar:
        task = bar.add_task("", total=done["waiting"], completed=sums["lines"])
        while done["next"] is not None:
            body = {"after": done["next"], "at_most": _AT_ONCE}
            done = client.ask("POST", "matching", body=body)
            sums = {key: sums[key] + done[key] for key in sums}
            bar.update(task, completed=sums["lines"])
    return sums


@reconcile.command()
def ls(
    *,
    month: Annotated[str | None, typer.Option(help="账期 / month")] = None,
    state: Annotated[str | None, typer.Option(help="open, changed, decided")] = None,
    json_: Json = False,
) -> None:
    """各合同各月 / the months of contracts."""
    with Client() as client:
        told = client.ask("GET", "reconciliations", query={"month": month, "state": state})
    if json_:
        as_json(told)
        return
    titles = say(
        "合同 账期 项目 用量费用 已开票 计入 未了 状态",
        "contract month project metered invoiced matched open state",
    ).split()
    table(titles, [_month(m) for m in told], right="lllrrrrl")


@reconcile.command()
def show(contract: Contract, month: Month, *, json_: Json = False) -> None:
    """一份合同的一个月 / one month of a contract, with every difference."""
    with Client() as client:
        told = client.ask("GET", f"reconciliations/{_key(client, contract, month)}")
    if json_:
        as_json(told)
        return
    print(f"{told['number']}  {month}  {told['centre']}  {told['project']}")
    titles = say(
        "价格行 政策 用量费用 已开票 计入 未了", "line policy metered invoiced matched open"
    ).split()
    rows = [[c["price"], c["policy"], *(money(c[k]) for k in _FIGURES)] for c in told["cells"]]
    table(titles, rows, right="llrrrr")
    print()
    titles = say(
        "差异 名称 单据 行 价格行 号码 金额 处理",
        "code name document line cell number amount handling",
    ).split()
    table(titles, [_difference(d) for d in told["differences"]], right="llrrrlrl")
    for message in told["messages"]:
        print(_question(message))


_FIGURES = ("metered_fen", "invoiced_fen", "counted_fen", "open_fen")


@reconcile.command()
def propose(
    contract: Contract,
    month: Month,
    *,
    choice: Annotated[
        list[str] | None,
        typer.Option(
            help="差异=处理:理由，可多次；如 R17=close:折扣，R19/单据/行@价格行=note:… / choices"
        ),
    ] = None,
    reason: Reason = "",
    json_: Json = False,
) -> None:
    """提出对账结论，待另一人确认 / propose; another person confirms."""
    wanted = {"choices": [_choice(c) for c in choice or []], "reason": reason}
    with Client() as client:
        key = _key(client, contract, month)
        told = client.ask("POST", f"reconciliations/{key}/proposal", body=wanted)
    _decided(told, json_)


@reconcile.command("propose-all")
def propose_all(month: Month, *, json_: Json = False) -> None:
    """一次提出所有无须人工的月份 / propose all months in which nothing asks for a person."""
    with Client() as client:
        told = client.ask("POST", "reconciliations/proposals", body={"month": month})
    if json_:
        as_json(told)
        return
    for decision in told["decisions"]:
        _decided(decision, json_)
    if told["left"]:
        print(say("须人工处理：", "these need a person: ") + ", ".join(told["left"]))


@reconcile.command()
def extra(
    contract: Contract,
    month: Month,
    *,
    line: Annotated[int, typer.Option(help="价格行 / contract line")],
    fen: Annotated[int, typer.Option(help="分，不含税 / fen without tax")],
    policy: Annotated[str, typer.Option(help="政策版本 / policy version")] = "",
    reason: Reason,
    json_: Json = False,
) -> None:
    """认定实际用量多于计量 / propose that more was used than was metered."""
    wanted = {"price": line, "policy": policy, "extra_fen": fen, "reason": reason}
    with Client() as client:
        key = _key(client, contract, month)
        told = client.ask("POST", f"reconciliations/{key}/extra", body=wanted)
    _decided(told, json_)


@reconcile.command()
def ask(
    contract: Contract,
    month: Month,
    code: Annotated[str, typer.Argument(help="R01…R20")],
    question: Annotated[str, typer.Argument(help="问题 / the question")],
    *,
    json_: Json = False,
) -> None:
    """向中心提问 / ask the centre."""
    with Client() as client:
        key = _key(client, contract, month)
        body = {"code": code, "body": question}
        told = client.ask("POST", f"reconciliations/{key}/messages", body=body)
    if json_:
        as_json(told)
    else:
        print(
            say(
                f"已发出，请于 {told['answer_by']} 前答复", f"to be answered by {told['answer_by']}"
            )
        )


@reconcile.command()
def answer(
    message: Annotated[int, typer.Argument(help="问题编号 / message")],
    words: Annotated[str, typer.Argument(help="答复 / the answer")],
    *,
    json_: Json = False,
) -> None:
    """中心答复 / the centre answers."""
    with Client() as client:
        told = client.ask("POST", f"messages/{message}/answer", body={"body": words})
    if json_:
        as_json(told)
    else:
        print(say("已答复", "answered"))


def _key(client: Client, contract: str, month: str) -> str:
    """The address of a contract's month."""
    for found in client.ask("GET", "reconciliations", query={"month": month}):
        if found["number"] == contract:
            return str(found["id"])
    raise Failure(
        say(f"合同 {contract} 在 {month} 没有用量也没有发票", f"{contract} has nothing in {month}")
    )


def _month(seen: dict[str, Any]) -> list[object]:
    figures = [seen[k] for k in ("metered_fen", "invoiced_fen", "matched_fen", "open_fen")]
    state = called(MonthState, seen["state"])
    waits = say(f"{state}，待确认 #{seen['proposed']}", f"{state}, proposed #{seen['proposed']}")
    told = waits if seen["proposed"] else state
    named = [seen["number"], seen["month"][:7], seen["project"]]
    return [*named, *(money(fen) for fen in figures), told]


def _difference(d: dict[str, Any]) -> list[object]:
    name, handling = called(DifferenceCode, d["code"]), called(Handling, d["handling"])
    places = [d[key] for key in ("document", "line", "price", "number")]
    return [d["code"], name, *places, money(d["fen"]), handling]


def _question(message: dict[str, Any]) -> str:
    """A question to the centre with its number, by which it is answered; and the answer."""
    asked = f"{message['id']} {message['code']} {message['body']}"
    if message["answer"] is not None:
        said = f"{person(message['answered_by'])}: {message['answer']}"
        return say(f"问题 {asked} — {said}", f"question {asked} — {said}")
    by = message["answer_by"]
    return say(f"问题 {asked}（请于 {by} 前答复）", f"question {asked} (answer by {by})")


def _choice(given: str) -> dict[str, Any]:
    """`R03/12=exclude:wrong buyer` → the choice that the server takes."""
    found = _CHOICE.fullmatch(given)
    if found is None:
        raise typer.BadParameter(
            say(
                f"应写成 R19/单据/行@价格行=处理:理由（单据、行、价格行可不写）：{given}",
                "write R19/document/line@cell=treatment:reason",
            )
        )
    places = {key: int(found[key]) for key in ("document", "line", "price") if found[key]}
    return {key: found[key] for key in ("code", "treatment", "reason")} | places


_CHOICE = re.compile(
    r"(?P<code>\w+)(/(?P<document>\d{1,9})(/(?P<line>\d{1,9}))?)?(@(?P<price>\d{1,9}))?"
    r"=(?P<treatment>\w+)[:：](?P<reason>.+)",
    re.ASCII,
)


def _decided(told: dict[str, Any], json_: bool) -> None:
    if json_:
        as_json(told)
        return
    waits = say("已提出，待另一人确认：", "waits for another person:")
    print(f"{told['subject']}  {waits} suanquan confirm {told['id']}")
