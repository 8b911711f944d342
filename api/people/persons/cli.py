"""`suanquan person`: what lets a person in, whom she let in, and when she signed in."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Block, Column, Heading, Pairs, Table
from api.cli.arguments import path
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.options import MACHINE
from api.cli.values import MOMENT, NUMBER, YES
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.people.cli import FAILURES, SESSIONS, TOKENS

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


@person.verb("show", msgid("一个人的令牌、账号、链接；审计管理员还看得到登录"))
def show(number: Number) -> Answer:
    """Show a person."""
    answer = ask("GET", path("persons", number))
    return Answer(answer, [Pairs(PERSON, answer["person"]), *_blocks(answer)])


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
