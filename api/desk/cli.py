"""`suanquan decisions`, `suanquan confirm`: what one person decided, for another to answer."""

from typing import Annotated, Any

import typer

from api.cli.client import Client, language, say
from api.cli.screen import as_json, beijing, called, pairs, person, table
from api.people.subject import plain_subject
from ledger.people.codes import Answer, DecisionKind

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="JSON 输出 / print JSON")]
Number = Annotated[int, typer.Argument(help="编号 / number")]


@app.command()
def decisions(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="包括已答复的 / answered ones too")
    ] = False,
    json_: Json = False,
) -> None:
    """待另一人确认的决定 / what waits for a second person."""
    with Client() as client:
        told = client.ask("GET", "decisions", query={"open": str(not everything).lower()})
    if json_:
        as_json(told)
        return
    titles = say("编号 类别 事项 提出者 时间 答复", "number kind subject by at answer").split()
    table(titles, [_row(d) for d in told], right="r")


@app.command()
def confirm(
    number: Number,
    *,
    refuse: Annotated[bool, typer.Option("--refuse", help="退回 / refuse")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="撤回 / withdraw")] = False,
    reason: Annotated[str, typer.Option(help="理由 / reason")] = "",
    seen: Annotated[
        str | None, typer.Option(help="您看到的内容的摘要 / the digest of what you saw")
    ] = None,
    json_: Json = False,
) -> None:
    """确认一项决定 / confirm a decision, or refuse or withdraw it.

    It is shown first, and asked for: what is confirmed is what was seen.
    """
    answer = "withdrawn" if withdraw else "refused" if refuse else "confirmed"
    with Client() as client:
        seen = seen or _shown(client, number, answer)
        body = {"answer": answer, "seen": seen, "reason": reason}
        told = client.ask("POST", f"decisions/{number}/answer", body=body)
    if json_:
        as_json(told)
        return
    pairs(
        [
            (say("事项", "subject"), _subject(told)),
            (say("答复", "answer"), called(Answer, told["answer"])),
            (say("答复者", "by"), person(told["answered_by"])),
        ]
    )


def _row(d: dict[str, Any]) -> list[object]:
    kind, answer = called(DecisionKind, d["kind"]), called(Answer, d["answer"])
    about = plain_subject(d["subject"])
    return [d["id"], kind, about, person(d["decided_by"]), beijing(d["decided_at"]), answer]


def _subject(told: dict[str, Any]) -> str:
    return f"{called(DecisionKind, told['kind'])} {plain_subject(told['subject'])}"


def _shown(client: Client, number: int, answer: str) -> str:
    """Show the decision; its digest, if the answer is still meant."""
    told = client.ask("GET", f"decisions/{number}")
    pairs(
        [
            (say("事项", "subject"), _subject(told)),
            (say("提出者", "decided by"), person(told["decided_by"])),
            (say("理由", "reason"), told["reason"] or None),
            (say("摘要", "digest"), told["digest"]),
        ]
    )
    _content(told["content"])
    asked = {
        "confirmed": say("确认这项决定？", "confirm?"),
        "refused": say("退回这项决定？", "refuse?"),
        "withdrawn": say("撤回这项决定？", "withdraw?"),
    }
    typer.confirm(asked[answer], abort=True)
    return str(told["digest"])


def _content(told: dict[str, Any]) -> None:
    """All that the digest is made of, as the page shows it."""
    from api.desk.decision_view import content  # noqa: PLC0415
    from api.language.i18n import speaking  # noqa: PLC0415 - loaded when it is used

    with speaking(language()):
        shown = content(told)
    if shown.values:
        print()
        pairs([(name, value.said) for name, value in shown.values])
    for each in shown.tables:
        print(f"\n{each.name}")
        right = "".join("r" if number else "l" for _, number in each.heads)
        rows = [[value.said for value in row] for row in each.rows]
        table([name for name, _ in each.heads], rows, right)
    print()
