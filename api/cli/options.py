"""Options and arguments that many commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]


Code = Annotated[str, typer.Argument(metavar="CODE", help="项目编号 / project code")]


Since = Annotated[str | None, typer.Option(help="自此日起，如 2026-11-01 / from this day")]


Until = Annotated[str | None, typer.Option(help="至此日前，如 2026-12-01 / until before this day")]
