"""What a browser's form brought, for the forms whose fields repeat or are not known beforehand."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from ledger.documents.queries.originals import File
from ledger.errors import Refused
from ledger.units import Fen, fen_from_yuan


async def form_of(request: Request) -> AsyncIterator[FormData]:
    """The whole form; its size was limited before (`api/door/limits.py`)."""
    async with request.form() as form:
        yield form


Sent = Annotated[FormData, Depends(form_of)]


def text(sent: FormData, name: str) -> str:
    """One field without the spaces around it; "" where it is missing or a file."""
    said = sent.get(name)
    return said.strip() if isinstance(said, str) else ""


def lines(sent: FormData, names: tuple[str, ...], start: str) -> list[dict[str, str]]:
    """Fields that repeat, `start` before their names, row by row; empty rows are left out."""
    columns = {name: sent.getlist(f"{start}{name}") for name in names}
    count = min((len(column) for column in columns.values()), default=0)
    rows = [
        {name: str(column[n]).strip() for name, column in columns.items()} for n in range(count)
    ]
    return [{k: v for k, v in row.items() if v} for row in rows if any(row.values())]


def file(sent: FormData, name: str = "file") -> File | None:
    """A file with something in it; None where none was chosen."""
    given = sent.get(name)
    if given is None or isinstance(given, str):
        return None
    content = given.file.read()
    return File.from_content(given.filename or "", content) if content else None


def fen(written: str) -> Fen:
    """`1,234.50` yuan as fen.

    Raises:
        Refused: it is no exact sum of fen (`amount_out_of_range`).
    """
    try:
        return fen_from_yuan(written.strip().replace(",", ""))
    except ValueError as error:
        raise Refused("amount_out_of_range") from error
