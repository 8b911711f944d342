"""`suanquan person`: what lets a person in, whom she let in, and when she signed in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Block, Column, Heading, Pairs, Table
from api.cli.arguments import content_of, path, write
from api.cli.client import Client, Door, ask
from api.cli.commands import Commands
from api.cli.options import MACHINE
from api.cli.values import MOMENT, NUMBER, YES, coded
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.people.cli import FAILURES, SESSIONS, TOKENS
from ledger.people.codes import Role

app = Commands()
person = Commands(msgid("一个人：令牌、账号、链接、登录"))
app.add_typer(person, name="person", rich_help_panel=MACHINE)
Number = Annotated[int, typer.Argument(metavar="ID", help=msgid("人的编号：token list 的「人」"))]

PERSON = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("姓名"), "name"),
    Column(msgid("程序"), "service", YES),
    Column(msgid("登记于"), "created_at", MOMENT),
    Column(msgid("登记者"), "created_by"),
)
ACCOUNTS = (
    Column(msgid("账号名"), "name"),
    Column(msgid("令牌"), "token", NUMBER),
    Column(msgid("口令设于"), "password_set_at", MOMENT),
    Column(msgid("验证器设于"), "authenticator_set_at", MOMENT),
    Column(msgid("剩下的恢复码"), "recovery_codes_left", NUMBER),
    Column(msgid("统一认证"), "subject"),
)
LINKS = (
    Column(msgid("令牌"), "token", NUMBER),
    Column(msgid("做于"), "created_at", MOMENT),
    Column(msgid("做的人"), "created_by"),
    Column(msgid("有效到"), "expires_at", MOMENT),
    Column(msgid("用于"), "used_at", MOMENT),
)

INVITATIONS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("姓名"), "person"),
    Column(msgid("角色"), "role", coded(Role)),
    Column(msgid("链接"), "link"),
    Column(msgid("等另一名安全管理员确认"), "waits", YES),
)


@person.verb("show", msgid("一个人的令牌、账号、链接；审计管理员还看得到登录"))
def show(number: Number) -> Answer:
    """Show a person."""
    answer = ask("GET", path("persons", number))
    return Answer(answer, [Pairs(PERSON, answer["person"]), *_blocks(answer)])


@person.verb("workbook", msgid("把谁有哪个角色写成工作簿（XLSX）"))
def workbook(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("写到哪个文件"))],
) -> None:
    """Write who is in which role as a workbook, to which rows may be added."""
    with Client() as client:
        write(file, client.fetch("persons.xlsx"))


@person.verb("import", msgid("邀请名单上还没有其角色的人，一人一个链接，只显示这一次"))
def invite(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("工作簿，列如 workbook 所写"))],
) -> Answer:
    """Invite everybody of a workbook who has not her role yet, or nobody."""
    outcome = ask("POST", "persons", form={"file": (file.name, content_of(file))})
    address = Door.find().url
    rows = [{**row, "link": address + row["path"]} for row in outcome["invitations"]]
    text = _("邀请 {invited} 人；已有这个角色的 {unchanged} 行").format(
        invited=len(rows), unchanged=outcome["unchanged"]
    )
    return Answer(outcome, [text, Table(INVITATIONS, rows)])


@person.verb("sign-out", msgid("结束一个人在所有浏览器里的登录，令牌和账号仍可用"))
def sign_out(number: Number) -> None:
    """End every browser session of a person."""
    ask("DELETE", path("persons", number, "sessions"))
    print(_("编号 {number} 的人已全部退出").format(number=number))


def _blocks(answer: dict[str, Any]) -> Iterator[Block]:
    about = answer["person"]
    for title, columns, rows in (
        (_("令牌"), TOKENS, about["tokens"]),
        (_("由这个人签发或确认的"), TOKENS, about["let_in"]),
        (_("账号"), ACCOUNTS, about["accounts"]),
        (_("链接"), LINKS, about["links"]),
        (_("登录"), SESSIONS, answer["sessions"]),
        (_("没有登录成的"), FAILURES, answer["failures"]),
    ):
        if rows is not None:
            yield Heading(title)
            yield Table(columns, rows)
