"""Batches: where the agents report. The signature is the credential; there is no token.

The answer to a batch is the same for every repetition of it, so an agent that lost the answer asks
again. A fork answers 409 and is kept as evidence; a batch that is ahead is told what is expected.
Each answer, yes or no, is signed: a courier may carry it back.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Row, text
from sqlmodel import Session

from agents import relay_words, wire
from agents.parcels import Parcel, Receipt, answer_digest
from api.door.batch_decoder import read_batch, verify
from api.door.dependencies import Now, agent_share, late_after
from api.door.problems import SPENT_S, Refusal, as_json, problem_of
from api.door.route_table import limited
from api.door.signer import signer
from api.metering.wire_schemas import of_wire
from ledger.errors import Conflict, NotFound, Refused, Spent
from ledger.metering.queries.shares import Share, Use
from ledger.metering.queries.streams import RelayQueue, keep_relay
from ledger.metering.queries.windows import raw_connection
from ledger.metering.steps.intake import (
    Ahead,
    Forked,
    Item,
    Outcome,
    Reporter,
    Submission,
    take_batch,
)
from ledger.units import beijing_day

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


async def turn() -> AsyncIterator[None]:
    """One batch at a time: reading one keeps a core busy, and people's questions come between."""
    yield


Turn = Annotated[None, Depends(turn, scope="function", max_concurrency=1)]


@router.post("/batches", openapi_extra=_OPENAPI, response_class=Response)
@limited(body=wire.BATCH_BYTES_MAX)
async def report(
    *,
    request: Request,
    agent: Annotated[UUID, Header(alias=wire.AGENT_HEADER)],
    signature: Annotated[str, Header(alias=wire.SIGNATURE_HEADER)],
    date: Annotated[str, Header()] = "",
    now: Now,
    _: Turn,
) -> Response:
    """Take a signed batch of at most 1,000 windows and 1 MiB."""
    body = await request.body()  # its size was limited before (`api/door/limits.py`)
    parcel = Parcel(request.headers[wire.AGENT_HEADER], signature, body)
    return await run_in_threadpool(_take_signed, request, parcel, agent, date, now)


def _take_signed(
    request: Request, parcel: Parcel, agent: UUID, date: str, now: datetime
) -> Response:
    queues = _queues(request.headers.get(relay_words.RELAY_HEADER, ""))
    receipt = take(request, parcel, agent, date, now, queues=queues)
    is_kept = receipt.status == 200  # noqa: PLR2004
    media = "application/json" if is_kept else "application/problem+json"
    headers = {wire.RECEIPT_HEADER: receipt.signature, "Content-Type": media}
    if receipt.status == 429:  # noqa: PLR2004
        headers["Retry-After"] = str(SPENT_S)
    return Response(receipt.answer, receipt.status, headers)


def _queues(word: str) -> list[RelayQueue]:
    """What the relays on a batch's way say of their queues; what nobody understands is nothing."""
    try:
        state = msgspec.json.decode(word, type=relay_words.RelayState)
    except msgspec.DecodeError:
        return []
    return [
        RelayQueue(queue.name, queue.batches, timedelta(seconds=queue.oldest_s + queue.age_s),
                   queue.bytes, queue.bytes_max, queue.relay)
        for queue in (state, *state.behind)
    ]  # fmt: skip


def take(
    request: Request,
    parcel: Parcel,
    agent: UUID,
    date: str,
    now: datetime,
    *,
    queues: Sequence[RelayQueue] = (),
) -> Receipt:
    """Take one batch, and sign the answer to it; what it wrote is committed, fork or not.

    What is no answer to the batch (the server is busy, its database is away) is raised.
    """
    try:
        with Session(request.app.state.engine) as db:
            row = _reporter_row(db, agent, now)
            submission = _read(row, parcel, date)
            share = _share(row, agent_share(request))
            outcome = take_batch(db, submission, now, late_after(request), share)
            for queue in queues:  # last: batches of one relay wait for its row no longer than that
                keep_relay(raw_connection(db), agent, queue, now)
            db.commit()
        status, answer = 200, _answer(submission, outcome)
    except (Refusal, NotFound, Conflict, Refused, Spent) as error:
        problem = problem_of(error)
        status, answer = problem.status, bytes(as_json(problem).body)
    digest = answer_digest(parcel.key, status, answer)
    return Receipt(parcel.key, parcel.digest, status, answer, signer(request).sign(digest))


# As text: the statement is the same for every batch, and building it would cost more than asking.
_REPORTER = text("""
    SELECT a.id, a.public_key, a.revoked_at, a.cluster_id AS cluster, c.name AS cluster_name,
           a.node, a.source, a.enrolled_at, a.history_from,
           a.approved_at IS NOT NULL AS is_approved, s.bytes, s.aside, s.conflicts
    FROM agents a JOIN clusters c ON c.id = a.cluster_id
    LEFT JOIN agent_shares s ON s.agent_id = a.id AND s.day = :today
    WHERE a.id = :agent
""")


def _reporter_row(db: Session, agent: UUID, now: datetime) -> Row[Any]:
    row = db.execute(_REPORTER, {"agent": agent, "today": beijing_day(now)}).one_or_none()
    if row is None:
        raise Refusal(401, "unknown_agent")
    if row.revoked_at is not None:
        raise Refusal(401, "revoked", {"node": row.node})
    return row


def _share(reporter_row: Row[Any], most: Use) -> Share:
    """What this agent may take today; all sources but one speak for their whole cluster."""
    taken = reporter_row.bytes, reporter_row.aside, reporter_row.conflicts
    node = reporter_row.node if reporter_row.source == "nvml" else None
    return Share(most, Use(*(count or 0 for count in taken)), reporter_row.cluster, node)


def _read(reporter_row: Row[Any], parcel: Parcel, date: str) -> Submission:
    digest = sha256(parcel.body).digest()
    raw = verify(reporter_row.public_key, digest, parcel.signature)
    reporter = Reporter(
        reporter_row.id,
        reporter_row.cluster,
        reporter_row.cluster_name,
        reporter_row.node,
        reporter_row.source,
        reporter_row.enrolled_at,
        reporter_row.history_from,
        reporter_row.is_approved,
    )
    return read_batch(parcel.body, digest, reporter, raw, date)


def _answer(submission: Submission, outcome: Outcome) -> bytes:
    """The answer of a batch that was taken; a Refusal for one that is out of its order."""
    number = submission.batch.number
    match outcome:
        case Ahead(expected):
            raise Refusal(409, "ahead", {"expected": expected, "number": number})
        case Forked(number):
            raise Refusal(409, "fork", {"number": number})
    return msgspec.json.encode(
        wire.Answer(
            stream=submission.batch.stream,
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
