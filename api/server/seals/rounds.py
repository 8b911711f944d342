"""Seal what is new, and have the last head stamped."""

from datetime import datetime, timedelta

import httpx2
from sqlalchemy import Engine
from sqlmodel import Session

from api.settings import Settings
from ledger.errors import Busy
from ledger.people.steps import events
from ledger.seals.queries.seals import closed_since, last_seal
from ledger.seals.rules.occasions import due
from ledger.seals.rules.outside.stamps import (
    ANSWER_TYPE,
    QUESTION_TYPE,
    question_of,
    stamped_at,
)
from ledger.seals.steps.bureau_key import bureau_key
from ledger.seals.steps.seal import seal as make_seal
from ledger.seals.steps.stamp import head_to_stamp, keep_stamp

ACTOR = "server"
TIMEOUT_S = 20.0
ANSWER_MAX = 64 * 1024  # bytes


def seal_round(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Seal where that is due; False where it is not, or where another server is at it."""
    with Session(engine) as db:
        last = last_seal(db)
        last_at = last.sealed_at if last else None
        every = timedelta(minutes=settings.seal_minutes)
        occasion = due(last_at, now, every, closed=closed_since(db))
        if occasion is None:
            return False
        key = bureau_key(db, settings.bureau_key)
    try:
        with Session(engine) as db, db.begin():
            new_seal = make_seal(
                db, key, ACTOR, now, occasion=occasion, algorithm=settings.seal_hash
            )
            events.record_own(db, ACTOR, "round seal", "seals", str(new_seal.number))
    except Busy:
        return False
    return True


def stamp_round(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Have the last head stamped; False where it is, or there is no authority.

    Raises:
        Busy: the authority is away, or its answer does not hold (`stamp_away`).
    """
    if settings.tsa is None or settings.tsa_roots is None:
        return False
    with Session(engine) as db:
        seal = head_to_stamp(db)
    if seal is None:
        return False
    question = question_of(seal.head)
    answer = ask_authority(settings.tsa, question.content)
    try:
        moment = stamped_at(answer, seal.head, settings.tsa_roots.read_bytes(), question.nonce)
    except ValueError as error:
        raise Busy("stamp_away", detail=str(error)) from error
    with Session(engine) as db, db.begin():
        is_new = keep_stamp(db, seal.number, answer, moment, now)
        if is_new:
            events.record_own(db, ACTOR, "round stamp", "seals", str(seal.number))
    return is_new


def ask_authority(address: str, question: bytes) -> bytes:
    """Send a question over HTTP (RFC 3161, 3.4); return the answer. Raises Busy (`stamp_away`)."""
    head = {"Content-Type": QUESTION_TYPE, "Accept": ANSWER_TYPE}
    try:
        with httpx2.stream(
            "POST", address, content=question, headers=head, timeout=TIMEOUT_S
        ) as response:
            response.raise_for_status()
            answer = b""
            for piece in response.iter_bytes():
                answer += piece
                if len(answer) > ANSWER_MAX:
                    raise Busy("stamp_away", detail=f"> {ANSWER_MAX} bytes")
            return answer
    except httpx2.HTTPError as error:
        raise Busy("stamp_away", detail=str(error)) from error
