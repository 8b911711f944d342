"""What a certificate says of a project and a period, and the certificates that were issued.

The figures are those of the statements: charges, with the grade and the gaps of their evidence. So
a certificate and the pages of usage and quota cannot say two things of one day.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.charging.queries.policies import policies
from ledger.errors import NotFound, Refused
from ledger.metering.queries.usage import owned_usage
from ledger.postgres.columns import key
from ledger.registry.tables import Centre, Contract, Price, Project
from ledger.seals.tables import Certificate as Row
from ledger.statements.queries import charges_of, evidence_of
from ledger.statements.rules import Evidence, worst
from ledger.units import next_month

MONTHS_MAX = 12

_MODELS = text("SELECT id, name FROM catalogue_models")


def certificate_figures(db: Session, project: Project, since: date, until: date) -> dict[str, Any]:
    """Return what is certified of a project from `since` until before `until`, in plain values.

    Quantities are device-milliseconds as `num/den`, money is fen without tax.

    Raises:
        Refused: nothing was charged (`nothing_metered`).
    """
    lines = [line for month in _months(since, until) for line in _lines(db, project, month)]
    if not lines:
        raise Refused("nothing_metered", contract=project.code, month=f"{since:%Y-%m}")
    device_ms = sum((Fraction(line["device_ms"]) for line in lines), Fraction(0))
    return {
        "lines": lines,
        "cards": _cards(db, project, since, until),
        "device_ms": str(device_ms),
        "cost_fen": sum(line["cost_fen"] for line in lines),
        "grade": worst(line["grade"] for line in lines),
        "gap_ms": sum(line["gap_ms"] for line in lines),
    }


def certificate_by_number(db: Session, number: str) -> Row:
    """Return a certificate.

    Raises:
        NotFound: there is none of this number (`certificate`).
    """
    row = db.get(Row, number)
    if row is None:
        raise NotFound("certificate", number=number)
    return row


def certificates(db: Session, project: int | None, *, limit: int, offset: int) -> Sequence[Row]:
    """Return certificates, of a project or of all, the newest first."""
    query = select(Row).order_by(col(Row.issued_at).desc(), col(Row.number).desc())
    if project is not None:
        query = query.where(Row.project_id == project)
    return db.exec(query.limit(limit).offset(offset)).all()


def still_holds(db: Session, row: Row, figures: dict[str, Any]) -> bool:
    """Return whether the books say today what a certificate says."""
    project = db.get_one(Project, row.project_id)
    try:
        return certificate_figures(db, project, row.since, row.until) == figures
    except Refused:
        return False


def _months(since: date, until: date) -> Iterator[date]:
    while since < until:
        yield since
        since = next_month(since)


def _lines(db: Session, project: Project, month: date) -> Iterator[dict[str, Any]]:
    """The charges of a month, contract by contract, as a statement lists them."""
    project_id = key(project)
    proofs = evidence_of(db, project_id, month, next_month(month), policies(db, [project_id]))
    models = {row.id: row.name for row in db.execute(_MODELS)}
    contracts = select(Contract).where(Contract.project_id == project_id)
    for contract in db.exec(contracts.order_by(col(Contract.number))).all():
        centre = db.get_one(Centre, contract.centre_id)
        charges = charges_of(db, key(contract), month)
        for at in sorted(charges, key=lambda k: (k.price, k.policy, k.model or 0, k.mig_profile)):
            charge, proof = charges[at], proofs.get(at, Evidence())
            price = db.get_one(Price, at.price)
            yield {
                "month": f"{month:%Y-%m}",
                "contract": contract.number,
                "centre": centre.name,
                "model": models.get(at.model, ""),
                "mig_profile": at.mig_profile,
                "price": {
                    "kind": price.kind,
                    "yuan": str(price.yuan),
                    "unit": price.unit,
                    "tax_included": price.tax_included,
                    "tax_rate": str(price.tax_rate),
                },
                "device_ms": str(Fraction(int(charge.ms_num), int(charge.ms_den))),
                "cost_fen": charge.cost_fen,
                "grade": str(proof.grade),
                "gap_ms": proof.gap_ms,
            }


def _cards(db: Session, project: Project, since: date, until: date) -> dict[str, int]:
    """How many devices of each model were used."""
    project_id = key(project)
    devices: dict[str, set[str]] = {}
    for use in owned_usage(db, [project_id], since=since, until=until, in_detail=[project_id]):
        devices.setdefault(use.nvml_name, set()).add(use.device)
    return {model: len(of_model) for model, of_model in sorted(devices.items())}
