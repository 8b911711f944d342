"""An invented policy: its own text, facts and clauses of every formula kind; no line of code."""

from collections.abc import Mapping
from pathlib import Path

from ledger.errors import NotFound
from ledger.policy.text import file
from ledger.policy.text.clauses import Policy

HERE = Path(__file__).parent / "harbour"
TEXT = (HERE / "harbour.yaml").read_text(encoding="utf-8")
RATES = (HERE / "rates.yaml").read_text(encoding="utf-8")
LAW = (HERE / "harbour.md").read_text(encoding="utf-8")


def source(version: str) -> str:
    """Its file, as `published.source` gives those of the policies that there are."""
    if version != "harbour-2031":
        raise NotFound("policy", version=version)
    return TEXT


def harbour(readings: Mapping[str, str] | None = None) -> Policy:
    """The invented policy, as its readings make it."""
    policy, findings = file.read(TEXT, source, readings or {})
    assert policy, findings
    return policy


def rated() -> Policy:
    """An invented policy whose vouchers have rates that depend on facts."""
    policy, findings = file.read(RATES, source)
    assert policy, findings
    return policy
