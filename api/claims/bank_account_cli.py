"""`suanquan account`: where payees are paid; a change takes two persons."""

from typing import Annotated

import typer

from api.claims.cli import proposed
from api.cli.client import Client, say
from api.cli.options import Json
from api.cli.screen import as_json, beijing, table

app = typer.Typer()
account = typer.Typer(no_args_is_help=True, help="收款账户 / bank accounts")
app.add_typer(account, name="account")


@account.command("set")
def set_account(
    *,
    holder: Annotated[str, typer.Option(help="户名 / holder")],
    bank: Annotated[str, typer.Option(help="开户银行 / bank")],
    code: Annotated[str, typer.Option(help="联行号，12 位 / bank code, 12 digits")],
    number: Annotated[str, typer.Option(help="账号 / account number")],
    organisation: Annotated[
        str | None, typer.Option(help="统一社会信用代码，企业不必写 / USCC; a builder's is known")
    ] = None,
    reason: Annotated[str, typer.Option(help="理由 / reason")] = "",
    json_: Json = False,
) -> None:
    """设置或更换收款账户，由另一人确认 / set an account; another person confirms it."""
    wanted = {
        "organisation": organisation, "holder": holder, "bank": bank, "bank_code": code,
        "number": number, "reason": reason,
    }  # fmt: skip
    with Client() as client:
        proposed(client.ask("POST", "bank-accounts", body=wanted), json_)


@account.command("ls")
def accounts(*, json_: Json = False) -> None:
    """收款账户一览 / bank accounts."""
    with Client() as client:
        told = client.ask("GET", "bank-accounts")
    if json_:
        as_json(told)
        return
    titles = say(
        "单位 户名 开户银行 联行号 账号 确认 停用 变更中",
        "organisation holder bank code number confirmed superseded held",
    ).split()
    keys = ("organisation", "holder", "bank", "bank_code", "number")
    held = {True: say("是", "yes"), False: ""}
    rows = [
        [*(a[k] for k in keys), beijing(a["confirmed_at"]), beijing(a["superseded_at"]),
         held[a["held"]]]
        for a in told
    ]  # fmt: skip
    table(titles, rows)
