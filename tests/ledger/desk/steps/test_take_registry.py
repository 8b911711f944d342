"""A registry file: what is harmless stands at once, what touches charged usage takes two persons.

The town used 100 GPU-minutes on 1 March and was charged 100 yuan for them on 9 May.
"""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.charging.steps import charge
from ledger.desk.steps.confirm import respond
from ledger.desk.steps.take_registry import RegistryIntake, take_registry
from ledger.errors import Conflict, Refused
from ledger.people.codes import Answer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.simulation import START, window
from tests.support.town import APPROVER, CLERK, NOW, Town

LINE = 'unit: gpu-hour, tax_included: false, tax_rate: "0.06"'
LINES = (
    "contracts: [{number: k1, centre: centre of c1, project: p1, from: 2026-01-01, prices: [%s]}]"
)
DEARER = LINES % f'{{{LINE}, yuan: "9999"}}'
BINDING = "bindings: [{cluster: c1, holder: {static: %s}, project: p1, from: 2026-01-01%s}]"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def busy_town(town: Town) -> Town:
    town.report(window(0, at) for at in range(100))
    town.accrue()
    return town


@pytest.fixture
def db(busy_town: Town) -> Iterator[Session]:
    with Session(busy_town.engine, expire_on_commit=False) as session:
        yield session


def say(db: Session, text: str, *, supersede: bool = True) -> RegistryIntake:
    intake = take_registry(db, text, actor=CLERK.actor, now=NOW, supersede=supersede)
    db.commit()
    return intake


def proposal(db: Session, text: str) -> Decision:
    decision = say(db, text).decision
    assert decision is not None
    return decision


def confirm(db: Session, decision: Decision) -> None:
    respond(
        db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest, viewer=APPROVER,
        now=LATER,
    )  # fmt: skip
    db.commit()


def cost(db: Session) -> dict[str, int]:
    """What is charged under each contract by now."""
    charge(db, LATER)
    db.commit()
    rows = db.execute(
        sa.text("SELECT number, sum(cost_fen)::int FROM charges h JOIN contracts k"
                " ON k.id = h.contract_id GROUP BY number")
    )  # fmt: skip
    return {number: fen for number, fen in rows}  # noqa: C416 - rows


def rows(db: Session, table: str) -> list[str]:
    query = f"SELECT valid::text FROM {table} WHERE superseded_at IS NULL ORDER BY valid"
    return list(db.scalars(sa.text(query)))


def test_a_price_of_charged_usage_takes_two(db: Session) -> None:
    decision = proposal(db, DEARER)
    assert cost(db) == {"k1": 100_00}
    assert decision.content["changes"] == [
        {
            "about": "k1 metered",
            "before": "60/gpu-hour (1 × 1 h), tax_included false, tax_rate 0.06 2026-01-01 ~",
            "after": "9999/gpu-hour (1 × 1 h), tax_included false, tax_rate 0.06 2026-01-01 ~",
        }
    ]
    assert decision.content["months"] == [
        {"contract": "k1", "month": "2026-03", "before_fen": 100_00, "after_fen": 1_666_500,
         "difference_fen": 1_656_500},
    ]  # fmt: skip
    confirm(db, decision)
    assert cost(db) == {"k1": 1_666_500}


def term(until: str, more: str = "") -> str:
    return (
        f"contracts: [{{number: k1, centre: centre of c1, project: p1, from: 2026-01-01,"
        f" until: {until}{more}}}]"
    )


def test_a_contract_that_ended_before_its_usage_takes_two(db: Session) -> None:
    decision = proposal(db, term("2026-02-28"))
    (change,) = decision.content["changes"]
    assert (change["before"], change["after"]) == ("[2026-01-01,)", "[2026-01-01,2026-03-01)")
    assert [m["difference_fen"] for m in decision.content["months"]] == [-100_00]
    assert cost(db) == {"k1": 100_00}
    confirm(db, decision)
    assert cost(db) == {}
    old = db.execute(sa.text("SELECT valid::text, superseded_by FROM contract_terms")).all()
    assert old == [("[2026-01-01,)", APPROVER.actor)]


def test_what_two_took_back_nobody_does_again_by_the_old_decision(
    db: Session, busy_town: Town, database: Database
) -> None:
    ends = proposal(db, term("2026-02-28"))
    confirm(db, ends)
    confirm(db, proposal(db, LINES % f'{{{LINE}, yuan: "60"}}'))
    db.rollback()  # nothing is locked
    assert cost(db) == {"k1": 100_00}
    again = (
        "UPDATE contracts SET valid = '[2026-01-01,2026-03-01)', changed_at = now(),"
        f" changed_by = '{APPROVER.actor}', decision_id = {ends.id}"
    )
    assert attempt(database, again) is psycopg.errors.CheckViolation
    assert cost(db) == {"k1": 100_00}


def test_a_contract_ends_early_after_its_usage_by_one_person(db: Session) -> None:
    assert say(db, term("2026-06-30")).decision is None
    assert say(db, term("2026-06-30", ', total: "500.00"')).decision is not None


def test_who_proposed_may_not_confirm(db: Session) -> None:
    decision = proposal(db, DEARER)
    with pytest.raises(Refused, match="same_person"):
        respond(
            db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest, viewer=CLERK,
            now=LATER,
        )  # fmt: skip


def test_what_is_new_and_harmless_does_not_wait_for_the_rest(db: Session) -> None:
    intake = say(db, DEARER + "\n" + BINDING % ("team-b", ""))
    assert intake.decision is not None
    assert intake.report.created == {"bindings": 1}
    assert len(rows(db, "bindings")) == 2


@pytest.mark.parametrize(
    "text",
    [
        LINES
        % f'{{{LINE}, yuan: "60", until: 2026-05-09}}, {{{LINE}, yuan: "80", from: 2026-05-10}}',
        BINDING % ("team-a", ", until: 2026-03-01"),
        BINDING % ("team-b", ""),
        (
            "relations: [{kind: related, organisation: 91640100MA7600001J, "
            " other: 91640100MA76000075, from: 2026-05-10}]\n"
            "organisations: [{uscc: 91640100MA76000075, name: 别家}]"
        ),
        (
            "clusters: [{name: c1, centre: centre of c1, billing: [{source: nvml, from: 2026-01-01,"
            " until: 2026-03-01}, {source: import, from: 2026-03-02}]}]"
        ),
    ],
)
def test_days_without_charged_usage_are_one_persons(db: Session, text: str) -> None:
    intake = say(db, text)
    assert intake.report.findings == ()
    assert intake.decision is None
    assert cost(db) == {"k1": 100_00}


@pytest.mark.parametrize(
    "text",
    [
        LINES % f'{{{LINE}, yuan: "60"}}, {{{LINE}, yuan: "1", model: H100-80G}}',
        LINES % f'{{{LINE}, yuan: "60", name: 别名}}',
        LINES % f'{{{LINE}, yuan: "60"}}, {{kind: fixed, unit: month, name: 存储, yuan: "1",'
        ' tax_included: false, tax_rate: "0.06"}',
        BINDING % ("team-a", ", until: 2026-02-28"),
        BINDING % ("team-a", ", market: spot"),
        (
            "relations: [{kind: payee, organisation: 91640100MA76000075, project: p1,"
            " from: 2026-03-01}]\n"
            "organisations: [{uscc: 91640100MA76000075, name: 别家}]"
        ),
        (
            "clusters: [{name: c1, centre: centre of c1,"
            " billing: [{source: slurm, from: 2026-01-01}]}]"
        ),
    ],
)
def test_days_with_charged_usage_take_two(db: Session, text: str) -> None:
    before = {table: rows(db, table) for table in ("prices", "bindings", "relations")}
    decision = proposal(db, text)
    assert {table: rows(db, table) for table in before} == before
    confirm(db, decision)


def test_of_two_changes_of_the_same_price_the_second_finds_it_moved(db: Session) -> None:
    first = proposal(db, DEARER)
    both = LINES % f'{{{LINE}, yuan: "8"}}' + "\n" + BINDING % ("team-a", ", market: spot")
    second = proposal(db, both)
    confirm(db, first)
    with pytest.raises(Conflict, match="registry_moved"):
        confirm(db, second)
    db.rollback()
    assert cost(db) == {"k1": 1_666_500}


def test_figures_of_a_past_month_that_moved_refuse_it(busy_town: Town, db: Session) -> None:
    decision = proposal(db, DEARER)
    busy_town.report(window(0, at) for at in range(100, 110))
    with pytest.raises(Conflict, match="registry_moved"):
        confirm(db, decision)
    db.rollback()
    assert cost(db) == {"k1": 110_00}


PRICE = (
    "INSERT INTO prices (contract_id, {0} unit, yuan, gpus, hours, tax_included, tax_rate, valid,"
    " recorded_at, recorded_by{1}) SELECT k.id, {0} 'gpu-hour', {2}, 1, 1, false, {3}, '[{4},)',"
    " now(), k.recorded_by{5} FROM contracts k, (SELECT id AS model_id FROM catalogue_models) m"
)
NEW_PRICE = PRICE.format("model_id,", "", 9999, 0, "2026-02-01", "")
END = "UPDATE {} SET superseded_at = greatest(now(), recorded_at), superseded_by = recorded_by"
RAW = {
    "a price": NEW_PRICE,
    "the end of a price": END.format("prices"),
    "the end of a binding": END.format("bindings"),
    "the end of a source": END.format("billing_sources"),
    "the end of a contract": "UPDATE contracts SET valid = '[2026-01-01,2026-02-01)',"
    " changed_at = now(), changed_by = recorded_by",
    "a payee": "INSERT INTO relations (kind, organisation_id, project_id, valid, recorded_at,"
    " recorded_by) SELECT 'payee', p.organisation_id, p.id, '[2026-01-01,)', now(),"
    " p.recorded_by FROM projects p",
    "a price that ends and begins again dearer": END.format("prices")
    + ";"
    + PRICE.format("", "", 9999, "0.06", "2026-01-01", ""),
    "a price that is said to have been there": NEW_PRICE
    + ";"
    + END.format("prices")
    + " WHERE yuan = 9999;"
    + NEW_PRICE,
}


@pytest.mark.parametrize("sql", RAW.values(), ids=RAW.keys())
def test_the_database_wants_two_whatever_the_application_says(db: Session, sql: str) -> None:
    db.execute(sa.text(sql))
    with pytest.raises(sa.exc.IntegrityError) as refused:
        db.commit()
    assert isinstance(refused.value.orig, psycopg.errors.CheckViolation)
    assert refused.value.orig.diag.constraint_name == "registry_decided"


@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM charges",
        "UPDATE charges SET computed_at = '2000-01-01'",
        "UPDATE charges SET month = '2000-01-01'",
    ],
)
def test_what_was_charged_is_not_forgotten_by_deleting_it(db: Session, deed: str) -> None:
    """Else the price could be changed by one in between, and the usage charged anew."""
    db.execute(sa.text(deed))
    db.commit()
    sql = END.format("prices") + ";" + PRICE.format("model_id,", "", 9999, "0.06", "2026-01-01", "")
    db.execute(sa.text(sql))
    with pytest.raises(sa.exc.IntegrityError, match="two persons"):
        db.commit()


def test_a_confirmed_decision_is_for_its_own_rows_and_once(db: Session) -> None:
    decision = proposal(db, DEARER)
    confirm(db, decision)
    by = (", decision_id", 9999, "0.06", "2026-01-01", f", {decision.id}")
    confirmer = "(SELECT max(answered_by) FROM decisions)"
    another = PRICE.format("model_id,", *by).replace("k.recorded_by", confirmer)
    db.execute(sa.text(another))
    with pytest.raises(sa.exc.IntegrityError, match="two persons"):
        db.commit()
    db.rollback()
    cheaper = proposal(db, LINES % f'{{{LINE}, yuan: "60"}}')
    confirm(db, cheaper)
    again = END.format("prices").replace(" SET", f" SET superseded_decision_id = {cheaper.id},")
    again = again.replace("superseded_by = recorded_by", f"superseded_by = {confirmer}")
    again += " WHERE superseded_at IS NULL;"
    again += PRICE.format("", *by).replace("k.recorded_by", confirmer)
    db.execute(sa.text(again))
    with pytest.raises(sa.exc.IntegrityError, match="two persons"):
        db.commit()


def test_before_anything_was_charged_one_person_registers(town: Town) -> None:
    with Session(town.engine) as db:
        intake = take_registry(db, DEARER, actor=CLERK.actor, now=START, supersede=True)
        db.commit()
        assert intake.decision is None
        assert intake.report.superseded == {"prices": 1}
