"""`suanquan reconcile`: the bureau's month, from matching to a proposal; asking the centre."""

import re
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Block, Column, Listing, Table, listing, record
from api.cli.arguments import fen_of, path
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import SUBSIDY, Month, OfMonth, Reason, Yuan
from api.cli.progress import progress
from api.cli.values import MONEY, MONTH, NUMBER, coded, label_of, money, person
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.charging.codes import Part
from ledger.reconciliation.codes import DifferenceCode, FallCause, Handling, MonthState

app = Commands()
reconcile = Commands(msgid("对账"))
app.add_typer(reconcile, name="reconcile", rich_help_panel=SUBSIDY)

Contract = Annotated[str, typer.Argument(metavar="CONTRACT", help=msgid("合同号"))]
PartOf = Annotated[Part, typer.Option(help=", ".join(Part))]
_CELL_HELP = msgid("合同:账期[:部分]，如 K-1:2026-03")
AT_ONCE = 2_000  # lines of one request: a second or so


def _state(month: dict[str, Any]) -> str:
    state, decision = label_of(MonthState, month["state"]), month["proposed"]
    if not decision:
        return state
    return _("{state}，待确认决定 {number}").format(state=state, number=decision)


MATCHED = (
    Column(msgid("处理的单据行"), "lines"),
    Column(msgid("分配"), "shares"),
    Column(msgid("分配金额（不含税）"), "allocated_fen", MONEY),
    Column(msgid("未能分配的行"), "unallocated"),
)
MONTHS = (
    Column(msgid("合同"), "number"),
    Column(msgid("账期"), "month", MONTH),
    Column(msgid("项目"), "project"),
    Column(msgid("计量金额"), "metered_fen", MONEY),
    Column(msgid("已开票"), "invoiced_fen", MONEY),
    Column(msgid("核定"), "matched_fen", MONEY),
    Column(msgid("待调减"), "fall_fen", MONEY),
    Column(msgid("未了"), "open_fen", MONEY),
    Column(msgid("状态"), _state),
)
CELLS = (
    Column(msgid("部分"), "part", coded(Part)),
    Column(msgid("计量金额"), "metered_fen", MONEY),
    Column(msgid("已开票"), "invoiced_fen", MONEY),
    Column(msgid("核定"), "booked_fen", MONEY),
    Column(msgid("待调减"), "fall_fen", MONEY),
    Column(msgid("未了"), "open_fen", MONEY),
)
FALLS = (
    Column(msgid("部分"), "part", coded(Part)),
    Column(msgid("账上"), "booked_fen", MONEY),
    Column(msgid("现在计入"), "counted_fen", MONEY),
    Column(msgid("待调减"), "fall_fen", MONEY),
    Column(msgid("各政策版本"), lambda fall: "；".join(map(_version, fall["versions"]))),
    Column(msgid("原因"), lambda fall: "；".join(map(_cause, fall["causes"]))),
)
REDS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("号码"), "number"),
    Column(msgid("开票日"), "issued_on"),
    Column(msgid("不含税金额"), "net_fen", MONEY),
    Column(msgid("红冲的蓝票"), "blue_number"),
)
FOUND = (
    Column(msgid("差异种类"), "code"),
    Column(msgid("名称"), "code", coded(DifferenceCode)),
    Column(msgid("单据编号"), "document", NUMBER),
    Column(msgid("行"), "line", NUMBER),
    Column(msgid("部分"), "part", coded(Part)),
    Column(msgid("号码"), "number"),
    Column(msgid("金额"), "fen", MONEY),
    Column(msgid("处理"), "handling", coded(Handling)),
    Column(msgid("依据"), lambda difference: "；".join(difference["facts"])),
)


@reconcile.verb("match", msgid("把单据逐行匹配到用量"))
def match() -> Answer:
    """Allocate document lines over what was metered."""
    with Client() as client:
        return record(MATCHED, _matched(client))


@reconcile.verb("ls", msgid("各合同各月"))
def ls(
    *,
    month: OfMonth = None,
    state: Annotated[str | None, typer.Option(help=", ".join(MonthState))] = None,
    contract: Annotated[str | None, typer.Option(help=msgid("合同号或其一部分"))] = None,
    project: Annotated[str | None, typer.Option(help=msgid("项目编号"))] = None,
    show: Annotated[str, typer.Option(help="due, all, falls")] = "all",
    sort: Annotated[
        str,
        typer.Option(help=msgid("按哪一栏，前加 - 则倒序：month、contract、metered、invoiced…")),
    ] = "month",
) -> Listing:
    """List the months of contracts."""
    query = {
        "month": month, "state": state, "contract": contract, "project": project, "show": show,
        "sort": sort,
    }  # fmt: skip
    return listing(
        MONTHS,
        ask("GET", "reconciliations", query=query),
        empty=msgid("没有要对账的月份"),
    )


@reconcile.verb("show", msgid("一份合同的一个月"))
def show(contract: Contract, month: Month) -> Answer:
    """Show one month of a contract, with every difference."""
    with Client() as client:
        record = client.ask("GET", _address(client, contract, month))
    blocks: list[Block] = [
        f"{record['number']}  {month}  {record['centre']}  {record['project']}",
        Table(CELLS, record["cells"], msgid("没有用量，也没有计入的单据")),
        "",
        Table(FOUND, record["differences"], msgid("没有差异")),
    ]
    if record["exclusion"]:
        blocks.insert(1, _exclusion(record["exclusion"]))
    if record["falls"]:
        blocks += ["", Table(FALLS, record["falls"], "")]
    return Answer(record, [*blocks, *map(_question, record["messages"])])


@reconcile.verb("propose", msgid("提出对账结论，待另一人确认"))
def propose(
    contract: Contract,
    month: Month,
    *,
    choice: Annotated[
        list[str] | None,
        typer.Option(
            help=msgid("差异=处理:理由，可多次；如 R17=close:折扣，R19/单据/行@package=note:…")
        ),
    ] = None,
    reason: Reason = "",
) -> Answer:
    """Propose how a month is reconciled; another person confirms."""
    body = {"choices": [_choice(text) for text in choice or []], "reason": reason}
    with Client() as client:
        address = f"{_address(client, contract, month)}/proposal"
        return _proposal_answer(client.ask("POST", address, body=body))


@reconcile.verb("propose-all", msgid("一次提出所有无须人工的月份"))
def propose_all(month: Month) -> Answer:
    """Propose all months in which nothing asks for a person."""
    outcome = ask("POST", "reconciliations/proposals", body={"month": month})
    lines: list[Block] = [_waits(decision) for decision in outcome["decisions"]]
    if outcome["left"]:
        lines.append(_("须人工处理：{contracts}").format(contracts=", ".join(outcome["left"])))
    return Answer(outcome, lines or [_("没有可以提出的月份")])


@reconcile.verb("extra", msgid("认定实际用量多于计量"))
def extra(
    contract: Contract,
    month: Month,
    *,
    fen: Annotated[int, typer.Option(help=msgid("分，不含税"))],
    part: PartOf = Part.COMPUTE,
    reason: Reason,
) -> Answer:
    """Propose that more was used than was metered."""
    body = {"part": part, "extra_fen": fen, "reason": reason}
    with Client() as client:
        address = f"{_address(client, contract, month)}/extra"
        return _proposal_answer(client.ask("POST", address, body=body))


@reconcile.verb("fall", msgid("提出调减：账上的多于现在计入的，须另一人确认"))
def fall(contract: Contract, month: Month, *, reason: Reason) -> Answer:
    """Propose that what no longer counts of a month falls."""
    with Client() as client:
        address = f"{_address(client, contract, month)}/fall"
        return _proposal_answer(client.ask("POST", address, body={"reason": reason}))


@reconcile.verb("exclude", msgid("提出一个账期不予补贴，须另一人确认"))
def exclude(contract: Contract, month: Month, *, reason: Reason) -> Answer:
    """Propose that a month earns nothing."""
    with Client() as client:
        address = f"{_address(client, contract, month)}/exclusion"
        return _proposal_answer(client.ask("POST", address, body={"reason": reason}))


@reconcile.verb("readmit", msgid("提出恢复一个账期的补贴，须另一人确认"))
def readmit(contract: Contract, month: Month, *, reason: Reason) -> Answer:
    """Propose that a month that was excluded earns again."""
    with Client() as client:
        address = f"{_address(client, contract, month)}/readmission"
        return _proposal_answer(client.ask("POST", address, body={"reason": reason}))


@reconcile.verb("move", msgid("把单据行的一部分改到另一个月或另一份合同"))
def move(
    document: Annotated[int, typer.Argument(metavar="DOCUMENT", help=msgid("单据编号"))],
    line: Annotated[int, typer.Argument(metavar="LINE", help=msgid("行"))],
    *,
    yuan: Yuan,
    source: Annotated[str | None, typer.Option("--from", help=_CELL_HELP)] = None,
    target: Annotated[str | None, typer.Option("--to", help=_CELL_HELP)] = None,
) -> Answer:
    """Move fen of a document line from one cell to another."""
    body = {
        "document": document,
        "line": line,
        "from_cell": _cell(source),
        "to_cell": _cell(target),
        "fen": fen_of(yuan),
    }
    ask("POST", "allocations/move", body=body)
    return Answer(body, [_("已改分配；账上多于计入的，由两人决定调减")])


@reconcile.verb("reds", msgid("没有写明冲回哪几行的红字发票"))
def reds() -> Listing:
    """List the red documents that do not say which lines they take back."""
    return listing(REDS, ask("GET", "red-documents"), empty=msgid("没有不明确的红字发票"))


@reconcile.verb("red", msgid("提出红字发票冲回哪几行，待另一人确认"))
def red(
    document: Annotated[int, typer.Argument(metavar="DOCUMENT", help=msgid("红字单据编号"))],
    *,
    part: Annotated[
        list[str], typer.Option(help=msgid("蓝字行=金额（元，不含税），可多次；如 2=700.00"))
    ],
    reason: Reason,
) -> Answer:
    """Propose which lines of its blue document a red one takes back."""
    parts = []
    for assignment in part:
        line, equals, yuan = assignment.partition("=")
        if not equals or not line.isdecimal():
            text = _("应写成 行=金额，如 2=700.00：{given}")
            raise typer.BadParameter(text.format(given=assignment))
        parts.append({"line": int(line), "fen": fen_of(yuan)})
    body = {"parts": parts, "reason": reason}
    return _proposal_answer(ask("POST", path("red-documents", document, "parts"), body=body))


@reconcile.verb("ask", msgid("向中心提问"))
def ask_centre(
    contract: Contract,
    month: Month,
    code: Annotated[str, typer.Argument(metavar="CODE", help="R01…R20")],
    question: Annotated[str, typer.Argument(metavar="QUESTION", help=msgid("问题"))],
) -> Answer:
    """Ask the centre."""
    with Client() as client:
        address = f"{_address(client, contract, month)}/messages"
        question_row = client.ask("POST", address, body={"code": code, "body": question})
    return Answer(
        question_row, [_("已发出，请于 {day} 前答复").format(day=question_row["answer_by"])]
    )


@reconcile.verb("answer", msgid("中心答复"))
def answer(
    message: Annotated[int, typer.Argument(metavar="NUMBER", help=msgid("问题编号"))],
    words: Annotated[str, typer.Argument(metavar="ANSWER", help=msgid("答复"))],
) -> Answer:
    """Answer the bureau's question."""
    message_row = ask("POST", path("messages", message, "answer"), body={"body": words})
    return Answer(message_row, [_("已答复")])


def _matched(client: Client) -> dict[str, Any]:
    """All runs together, with a bar where there are several."""
    run = client.ask("POST", "matching", body={"at_most": AT_ONCE})
    sums = {key: run[key] for key in ("lines", "shares", "allocated_fen", "unallocated")}
    with progress(visible=run["next"] is not None) as bar:
        task = bar.add_task(_("匹配"), total=run["waiting"], completed=sums["lines"])
        while run["next"] is not None:
            body = {"after": run["next"], "at_most": AT_ONCE}
            run = client.ask("POST", "matching", body=body)
            sums = {key: sums[key] + run[key] for key in sums}
            bar.update(task, completed=sums["lines"])
    return sums


def _cell(text: str | None) -> dict[str, str] | None:
    """`K-1:2026-03` or `K-1:2026-03:package` → a cell."""
    if text is None:
        return None
    contract, _colon, rest = text.partition(":")
    month, _colon, part = rest.partition(":")
    return {"contract": contract, "month": month} | ({"part": part} if part else {})


def _address(client: Client, contract: str, month: str) -> str:
    """Where a contract's month stands."""
    for row in client.ask("GET", "reconciliations", query={"month": month}):
        if row["number"] == contract:
            return path("reconciliations", row["id"])
    text = _("合同 {contract} 在 {month} 没有用量也没有发票")
    raise Failure(text.format(contract=contract, month=month))


def _version(version: dict[str, Any]) -> str:
    """What the books hold of a version's days, and what counts of them."""
    figures = f"{money(version['held_fen'])} → {money(version['counted_fen'])}"
    return f"{version['policy'] or '—'} {figures}"


def _cause(cause: dict[str, Any]) -> str:
    """Why something falls, in a few words."""
    words = [label_of(FallCause, cause["code"]), cause["name"]]
    words += [money(cause["fen"])] if cause["fen"] is not None else []
    words += [person(cause["by"])] if cause["by"] else []
    return " ".join(words)


def _exclusion(exclusion: dict[str, Any]) -> str:
    """Why a month earns nothing, and the decision."""
    text = _("这个账期不予补贴：{reason}（决定 {number}）")
    return text.format(reason=exclusion["reason"], number=exclusion["decision"])


def _question(message: dict[str, Any]) -> str:
    """A question to the centre with its number, by which it is answered; and the answer."""
    question = f"{message['id']} {message['code']} {message['body']}"
    if message["answer"] is None:
        text = _("问题 {question}（请于 {day} 前答复）")
        return text.format(question=question, day=message["answer_by"])
    answer = f"{person(message['answered_by'])}: {message['answer']}"
    return _("问题 {question} — {answer}").format(question=question, answer=answer)


def _choice(assignment: str) -> dict[str, Any]:
    """`R03/12=exclude:wrong buyer` → the choice that the server takes."""
    parts = _CHOICE.fullmatch(assignment)
    if parts is None:
        text = _("应写成 R19/单据/行@部分=处理:理由（单据、行、部分可不写）：{given}")
        raise typer.BadParameter(text.format(given=assignment))
    places = {key: int(parts[key]) for key in ("document", "line") if parts[key]}
    part = {"part": parts["part"]} if parts["part"] else {}
    return {key: parts[key] for key in ("code", "treatment", "reason")} | places | part


_CHOICE = re.compile(
    r"(?P<code>\w+)(/(?P<document>\d{1,9})(/(?P<line>\d{1,9}))?)?(@(?P<part>\w+))?"
    r"=(?P<treatment>\w+)[:：](?P<reason>.+)",
    re.ASCII,
)


def _proposal_answer(decision: dict[str, Any]) -> Answer:
    return Answer(decision, [_waits(decision)])


def _waits(decision: dict[str, Any]) -> str:
    command = f"suanquan confirm {decision['id']}"
    text = _("{subject}  已提出，待另一人确认：{command}")
    return text.format(subject=decision["subject"], command=command)
