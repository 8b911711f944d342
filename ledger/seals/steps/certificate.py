"""Issue a certificate: figures from the books, signed with the bureau's key, and registered."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from sqlmodel import Session, select

from ledger.errors import Refused
from ledger.postgres.columns import key as key_of
from ledger.postgres.series import Series, next_number
from ledger.registry.tables import Organisation, Project
from ledger.seals.queries.certificates import MONTHS_MAX, certificate_figures
from ledger.seals.queries.seals import last_seal
from ledger.seals.rules.certificate import Certificate, sign_page, write_certificate
from ledger.seals.rules.heads import BureauKey, read_head, sign
from ledger.seals.tables import Certificate as Row
from ledger.seals.tables import SealKey
from ledger.units import beijing_day, month_of


def issue_certificate(
    db: Session,
    project: Project,
    since: date,
    until: date,
    key: BureauKey,
    *,
    draw: Callable[[Certificate], bytes],
    actor: str,
    now: datetime,
) -> Row:
    """Issue a certificate of a project's use.

    Args:
        db: the caller's transaction.
        project: whose use.
        since: the first day of the first month.
        until: the first day after the last month.
        key: the bureau's, which signs the next seal.
        draw: makes the page, a PDF file.
        actor: who asks.
        now: when.

    Raises:
        Refused: the period is none, too long (`certificate_period`) or not over (`month_open`);
            nothing was charged in it (`nothing_metered`); nothing was sealed yet
            (`certificate_unsealed`), or another key is to sign (`seal_key_unknown`).
    """
    months = (until.year - since.year) * 12 + until.month - since.month
    if not 0 < months <= MONTHS_MAX:
        raise Refused("certificate_period", months=MONTHS_MAX)
    if month_of(beijing_day(now)) < until:
        raise Refused("month_open", month=f"{month_of(beijing_day(now)):%Y-%m}")
    last = last_seal(db)
    if last is None:
        raise Refused("certificate_unsealed")
    public_key, expected = bytes(key.verify_key), read_head(last.head).key_after
    if public_key.hex() != expected:
        raise Refused("seal_key_unknown", key=public_key.hex()[:16], expected=expected[:16])
    figures = certificate_figures(db, project, since, until)
    organisation = db.get_one(Organisation, project.organisation_id)
    last_month = date.fromordinal(until.toordinal() - 1)
    certificate = write_certificate(
        {
            "number": next_number(db, Series.CERTIFICATE, beijing_day(now).year),
            "project": {"code": project.code, "name": project.name, "drill": project.drill},
            "organisation": {"uscc": organisation.uscc, "name": organisation.name},
            "since": f"{since:%Y-%m}",
            "until": f"{last_month:%Y-%m}",
            "figures": figures,
            "issued_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "seal": {"number": last.number, "hash": last.hash.hex()},
            "key": public_key.hex(),
        }
    )
    row = Row(
        number=certificate.number,
        project_id=key_of(project),
        since=since,
        until=until,
        content=certificate.text,
        hash=certificate.hash,
        key_id=key_of(db.exec(select(SealKey).where(SealKey.public_key == public_key)).one()),
        signature=sign(certificate.text, key),
        pdf=sign_page(draw(certificate), certificate, key),
        issued_at=now,
        issued_by=actor,
    )
    db.add(row)
    db.flush()
    return row
