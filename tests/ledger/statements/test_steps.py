"""Statements: the same figures are the same statement, other figures a new revision."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from ledger.errors import Conflict, LedgerError, NotFound, Refused
from ledger.statements import queries as books
from ledger.statements import steps
from ledger.statements.codes import LineAnswer, Party
from ledger.statements.rules import Statement, as_csv
from tests.support.simulation import USCC, gpu_id, held, minute, window
from tests.support.town import NOW, Town

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
OVER = minute(31 * 24 * 60)  # 1 April, in Beijing and in UTC
LINES = f"""
contracts:
  - number: k1
    centre: centre of c1
    project: p1
    from: 2026-01-01
    prices:
      - {{unit: gpu-hour, yuan: "60", tax_included: false, tax_rate: "0.06"}}
      - {{kind: reserved, name: 包机, unit: gpu-hour, yuan: 6, tax_included: false, tax_rate: 0,
         gpus: [{gpu_id(1)}], from: 2026-03-01, until: 2026-03-02}}
      - {{kind: fixed, name: 专线费, unit: month, yuan: 2000, tax_included: false, tax_rate: 0,
         from: 2026-03-01, until: 2026-03-31}}
"""


class Desk:
    def __init__(self, town: Town, db: Session) -> None:
        self.town, self.db = town, db
        self.contract = int(db.scalars(sa.text("SELECT id FROM contracts")).one())

    def issue(self, month: date = MARCH) -> Statement:
        statement = steps.issue(self.db, self.contract, month, actor="clerk:甲#1", now=NOW)
        self.db.commit()
        return statement

    def say(
        self, number: str, word: LineAnswer, party: Party, *lines: int, reason: str = ""
    ) -> int:
        new_state = steps.answer(
            self.db, number, lines=lines or None, party=party, word=word, reason=reason,
            actor=f"{party}:乙#2", now=NOW,
        )  # fmt: skip
        self.db.commit()
        return new_state

    def seen(self, number: str) -> Statement:
        return books.statement(self.db, number)


@pytest.fixture
def desk(town: Town) -> Iterator[Desk]:
    with Session(town.engine) as db:
        yield Desk(town, db)


def code(error: pytest.ExceptionInfo[LedgerError]) -> str:
    return error.value.code


def test_a_statement_says_what_was_charged_and_how_well_it_is_proved(desk: Desk) -> None:
    desk.town.register(LINES, NOW)
    gap = wire.Gap(20_000, 60_000, wire.GapReason.NVML_ERROR)
    desk.town.report([window(0, 0), window(0, 1, held("team-a", 0, 20_000), gaps=[gap])])
    desk.town.report([window(1, at) for at in range(3)])
    statement = desk.issue()
    assert statement.number == f"DZ-202603-{desk.contract}-1"
    assert (statement.contract, statement.centre, statement.project) == ("k1", "centre of c1", "p1")
    expected_line = {
        line.kind: (int(line.device_ms), line.promised_ms, line.cost_fen, line.grade, line.gap_ms)
        for line in statement.lines
    }
    assert expected_line == {
        "metered": (80_000, None, 133, "B", 40_000),
        "reserved": (180_000, 2 * 24 * 3_600_000, 30, "B", 0),
        "fixed": (0, None, 200_000, "A", 0),
    }
    assert statement.total_fen == 200_163
    assert [line.line for line in statement.lines] == [1, 2, 3]


def test_a_line_says_what_its_price_selects_by(desk: Desk) -> None:
    desk.town.register(
        LINES.replace('yuan: "60"', 'yuan: "90", partition: gpu, qos: high, market: on-demand')
        + "bindings: [{cluster: c1, holder: {slurm: lab}, project: p1, from: 2026-01-01}]", NOW
    )  # fmt: skip
    job = wire.Part(wire.Slurm("lab", "42", "gpu", "high"), 0, 60_000)
    desk.town.report([window(0, 0), window(0, 1, job)])
    lines = {line.cost_fen: line for line in desk.issue().lines if line.kind == "metered"}
    selectors = {fen: (line.partition, line.qos, line.market) for fen, line in lines.items()}
    assert selectors == {100: (None, None, None), 150: ("gpu", "high", "on-demand")}
    assert {line.grade for line in lines.values()} == {"B"}
    assert ",H100-80G,,gpu,high,按需," in as_csv(desk.issue()).decode("utf-8-sig")


def test_the_worst_source_is_the_grade_of_the_line(desk: Desk, owner: psycopg.Connection) -> None:
    billing = "billing: [{source: import, from: 2026-03-02}]"
    change = f"clusters: [{{name: c1, centre: centre of c1, {billing}}}]"
    desk.town.register(change, NOW, supersede=True)
    desk.town.report([window(0, 0)])
    imported = """
        INSERT INTO day_totals (gpu, day, cluster_id, source, model, holder_kind, holder,
            mig_profile,
            den, held)
        SELECT gpu, day + 2, cluster_id, 'import', model, holder_kind, holder, mig_profile, den,
               held
        FROM day_totals
    """
    owner.execute(imported.encode())
    (line,) = desk.issue().lines
    assert (line.grade, int(line.device_ms)) == ("D", 120_000)


def test_the_same_figures_are_the_same_statement(desk: Desk) -> None:
    desk.town.report([window(0, 0)])
    first = desk.issue()
    assert desk.issue() == first


def test_other_figures_take_its_place(desk: Desk) -> None:
    desk.town.report([window(0, 0)])
    first = desk.issue()
    desk.say(first.number, LineAnswer.CONFIRMED, Party.BUILDER)
    desk.town.report([window(0, 1)])
    second = desk.issue()
    assert (second.revision, second.total_fen, second.builder_says) == (2, 200, "open")
    assert desk.seen(first.number).superseded_by == second.number
    assert desk.seen(first.number).builder_says == "confirmed"
    assert desk.seen(first.number).total_fen == 100
    with pytest.raises(Conflict) as refused:
        desk.say(first.number, LineAnswer.CONFIRMED, Party.CENTRE)
    assert code(refused) == "statement_superseded"
    assert [s.number for s in books.statements(desk.db)] == [second.number]
    both = books.statements(desk.db, superseded=True)
    assert [s.revision for s in both] == [2, 1]


def test_what_is_taken_back_is_stated_as_nothing(desk: Desk) -> None:
    desk.town.report([window(0, 0)])
    desk.issue()
    away = f"""
projects: [{{code: p2, name: 另一, kind: model, organisation: {USCC}}}]
bindings: [{{cluster: c1, holder: {{static: team-a}}, project: p2, from: 2026-01-01}}]
"""
    desk.town.register(away, NOW, supersede=True)
    second = desk.issue()
    assert (second.revision, second.total_fen, second.lines) == (2, 0, ())


def test_a_month_that_is_not_over_is_only_shown(desk: Desk) -> None:
    desk.town.report([window(0, 0)])
    early = OVER - timedelta(hours=9)
    with pytest.raises(Refused) as refused:
        steps.issue(desk.db, desk.contract, MARCH, actor="clerk", now=early)
    assert code(refused) == "month_open"
    statement = steps.preview(desk.db, desk.contract, MARCH, now=early)
    assert (statement.number, statement.total_fen, len(statement.lines)) == ("", 100, 1)
    assert books.statements(desk.db) == []
    assert steps.issue(desk.db, desk.contract, MARCH, actor="clerk", now=OVER).total_fen == 100


def test_there_must_be_something_to_state(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.issue()
    assert code(refused) == "nothing_metered"
    with pytest.raises(NotFound):
        steps.issue(desk.db, 10**6, MARCH, actor="clerk", now=NOW)


def test_all_contracts_of_a_month_in_one_act(desk: Desk) -> None:
    text = """
projects: [{code: p2, name: 另一, kind: team, organisation: %s}]
contracts:
  - {number: k2, centre: centre of c1, project: p2, from: 2026-01-01,
     prices: [{unit: gpu-hour, yuan: 6, tax_included: false, tax_rate: 0}]}
  - {number: k3, centre: centre of c1, project: p2, from: 2025-01-01, until: 2025-12-31}
bindings: [{cluster: c1, holder: {static: team-b}, project: p2, from: 2026-01-01}]
"""
    desk.town.register(text % USCC, NOW)
    desk.town.report([window(0, 0), window(1, 0, held("team-b"))])
    statements = steps.issue_all(desk.db, MARCH, actor="clerk", now=NOW)
    assert [(statement.contract, statement.total_fen) for statement in statements] == [
        ("k1", 100),
        ("k2", 10),
    ]
    assert steps.issue_all(desk.db, MARCH, actor="other", now=NOW) == statements
    assert steps.issue_all(desk.db, APRIL, actor="clerk", now=NOW) == []


def test_each_party_answers_line_by_line_and_the_newest_word_counts(desk: Desk) -> None:
    desk.town.register(LINES, NOW)
    desk.town.report([window(0, 0)])
    number = desk.issue().number
    assert desk.say(number, LineAnswer.CONFIRMED, Party.BUILDER) == 3
    assert desk.say(number, LineAnswer.CONFIRMED, Party.BUILDER) == 0, "the same word again"
    assert desk.say(number, LineAnswer.CONTESTED, Party.BUILDER, 2, reason="少算了一天") == 1
    statement = desk.seen(number)
    assert [line.builder.answer for line in statement.lines if line.builder] == [
        "confirmed", "contested", "confirmed"
    ]  # fmt: skip
    assert (statement.builder_says, statement.centre_says) == ("contested", "open")
    desk.say(number, LineAnswer.CONFIRMED, Party.BUILDER, 2)
    desk.say(number, LineAnswer.CONFIRMED, Party.CENTRE, 1, 2)
    (summary,) = books.statements(desk.db)
    assert (summary.builder_says, summary.centre_says, summary.lines) == ("confirmed", "open", 3)
    assert (
        vars(summary).items()
        >= {
            k: v for k, v in vars(desk.seen(number)).items() if k not in ("lines", "digest")
        }.items()
    )


def test_contesting_takes_a_reason_and_a_line_that_is_there(desk: Desk) -> None:
    desk.town.report([window(0, 0)])
    number = desk.issue().number
    with pytest.raises(Refused) as refused:
        desk.say(number, LineAnswer.CONTESTED, Party.CENTRE, reason="  ")
    assert code(refused) == "reason_missing"
    with pytest.raises(NotFound) as missing:
        desk.say(number, LineAnswer.CONFIRMED, Party.CENTRE, 1, 7)
    assert code(missing) == "statement_line"
    assert desk.seen(number).centre_says == "open", "nothing half-done"


def test_statements_are_found_by_whose_they_are(desk: Desk) -> None:
    desk.town.report([window(0, 0)])
    statement = desk.issue()
    centre = int(desk.db.scalars(sa.text("SELECT centre_id FROM contracts")).one())
    scopes: list[dict[str, Any]] = [{"centre": centre}, {"project": desk.town.project}]
    for fields in scopes:
        assert books.statement(desk.db, statement.number, **fields) == statement
        assert len(books.statements(desk.db, **fields, month=MARCH, contract="k1")) == 1
    for theirs_fields in [{name: key + 1 for name, key in fields.items()} for fields in scopes]:
        assert books.statements(desk.db, limit=9, **theirs_fields) == []
        with pytest.raises(NotFound):
            books.statement(desk.db, statement.number, **theirs_fields)
    assert books.statements(desk.db, month=MAY) == []


def test_the_table_for_a_spreadsheet_computes_nothing(desk: Desk) -> None:
    desk.town.report([window(0, 0)])
    number = desk.issue().number
    desk.say(number, LineAnswer.CONTESTED, Party.BUILDER, reason="=1+1")
    rows = as_csv(desk.seen(number)).decode("utf-8-sig").split("\r\n")
    assert rows[0] == f"对账单,{number}"
    assert rows[6].startswith(
        "1,按量,,H100-80G,,,,,yinchuan-2024-drill,0.016667,60000,,1.00,B,0,,,"
    )
    assert rows[6].endswith(",有出入,'=1+1")
    assert rows[7] == "合计,1.00"


def test_what_a_statement_says_is_kept(desk: Desk) -> None:
    desk.town.report([window(0, 0)])
    desk.issue()
    for change in ("UPDATE statements SET total_fen = 0", "DELETE FROM statement_lines",
                   "UPDATE statement_answers SET answer = 'confirmed'"):  # fmt: skip
        with pytest.raises(sa.exc.ProgrammingError), desk.db.begin_nested():
            desk.db.execute(sa.text(change))
