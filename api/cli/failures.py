"""What went wrong in a command, as one line on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.cli.client import Failure, language, say


@contextmanager
def failures() -> Iterator[None]:
    """What the ledger refuses, as one line in the reader's language."""
    try:
        from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - loaded when it is used

        from api.language import i18n  # noqa: PLC0415
        from api.messages.sentences import sentence  # noqa: PLC0415
        from ledger.errors import LedgerError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        wanted = "suanquan[server]"
        raise Failure(
            say(f"此命令需要安装 {wanted}（{error}）", f"this needs {wanted} installed ({error})")
        ) from error
    with i18n.speaking(language()):
        try:
            yield
        except LedgerError as error:
            raise Failure(sentence(error.code, error.params)) from error
        except DBAPIError as error:
            raise Failure(
                say(f"数据库未能应答：{error.orig}", f"the database did not answer: {error.orig}")
            ) from error
