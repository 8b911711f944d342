"""Dated facts in the database: every day and every moment has one truth, whatever was stated."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from ledger.registry.rules.effective_dating import Span
from ledger.registry.steps.register import read_file, register
from tests.support.paths import EXAMPLES
from tests.support.people import CLERK

EXAMPLE = (EXAMPLES / "registry.yaml").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
FIRST = date(2025, 1, 1)
DAYS = 40


@pytest.fixture
def db(engine: sa.Engine) -> Iterator[Session]:
    """A session in a database where the example is registered."""
    with Session(engine) as session:
        assert register(session, *read_file(EXAMPLE), actor=CLERK, now=NOW).findings == ()
        session.commit()
        yield session


@st.composite
def statements(draw: st.DrawFn) -> list[tuple[str, Span]]:
    """What one file says about one holder: projects and days that do not overlap."""
    rows: list[tuple[str, Span]] = []
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, DAYS - 2))
        length = draw(st.none() | st.integers(1, 15))
        end = None if length is None else FIRST + timedelta(days=start + length)
        span = Span(FIRST + timedelta(days=start), end)
        if not any(span.overlaps(other_span) for _, other_span in rows):
            rows.append((draw(st.sampled_from(["saishang-72b", "helan-team"])), span))
    return rows


def file(statements_of_file: list[tuple[str, Span]]) -> str:
    lines = ["bindings:"]
    for project, span in statements_of_file:
        until = f", until: {span.end - timedelta(days=1)}" if span.end else ""
        lines.append(
            f"  - {{cluster: helan-a, holder: {{pod: x}}, project: {project},"
            f" from: {span.start}{until}}}"
        )
    return "\n".join(lines)


AS_OF = sa.text("""
    SELECT d::date AS day, array_agg(p.code ORDER BY b.id) AS codes
    FROM generate_series(CAST(:first AS date), CAST(:first AS date) + :days, interval '1 day') d
    JOIN bindings b ON b.valid @> d::date AND b.holder = 'x' AND b.recorded_at <= :moment
        AND (b.superseded_at IS NULL OR b.superseded_at > :moment)
    JOIN projects p ON p.id = b.project_id
    GROUP BY d
""")


def believed(db: Session, moment: datetime) -> dict[date, list[str]]:
    """What was believed at a moment about each day."""
    values = {"first": FIRST, "days": DAYS + 20, "moment": moment}
    return {row.day: row.codes for row in db.execute(AS_OF, values)}


@given(history=st.lists(st.tuples(statements(), st.booleans()), min_size=1, max_size=6))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_day_and_moment_has_one_truth(
    db: Session, history: list[tuple[list[tuple[str, Span]], bool]]
) -> None:
    """Each file is either refused and changes nothing, or holds from then on; the past stays."""
    db.rollback()  # back to the example alone
    snapshots: dict[datetime, dict[date, list[str]]] = {NOW: {}}
    now = NOW
    for rows, supersede in history:
        before = snapshots[now]
        now += timedelta(hours=1)
        report = register(db, *read_file(file(rows)), actor=CLERK, now=now, supersede=supersede)
        snapshots[now] = after = believed(db, now)
        assert all(len(codes) == 1 for codes in after.values()), "one project a day"
        if report.findings:
            assert not supersede
            assert after == before
        else:
            days = {d: [p] for p, s in rows for d in after if s.overlaps(Span.through(d, d))}
            assert {d: after[d] for d in days} == days, "what was said holds"
            other_days = {d: codes for d, codes in after.items() if d not in days}
            assert other_days.items() <= before.items(), "nothing else was made up"
            lost = {d: codes for d, codes in before.items() if d not in after}
            assert all(any([p] == codes for p, _ in rows) for codes in lost.values())
            again = register(db, *read_file(file(rows)), actor=CLERK, now=now, supersede=supersede)
            assert again.unchanged == {"bindings": len(rows)}
            assert again.created == again.superseded == {}
        for moment, snapshot in snapshots.items():
            assert believed(db, moment) == snapshot, "what was believed then is still known"


@pytest.mark.parametrize(
    "statement",
    [
        """INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid, recorded_at,
                                 recorded_by)
           SELECT cluster_id, holder_kind, holder, project_id, '[2026-05-01,2026-05-02)', now(),
                  recorded_by
           FROM bindings WHERE holder = 'saishang-train'""",
        """INSERT INTO billing_sources (cluster_id, source, valid, recorded_at, recorded_by)
           SELECT id, 'dcgm', '[2026-03-31,2026-04-02)', now(), recorded_by FROM clusters""",
        """INSERT INTO prices (contract_id, model_id, mig_profile, unit, yuan, gpus, hours,
            tax_included,
                               tax_rate, valid, recorded_at, recorded_by)
           SELECT contract_id, model_id, mig_profile, unit, 1, gpus, hours, tax_included, tax_rate,
                  valid, now(), recorded_by
           FROM prices""",
    ],
)
def test_the_database_itself_refuses_two_truths(db: Session, statement: str) -> None:
    with pytest.raises(sa.exc.IntegrityError) as refused:
        db.execute(sa.text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.ExclusionViolation)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bindings SET project_id = project_id + 1",
        "UPDATE prices SET yuan = 0",
        "DELETE FROM bindings",
        "UPDATE contracts SET number = 'n'",
        "UPDATE gpus SET registered_from = now()",
        "UPDATE projects SET kind = 'team'",
    ],
)
def test_the_application_cannot_edit_the_past(db: Session, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError) as refused:
        db.execute(sa.text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_what_is_superseded_stays_superseded(db: Session) -> None:
    text = (
        "{cluster: helan-a, holder: {pod: saishang-train}, project: helan-team, from: 2026-05-01}"
    )
    register(db, *read_file(f"bindings: [{text}]"), actor=CLERK, now=NOW, supersede=True)
    with pytest.raises(sa.exc.IntegrityError, match="cannot change again"):
        db.execute(
            sa.text(
                "UPDATE bindings SET superseded_at = NULL, superseded_by = NULL"
                " WHERE superseded_at IS NOT NULL"
            )
        )


@pytest.mark.parametrize(
    "change",
    [
        "superseded_at = recorded_at - interval '1 s', superseded_by = recorded_by",
        "superseded_by = recorded_by",
    ],
)
def test_a_fact_is_superseded_by_somebody_and_after_it_was_recorded(
    db: Session, change: str
) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        db.execute(sa.text(f"UPDATE bindings SET {change}"))
