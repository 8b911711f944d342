"""Request and response models of enrolment: codes, what couriers carry, the server's key."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.door.schemas import Integer, IsoDay, Line, RequestModel, ResponseModel

Hex = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]  # 32 bytes


class EnrolmentCodeCreate(RequestModel):
    """The cluster that an enrolment code is for, and what the agent reads there.

    What it measured before it is enrolled counts from `history_from` on. A code lasts for a day, or
    for the days that a courier needs.
    """

    cluster: Line
    source: Line
    history_from: IsoDay | None = None
    days: Integer = Field(1, ge=1, le=14)


class EnrolmentCodeRead(ResponseModel):
    """A one-time enrolment code; it is shown here only."""

    code: str
    expires_at: datetime


class WaitingCodeRead(ResponseModel):
    """An enrolment code that no node has used yet, without the code."""

    cluster: str
    source: str
    created_at: datetime
    created_by: str
    history_from: date | None
    expires_at: datetime


class EnrolmentRequestCreate(RequestModel):
    """A node's request that a courier brought (`agents/enrolment_files.py`)."""

    code_id: Hex
    public_key: Hex
    node: Line
    seal: Hex


class EnrolmentAnswerRead(ResponseModel):
    """The answer that a courier takes back to the node, sealed with its code."""

    code_id: str
    agent: str
    cluster: str
    node: str
    server_key: str
    seal: str


class ServerKeyRead(ResponseModel):
    """The public half of the server's own key: Ed25519, 32 bytes, hex."""

    public_key: str
