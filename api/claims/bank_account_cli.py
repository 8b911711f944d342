"""`suanquan account`: where payees are paid; a change takes two persons."""

from typing import Annotated

import typer

from api.claims.cli import pending_answer
from api.cli.answer import Answer, Column, Listing, listing
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.options import PAYMENT, Limit, Offset, Reason
from api.cli.values import MOMENT, PERSON, YES
from api.language.i18n import msgid

app = Commands()
account = Commands(msgid("收款账户"))
app.add_typer(account, name="account", rich_help_panel=PAYMENT)

ACCOUNTS = (
    Column(msgid("单位"), "organisation"),
    Column(msgid("户名"), "holder"),
    Column(msgid("开户银行"), "bank"),
    Column(msgid("联行号"), "bank_code"),
    Column(msgid("账号"), "number"),
    Column(msgid("确认于"), "confirmed_at", MOMENT),
    Column(msgid("停用"), "superseded_at", MOMENT),
    Column(msgid("变更中"), "held", YES),
)

READS = (
    Column(msgid("时刻"), "at", MOMENT),
    Column(msgid("谁"), "actor", PERSON),
    Column(msgid("账户编号"), lambda row: ", ".join(map(str, row["accounts"]))),
    Column(msgid("账户"), lambda row: ", ".join(row["numbers"])),
    Column(msgid("在哪里"), "place"),
)


@account.verb("set", msgid("设置或更换收款账户，由另一人确认"))
def set_account(
    *,
    holder: Annotated[str, typer.Option(help=msgid("户名"))],
    bank: Annotated[str, typer.Option(help=msgid("开户银行"))],
    code: Annotated[str, typer.Option(help=msgid("联行号，12 位"))],
    number: Annotated[str, typer.Option(help=msgid("账号"))],
    organisation: Annotated[
        str | None, typer.Option(help=msgid("统一社会信用代码，企业不必写"))
    ] = None,
    reason: Reason = "",
) -> Answer:
    """Set an account; another person confirms it."""
    body = {
        "organisation": organisation, "holder": holder, "bank": bank, "bank_code": code,
        "number": number, "reason": reason,
    }  # fmt: skip
    return pending_answer(ask("POST", "bank-accounts", body=body))


@account.verb("reads", msgid("谁看过完整的账号"))
def reads(
    *,
    account: Annotated[int | None, typer.Option(help=msgid("只看这个账户编号的"))] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing:
    """List who saw account numbers whole."""
    query = {"account": account, "limit": limit, "offset": offset}
    rows = ask("GET", "number-reads", query=query)
    return listing(READS, rows, empty=msgid("没有人看过完整的账号"))


@account.verb("ls", msgid("收款账户一览"))
def ls() -> Listing:
    """List the bank accounts."""
    return listing(ACCOUNTS, ask("GET", "bank-accounts"), empty=msgid("没有收款账户"))
