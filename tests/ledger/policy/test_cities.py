"""Another city's programme is a file: sound, and decided at every edge."""

from pathlib import Path

import pytest

from ledger.errors import NotFound, Unusable
from ledger.policy.analysis.boundaries import gate, prove
from ledger.policy.analysis.check import check
from ledger.policy.decide.engine import decide
from ledger.policy.text import published
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import load, source, versions
from tests.support.paths import ROOT

FOLDER = ROOT / "docs" / "examples" / "policies"
CITIES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def beside(name: str) -> bytes | None:
    path = FOLDER / name
    return path.read_bytes() if path.is_file() else None


@pytest.fixture(params=CITIES)
def city(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Policy:
    monkeypatch.setenv("SUANQUAN_POLICIES", str(FOLDER))
    return load(request.param)


def test_a_city_is_sound_and_its_cases_come_out(city: Policy) -> None:
    assert check(source(city.version), city.version, source, beside) == []


def test_a_city_is_right_at_every_edge(city: Policy) -> None:
    assert all(point.holds for edge in gate(city) for point in edge.points)
    assert all(prove(city, clause).holds for clause in city.clauses)


def test_nothing_is_payable_by_an_example(city: Policy) -> None:
    assert not any(city.is_complete(clause) for clause in city.clauses)


def test_a_rate_that_depends_on_several_facts_changes_at_its_threshold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SUANQUAN_POLICIES", str(FOLDER))
    policy = load("hangzhou-2025")
    edges = prove(policy, policy.clauses[0]).edges
    (edge,) = (edge for edge in edges if edge.fact == "contracts_of_year_fen")
    below, at, above = (point.outcome.amount_fen for point in edge.points)
    assert (below, at) == (500_000_000, 500_000_000)
    assert above == 300_000_000


def test_the_folder_of_a_site_adds_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "yinchuan-own"
    text = (
        f"version: {own}\nextends: yinchuan-2024-draft\ntitle: 本城自己的一版\n"
        "effective: {from: 2027-01-01, until: 2027-12-31}\ndecisions: {}\n"
    )
    (tmp_path / f"{own}.yaml").write_text(text, encoding="utf-8")
    before = versions()
    with pytest.raises(NotFound):
        load(own)
    monkeypatch.setenv("SUANQUAN_POLICIES", str(tmp_path))
    assert versions() == sorted([*before, own])
    facts = {"subject_kind": "enterprise", "legal_person": True, "landed_in_city": True}
    facts |= {"parameters": 10**10, "scenarios": 5, "compute_cost_fen": 101, "paid_before_fen": 0}
    assert decide(load(own), "09-1", facts).amount_fen == 30
    assert published.law(load(own)) == published.law(load("yinchuan-2024-draft"))


def test_a_name_of_the_programs_own_and_a_folder_that_is_away_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "yinchuan-2024-draft.yaml").write_text("version: x\n", encoding="utf-8")
    monkeypatch.setenv("SUANQUAN_POLICIES", str(tmp_path))
    with pytest.raises(Unusable, match="policy_name_taken"):
        versions()
    monkeypatch.setenv("SUANQUAN_POLICIES", str(tmp_path / "away"))
    with pytest.raises(Unusable, match="policies_unreadable"):
        versions()
