"""What went wrong in a command: one line on standard error, and one table of exit codes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from api.language.i18n import gettext as _
from ledger.errors import LedgerError


class Exit(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1  # the server, the ledger or a file says no; standard error says why
    MISUSED = 2  # there is no such command, option or value
    INTERRUPTED = 130  # Ctrl-C


class Failure(Exception):
    """What a person is told, in one line; `lines` name single faults, where there are such.

    `findings` are the same faults as the server sent them: `where`, `code` and `message`; `code` is
    that of the whole, where the server gave one.
    """

    def __init__(
        self,
        message: str,
        lines: tuple[str, ...] = (),
        findings: tuple[dict[str, str], ...] = (),
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.lines, self.findings, self.code = lines, findings, code


@contextmanager
def one_line() -> Iterator[None]:
    """End the program with one clear line and exit code 1 where something inside fails."""
    try:
        yield
    except Failure as failure:
        _end(str(failure), failure.lines)
    except LedgerError as error:
        from api.messages.sentences import sentence  # noqa: PLC0415 - loaded when it is used

        _end(sentence(error.code, error.params))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("agents", "api", "ledger"):
            raise
        _end(not_installed("server", str(error)))


def not_installed(extra: str, why: str) -> str:
    """Which part of suanquan a command needs, where only the base is installed."""
    return _("此命令需要安装 suanquan[{extra}]（{why}）").format(extra=extra, why=why)


@contextmanager
def database() -> Iterator[None]:
    """A failure where the database of this machine does not answer."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - loaded when it is used

    try:
        yield
    except DBAPIError as error:
        raise Failure(_("数据库未能应答：{why}").format(why=error.orig)) from error


def _end(message: str, lines: tuple[str, ...] = ()) -> None:
    first = " ".join(message.split("\n\t"))  # PostgreSQL goes on with a tab
    print(first, *(f"  {line}" for line in lines), sep="\n", file=sys.stderr)
    sys.exit(Exit.FAILED)
