"""Relations of parties: dated facts of the registry, superseded like any other."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.registry.queries import payee_of, related
from ledger.registry.steps.register import RegistrationReport, read_file, register
from tests.support.paths import EXAMPLES
from tests.support.people import CLERK, SECOND_CLERK

EXAMPLE = (EXAMPLES / "registry.yaml").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = date(2026, 11, 1)
UNIVERSITY, INSTITUTE, FIRM = "12640000MADEM00048", "52640100MADEM00036", "91640100MADEM00022"


@pytest.fixture
def db(engine: sa.Engine) -> Iterator[Session]:
    with Session(engine) as session:
        assert register(session, *read_file(EXAMPLE), actor=CLERK, now=NOW).findings == ()
        session.commit()
        yield session


def say(db: Session, line: str, *, supersede: bool = False) -> RegistrationReport:
    text = f"relations: [{{{line}}}]"
    return register(db, *read_file(text), actor=SECOND_CLERK, now=NOW, supersede=supersede)


def key(db: Session, uscc: str) -> int:
    query = sa.text("SELECT id FROM organisations WHERE uscc = :uscc")
    return int(db.scalars(query, {"uscc": uscc}).one())


def project(db: Session, code: str = "helan-team") -> int:
    return int(db.scalars(sa.text("SELECT id FROM projects WHERE code = :c"), {"c": code}).one())


def test_another_payee_contradicts_and_takes_its_days(db: Session) -> None:
    line = f"kind: payee, organisation: {FIRM}, project: helan-team, from: 2026-10-01"
    (finding,) = say(db, line).findings
    assert (finding.where, finding.code) == ("line 1: relations[0]", "contradicts")
    assert dict(finding.params) == {
        "there": f"{UNIVERSITY} 2026-01-01 ~",
        "here": f"{FIRM} 2026-10-01 ~",
    }
    report = say(db, line, supersede=True)
    assert (report.created, report.superseded) == ({"relations": 1}, {"relations": 1})
    assert payee_of(db, project(db), DAY) == key(db, FIRM)
    assert payee_of(db, project(db), date(2026, 9, 30)) == key(db, UNIVERSITY)


def test_a_relation_is_ended_by_new_dates(db: Session) -> None:
    days = "from: 2026-01-01, until: 2026-03-31"
    line = f"kind: payee, organisation: {UNIVERSITY}, project: helan-team, {days}"
    assert [f.code for f in say(db, line).findings] == ["contradicts"]
    assert say(db, line, supersede=True).superseded == {"relations": 1}
    assert payee_of(db, project(db), DAY) == key(db, INSTITUTE)


def test_related_the_other_way_round_is_the_same_fact(db: Session) -> None:
    line = f"kind: related, organisation: {INSTITUTE}, other: {UNIVERSITY}, from: 2026-01-01"
    assert say(db, line).unchanged == {"relations": 1}
    assert related(db, key(db, INSTITUTE), key(db, UNIVERSITY), DAY)


def test_many_may_sell_for_a_centre(db: Session) -> None:
    line = f"kind: seller, organisation: {FIRM}, centre: 贺兰山智算中心, from: 2026-01-01"
    assert say(db, line).created == {"relations": 1}


@pytest.mark.parametrize(
    ("line", "where", "code"),
    [
        ("kind: seller, organisation: %s, centre: 无", "centre", "unknown_centre"),
        ("kind: buyer, organisation: %s, project: 无", "project", "unknown_project"),
        (
            "kind: related, organisation: %s, other: 91640100MADEM0001Y",
            "organisation",
            "unknown_organisation",
        ),
    ],
)
def test_names_that_mean_nothing(db: Session, line: str, where: str, code: str) -> None:
    uscc = "A1110000MADEM0001T" if code == "unknown_organisation" else FIRM
    (finding,) = say(db, line % uscc + ", from: 2026-01-01").findings
    assert (finding.where, finding.code) == (f"line 1: relations[0].{where}", code)
