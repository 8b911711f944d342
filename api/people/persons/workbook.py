"""Who may come in, as a workbook: taken away, added to in a spreadsheet, and brought back.

A row is a person in a role. Whoever is new in it is invited, each by a link of her own; who has the
role already stays as she is. All rows are taken, or none.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from api.door.schemas import LINE_MAX
from api.language.i18n import gettext as _
from api.language.labels import label
from api.people.schemas import TokenCreate
from api.web.sheets import SheetColumn, SheetRow, names_of, read_one_sheet, sheet_rows
from ledger.errors import Finding
from ledger.formats.field_parsers import LAST_DAY, read_day
from ledger.formats.spreadsheets.export import xlsx_book
from ledger.people.codes import Role
from ledger.people.rules.persons import ADMINISTRATORS, plain
from ledger.people.steps.credentials import TokenRecord
from ledger.units import beijing_day, midnight

Place = tuple[str, Role, str, str]
"""Who is what, and of which project or centre."""


def _title() -> str:
    return _("人员")


def _roles() -> Mapping[str, str]:
    return {role.value: label(role) for role in Role if role not in ADMINISTRATORS}


COLUMNS = (
    SheetColumn("person", lambda: _("姓名")),
    SheetColumn("role", lambda: _("角色"), _roles),
    SheetColumn("project", lambda: _("项目编号")),
    SheetColumn("centre", lambda: _("智算中心")),
    SheetColumn("expires_at", lambda: _("到哪天止（含当天）")),
)


def place_of(row: TokenRecord | TokenCreate) -> Place:
    """What tells a row from another."""
    return plain(row.person), row.role, row.project or "", row.centre or ""


def standing_rows(tokens: Sequence[TokenRecord], now: datetime) -> dict[Place, TokenRecord]:
    """The persons who are in a role, or wait to be confirmed in it, by when their tokens end."""
    rows = [
        row for row in tokens
        if row.revoked_at is None and row.expires_at > now and not row.service
        and row.role not in ADMINISTRATORS
    ]  # fmt: skip
    return {place_of(row): row for row in sorted(rows, key=lambda row: row.expires_at)}


def write_persons(tokens: Sequence[TokenRecord], now: datetime) -> bytes:
    """The workbook of who is in which role now; administrators and programs are left out."""
    rows = sorted(standing_rows(tokens, now).values(), key=lambda row: (row.person, row.role))
    return xlsx_book({_title(): sheet_rows(COLUMNS, map(_fields, rows))})


def _fields(row: TokenRecord) -> dict[str, str]:
    last = beijing_day(row.expires_at - timedelta(microseconds=1))
    return {
        "person": row.person, "role": row.role.value, "project": row.project or "",
        "centre": row.centre or "", "expires_at": last.isoformat() if last <= LAST_DAY else "",
    }  # fmt: skip


def read_persons(content: bytes) -> tuple[list[tuple[SheetRow, TokenCreate]], list[Finding]]:
    """Whom a workbook invites, each with her row, or every cell of it that is wrong.

    Raises:
        Refused: it is too hard to read (`file_too_hard`).
    """
    rows, faults = read_one_sheet(content, names_of("persons", _title), COLUMNS)
    requests = list[tuple[SheetRow, TokenCreate]]()
    for row in rows:
        of_row = list(_faults(row))
        try:
            request = None if of_row else TokenCreate.model_validate(_request(row.fields))
        except ValidationError as error:
            at = {str(fault["loc"][0]) for fault in error.errors()}
            of_row = [row.fault(name, "bad_name", limit=LINE_MAX) for name in sorted(at)]
            request = None
        faults += of_row
        if request:
            requests.append((row, request))
    return requests, faults


def _faults(row: SheetRow) -> Iterator[Finding]:
    for name in ("person", "role"):
        if not row.fields.get(name):
            yield row.fault(name, "missing")
    role = row.fields.get("role")
    if role and role not in _roles():
        yield row.fault("role", "bad_choice", choices=_("、").join(_roles().values()))
    if day := row.fields.get("expires_at"):
        try:
            read_day(day)
        except PydanticCustomError as error:
            yield row.fault("expires_at", error.type, **(error.context or {}))


def _request(fields: Mapping[str, str]) -> dict[str, Any]:
    day = fields.get("expires_at")
    until = midnight(read_day(day) + timedelta(days=1)).isoformat() if day else None
    return {**fields, "expires_at": until}
