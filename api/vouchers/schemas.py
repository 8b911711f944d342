"""Request and response models of projects, vouchers and reservations."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.door.schemas import (
    LINE_MAX,
    Integer,
    IsoDay,
    Line,
    OfField,
    PositiveFen,
    RequestModel,
    ResponseModel,
    Text,
)
from api.vouchers.year_schemas import YearRead
from ledger.formats.json.exact import Exact
from ledger.registry.codes import ProjectKind
from ledger.vouchers.queries import quotas as voucher_queries


class CapCreate(RequestModel):
    """Another cap of a voucher, fen, and why."""

    cap_fen: Integer
    reason: Text


class LapseCreate(RequestModel):
    """Why what is left of a voucher lapses."""

    reason: Text


class ValidityCreate(RequestModel):
    """The Beijing days of a voucher; `valid_until` is the first day after them. Missing: open."""

    valid_from: IsoDay | None = None
    valid_until: IsoDay | None = None
    reason: Text


class RateCreate(RequestModel):
    """The facts of a project from a Beijing day on, on which its rate is decided again, and why."""

    policy: Line
    since: IsoDay
    facts: dict[str, Any]
    reason: Text


class PolicyEndCreate(RequestModel):
    """The first Beijing day on which a policy version is no longer in force, and why."""

    until: IsoDay
    reason: Text


class PolicyPayableCreate(RequestModel):
    """Why a policy version becomes payable."""

    reason: Text


class ReservationCreate(RequestModel):
    """A part of a voucher, fen, held back for a plan to the end of a Beijing day."""

    fen: Integer
    plan: Line
    until: IsoDay


class ReservationRead(ResponseModel):
    """A reservation that stands, and what nobody used of it, fen."""

    id: int
    fen: int
    left_fen: int
    plan: str
    until: date


class ReservationRelease(ResponseModel):
    """What nobody used of a reservation, available again, fen."""

    id: int
    released_fen: int


class ProjectsQuery(BaseModel):
    """Which projects: those with this text in their name or code, of one kind or of both."""

    model_config = ConfigDict(frozen=True)

    text: Annotated[str, Field(max_length=LINE_MAX, pattern=r"^[^\x00]*$")] = ""
    kind: Annotated[ProjectKind | None, OfField] = None


class ProjectsPage(ProjectsQuery):
    """What the list's page asks beside."""

    offset: Annotated[int, Field(ge=0, le=10**9)] = 0


class ProjectRead(ResponseModel):
    """A model project (article 9) or a talent team (article 14); its voucher's clause, if any."""

    code: str
    name: str
    kind: str
    organisation: str
    drill: bool
    clause: str | None


class VoucherCreate(RequestModel):
    """A voucher under a clause of a policy version, and the facts that it is decided on.

    `face_fen` is its face value, by default the clause's cap; usage earns from the Beijing day
    `valid_from` on and before `valid_until`.
    """

    clause: Line
    policy: Line
    facts: dict[str, Any]
    face_fen: PositiveFen | None = None
    valid_from: IsoDay | None = None
    valid_until: IsoDay | None = None


class VoucherRead(ResponseModel):
    """A voucher: open, or proposed by the decision that waits for another person.

    `rate_words` are the words of the clause that state the rate.
    """

    project: str
    policy: str
    clause: str
    rate: Exact
    rate_words: str
    cap_fen: int
    decision: int | None = None


class RightsRead(ResponseModel):
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


class RateRead(ResponseModel):
    """A voucher's rate under a version, from `since` until before `until`, and the words for it."""

    policy: str
    rate: Exact
    words: str
    since: date | None
    until: date | None


class ExcludedMonthRead(ResponseModel):
    """A month of a contract that earns nothing: by which decision, and why."""

    contract: str = Field(validation_alias="number")
    month: date
    decision: int
    reason: str


class QuotaRead(ResponseModel):
    """A voucher as its owner sees it, fen. `pace_fen` is what is earned a day at present."""

    code: str
    name: str
    kind: str
    drill: bool
    policy: str
    clause: str
    rate: Exact
    rates: list[RateRead]
    cap_fen: int
    provisional_fen: int
    payable_fen: int
    paid_fen: int
    left_fen: int
    cost_fen: int
    uncapped_fen: int
    cut_fen: int
    pace_fen: Exact
    deducted_fen: int
    runs_out: date | None
    computed_at: datetime | None
    rights: RightsRead
    years: list[YearRead]
    excluded_months: list[ExcludedMonthRead]

    @classmethod
    def of(cls, quota: voucher_queries.Quota, deducted_fen: int) -> "QuotaRead":
        """From the books' answer, and what was deducted at centres' counters and confirmed."""
        return cls.model_validate(
            {
                **vars(quota),
                "rates": [RateRead.model_validate(vars(rate)) for rate in quota.rates],
                "deducted_fen": deducted_fen,
                "years": [YearRead.of(year) for year in quota.years],
                "excluded_months": [
                    ExcludedMonthRead.model_validate(vars(month)) for month in quota.exclusions
                ],
                "rights": RightsRead.model_validate(quota.rights),
                "provisional_fen": quota.rights.accrued,
                "payable_fen": quota.rights.payable + quota.rights.sent,
                "paid_fen": quota.rights.paid,
            }
        )


class AccrualOutcome(ResponseModel):
    """What changed: charges computed anew, vouchers looked at, vouchers in which money moved."""

    charges_changed: int
    unpriced: int
    vouchers: int
    moved: int
