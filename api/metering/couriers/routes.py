"""What a courier brings besides batches: requests of nodes that have no line, to be enrolled."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends

from agents.enrolment_files import EnrolmentAnswer, EnrolmentRequest
from api.door.access import Right
from api.door.dependencies import Db, Now, having
from api.door.problems import Refusal
from api.door.signer import Signer, signer
from api.metering.agents.schemas import EnrolmentAnswerRead, EnrolmentRequestCreate
from ledger.metering.steps import enrol
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["agents"])

Tender = Annotated[Viewer, having(Right.TEND_AGENTS)]
OfServer = Annotated[Signer, Depends(signer)]


@router.post("/enrolment-requests", status_code=201)
def enrol_offline(
    request: EnrolmentRequestCreate, viewer: Tender, of_server: OfServer, db: Db, now: Now
) -> EnrolmentAnswerRead:
    """Enrol a node by the request that a courier brought; the same request, the same answer.

    The code is the credential here too: the request is sealed with it, and so is the answer.
    """
    of_node = EnrolmentRequest(**request.model_dump())
    code = enrol.code_of(db, bytes.fromhex(of_node.code_id), centre=viewer.centre)
    if not of_node.is_sealed(code.hash):
        raise Refusal(422, "request_forged")
    agent = enrol.enrol_by(db, code.hash, bytes.fromhex(of_node.public_key), of_node.node, now)
    cluster = enrol.cluster_of(db, agent).name
    answer = EnrolmentAnswer(
        of_node.code_id, "", str(agent.id), cluster, agent.node, of_server.public_key
    ).sealed(code.hash)
    return EnrolmentAnswerRead.model_validate(asdict(answer))
