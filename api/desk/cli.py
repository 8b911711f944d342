"""`suanquan decisions`, `suanquan confirm`: what one person decided, for another to answer."""

from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Block, Column, Listing, Pairs, Table, listing, record
from api.cli.arguments import path
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import DECISIONS, MACHINE, Proof, Reason
from api.cli.render import render
from api.cli.values import MOMENT, NUMBER, PERSON, TEXT, Format, coded, label_of
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.people.subject import plain_subject
from ledger.desk import codes as desk_codes
from ledger.people import codes as people_codes

app = Commands()

QUESTIONS = {
    "confirmed": msgid("确认这项决定？"),
    "refused": msgid("退回这项决定？"),
    "withdrawn": msgid("撤回这项决定？"),
}


def _about(decision: dict[str, Any]) -> str:
    return plain_subject(decision["subject"])


def _subject(decision: dict[str, Any]) -> str:
    return f"{label_of(people_codes.DecisionKind, decision['kind'])} {_about(decision)}"


OPEN = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("类别"), "kind", coded(people_codes.DecisionKind)),
    Column(msgid("事项"), _about),
    Column(msgid("提出者"), "decided_by", PERSON),
    Column(msgid("时间"), "decided_at", MOMENT),
    Column(msgid("答复"), "answer", coded(people_codes.Answer)),
)
DECISION = (
    Column(msgid("事项"), _subject),
    Column(msgid("提出者"), "decided_by", PERSON),
    Column(msgid("理由"), lambda d: d["reason"] or None),
    Column(msgid("摘要"), "digest"),
)
MARK = (
    Column(msgid("要有的"), "safeguard", coded(desk_codes.Safeguard)),
    Column(msgid("现状"), lambda row: _("具备") if row["is_there"] else _("缺")),
    Column(msgid("还缺"), lambda row: _("、").join(row["lacks"]) or None),
)
ANSWERED = (
    Column(msgid("事项"), _subject),
    Column(msgid("答复"), "answer", coded(people_codes.Answer)),
    Column(msgid("答复者"), "answered_by", PERSON),
)


@app.verb("decisions", msgid("待另一人确认的决定"), panel=DECISIONS)
def decisions(
    *,
    answered_too: Annotated[bool, typer.Option("--all", help=msgid("包括已答复的"))] = False,
) -> Listing:
    """List what waits for a second person."""
    query = {"open": str(not answered_too).lower()}
    return listing(OPEN, ask("GET", "decisions", query=query), empty=msgid("没有待确认的决定"))


@app.verb("mark", msgid("「演练」标记还等什么"), panel=MACHINE)
def mark() -> Listing:
    """List what a database lacks before its pages bear no mark."""
    return listing(MARK, ask("GET", "mark"), empty=msgid("没有"))


@app.verb("confirm", msgid("确认一项决定，或退回、撤回；先显示，再询问"), panel=DECISIONS)
def confirm(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help=msgid("编号"))],
    *,
    refuse: Annotated[bool, typer.Option("--refuse", help=msgid("退回"))] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help=msgid("撤回"))] = False,
    reason: Reason = "",
    digest_seen: Annotated[
        str | None, typer.Option("--seen", help=msgid("您看到的内容的摘要"))
    ] = None,
    code: Proof = "",
) -> Answer:
    """Answer a decision. It is shown first: what is confirmed is what the reader saw."""
    answer = "withdrawn" if withdraw else "refused" if refuse else "confirmed"
    with Client() as client:
        digest = digest_seen
        if digest is None:
            digest, is_code_wanted = _read(client, number, answer)
            if is_code_wanted and not code:
                code = typer.prompt(_("验证码（或一个恢复码）"))
        body = {"answer": answer, "seen": digest, "reason": reason, "code": code}
        return record(ANSWERED, client.ask("POST", path("decisions", number, "answer"), body=body))


def _read(client: Client, number: int, answer: str) -> tuple[str, bool]:
    """Show the decision to who may answer it.

    Returns:
        Its digest, if the answer is still meant, and whether a code is asked for.
    """
    decision = client.ask("GET", path("decisions", number))
    view = client.ask("GET", path("decisions", number, "view"))
    if answer not in view["answers"]:
        raise Failure(view["why_not"] or _("这项决定不能这样答复"))
    names = {(entry["field"], entry["key"]): entry["name"] for entry in view["names"]}
    content = _content(decision["content"], names)
    render(Answer(decision, [Pairs(DECISION, decision), *content]))
    typer.confirm(_(QUESTIONS[answer]), abort=True)
    return str(decision["digest"]), answer == "confirmed" and view.get("code_wanted", False)


def _content(content: dict[str, Any], names: dict[tuple[str, int], str]) -> list[Block]:
    """All that the digest is made of, as the page shows it."""
    from api.desk.decision_view import content as view  # noqa: PLC0415 - loaded when it is used

    decision_content = view(content, key_names=names)
    blocks: list[Block] = []
    if decision_content.values:
        titles = [
            Column(name, index) for index, (name, _value) in enumerate(decision_content.values)
        ]
        blocks += ["", Pairs(titles, [value.text for _name, value in decision_content.values])]
    for table in decision_content.tables:
        columns = [
            Column(name, index, Format(str, right=True) if number else TEXT)
            for index, (name, number) in enumerate(table.heads)
        ]
        rows = [[value.text for value in row] for row in table.rows]
        blocks += [f"\n{table.name}", Table(columns, rows)]
    return [*blocks, ""]
