"""`suanquan statement`: state a month, read statements, confirm or contest their lines."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api.cli.client import Client, Failure, say
from api.cli.screen import as_json, called, gpu_hours, money, pairs, table
from ledger.registry.codes import LineKind
from ledger.statements.codes import AnswerState

app = typer.Typer()
statement = typer.Typer(no_args_is_help=True, help="对账单 / statements")
app.add_typer(statement, name="statement")

Json = Annotated[bool, typer.Option("--json", help="JSON 输出 / print JSON")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="对账单号 / statement number")]
Lines = Annotated[
    list[int] | None, typer.Option("--line", help="只对这一行，可多次 / this line, repeatable")
]
_LISTED = ("number", "contract", "centre", "project", "month", "revision")


@statement.command()
def issue(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="账期，如 2026-11 / month")],
    *,
    contract: Annotated[
        str | None, typer.Option(help="只这一份合同 / of this contract alone")
    ] = None,
    preview: Annotated[bool, typer.Option(help="只看，不留存 / show, keep nothing")] = False,
    json_: Json = False,
) -> None:
    """出具一个月的对账单 / state a month, of all contracts or of one."""
    body = {"month": month, "contract": contract, "preview": preview}
    with Client() as client:
        told = client.ask("POST", "statements", body=body)
    if json_:
        as_json(told)
    elif preview:
        _show(told[0])
    else:
        _list(told)


@statement.command("ls")
def list_(
    *,
    month: Annotated[str | None, typer.Option(help="账期，如 2026-11 / month")] = None,
    contract: Annotated[str | None, typer.Option(help="合同号 / contract number")] = None,
    superseded: Annotated[bool, typer.Option(help="包括旧版 / older revisions too")] = False,
    json_: Json = False,
) -> None:
    """对账单一览 / the statements, newest month first."""
    query = {"month": month, "contract": contract, "superseded": "true" if superseded else None}
    with Client() as client:
        told = client.ask("GET", "statements", query=query)
    if json_:
        as_json(told)
    else:
        _list(told)


@statement.command()
def show(
    number: Number,
    *,
    file: Annotated[
        Path | None, typer.Option("--csv", help="存为 CSV 文件 / write to a CSV file")
    ] = None,
    json_: Json = False,
) -> None:
    """一份对账单的各行 / a statement line by line."""
    with Client() as client:
        path = f"statements/{quote(number, safe='')}"
        if file is not None:
            _write(file, client.fetch(f"{path}.csv"))
            return
        told = client.ask("GET", path)
    if json_:
        as_json(told)
    else:
        _show(told)


@statement.command()
def confirm(number: Number, *, line: Lines = None, json_: Json = False) -> None:
    """确认对账单，或其中几行 / confirm a statement, or some of its lines."""
    _answer(number, line, "confirmed", "", json_=json_)


@statement.command()
def contest(
    number: Number,
    *,
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    line: Lines = None,
    json_: Json = False,
) -> None:
    """对账单有出入 / contest a statement, or some of its lines."""
    _answer(number, line, "contested", reason, json_=json_)


def _answer(number: str, lines: list[int] | None, word: str, reason: str, *, json_: bool) -> None:
    body = {"lines": lines or "all", "answer": word, "reason": reason}
    with Client() as client:
        told = client.ask("POST", f"statements/{quote(number, safe='')}/answers", body=body)
    if json_:
        as_json(told)
    else:
        _show(told)


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Failure(
            say(f"写不了 {file}：{error.strerror}", f"cannot write {file}: {error.strerror}")
        ) from error
    print(say(f"已写到 {file}", f"written to {file}"))


def _list(told: list[dict[str, Any]]) -> None:
    titles = say(
        "对账单 合同 智算中心 项目 账期 版次 费用 中心 企业",
        "number contract centre project month revision cost centre builder",
    ).split()
    rows = [
        [*(s[k] for k in _LISTED), money(s["total_fen"]),
         *(called(AnswerState, s[k]) for k in ("centre_says", "builder_says"))]
        for s in told
    ]  # fmt: skip
    table(titles, [[*r[:4], r[4][:7], *r[5:]] for r in rows], right="lllllrrll")


def _show(told: dict[str, Any]) -> None:
    pairs(
        [
            (say("对账单", "statement"), told["number"] or say("预览", "preview")),
            (say("合同", "contract"), told["contract"]),
            (say("智算中心", "centre"), told["centre"]),
            (say("项目", "project"), told["project"]),
            (say("账期", "month"), told["month"][:7]),
            (say("费用（不含税）", "cost without tax"), money(told["total_fen"])),
            (say("已由新版取代", "superseded by"), told["superseded_by"]),
        ]
    )
    titles = say(
        "行 种类 名称 型号 切片 条件 政策 卡时 应交付 费用 证据 空缺 中心 企业",
        "line kind name model slice selects policy GPU-h promised cost grade gap centre builder",
    ).split()
    table(titles, [_line(line) for line in told["lines"]], right="rllllllrrrlr")


def _line(line: dict[str, Any]) -> list[object]:
    selects = " ".join(filter(None, (line["partition"], line["qos"], line["market"]))) or None
    words = [_said(line[party]) for party in ("centre", "builder")]
    return [
        line["line"], called(LineKind, line["kind"]), line["name"], line["model"],
        line["mig_profile"], selects, line["policy"], gpu_hours(line["device_ms"]),
        gpu_hours(line["promised_ms"]), money(line["cost_fen"]), line["grade"],
        gpu_hours(line["gap_ms"]), *words,
    ]  # fmt: skip


def _said(answer: dict[str, Any] | None) -> str | None:
    """A party's word on a line, and why it contests it."""
    if answer is None:
        return None
    word, why = called(AnswerState, answer["answer"]), answer["reason"]
    return say(f"{word}：{why}", f"{word}: {why}") if why else word
