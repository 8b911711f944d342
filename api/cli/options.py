"""Options and arguments that many commands share, and the panels that `--help` sorts them into."""

from typing import Annotated

import typer

from api.language.i18n import msgid

METERING = msgid("登记与计量")
SUBSIDY = msgid("额度与对账")
PAYMENT = msgid("兑付与付款")
DECISIONS = msgid("两人决定")
POLICY = msgid("政策")
MACHINE = msgid("本机与令牌")

Code = Annotated[str, typer.Argument(metavar="CODE", help=msgid("项目编号"))]
Since = Annotated[str | None, typer.Option(help=msgid("自此日起，如 2026-11-01"))]
Until = Annotated[str | None, typer.Option(help=msgid("至此日前，如 2026-12-01"))]
Limit = Annotated[int, typer.Option(help=msgid("最多几条"))]
Offset = Annotated[int, typer.Option(help=msgid("跳过几条"))]
Reason = Annotated[str, typer.Option(help=msgid("理由"))]
Proof = Annotated[str, typer.Option("--code", help=msgid("验证器上的验证码，或一个恢复码"))]
Yuan = Annotated[str, typer.Option(help=msgid("金额，元，如 5000000.00"))]
Month = Annotated[str, typer.Argument(metavar="MONTH", help=msgid("账期，如 2026-11"))]
OfMonth = Annotated[str | None, typer.Option("--month", help=msgid("账期，如 2026-11"))]
