"""What people give to commands: files and amounts, or one clear line of what is wrong with them."""

from pathlib import Path

from api.cli.client import Failure, say
from ledger.units import fen_from_yuan


def fen_of(yuan: str) -> int:
    """Yuan as somebody typed them, in fen; a failure for what is no amount."""
    try:
        return fen_from_yuan(yuan)
    except ValueError:
        raise Failure(say(f"不是金额：{yuan}", f"not an amount of yuan: {yuan}")) from None


def content_of(file: Path) -> bytes:
    """A file's content; a failure where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Failure(
            say(f"读不了 {file}：{error.strerror}", f"cannot read {file}: {error.strerror}")
        ) from error
