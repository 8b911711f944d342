"""What guards public money in the registry: renames, controllers, one contract subsidised once."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.registry import queries
from ledger.registry.rules.safeguards import KnownName
from ledger.registry.steps.register import RegistrationReport, read_file, register
from tests.support.documents import party
from tests.support.people import CLERK
from tests.support.town import NOW, Town

SELLER, BUYER = "91640100MA7600001J", party(7, "买方").uscc
ORGANISATION = f"organisations: [{{uscc: {BUYER}, name: 买方}}]\n"
TERM = "centre: centre of c1, project: p1, from: 2026-01-01"
DAY = date(2026, 5, 1)
CONTRACT = (
    "INSERT INTO contracts (number, centre_id, project_id, valid, recorded_at, recorded_by)"
    " SELECT '%s', centre_id, project_id, valid, now(), recorded_by FROM contracts"
)
ASSIGNMENT = (
    "INSERT INTO assignments (number, programme, recorded_at, recorded_by)"
    " SELECT 'K1', 'x', now(), recorded_by FROM contracts"
)


@pytest.fixture
def db(town: Town) -> Iterator[Session]:
    with Session(town.engine) as session:
        yield session


def say(db: Session, text: str) -> RegistrationReport:
    report = register(db, *read_file(text), actor=CLERK, now=NOW, supersede=True)
    db.commit()
    return report


def codes(db: Session, text: str) -> list[str]:
    return [finding.code for finding in say(db, text).findings]


def organisation(db: Session, uscc: str) -> int:
    query = sa.text("SELECT id FROM organisations WHERE uscc = :uscc")
    return int(db.scalars(query, {"uscc": uscc}).one())


def test_a_company_is_renamed_and_known_by_both_names(db: Session) -> None:
    say(db, ORGANISATION)
    rename = f"names: [{{organisation: {BUYER}, name: 新买方, from: 2026-04-01}}]"
    assert say(db, rename).created == {"names": 2}
    assert queries.known_names(db, [BUYER]) == {
        BUYER: [KnownName("买方", date(1900, 1, 1)), KnownName("新买方", date(2026, 4, 1))]
    }
    name = db.scalar(sa.text("SELECT name FROM organisations WHERE uscc = :u"), {"u": BUYER})
    assert name == "新买方"
    assert say(db, ORGANISATION).unchanged == {"organisations": 1}
    assert say(db, rename).unchanged == {"names": 1}
    assert codes(db, ORGANISATION.replace("买方", "冒名")) == ["differs"]


@pytest.mark.parametrize(
    ("first", "second", "are_related"),
    [
        ("person: 张三", "person: 张三", True),
        ("person: 张三, id_tail: 12345X", "person: 张三", True),
        ("person: 张三, id_tail: 12345X", "person: 张 三", True),
        ("person: 张三, id_tail: 12345X", "person: 张三, id_tail: 123456", False),
        ("person: 张三", "person: 李四", False),
    ],
)
def test_one_person_in_control_of_both_relates_them(
    db: Session, first: str, second: str, *, are_related: bool
) -> None:
    text = (
        f"controllers:\n- {{organisation: {SELLER}, role: legal, {first}, from: 2026-01-01}}\n"
        f"- {{organisation: {BUYER}, role: actual, {second},"
        " from: 2026-01-01, until: 2026-05-01}"
    )
    assert codes(db, ORGANISATION + text) == []
    seller, buyer = organisation(db, SELLER), organisation(db, BUYER)
    assert queries.related(db, seller, buyer, DAY) == are_related
    assert queries.related(db, buyer, seller, DAY) == are_related
    assert not queries.related(db, seller, buyer, date(2026, 5, 2))


@pytest.mark.parametrize(
    "number", ["HT-2026-1", "ht-2026-1", "ＨＴ－２０２６－１", "HT—2026—1", "HT -2026-1"]
)
def test_a_contract_of_another_programme_is_refused_however_it_is_written(
    db: Session, number: str
) -> None:
    say(db, "assignments: [{contract: HT-2026-1, programme: 省算力券}]")
    assert codes(db, f"contracts: [{{number: {number}, {TERM}}}]") == ["assigned_elsewhere"]


@pytest.mark.parametrize("number", ["K1", "ｋ１", "k 1"])
def test_a_contract_is_registered_once_however_it_is_written(db: Session, number: str) -> None:
    assert codes(db, f"contracts: [{{number: {number}, {TERM}}}]") == ["same_contract"]
    twice = f"contracts: [{{number: HT-1, {TERM}}}, {{number: ht-1, {TERM}}}]"
    assert codes(db, twice) == ["same_contract"]
    assignment = f"assignments: [{{contract: {number}, programme: 省算力券}}]"
    assert codes(db, assignment) == ["subsidised_here"]


def test_one_text_is_one_contract(db: Session) -> None:
    text = f"{TERM}, sha256: {'ab' * 32}"
    assert codes(db, f"contracts: [{{number: a, {text}}}, {{number: b, {text}}}]") == [
        "same_contract"
    ]
    assert codes(db, f"contracts: [{{number: a, {text}}}]") == []
    assert codes(db, f"contracts: [{{number: b, {text}}}]") == ["same_contract"]


@pytest.mark.parametrize(
    "sql",
    [
        CONTRACT % "ht－9",
        CONTRACT % "K 1",
        ASSIGNMENT,
    ],
)
def test_the_database_itself_refuses_a_contract_twice(db: Session, sql: str) -> None:
    say(db, "assignments: [{contract: HT-9, programme: 省算力券}]")
    with pytest.raises(sa.exc.IntegrityError) as refused:
        db.execute(sa.text(sql))
    error = refused.value.orig
    assert isinstance(error, (psycopg.errors.CheckViolation, psycopg.errors.UniqueViolation))


def test_what_other_programmes_pay_is_known_by_month(db: Session) -> None:
    text = "other_support: [{project: p1, contract: k1, programme: %s, month: 2026-03, yuan: %s}]"
    say(db, text % ("省", "100.00"))
    say(db, text % ("国家", "50.00"))
    say(db, text % ("省", "80.00"))
    project, contract = (
        db.scalars(sa.text(f"SELECT id FROM {table}")).one() for table in ("projects", "contracts")
    )
    assert queries.other_support(db, [project]) == {(project, contract, date(2026, 3, 1)): 130_00}


def test_usual_prices_are_read_in_fen(db: Session) -> None:
    say(db, 'price_bands: [{model: H100-80G, low: "3.005", high: "12", from: 2026-01-01}]')
    (band,) = queries.price_bands(db)
    assert (band.low_fen, band.high_fen) == (Fraction(601, 2), Fraction(1200))
