"""What is asked of certificates, and what is told of them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.door.schemas import RequestModel, ResponseModel
from api.messages.messages import MONTH_PATTERN


class CertificateCreate(RequestModel):
    """A certificate of a project's use in these months."""

    since: str = Field(pattern=MONTH_PATTERN, description="The first month: 2026-03")
    until: str = Field(pattern=MONTH_PATTERN, description="The last month, of twelve at most")


class CertificateRead(ResponseModel):
    """A certificate: what is signed, and whether the books still say so.

    `certificate` is the line that is signed, `code` what is typed beside the number.
    """

    number: str
    code: str
    since: str
    until: str
    issued_at: datetime
    holds: bool
    figures: dict[str, Any]
    certificate: str
    signature: str
