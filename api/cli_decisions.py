"""`suanquan decisions`, `suanquan confirm`: what one person decided, for another to answer."""

from typing import Annotated

import typer

from api.cli_screen import as_json, beijing, pairs, table
from api.client import Client, say

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
    rows = [
        [d["id"], d["kind"], d["subject"], d["decided_by"], beijing(d["decided_at"]), d["answer"]]
        for d in told
    ]
    table(titles, rows, right="r")


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
            (say("事项", "subject"), f"{told['kind']} {told['subject']}"),
            (say("答复", "answer"), told["answer"]),
            (say("答复者", "by"), told["answered_by"]),
        ]
    )


def _shown(client: Client, number: int, answer: str) -> str:
    """Show the decision; its digest, if the answer is still meant."""
    told = client.ask("GET", f"decisions/{number}")
    pairs(
        [
            (say("事项", "subject"), f"{told['kind']} {told['subject']}"),
            (say("提出者", "decided by"), told["decided_by"]),
            (say("理由", "reason"), told["reason"] or None),
        ]
    )
    as_json(told["content"])
    typer.confirm(say(f"答复 {answer}？", f"{answer}?"), abort=True)
    return str(told["digest"])
