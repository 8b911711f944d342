"""The two papers of a claim, filled in to be signed and stamped: by page, as a file, by command."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from api.claims.account_numbers import Numbers, NumberView
from api.claims.routes import Reader
from api.door import access
from api.door.dependencies import Now, ReadDb
from api.door.files import download
from api.web.layout import TEMPLATES
from ledger.desk.queries.claim_details import ClaimDetails, claim_details
from ledger.desk.queries.mark import is_marked
from ledger.formats.capital_amounts import in_words
from ledger.people.steps.credentials import Viewer
from ledger.policy.text.published import load
from ledger.postgres.columns import key
from ledger.units import beijing_day

router = APIRouter(tags=["claims"])


class Paper(StrEnum):
    """Which paper."""

    APPLICATION = "application"
    COMMITMENT = "commitment"


def paper_content(
    details: ClaimDetails, viewer: Viewer, numbers: NumberView, now: datetime
) -> dict[str, Any]:
    """What stands in both papers; the account's number as the reader may see it."""
    policy, account = load(details.voucher.policy), details.account
    account_numbers = numbers.show(viewer, {key(account): account.number}) if account else {}
    return {
        "claim": details.claim,
        "words": in_words(details.claim.fen),
        "months": details.summary.months,
        "project": details.project,
        "payee": details.payee,
        "policy": policy,
        "clause": policy.clause(details.voucher.clause),
        "account": account,
        "account_number": account_numbers[key(account)] if account else "",
        "today": beijing_day(now),
    }


@router.get("/claims/{number}/papers/{paper}", response_class=Response)
def paper_file(
    number: str, paper: Paper, *, viewer: Reader, db: ReadDb, now: Now, numbers: Numbers
) -> Response:
    """Download the application form or the commitment, filled in: HTML to print on A4."""
    details = claim_details(db, access.claim(db, viewer, number))
    content = {**paper_content(details, viewer, numbers, now), "paper": paper.value}
    content["has_mark"] = is_marked(db, now)
    html = TEMPLATES.get_template("claims/paper-file.html").render(content)
    return download(html, f"{number}-{paper}.html")
