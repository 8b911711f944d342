"""`suanquan register`, `suanquan projects`: who takes part."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.answer import Answer, Block, Column, Listing, Table, listing
from api.cli.arguments import content_of
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.options import METERING, Reason
from api.cli.values import NUMBER, YES, coded
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.registry.codes import ProjectKind

app = Commands()

PROJECTS = (
    Column(msgid("编号"), "code"),
    Column(msgid("名称"), "name"),
    Column(msgid("类别"), "kind", coded(ProjectKind)),
    Column(msgid("单位"), "organisation"),
    Column(msgid("条款"), "clause"),
    Column(msgid("演练"), "drill", YES),
)
OUTCOMES = (
    Column(msgid("类别"), 0),
    Column(msgid("新登记"), 1, NUMBER),
    Column(msgid("原已如此"), 2, NUMBER),
    Column(msgid("更正"), 3, NUMBER),
)
WAITING = (
    Column(msgid("事项"), "about"),
    Column(msgid("原来"), "before"),
    Column(msgid("改为"), "after"),
)


@app.verb("register", msgid("登记机构、集群、项目、合同与绑定（docs/registry.md）"), panel=METERING)
def register(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("登记文件（YAML）"))],
    *,
    supersede: Annotated[bool, typer.Option(help=msgid("更正已有事实"))] = False,
    reason: Reason = "",
) -> Answer:
    """Register everything in the file, or nothing; what touches charged usage waits for another."""
    query = {"supersede": "true" if supersede else None, "reason": reason or None}
    result = ask("POST", "registry", query=query, content=content_of(file))
    outcomes = (result["created"], result["unchanged"], result["superseded"])
    sections = sorted(set().union(*outcomes))
    rows = [[s, *(outcome.get(s, 0) for outcome in outcomes)] for s in sections]
    blocks: list[Block] = [Table(OUTCOMES, rows)]
    if result["decision"] is not None:
        blocks += ["", Table(WAITING, result["changes"])]
        blocks += ["", _("以上涉及已计费的用量，待另一人确认：suanquan confirm {number}").format(
            number=result["decision"]
        )]  # fmt: skip
    return Answer(result, blocks)


@app.verb("projects", msgid("项目一览"), panel=METERING)
def projects() -> Listing:
    """List the projects."""
    return listing(PROJECTS, ask("GET", "projects"), empty=msgid("没有项目"))
