"""`suanquan reconcile`: the bureau's month, from matching to a proposal; asking the centre."""

import re
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Block, Column, Listing, Table, listing, record
from api.cli.arguments import path
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import SUBSIDY, Month, OfMonth, Reason
from api.cli.progress import progress
from api.cli.values import MONEY, MONTH, NUMBER, coded, label_of, person
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.reconciliation.codes import DifferenceCode, Handling, MonthState

app = Commands()
reconcile = Commands(msgid("对账"))
app.add_typer(reconcile, name="reconcile", rich_help_panel=SUBSIDY)

Contract = Annotated[str, typer.Argument(metavar="CONTRACT", help=msgid("合同号"))]
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
    Column(msgid("用量费用"), "metered_fen", MONEY),
    Column(msgid("已开票"), "invoiced_fen", MONEY),
    Column(msgid("计入"), "matched_fen", MONEY),
    Column(msgid("未了"), "open_fen", MONEY),
    Column(msgid("状态"), _state),
)
CELLS = (
    Column(msgid("价格行"), "price"),
    Column(msgid("政策"), "policy"),
    Column(msgid("用量费用"), "metered_fen", MONEY),
    Column(msgid("已开票"), "invoiced_fen", MONEY),
    Column(msgid("计入"), "counted_fen", MONEY),
    Column(msgid("未了"), "open_fen", MONEY),
)
FOUND = (
    Column(msgid("差异种类"), "code"),
    Column(msgid("名称"), "code", coded(DifferenceCode)),
    Column(msgid("单据编号"), "document", NUMBER),
    Column(msgid("行"), "line", NUMBER),
    Column(msgid("价格行"), "price", NUMBER),
    Column(msgid("号码"), "number"),
    Column(msgid("金额"), "fen", MONEY),
    Column(msgid("处理"), "handling", coded(Handling)),
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
) -> Listing:
    """List the months of contracts."""
    return listing(
        MONTHS,
        ask("GET", "reconciliations", query={"month": month, "state": state}),
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
    return Answer(record, [*blocks, *map(_question, record["messages"])])


@reconcile.verb("propose", msgid("提出对账结论，待另一人确认"))
def propose(
    contract: Contract,
    month: Month,
    *,
    choice: Annotated[
        list[str] | None,
        typer.Option(
            help=msgid("差异=处理:理由，可多次；如 R17=close:折扣，R19/单据/行@价格行=note:…")
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
    line: Annotated[int, typer.Option(help=msgid("价格行"))],
    fen: Annotated[int, typer.Option(help=msgid("分，不含税"))],
    policy: Annotated[str, typer.Option(help=msgid("政策版本"))] = "",
    reason: Reason,
) -> Answer:
    """Propose that more was used than was metered."""
    body = {"price": line, "policy": policy, "extra_fen": fen, "reason": reason}
    with Client() as client:
        address = f"{_address(client, contract, month)}/extra"
        return _proposal_answer(client.ask("POST", address, body=body))


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


def _address(client: Client, contract: str, month: str) -> str:
    """Where a contract's month stands."""
    for row in client.ask("GET", "reconciliations", query={"month": month}):
        if row["number"] == contract:
            return path("reconciliations", row["id"])
    text = _("合同 {contract} 在 {month} 没有用量也没有发票")
    raise Failure(text.format(contract=contract, month=month))


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
        text = _("应写成 R19/单据/行@价格行=处理:理由（单据、行、价格行可不写）：{given}")
        raise typer.BadParameter(text.format(given=assignment))
    places = {key: int(parts[key]) for key in ("document", "line", "price") if parts[key]}
    return {key: parts[key] for key in ("code", "treatment", "reason")} | places


_CHOICE = re.compile(
    r"(?P<code>\w+)(/(?P<document>\d{1,9})(/(?P<line>\d{1,9}))?)?(@(?P<price>\d{1,9}))?"
    r"=(?P<treatment>\w+)[:：](?P<reason>.+)",
    re.ASCII,
)


def _proposal_answer(decision: dict[str, Any]) -> Answer:
    return Answer(decision, [_waits(decision)])


def _waits(decision: dict[str, Any]) -> str:
    command = f"suanquan confirm {decision['id']}"
    text = _("{subject}  已提出，待另一人确认：{command}")
    return text.format(subject=decision["subject"], command=command)
