"""Registering files: all or nothing, again and again, and what contradicts what is there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from time import sleep

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.charging.queries import contract_lines
from ledger.registry.steps.register import RegistrationReport, read_file, register
from tests.support.paths import EXAMPLES
from tests.support.people import CLERK, SECOND_CLERK

EXAMPLE = (EXAMPLES / "registry.yaml").read_text(encoding="utf-8")
BAD = (Path(__file__).parents[1] / "bad_registry.yaml").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TABLES = [
    "organisations", "centres", "clusters", "billing_sources", "witness_requirements",
    "catalogue_models", "catalogue_names", "gpus", "projects", "contracts", "prices", "bindings",
    "relations", "reserved_devices",
]  # fmt: skip
GPU = "GPU-0c0f4d5e-1111-4222-8333-00000000000"
BINDING = "bindings:\n  - {cluster: helan-a, holder: {pod: saishang-train}, project: %s, %s}\n"


@pytest.fixture
def db(engine: sa.Engine) -> Iterator[Session]:
    """A session in a database where the example is registered."""
    with Session(engine) as session:
        assert findings(register(session, *read_file(EXAMPLE), actor=CLERK, now=NOW)) == []
        session.commit()
        yield session


def findings(report: RegistrationReport) -> list[tuple[str, str]]:
    return [(finding.where, finding.code) for finding in report.findings]


def again(db: Session, text: str, *, supersede: bool = False, days: int = 1) -> RegistrationReport:
    now = NOW + timedelta(days=days)
    return register(db, *read_file(text), actor=SECOND_CLERK, now=now, supersede=supersede)


def rows(db: Session) -> dict[str, list[sa.RowMapping]]:
    return {
        table: list(db.execute(sa.text(f"SELECT * FROM {table} t ORDER BY t::text")).mappings())
        for table in TABLES
    }


def bindings(db: Session, holder: str = "saishang-train") -> list[str]:
    result = db.execute(
        sa.text(
            "SELECT p.code || ' ' || b.valid || CASE WHEN superseded_at IS NULL THEN ''"
            " ELSE ' superseded by ' || superseded_by END"
            " FROM bindings b JOIN projects p ON p.id = b.project_id WHERE holder = :holder"
            " ORDER BY b.valid, b.id"
        ),
        {"holder": holder},
    )
    return list(result.scalars())


def test_the_example_is_registered_as_it_says(engine: sa.Engine) -> None:
    with Session(engine) as db:
        report = register(db, *read_file(EXAMPLE), actor=CLERK, now=NOW)
        assert report == RegistrationReport(
            created={
                "organisations": 4, "centres": 1, "clusters": 1, "billing": 2, "witnesses": 1,
                "catalogue": 2, "catalogue_names": 5, "gpus": 3, "projects": 2,
                "contracts": 2, "prices": 12,
                "bindings": 4, "relations": 4, "names": 2, "controllers": 1, "price_bands": 1,
                "other_support": 1, "assignments": 1,
            },
            unchanged={},
            findings=(),
            superseded={},
            entities=report.entities,
            at_once=report.at_once,
        )  # fmt: skip
        assert len(report.entities) == 21  # organisations … contracts, and an assignment
        assert sum(len(section.plan.created) for section in report.at_once) == 28
        contents = rows(db)
    price = next(p for p in contents["prices"] if p["unit"] == "node-month")
    assert (str(price["yuan"]), price["gpus"], price["hours"]) == ("29800.00", 8, 720)
    assert (price["mig_profile"], price["recorded_at"], price["recorded_by"]) == ("", NOW, CLERK)
    gpu = next(g for g in contents["gpus"] if g["gpu"] == GPU + "3")
    assert gpu["registered_from"] == datetime(2025, 12, 31, 16, tzinfo=UTC), "Beijing midnight"
    assert gpu["retired_at"] == datetime(2026, 9, 30, 16, tzinfo=UTC), "after its last day"


def test_registering_again_changes_nothing(db: Session) -> None:
    before = rows(db)
    report = again(db, EXAMPLE)
    assert (report.created, report.superseded, report.findings) == ({}, {}, ())
    assert sum(report.unchanged.values()) == 48
    assert rows(db) == before


def test_with_a_fault_nothing_at_all_is_kept(db: Session) -> None:
    before = rows(db)
    new = "organisations: [{uscc: N2640104MADEM00018, name: 合作社}]\n"
    report = again(db, new + BINDING % ("nobody", "from: 2026-01-01, until: 2026-03-31"))
    assert findings(report) == [("line 3: bindings[0].project", "unknown_project")]
    assert (report.created, report.unchanged) == ({}, {})
    db.commit()  # even where the caller forgets to roll back
    assert rows(db) == before
    assert again(db, new).created == {"organisations": 1}


def test_all_faults_are_told_at_once_the_database_s_too(db: Session) -> None:
    in_the_file_alone = {finding.where for finding in again(db, BAD).findings}
    text = BAD + "  - {cluster: no-such, holder: {pod: x}, project: nor-such, from: 2026-01-01}\n"
    more = text.replace("invoices: [] #! unknown_key\n", "")
    report = again(db, more)
    last = more.count("\n")
    assert {w for w, _ in findings(report)} - in_the_file_alone == {
        f"line {last}: bindings[9].cluster",
        f"line {last}: bindings[9].project",
    }


def test_every_name_that_means_nothing_is_told(db: Session) -> None:
    text = """
centres: [{name: 新中心, organisation: A1110000MADEM0001T}]
clusters: [{name: k, centre: 无此中心, billing: [{source: nvml, from: 2026-01-01}]}]
gpus: [{gpu: GPU-00000000-0000-4000-8000-000000000000, cluster: q, node: n, from: 2026-01-01}]
projects: [{code: p, name: 项目, kind: model, organisation: Y1640000MADEM00014}]
contracts:
  - number: 新合同
    centre: 新中心
    project: 无此项目
    from: 2026-01-01
    prices:
      - {unit: gpu-hour, yuan: 1, tax_included: true, tax_rate: 0, model: B200}
      - {unit: gpu-hour, yuan: 1, tax_included: true, tax_rate: 0, model: H100-80G,
         mig_profile: 1g.20gb}
bindings: [{cluster: k, holder: {pod: a}, project: p, from: 2026-01-01}]
"""
    report = again(db, text)
    assert findings(report) == [
        ("line 2: centres[0].organisation", "unknown_organisation"),
        ("line 3: clusters[0].centre", "unknown_centre"),
        ("line 4: gpus[0].cluster", "unknown_cluster"),
        ("line 5: projects[0].organisation", "unknown_organisation"),
        ("line 9: contracts[0].project", "unknown_project"),
        ("line 12: contracts[0].prices[0].model", "unknown_model"),
        ("line 14: contracts[0].prices[1].mig_profile", "unknown_mig_profile"),
    ]
    assert report.findings[0].params == (("name", "A1110000MADEM0001T"),)


def test_a_reference_to_a_faulty_entry_is_no_second_fault(db: Session) -> None:
    text = "projects: [{code: p, name: '', kind: model, organisation: 91640100MADEM00022}]\n"
    report = again(db, text + BINDING % ("p", "from: 2020-01-01, until: 2020-01-31"))
    assert findings(report) == [("line 1: projects[0].name", "bad_name")]


TEAM = "code: helan-team, name: 贺兰院士团队, organisation: 52640100MADEM00036, drill: true"
TERM = "number: HL-2026-002, centre: 贺兰山智算中心, project: helan-team, from: 2026-01-01"


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        (
            "organisations: [{uscc: 91640100MADEM00022, name: 别名公司}]",
            ("organisations[0].name", "name", "塞上大模型科技有限公司", "别名公司"),
        ),
        (
            "centres: [{name: 贺兰山智算中心, organisation: 91640100MADEM0001Y}]",
            ("centres[0]", "simulated", "true", "false"),
        ),
        (f"projects: [{{{TEAM}, kind: model}}]", ("projects[0].kind", "kind", "team", "model")),
        (
            "catalogue: [{model: H800, names: [{nvml: NVIDIA H100 80GB HBM3}]}]",
            ("catalogue[0].names[0]", "model", "H100-80G", "H800"),
        ),
        (
            f"contracts: [{{{TERM}}}]".replace("from: 2026-01-01", "from: 2026-02-01"),
            ("contracts[0].from", "from", "2026-01-01", "2026-02-01"),
        ),
        (
            f"gpus: [{{gpu: {GPU}1, cluster: helan-a, node: gpu-01, from: 2026-02-01}}]",
            ("gpus[0].from", "from", "2026-01-01", "2026-02-01"),
        ),
    ],
)
def test_what_has_no_dates_does_not_change(
    db: Session, line: str, finding: tuple[str, str, str, str]
) -> None:
    where, field, text, own_text = finding
    before = rows(db)
    for supersede in (False, True):
        (found_finding,) = again(db, line, supersede=supersede).findings
        assert (found_finding.where, found_finding.code) == (f"line 1: {where}", "differs")
        assert found_finding.params == (("field", field), ("there", text), ("here", own_text))
    assert rows(db) == before


def test_a_centre_and_a_project_may_have_two_contracts_a_day(db: Session) -> None:
    text = (
        "contracts: [{number: n, centre: 贺兰山智算中心, project: saishang-72b, from: 2026-12-31}]"
    )
    assert again(db, text).created == {"contracts": 1}


def test_a_gpu_is_moved_and_retired_only_when_asked(db: Session) -> None:
    text = f"{{gpu: {GPU}1, cluster: helan-a, node: gpu-09, from: 2026-01-01, until: 2026-10-31}}"
    line = f"gpus: [{text}]"
    report = again(db, line)
    assert {f.code for f in report.findings} == {"contradicts"}
    assert dict(report.findings[0].params) == {"there": "gpu-01", "here": "gpu-09"}
    assert again(db, line, supersede=True).superseded == {"gpus": 1}
    row = next(g for g in rows(db)["gpus"] if g["gpu"] == GPU + "1")
    assert (row["node"], row["retired_at"]) == ("gpu-09", datetime(2026, 10, 31, 16, tzinfo=UTC))
    assert again(db, line).unchanged == {"gpus": 1}


def test_a_contradicting_binding_names_the_one_that_is_there(db: Session) -> None:
    text = BINDING % ("helan-team", "from: 2026-05-01, until: 2026-05-31")
    (finding,) = again(db, text).findings
    assert (finding.where, finding.code) == ("line 2: bindings[0]", "contradicts")
    assert dict(finding.params) == {
        "there": "saishang-72b 2026-04-01 ~",
        "here": "helan-team 2026-05-01 ~ 2026-05-31",
    }
    assert bindings(db) == ["saishang-72b [2026-04-01,)"]


def test_a_project_that_is_new_contradicts_too(db: Session) -> None:
    new = "projects: [{code: p, name: 新, kind: team, organisation: 52640100MADEM00036}]\n"
    (finding,) = again(db, new + BINDING % ("p", "from: 2026-05-01")).findings
    assert dict(finding.params)["here"] == "p 2026-05-01 ~"
    assert again(db, new).created == {"projects": 1}, "nothing of it was kept"


def test_superseding_keeps_what_remains(db: Session) -> None:
    text = BINDING % ("helan-team", "from: 2026-05-01, until: 2026-05-31")
    report = again(db, text, supersede=True)
    assert (report.created, report.superseded) == ({"bindings": 1}, {"bindings": 1})
    assert bindings(db) == [
        "saishang-72b [2026-04-01,2026-05-01)",
        f"saishang-72b [2026-04-01,) superseded by {SECOND_CLERK}",
        "helan-team [2026-05-01,2026-06-01)",
        "saishang-72b [2026-06-01,)",
    ]
    assert again(db, text).unchanged == {"bindings": 1}


def test_a_binding_is_ended_by_new_dates(db: Session) -> None:
    text = BINDING % ("saishang-72b", "from: 2026-04-01, until: 2026-06-30")
    assert [f.code for f in again(db, text).findings] == ["contradicts"]
    assert again(db, text, supersede=True).superseded == {"bindings": 1}
    assert bindings(db) == [
        "saishang-72b [2026-04-01,2026-07-01)",
        f"saishang-72b [2026-04-01,) superseded by {SECOND_CLERK}",
    ]


def test_a_binding_may_begin_in_the_past(db: Session) -> None:
    text = BINDING % ("helan-team", "from: 2025-01-01, until: 2026-03-31")
    assert again(db, text).created == {"bindings": 1}
    assert bindings(db)[0] == "helan-team [2025-01-01,2026-04-01)"


def test_a_price_is_superseded_and_the_new_one_is_read(db: Session) -> None:
    month = 'yuan: "29800.00", gpus_per_node: 8, hours_per_month: 720, model: H100-80G,'
    assert month in EXAMPLE
    cheaper = EXAMPLE.replace("29800.00", "27000.00")
    (finding,) = again(db, cheaper).findings
    assert finding.code == "contradicts"
    assert dict(finding.params)["there"].startswith("29800.00/node-month (8 × 720 h)")
    report = again(db, cheaper, supersede=True)
    assert (report.created, report.superseded) == ({"prices": 1}, {"prices": 1})
    project = db.execute(
        sa.text("SELECT id FROM projects WHERE code = 'saishang-72b'")
    ).scalar_one()
    lines = contract_lines.price_lines(db, [project])
    assert len(lines) == 6, "a superseded price is not a price"


def test_the_same_amount_with_other_zeros_is_the_same_price(db: Session) -> None:
    report = again(db, EXAMPLE.replace("29800.00", "29800"))
    assert report.findings == ()
    assert report.created == {}


def test_a_clock_that_was_set_back_does_not_end_a_fact_before_it_began(db: Session) -> None:
    text = BINDING % ("helan-team", "from: 2026-05-01")
    assert again(db, text, supersede=True, days=-30).superseded == {"bindings": 1}
    old = next(b for b in rows(db)["bindings"] if b["superseded_at"])
    new = [b for b in rows(db)["bindings"] if b["recorded_by"] == SECOND_CLERK]
    assert old["superseded_at"] == NOW
    assert {b["recorded_at"] for b in new} == {NOW}


def test_two_clerks_at_once(engine: sa.Engine, db: Session) -> None:
    """The second waits, and then finds everything there."""
    text = "organisations: [{uscc: N2640104MADEM00018, name: 合作社}]\n"
    text += BINDING % ("helan-team", "from: 2020-01-01, until: 2020-12-31")
    outcomes: list[RegistrationReport] = []

    def clerk() -> None:
        with Session(engine) as own:
            outcomes.append(register(own, *read_file(text), actor=CLERK, now=NOW))
            own.commit()

    statement = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with Session(engine) as first:
        register(first, *read_file(text), actor=CLERK, now=NOW)
        threads = [Thread(target=clerk) for _ in range(3)]
        for thread in threads:
            thread.start()
        while all(o.is_alive() for o in threads) and db.scalar(statement) < len(threads):
            sleep(0.01)
        first.commit()
    for thread in threads:
        thread.join()
    assert [(o.created, o.findings) for o in outcomes] == [({}, ())] * 3


def test_what_cannot_be_read_at_all(db: Session) -> None:
    report = again(db, "a: [")
    assert [code for _, code in findings(report)] == ["not_yaml"]
