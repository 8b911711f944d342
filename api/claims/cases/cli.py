"""`suanquan claim hold`, `release`, `reject`, `terminate`: what keeps a claim from going on."""

from typing import Annotated, Any

import typer

from api.claims.cli import Number, Why, claim, step
from api.cli.answer import Answer
from api.cli.arguments import path
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.values import label_of
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.claims.codes import HoldKind

app = Commands()


@claim.verb("hold", msgid("挂起一件申请：了结之前有些步骤不能做"))
def hold(
    number: Number,
    kind: Annotated[HoldKind, typer.Argument(metavar="KIND", help=", ".join(HoldKind))],
    *,
    reason: Annotated[str, typer.Option(help=msgid("理由"))],
) -> Answer:
    """Hold a claim up."""
    row = ask("POST", path("claims", number, "holds"), body={"kind": kind, "reason": reason})
    text = _("申请 {number} 已挂起：{kind}，编号 {id}，期限 {due}")
    return _told(text, number, row)


@claim.verb("release", msgid("了结一次挂起"))
def release(
    number: Number,
    hold: Annotated[int, typer.Argument(metavar="ID", help=msgid("挂起的编号"))],
    *,
    outcome: Annotated[str, typer.Option(help=msgid("结果"))],
) -> Answer:
    """End a hold."""
    address = path("claims", number, "holds", hold, "end")
    row = ask("POST", address, body={"outcome": outcome})
    return _told(_("申请 {number} 的挂起已了结：{kind}，编号 {id}"), number, row)


@claim.verb("reject", msgid("不予受理"))
def reject(number: Number, *, note: Why) -> Answer:
    """Do not accept a claim."""
    return step(number, "reject", note)


@claim.verb("terminate", msgid("终止办理"))
def terminate(number: Number, *, note: Why) -> Answer:
    """End a claim that was accepted and is not approved."""
    return step(number, "terminate", note)


def _told(text: str, number: str, row: dict[str, Any]) -> Answer:
    kind = label_of(HoldKind, row["kind"])
    figures = {"number": number, "kind": kind, "id": row["id"], "due": row["due"] or "—"}
    return Answer(row, [text.format_map(figures)])
