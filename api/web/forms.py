"""Read a browser's form: as the request model that the API reads from JSON, or field by field."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from api.door.files import PAGE_FIELD
from api.door.schemas import BY_FORM
from ledger.documents.queries.originals import File
from ledger.errors import Refused
from ledger.units import Fen, fen_from_yuan, without_commas

Model = TypeVar("Model", bound=BaseModel)
Fields = dict[str, Any]
Arrange = Callable[[Fields, Mapping[str, Any]], Fields]


def form(model: type[BaseModel], arrange: Arrange | None = None) -> Any:  # noqa: ANN401 - FastAPI's
    """Take a form as the request model that the API has for the same act.

    Write it `wanted: Annotated[Model, form(Model)]`. An empty field is missing, and `yuan` is read
    as `fen`. A form that does not match is answered like JSON that does not match.

    Args:
        model: what the API takes for the same act.
        arrange: makes the model's fields from those of the form and those in the path, where the
            page asks differently.
    """

    async def read(request: Request) -> BaseModel:
        async with request.form() as data:
            fields = _fields(data, model)
        if arrange is not None:
            fields = arrange(fields, request.path_params)
        return request_of(model, fields)

    return Depends(read)


def request_of(model: type[Model], fields: Fields) -> Model:
    """Make a request model; what does not fit is answered like JSON that does not."""
    try:
        return model.model_validate(fields, context=BY_FORM)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error


def _fields(data: FormData, model: type[BaseModel]) -> Fields:
    """Collect what is filled in; a list where the model has one."""
    fields: Fields = {}
    for name in data.keys() - {PAGE_FIELD}:
        values = [value.strip() for value in data.getlist(name) if isinstance(value, str)]
        values = [value for value in values if value]
        if values:
            field = model.model_fields.get(name)
            fields[name] = values if field and _repeats(field.annotation) else values[-1]
    if "yuan" in fields:
        fields["fen"] = fen(fields.pop("yuan"))
    return fields


def _repeats(annotation: Any) -> bool:  # noqa: ANN401 - a type as Python writes it
    return any(get_origin(part) in (list, tuple) for part in (annotation, *get_args(annotation)))


async def form_of(request: Request) -> AsyncIterator[FormData]:
    """The whole form; its size was limited before (`api/door/limits.py`)."""
    async with request.form() as data:
        yield data


SentForm = Annotated[FormData, Depends(form_of)]


def text(data: FormData, name: str) -> str:
    """One field without the spaces around it; "" where it is missing or a file."""
    value = data.get(name)
    return value.strip() if isinstance(value, str) else ""


def lines(data: FormData, names: tuple[str, ...], start: str) -> list[dict[str, str]]:
    """Fields that repeat, `start` before their names, row by row; empty rows are left out."""
    columns = {name: data.getlist(f"{start}{name}") for name in names}
    count = min((len(column) for column in columns.values()), default=0)
    rows = [
        {name: str(column[n]).strip() for name, column in columns.items()} for n in range(count)
    ]
    return [{k: v for k, v in row.items() if v} for row in rows if any(row.values())]


def file(data: FormData, name: str = "file") -> File | None:
    """A file with something in it; None where none was chosen."""
    part = data.get(name)
    if part is None or isinstance(part, str):
        return None
    content = part.file.read()
    return File.from_content(part.filename or "", content) if content else None


def fen(typed: str) -> Fen:
    """`1,234.50` yuan as fen.

    Raises:
        Refused: it is no exact sum of fen (`bad_paid_amount`).
    """
    try:
        return fen_from_yuan(without_commas(typed.strip()))
    except ValueError as error:
        raise Refused("bad_paid_amount", text=typed) from error
