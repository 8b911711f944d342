"""For auditors: a sample of claims, the books for a program of theirs, sealed vouchers to keep."""

import secrets
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.door.access import Right
from api.door.dependencies import ReadDb, having
from api.door.files import download
from api.door.problems import Refusal
from api.door.schemas import YearMonth, first_day
from api.seals.audit.sample import draw
from api.seals.audit.schemas import Sample
from api.seals.audit.tables import books_file
from api.seals.audit.vouchers import voucher_archive
from ledger.claims.codes import ClaimState
from ledger.desk.queries.queues import claims
from ledger.units import next_month

router = APIRouter(tags=["audit"])

MAY = having(Right.TAKE_DOSSIERS)
SEED_MAX = 100
MONTHS_MAX = 12
FirstMonth = Annotated[YearMonth, Query(description="The first month")]
LastMonth = Annotated[YearMonth, Query(description="The last month, of twelve at most")]
_NOT_DRAWN = {ClaimState.DRAFT, ClaimState.WITHDRAWN}
_ALL = 10_000_000  # claims, which there are not


@router.get("/audit/sample", dependencies=[MAY])
def sample(
    *,
    db: ReadDb,
    count: Annotated[int, Query(ge=1, le=1_000)],
    seed: Annotated[str, Query(max_length=SEED_MAX)] = "",
) -> Sample:
    """Draw claims at random; without a seed one is made, and told."""
    chosen_seed = seed or secrets.token_hex(8)
    states = [state for state in ClaimState if state not in _NOT_DRAWN]
    numbers = [row.number for row in claims(db, states=states, limit=_ALL)]
    return Sample(
        seed=chosen_seed, population=len(numbers), claims=draw(numbers, chosen_seed, count)
    )


@router.get("/audit/books.zip", dependencies=[MAY], response_class=Response)
def books(since: FirstMonth, until: LastMonth, db: ReadDb) -> Response:
    """Download accounts, vouchers, balances and parties of a period, as CSV and XML."""
    _check(since, until)
    content = books_file(db, first_day(since), next_month(first_day(until)), version("suanquan"))
    return download(content, f"books-{since}-{until}.zip", "application/zip")


@router.get("/audit/vouchers.zip", dependencies=[MAY], response_class=Response)
def vouchers(since: FirstMonth, until: LastMonth, db: ReadDb) -> Response:
    """Download the sealed vouchers of a period with their originals, index and hashes."""
    _check(since, until)
    content = voucher_archive(db, first_day(since), next_month(first_day(until)))
    return download(content, f"vouchers-{since}-{until}.zip", "application/zip")


def _check(since: str, until: str) -> None:
    """Refuse a period that ends before it begins, or has too many months."""
    first, last = first_day(since), first_day(until)
    if not 0 <= (last.year - first.year) * 12 + last.month - first.month < MONTHS_MAX:
        raise Refusal(422, "audit_period", {"months": MONTHS_MAX})
