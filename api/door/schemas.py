"""What the API takes and gives, as Pydantic models: the only shapes that stand in its routes.

Money is integer fen in fields named `_fen`. Exact quantities are integers, or `"n/d"` where they
are not whole. Days are ISO dates of Beijing, moments RFC 3339 in UTC. A field that was not measured
is null; a field that is not known here is refused.
"""

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import models_json_schema

from api.messages.messages import MONTH_PATTERN
from ledger.metering.queries import usage
from ledger.people.codes import Role
from ledger.vouchers import queries as quotas


def exact(value: object) -> object:
    """A fraction as JSON has it: 3/1 → 3, 1/3 → "1/3"."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else str(value)
    return value


Exact = Annotated[int | str, BeforeValidator(exact)]
Text = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]


Long = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]+$"),
]
"""A reason, a question, an answer: some sentences."""


class Asked(BaseModel):
    """What is sent to us: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """What we answer."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Fault(Told):
    """One wrong place in what was sent."""

    where: str
    code: str
    message: str


class ProblemDetails(Told):
    """RFC 9457. `code` is stable; `title` and `detail` are in the reader's language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    findings: list[Fault] | None = None


_REFERENCE = "#/components/schemas/{model}"
PROBLEM_SCHEMA = {"$ref": _REFERENCE.format(model=ProblemDetails.__name__)}
_, _DEFINITIONS = models_json_schema([(ProblemDetails, "serialization")], ref_template=_REFERENCE)
SCHEMAS: dict[str, Any] = _DEFINITIONS["$defs"]
"""The schemas of problems, for the OpenAPI document: every route may answer with one."""


class CodeWanted(Asked):
    """For which cluster an enrolment code is wanted, and what the agent reads there."""

    cluster: Text
    source: Text


class CodeGiven(Told):
    """A one-time enrolment code; it is shown here only."""

    code: str
    expires_at: datetime


class AgentSeen(Told):
    """An agent, and what was last heard of it; `lag_s` and `skew_s` are null before that.

    `skew_s` is how far its clock is ahead of the server's; `skewed` when by more than 5 s.
    """

    id: UUID
    cluster: str
    node: str
    source: str
    enrolled_at: datetime
    revoked_at: datetime | None
    reported_at: datetime | None
    sent_at: datetime | None
    lag_s: int | None
    skew_s: int | None
    skewed: bool


class TokenWanted(Asked):
    """For whom; a builder's token names its project, an operator's its centre."""

    role: Role
    person: Text
    project: Text | None = None
    centre: Text | None = None
    expires_at: AwareDatetime | None = None


class TokenGiven(Told):
    """A new token; its secret is shown here only."""

    id: int
    secret: str


class TokenSeen(Told):
    """A token without its secret, which nobody has but its holder."""

    id: int
    role: Role
    person: str
    project: str | None
    centre: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None


class Registered(Told):
    """What came of a registry file, counted by section."""

    created: dict[str, int]
    unchanged: dict[str, int]
    superseded: dict[str, int]


class ProjectSeen(Told):
    """A model project (article 9) or a talent team (article 14); its voucher's clause, if any."""

    code: str
    name: str
    kind: str
    organisation: str
    drill: bool
    clause: str | None


class VoucherWanted(Asked):
    """A voucher under a clause of a policy version, and the facts that it is decided on."""

    clause: Text
    policy: Text
    facts: dict[str, Any]


class VoucherGiven(Told):
    """An open voucher."""

    project: str
    policy: str
    clause: str
    cap_fen: int


class RightsSeen(Told):
    """The voucher's accounts, fen."""

    entitlement: int
    available: int
    reserved: int
    accrued: int
    payable: int
    sent: int
    paid: int
    recoverable: int
    lapsed: int


class QuotaSeen(Told):
    """A voucher as its owner sees it, fen. `pace_fen` is what is earned a day at present."""

    code: str
    name: str
    kind: str
    drill: bool
    policy: str
    clause: str
    rate: Exact
    cap_fen: int
    provisional_fen: int
    payable_fen: int
    paid_fen: int
    left_fen: int
    cost_fen: int
    uncapped_fen: int
    cut_fen: int
    pace_fen: Exact
    runs_out: date | None
    computed_at: datetime | None
    rights: RightsSeen

    @classmethod
    def of(cls, found: quotas.Quota) -> "QuotaSeen":
        """From the books' answer."""
        return cls.model_validate(
            {
                **vars(found),
                "rights": RightsSeen.model_validate(found.rights),
                "provisional_fen": found.rights.accrued,
                "payable_fen": found.rights.payable + found.rights.sent,
                "paid_fen": found.rights.paid,
            }
        )


class DaySeen(Told):
    """A Beijing day of a project. `cost_fen` is exact: only a month's charge is rounded."""

    day: date
    device_ms: Exact
    cost_fen: Exact
    earned_fen: int
    util_ppm: int | None
    unpriced_ms: Exact

    @classmethod
    def of(cls, found: quotas.Day) -> "DaySeen":
        """From the books' answer."""
        return cls.model_validate({**vars(found), "cost_fen": found.cost})


class WindowSeen(Told):
    """A part of a kept window that belongs to the project, and the batch that brought it."""

    gpu: str
    start: datetime
    holder: str
    from_ms: int
    to_ms: int
    num: int
    den: int
    device_ms: Exact
    mig_profile: str
    util_ppm: int | None
    stream: str
    number: int

    @classmethod
    def of(cls, found: usage.WindowPart) -> "WindowSeen":
        """From the books' answer."""
        return cls.model_validate(found)


class UsageSeen(Told):
    """What a project has used."""

    project: str
    device_ms: Exact


class Released(Told):
    """How many windows came out of quarantine and were kept."""

    released: int


class Accrued(Told):
    """What changed: charges computed anew, vouchers looked at, vouchers in which money moved."""

    charges_changed: int
    unpriced: int
    vouchers: int
    moved: int


YearMonth = Annotated[str, Field(pattern=MONTH_PATTERN)]
