"""`suanquan`: the command line for people and for cron.

A command prints a table, or with `--json` the server's answer as it came. A failure is one clear
line on standard error and exit code 1; a command that does not exist as written is code 2. Only
commands that work on this machine itself load the server's libraries, and only when they run.
"""

import os
import sys
from typing import Annotated, Literal

import typer

from api.claims import bank_account_cli as cli_account
from api.claims import cli as cli_claim
from api.cli.client import Failure
from api.desk import cli as cli_decisions
from api.documents import cli as cli_invoice
from api.payment import cli as cli_pay
from api.people import cli as cli_doors
from api.policy import cli as cli_policy
from api.reconciliation import cli as cli_reconcile
from api.registry import cli as cli_books
from api.server import cli as cli_run
from api.server import machine_cli as cli_machine
from api.statements import cli as cli_statement
from api.vouchers import cli as cli_voucher

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
