"""Write vouchers as a workbook: what each was opened on, which comes back, and what is left."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col, select

from api.language.i18n import gettext as _
from api.vouchers.workbook.columns import columns, figures_title, sheet_title, typed
from api.web.sheets import sheet_rows
from ledger.formats.spreadsheets.export import Rows, xlsx_book
from ledger.policy.text.published import load
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.units import Fen, yuan
from ledger.vouchers.queries.quotas import Quota, quotas_of
from ledger.vouchers.tables import Voucher, VoucherVersion


def write_vouchers(db: Session, projects: Sequence[Project], now: datetime) -> bytes:
    """The vouchers of these projects, in their order."""
    quotas = quotas_of(db, projects, now)
    own_quotas = [quotas[key(project)] for project in projects if key(project) in quotas]
    return xlsx_book(
        {
            sheet_title(): sheet_rows(columns(), _opened(db, projects)),
            figures_title(): _figures(own_quotas),
        }
    )


def _opened(db: Session, projects: Sequence[Project]) -> Iterator[dict[str, str]]:
    """Each version of each voucher as it was proposed; the first has face value, days and facts."""
    by_key = {key(project): project for project in projects}
    query = (
        select(Voucher, VoucherVersion.policy)
        .join(VoucherVersion, col(VoucherVersion.voucher_id) == Voucher.id)
        .where(col(Voucher.project_id).in_(by_key))
        .order_by(col(VoucherVersion.opened_at), col(VoucherVersion.policy))
    )
    of_project: dict[int, list[dict[str, str]]] = {}
    for voucher, policy in db.exec(query):
        rows = of_project.setdefault(voucher.project_id, [])
        rows.append(_row(by_key[voucher.project_id], voucher, policy))
    for number in by_key:
        yield from of_project.get(number, ())


def _row(project: Project, voucher: Voucher, policy: str) -> dict[str, str]:
    row = {
        "project": project.code, "name": project.name, "policy": policy, "clause": voucher.clause,
    }  # fmt: skip
    if policy != voucher.policy:
        return row
    days = {"valid_from": voucher.valid.lower, "valid_until": voucher.valid.upper}
    return {
        **row,
        "face_yuan": yuan(voucher.face_fen),
        **{name: day.isoformat() for name, day in days.items() if day},
        **typed(load(policy), voucher.facts),
    }


def _figures(quotas: Sequence[Quota]) -> Rows:
    yield [
        _("项目编号"), _("项目名称"), _("政策版本"), _("条款"), _("额度"), _("预计"), _("待兑付"),
        _("已兑付"), _("剩余"),
    ]  # fmt: skip
    for quota in quotas:
        rights = quota.rights
        sums: tuple[Fen, ...] = (
            quota.cap_fen, rights.accrued, rights.payable + rights.sent, rights.paid,
            quota.left_fen,
        )  # fmt: skip
        yield [quota.code, quota.name, quota.policy, quota.clause, *map(_yuan, sums)]


def _yuan(fen: Fen) -> Decimal:
    return Decimal(fen).scaleb(-2)
