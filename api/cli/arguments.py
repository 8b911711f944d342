"""What people give to commands: files, amounts, facts; one clear line where it is wrong."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import typer

from api.cli.failures import Failure
from api.language.i18n import gettext as _
from ledger.units import fen_from_yuan


def path(*words: object) -> str:
    """An address at the server: `projects/p%2F1/quota`."""
    return "/".join(quote(str(word), safe="") for word in words)


def fen_of(yuan: str) -> int:
    """Yuan as somebody typed them, in fen; a wrong command line for what is no amount."""
    try:
        return fen_from_yuan(yuan)
    except ValueError:
        text = _("应为至多两位小数的金额：{yuan}")
        raise typer.BadParameter(text.format(yuan=yuan)) from None


def content_of(file: Path) -> bytes:
    """A file's content, `-` for standard input; a failure where it cannot be read."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        wrong = _("读不了 {file}：{why}").format(file=file, why=error.strerror)
        raise Failure(wrong) from error


def write(file: Path, content: bytes) -> None:
    """Write a file; a failure where that cannot be."""
    try:
        file.write_bytes(content)
    except OSError as error:
        wrong = _("写不了 {file}：{why}").format(file=file, why=error.strerror)
        raise Failure(wrong) from error


def facts_of(texts: Iterable[str] | None) -> dict[str, Any]:
    """`beds=3` → an integer, `local=true` → a boolean, anything else → a text."""
    return dict(map(_fact, texts or ()))


def _fact(assignment: str) -> tuple[str, Any]:
    name, equals, value = assignment.partition("=")
    if not (name and equals):
        raise typer.BadParameter(_("应写成 名称=值：{given}").format(given=assignment))
    try:
        read = json.loads(value)
    except ValueError:
        return name, value
    return name, read if isinstance(read, (bool, int)) else value
