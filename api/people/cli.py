"""`suanquan token`, `suanquan session`: tokens of people and programs, one's own sessions."""

from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, listing
from api.cli.arguments import path
from api.cli.client import Door, ask
from api.cli.commands import Commands
from api.cli.options import MACHINE, Proof
from api.cli.values import MOMENT, NUMBER, label_of
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.people.codes import Role, SignInFault

app = Commands()
token = Commands(msgid("令牌"))
app.add_typer(token, name="token", rich_help_panel=MACHINE)
session = Commands(msgid("自己在浏览器里的登录"))
app.add_typer(session, name="session", rich_help_panel=MACHINE)


ROLES = " | ".join(Role)
TOKENS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("角色"), "role"),
    Column(msgid("持有人"), "person"),
    Column(msgid("人"), "person_id", NUMBER),
    Column(msgid("程序"), lambda t: _("程序") if t["service"] else None),
    Column(msgid("范围"), lambda t: t["project"] or t["centre"]),
    Column(msgid("创建"), "created_at", MOMENT),
    Column(msgid("到期"), "expires_at", MOMENT),
    Column(msgid("换新"), "replaced_at", MOMENT),
    Column(msgid("停用"), "revoked_at", MOMENT),
    Column(msgid("账号名"), "login"),
    Column(msgid("等待"), lambda t: _("等另一位安全管理员确认") if t["waits"] else None),
)

SESSIONS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("浏览器"), "browser"),
    Column(msgid("网络地址"), "address"),
    Column(msgid("角色"), "role"),
    Column(msgid("登录于"), "created_at", MOMENT),
    Column(msgid("最近使用"), "seen_at", MOMENT),
    Column(msgid("结束于"), "ended_at", MOMENT),
)

FAILURES = (
    Column(msgid("账号名"), "login"),
    Column(msgid("时刻"), "at", MOMENT),
    Column(msgid("原因"), lambda f: label_of(SignInFault, f["fault"])),
    Column(msgid("网络地址"), "address"),
    Column(msgid("浏览器"), "browser"),
)


def _roles(row: dict[str, Any]) -> str:
    return _("、").join(label_of(Role, role) for role in row["roles"])


RIGHTS = (
    Column(msgid("权限"), "right"),
    Column(msgid("意思"), "means"),
    Column(msgid("角色"), _roles),
)


@token.verb("create", msgid("发给一个人或程序的新令牌，只显示这一次"))
def create(
    person: Annotated[str, typer.Argument(metavar="NAME", help=msgid("给谁"))],
    *,
    role: Annotated[str, typer.Option(help=ROLES)],
    project: Annotated[str | None, typer.Option(help=msgid("builder 的项目编号"))] = None,
    centre: Annotated[str | None, typer.Option(help=msgid("operator 的中心"))] = None,
    expires: Annotated[
        str | None, typer.Option(help=msgid("到期时刻，如 2027-01-01T00:00:00+08:00"))
    ] = None,
    service: Annotated[bool, typer.Option("--service", help=msgid("给程序，不能确认决定"))] = False,
    right: Annotated[
        list[str] | None, typer.Option(help=msgid("只给角色的这项权限，可重复"))
    ] = None,
) -> Answer:
    """Make a token; its secret is shown this once."""
    body = {
        "person": person, "role": role, "project": project, "centre": centre, "expires_at": expires,
        "service": service, "rights": right or None,
    }  # fmt: skip
    token_row = ask("POST", "tokens", body=body)
    return Answer(token_row, [token_row["secret"], *_waits(token_row)])


def _waits(row: dict[str, Any]) -> list[str]:
    """Say of a new token that it waits, if it does."""
    if not row["waits"]:
        return []
    return [_("编号 {number}，要等另一位安全管理员确认才能用").format(number=row["id"])]


@token.verb("invite", msgid("邀请一个人设定账号、口令和验证器：一次性链接"))
def invite(
    person: Annotated[str, typer.Argument(metavar="NAME", help=msgid("给谁"))],
    *,
    role: Annotated[str, typer.Option(help=ROLES)],
    project: Annotated[str | None, typer.Option(help=msgid("builder 的项目编号"))] = None,
    centre: Annotated[str | None, typer.Option(help=msgid("operator 的中心"))] = None,
) -> Answer:
    """Invite somebody to set up her account; the link is shown this once."""
    body = {"person": person, "role": role, "project": project, "centre": centre}
    invitation = ask("POST", "invitations", body=body)
    return Answer(invitation, [Door.find().url + invitation["path"], *_waits(invitation)])


@token.verb("confirm", msgid("由另一位安全管理员确认，令牌才能用"))
def confirm(number: Annotated[int, typer.Argument(metavar="ID")], *, code: Proof = "") -> None:
    """Confirm a token that waits for a second security administrator."""
    ask("POST", path("tokens", number, "confirmation"), body={"code": code})
    print(_("令牌 {number} 已确认").format(number=number))


@token.verb("renew", msgid("换一个新令牌：第一次使用时，旧的停用，或再用几小时"))
def renew(
    *,
    expires: Annotated[
        str | None, typer.Option(help=msgid("到期时刻，如 2027-01-01T00:00:00+08:00"))
    ] = None,
    overlap: Annotated[
        int, typer.Option(min=0, max=168, help=msgid("旧的从那时起再用几小时，最多 168"))
    ] = 0,
) -> Answer:
    """Renew one's own token; the new one takes its place when it is first used."""
    body = {"expires_at": expires, "overlap_hours": overlap}
    token_row = ask("POST", "tokens/renew", body=body)
    return Answer(token_row, [token_row["secret"], _overlap(token_row["overlap_hours"])])


def _overlap(hours: int) -> str:
    """Say what becomes of the old token."""
    if not hours:
        return _("新的第一次使用时，旧的停用")
    return _("新的第一次使用之后，旧的再用 {hours} 小时").format(hours=hours)


@token.verb("own", msgid("自己的令牌，停用了的也在内"))
def own_tokens() -> Listing:
    """List one's own tokens."""
    return listing(TOKENS, ask("GET", "own/tokens"), empty=msgid("没有令牌"))


@token.verb("end", msgid("停用自己的一个令牌"))
def end_own(number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """End one of one's own tokens."""
    ask("DELETE", path("own", "tokens", number))
    print(_("令牌 {number} 已停用").format(number=number))


@token.verb("list", msgid("所有令牌"))
def tokens() -> Listing:
    """List all tokens."""
    return listing(TOKENS, ask("GET", "tokens"), empty=msgid("没有令牌"))


@token.verb("revoke", msgid("停用令牌"))
def revoke_token(number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """End a token."""
    ask("DELETE", path("tokens", number))
    print(_("令牌 {number} 已停用").format(number=number))


@app.verb("rights", msgid("哪些角色有哪些权限，管到谁的"), panel=MACHINE)
def rights() -> Listing:
    """List every right with the roles that have it."""
    return listing(RIGHTS, ask("GET", "rights"), empty=msgid("没有"))


@session.verb("list", msgid("自己在哪些浏览器里登录，登录过"))
def sessions() -> Listing:
    """List one's own browser sessions."""
    return listing(SESSIONS, ask("GET", "sessions"), empty=msgid("没有登录过"))


@session.verb("log", msgid("所有人的登录，从新到旧"))
def sign_ins() -> Listing:
    """List everybody's browser sessions."""
    columns = (Column(msgid("持有人"), "person"), *SESSIONS)
    return listing(columns, ask("GET", "sign-ins"), empty=msgid("没有登录过"))


@session.verb("failed", msgid("用自己的账号没有登录成的几次"))
def own_failures() -> Listing:
    """List the sign-ins by one's own account that did not succeed."""
    return listing(FAILURES, ask("GET", "sessions/failed"), empty=msgid("没有"))


@session.verb("failures", msgid("所有人没有登录成的几次，从新到旧"))
def failures() -> Listing:
    """List everybody's sign-ins that did not succeed."""
    columns = (Column(msgid("持有人"), "person"), *FAILURES)
    return listing(columns, ask("GET", "sign-ins/failed"), empty=msgid("没有"))


@session.verb("end", msgid("结束自己的一次登录"))
def end_session(number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """End one of one's own browser sessions."""
    ask("DELETE", path("sessions", number))
    print(_("登录 {number} 已结束").format(number=number))
