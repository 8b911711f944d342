"""`suanquan policy`: which versions there are, what one says, and what it decides.

No command of these needs a server or a database, only the files of the policy themselves.
"""

from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Block, Column, Listing, Pairs, listing
from api.cli.commands import Commands
from api.cli.options import POLICY
from api.cli.values import MONEY
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.policy.boundaries_cli import boundaries
from api.policy.check_cli import check
from api.policy.evaluate_cli import evaluate
from api.policy.explain_cli import explain, replay
from api.policy.simulate.cli import simulate

app = Commands()
policy = Commands(msgid("政策；不需要服务器"))
app.add_typer(policy, name="policy", rich_help_panel=POLICY)

VERSIONS = (Column(msgid("版本"), "version"), Column(msgid("标题"), "title"))
VERSION = (
    *VERSIONS,
    Column(msgid("施行"), lambda v: (v["effective"] or (None, None))[0]),
    Column(msgid("至"), lambda v: (v["effective"] or (None, None))[1]),
)
AMOUNT = (
    Column(msgid("公式"), "kind"),
    Column(msgid("基数"), lambda c: c["base"] or c["limit"]),
    Column(msgid("比例"), "rate"),
    Column(msgid("上限"), "cap_fen", MONEY),
    Column(msgid("总额池"), "pool"),
    Column(msgid("名额"), "selection"),
)


@policy.verb("list", msgid("所有政策版本"))
def versions() -> Listing:
    """List all versions of the policy."""
    from ledger.policy.text.published import load  # noqa: PLC0415 - loaded when it is used
    from ledger.policy.text.published import versions as names  # noqa: PLC0415

    titles = [{"version": name, "title": load(name).title} for name in names()]
    return listing(VERSIONS, titles)


@policy.verb("show", msgid("一个版本的条款、比例、上限与条件"))
def show(
    version: Annotated[str, typer.Argument(metavar="VERSION", help=msgid("政策版本"))],
) -> Answer:
    """Show the clauses of a version."""
    from api.policy.plain_version import plain_version  # noqa: PLC0415 - loaded when it is used

    plain = plain_version(version)
    blocks: list[Block] = [Pairs(VERSION, plain)]
    for clause in plain["clauses"]:
        blocks += _clause(clause)
    return Answer(plain, blocks)


for verb, command, help_text in (
    ("evaluate", evaluate, msgid("按一个版本认定一批案例")),
    ("explain", explain, msgid("按一个版本认定一个条款，说明理由")),
    ("replay", replay, msgid("按记录重新认定，核对是否一字不差")),
    ("check", check, msgid("检查政策文件：引文、分档、案例、读法")),
    ("boundaries", boundaries, msgid("每一个数字的低一步、正好、高一步")),
    ("simulate", simulate, msgid("测算一份名册要花多少钱，改一处又会怎样")),
):
    policy.verb(verb, help_text)(command)


def _clause(clause: dict[str, Any]) -> list[Block]:
    """A clause: its conditions, its sentence, its figures."""
    blocks: list[Block] = [f"\n{clause['id']} {clause['title']}（{clause['article']}）"]
    for c in clause["require"]:
        blocks.append(f"  {c['words']}\n    {c['fact']} {c['op']} {_value(c['value'])}")
    blocks += [f"  {clause['words']}", Pairs(AMOUNT, clause, short=True)]
    for low, high, gives in clause["bands"]:
        text = _("档 [{low}, {high}) → {gives}")
        blocks.append(text.format(low=low, high="∞" if high is None else high, gives=gives))
    if clause["undecided"]:
        text = _("未裁定的问题：{questions}")
        blocks.append(text.format(questions=" ".join(clause["undecided"])))
    return blocks


def _value(threshold: object) -> str:
    """What a condition compares with, as a policy file has it."""
    return ", ".join(threshold) if isinstance(threshold, list) else str(threshold).lower()
