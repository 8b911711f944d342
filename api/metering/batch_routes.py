"""Batches: where the agents report. The signature is the credential; there is no token.

The answer to a batch is the same for every repetition of it, so an agent that lost the answer asks
again. A fork answers 409 and is kept as evidence; a batch that is ahead is told what is expected.
Each answer, yes or no, is signed: a courier may carry it back. Batches are taken in groups
(`api/metering/intake_queue.py`).
"""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from agents import relay_words, wire
from agents.parcels import Parcel, Receipt, answer_digest
from api.door.dependencies import DRILL_CLOCK, Now
from api.door.problems import SPENT_S, Refusal, as_json, problem_of
from api.door.route_table import limited
from api.door.signer import signer
from api.door.turns.shortcut import Direct
from api.metering.intake_queue import Answer, Asking, IntakeQueue
from api.metering.wire_schemas import of_wire
from ledger.errors import Conflict, NotFound, Refused, Spent
from ledger.metering.queries.streams import RelayQueue
from ledger.metering.steps.intake import Ahead, Forked, Item

router = APIRouter(tags=["agents"])

_SCHEMAS, SCHEMAS = of_wire(wire.Batch, wire.Answer)

_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _SCHEMAS[0]}},
    },
    "responses": {
        "200": {
            "description": "What became of each window.",
            "content": {"application/json": {"schema": _SCHEMAS[1]}},
        }
    },
}


@router.post("/batches", openapi_extra=_OPENAPI, response_class=Response)
@limited(body=wire.BATCH_BYTES_MAX, gathers=True)
async def report(
    *,
    request: Request,
    agent: Annotated[UUID, Header(alias=wire.AGENT_HEADER)],
    signature: Annotated[str, Header(alias=wire.SIGNATURE_HEADER)],
    date: Annotated[str, Header()] = "",
    now: Now,
) -> Response:
    """Take a signed batch of at most 1,000 windows and 1 MiB."""
    return await _report(request, agent, signature, date, now)


async def report_directly(request: Request) -> Response | None:
    """Do the same for what any agent sends; None where the framework has to say what is wrong.

    A small batch costs less than FastAPI's way to its route.
    """
    headers = request.headers
    signature = headers.get(wire.SIGNATURE_HEADER)
    agent = _uuid(headers.get(wire.AGENT_HEADER, ""))
    is_usual = not request.scope["query_string"] and DRILL_CLOCK not in headers
    if agent is None or signature is None or not is_usual:
        return None
    now: datetime = request.app.state.wall_clock()
    return await _report(request, agent, signature, headers.get("date", ""), now)


def _uuid(word: str) -> UUID | None:
    """The UUID that is written so, as agents write theirs."""
    try:
        agent = UUID(word)
    except ValueError:
        return None
    return agent if str(agent) == word else None


async def _report(
    request: Request, agent: UUID, signature: str, date: str, now: datetime
) -> Response:
    body = await request.body()  # its size was limited before (`api/door/limits.py`)
    parcel = Parcel(request.headers[wire.AGENT_HEADER], signature, body)
    queues = _queues(request.headers.get(relay_words.RELAY_HEADER, ""))
    of_app = signer(request)
    if not of_app.is_ready:
        await run_in_threadpool(of_app.prepare)
    answer = await intake_queue(request).take(Asking(parcel, agent, date, now, queues))
    return _respond(request, parcel, answer)


DIRECT = Direct.of(router, report, report_directly)


def _respond(request: Request, parcel: Parcel, of_batch: Answer) -> Response:
    receipt = _sign(request, parcel, of_batch)
    is_kept = receipt.status == 200  # noqa: PLR2004
    media = "application/json" if is_kept else "application/problem+json"
    headers = {wire.RECEIPT_HEADER: receipt.signature, "Content-Type": media}
    if receipt.status == 429:  # noqa: PLR2004
        headers["Retry-After"] = str(SPENT_S)
    return Response(receipt.answer, receipt.status, headers)


def _queues(word: str) -> list[RelayQueue]:
    """What the relays on a batch's way say of their queues; what nobody understands is nothing."""
    if not word:
        return []
    try:
        state = msgspec.json.decode(word, type=relay_words.RelayState)
    except msgspec.DecodeError:
        return []
    return [
        RelayQueue(queue.name, queue.batches, timedelta(seconds=queue.oldest_s + queue.age_s),
                   queue.bytes, queue.bytes_max, queue.relay)
        for queue in (state, *state.behind)
    ]  # fmt: skip


def take(request: Request, parcel: Parcel, agent: UUID, date: str, now: datetime) -> Receipt:
    """Take one batch, and sign the answer to it; what it wrote is committed, fork or not.

    What is no answer to the batch (the server is busy, its database is away) is raised.
    """
    (answer,) = intake_queue(request).take_together([Asking(parcel, agent, date, now)])
    return _sign(request, parcel, answer)


def _sign(request: Request, parcel: Parcel, of_batch: Answer) -> Receipt:
    try:
        status, answer = 200, _answer(of_batch)
    except (Refusal, NotFound, Conflict, Refused, Spent) as error:
        problem = problem_of(error)
        status, answer = problem.status, bytes(as_json(problem).body)
    digest = answer_digest(parcel.key, status, answer)
    return Receipt(parcel.key, parcel.digest, status, answer, signer(request).sign(digest))


def intake_queue(request: Request) -> IntakeQueue:
    """The application's own."""
    of_app: IntakeQueue = request.app.state.intake
    return of_app


def _answer(of_batch: Answer) -> bytes:
    """The answer of a batch that was taken; raises why another one was not."""
    if isinstance(of_batch, Exception):
        raise of_batch
    batch, outcome = of_batch
    number = batch.number
    match outcome:
        case Ahead(expected):
            raise Refusal(409, "ahead", {"expected": expected, "number": number})
        case Forked(number):
            raise Refusal(409, "fork", {"number": number})
    return msgspec.json.encode(
        wire.Answer(
            stream=batch.stream,
            number=number,
            kept=outcome.kept,
            known=outcome.known,
            conflicts=_items(outcome.conflicts),
            quarantined=_items(outcome.quarantined),
            refused=_items(outcome.refused),
        )
    )


def _items(items: tuple[Item, ...]) -> tuple[wire.Item, ...]:
    return tuple(wire.Item(item.index, item.reason, item.detail) for item in items)
