"""`suanquan`: the command line for people and for cron.

A command prints a table, or with `--json` the server's answer as it came. A failure is one clear
line on standard error; the exit codes stand in `api/cli/failures.py`. Only commands that work on
this machine itself load the server's libraries, and only when they run.
"""

import os
import sys
from importlib.metadata import version
from typing import Annotated, Literal

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from api.claims import bank_account_cli
from api.claims import cli as claims_cli
from api.claims.cases import cli as cases_cli
from api.cli import help as command_help
from api.cli.client import readers_language
from api.cli.commands import Commands
from api.cli.failures import Exit, one_line
from api.closes import cli as closes_cli
from api.desk import cli as desk_cli
from api.desk.chain import cli as chain_cli
from api.documents import cli as documents_cli
from api.language.i18n import gettext as _
from api.language.i18n import msgid, speaking
from api.metering import agent_cli
from api.metering import cli as metering_cli
from api.metering.couriers import import_cli
from api.metering.evidence import cli as evidence_cli
from api.payment import cli as payment_cli
from api.people import cli as people_cli
from api.people.events import cli as event_cli
from api.people.persons import cli as person_cli
from api.policy import cli as policy_cli
from api.reconciliation import cli as reconciliation_cli
from api.registry import cli as registry_cli
from api.seals import cli as seals_cli
from api.seals import dossier_cli
from api.seals.audit import cli as audit_cli
from api.seals.certificates import cli as certificate_cli
from api.server import cli as server_cli
from api.server import dump_cli, machine_cli
from api.server.archive import cli as archive_cli
from api.server.backup import cli as backup_cli
from api.server.guarantees import cli as guarantees_cli
from api.server.seals import cli as machine_seals_cli
from api.statements import cli as statements_cli
from api.vouchers import cli as vouchers_cli

app = Commands(
    msgid("算券 suanquan：从 GPU 毫秒到算力补贴"),
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (
    registry_cli,
    metering_cli,
    evidence_cli,
    agent_cli,
    import_cli,
    vouchers_cli,
    statements_cli,
    documents_cli,
    reconciliation_cli,
    claims_cli,
    cases_cli,
    bank_account_cli,
    payment_cli,
    closes_cli,
    desk_cli,
    chain_cli,
    policy_cli,
    server_cli,
    machine_cli,
    dump_cli,
    backup_cli,
    guarantees_cli,
    seals_cli,
    dossier_cli,
    audit_cli,
    certificate_cli,
    machine_seals_cli,
    archive_cli,
    people_cli,
    person_cli,
    event_cli,
):
    app.add_typer(room.app)


def _say_version(requested: bool) -> None:
    if requested:
        print(f"suanquan {version('suanquan')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    lang: Annotated[
        Literal["zh", "en"] | None, typer.Option(help=msgid("语言，可写在任何位置"))
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", help=msgid("显示版本"), callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """Options of the whole program; `--lang` is taken by `main` before anything is read."""


def main() -> None:
    """Run the `suanquan` command, in the reader's language.

    Whatever is started from here speaks it too.
    """
    lang, arguments = command_help.take_language(sys.argv[1:])
    if lang in ("zh", "en"):
        os.environ["LC_ALL"] = lang
    elif lang is not None:
        arguments = [f"--lang={lang}", *arguments]  # is refused as any other wrong value
    with speaking(readers_language()), one_line():
        sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    command = get_command(app)
    command_help.translate(command)
    try:
        code = command.main(arguments, prog_name="suanquan", standalone_mode=False)
    except TyperException as error:
        return command_help.complain(error)
    except typer.Abort:
        print(_("已放弃"), file=sys.stderr)
        return Exit.FAILED
    return code if isinstance(code, int) else Exit.DONE


if __name__ == "__main__":
    main()
