"""A person with all that lets her in, her sign-ins for readers of logs; all tokens as a file."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, ReadDb, Wall, having, lasts
from api.door.files import download_table
from api.door.schemas import ResponseModel
from api.language.format import moment
from api.language.i18n import gettext as _
from api.language.labels import label
from ledger.formats.spreadsheets.export import Rows
from ledger.people.steps import credentials, logins, persons, sessions
from ledger.people.steps.credentials import TokenRecord, Viewer
from ledger.people.steps.logins import FailureRecord
from ledger.people.steps.persons import PersonRecord
from ledger.people.steps.sessions import SessionRecord

router = APIRouter(tags=["tokens"])
SIGN_INS = 100  # so many of the newest are told of one person
Reader = Annotated[Viewer, having(Right.READ_TOKENS)]


class PersonRead(ResponseModel):
    """A person; `sessions` and `failures` are null to whoever does not read the logs."""

    person: PersonRecord
    sessions: list[SessionRecord] | None
    failures: list[FailureRecord] | None


@router.get("/persons/{person}")
def person_read(
    person: int, viewer: Reader, request: Request, db: ReadDb, wall: Wall
) -> PersonRead:
    """Return a person or program: tokens, accounts, links, whom she let in, and her sign-ins."""
    may_read = access.may(viewer, Right.READ_LOGS)
    return PersonRead(
        person=persons.person_record(db, person),
        sessions=sessions.sessions_of(db, person, lasts(request), wall, SIGN_INS)
        if may_read
        else None,
        failures=logins.failures_of_person(db, person, SIGN_INS) if may_read else None,
    )


@router.delete("/persons/{person}/sessions", status_code=204)
def end_sessions(
    person: int, viewer: Annotated[Viewer, having(Right.ISSUE_TOKENS)], db: Db, wall: Wall
) -> None:
    """End every browser session of a person at once; her tokens and her account stay good."""
    del viewer
    persons.end_sessions(db, person, wall)


@router.get("/tokens.{form}", response_class=Response, dependencies=[having(Right.READ_TOKENS)])
def tokens_file(form: Literal["csv", "xlsx"], db: ReadDb, wall: Wall) -> Response:
    """Download who may come in, and could, as a spreadsheet: a row a token."""
    return download_table(_rows(db, wall), f"tokens.{form}")


def _rows(db: Session, now: datetime) -> Rows:
    yield [
        _("编号"), _("持有人"), _("程序"), _("角色"), _("范围"), _("权限"), _("账号名"), _("签发"),
        _("签发者"), _("确认者"), _("到期"), _("停用"), _("停用者"), _("状态"),
    ]  # fmt: skip
    for row in credentials.tokens(db):
        yield [
            str(row.id), row.person, _("是") if row.service else _("否"), label(row.role),
            row.project or row.centre or "", " ".join(row.rights or ()), row.login or "",
            moment(row.created_at), row.created_by, row.confirmed_by or "",
            moment(row.expires_at), moment(row.revoked_at) if row.revoked_at else "",
            row.revoked_by or "", _state(row, now),
        ]  # fmt: skip


def _state(row: TokenRecord, now: datetime) -> str:
    if row.revoked_at is not None or row.expires_at <= now:
        return _("已停用或到期")
    return _("等第二名安全管理员") if row.waits else _("在用")
