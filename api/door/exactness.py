"""What a request may not leave open: each name of its JSON once, each parameter a known one.

A parameter that is not known is most often a known one with a typing error: a list that is not
narrowed, a correction that is not meant as one. Whoever reads an object with a name twice may take
either value, so neither counts.
"""

from fastapi import Request
from starlette.exceptions import HTTPException

from api.door.problems import METHOD_NOT_ALLOWED, Refusal
from api.door.route_table import RouteTable
from ledger.formats.findings import printable
from ledger.formats.json.names import NameTwice, parse_json

LANGUAGE = "lang"  # read by the gate, for every address


async def exact(request: Request) -> None:
    """Refuse a request that says something twice, or something that nobody reads.

    Raises:
        HTTPException: the address is that of a more literal path, which has other methods (405).
        Refusal: `unknown_parameter`, `name_twice`.
    """
    table: RouteTable = request.app.state.route_table
    if request.method not in table.methods(request.scope["path"]):
        raise HTTPException(METHOD_NOT_ALLOWED)
    route = request.scope["route"]
    parameters = table.parameters(route.endpoint)
    for name in request.query_params:
        if name not in parameters and name != LANGUAGE:
            params = {"name": printable(name), "known": ", ".join(sorted(parameters)) or "—"}
            raise Refusal(422, "unknown_parameter", params)
    if route.body_field is not None:
        json_once(await request.body())


def json_once(text: str | bytes) -> object:
    """Parse JSON whose names stand once; what is no JSON is left to who reads it (None).

    Raises:
        Refusal: a name stands twice (`name_twice`).
    """
    try:
        return parse_json(text)
    except NameTwice as error:
        raise Refusal(422, "name_twice", {"name": printable(error.name)}) from error
    except (ValueError, RecursionError):
        return None
