"""`suanquan`: the command line for people and for cron.

A command prints a table, or with `--json` the server's answer as it came. A failure is one clear
line on standard error and exit code 1; a command that does not exist as written is code 2. Only
commands that work on this machine itself load the server's libraries, and only when they run.
"""

import os
import sys
from typing import Annotated, Literal

import typer

from api import (
    cli_account,
    cli_books,
    cli_claim,
    cli_decisions,
    cli_doors,
    cli_invoice,
    cli_machine,
    cli_pay,
    cli_policy,
    cli_reconcile,
    cli_run,
    cli_statement,
    cli_voucher,
)
from api.client import Failure

app = typer.Typer(
    help="算券 suanquan：从 GPU 毫秒到算力补贴 / from GPU-milliseconds to compute-cost subsidies",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (
    cli_account,
    cli_books,
    cli_claim,
    cli_decisions,
    cli_doors,
    cli_invoice,
    cli_machine,
    cli_pay,
    cli_policy,
    cli_reconcile,
    cli_run,
    cli_statement,
    cli_voucher,
):
    app.add_typer(part.app)


@app.callback()
def speak(
    lang: Annotated[Literal["zh", "en"] | None, typer.Option(help="语言 / language")] = None,
) -> None:
    """Speak the reader's language; whatever is started from here speaks it too."""
    if lang is not None:
        os.environ["LC_ALL"] = lang


def main() -> None:
    """The entry point of the `suanquan` command."""
    try:
        app()
    except Failure as failure:
        print(*str(failure).split("\n\t"), file=sys.stderr)
        for line in failure.lines:
            print(f"  {line}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
