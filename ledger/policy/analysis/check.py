"""Check a version's file as far as possible without knowing what the law should say.

All faults of reading (`file.py`), for every reading of every open question; every sentence of the
law cited and every quotation exact; worked cases for every clause; figures equal to those in the
quoted words; no unused fact or pool and no clause that nobody can meet. Each fault has its line.
"""

from collections.abc import Callable, Iterable, Iterator

from ledger.errors import Finding, NotFound
from ledger.formats import yaml_with_lines
from ledger.formats.yaml_with_lines import Node, Place, line_of
from ledger.policy.analysis import worked_cases
from ledger.policy.analysis.witness import witness
from ledger.policy.decide import fact_checks
from ledger.policy.text import file, literal, quotations
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.file import Source

Beside = Callable[[str], bytes | None]
"""A file that stands beside the version's own, by its name; None where there is none."""


def check(text: str, name: str, source: Source, beside: Beside) -> list[Finding]:
    """Return every fault of a version's file, ordered by line.

    `name` is the file's, without `.yaml`: its worked cases are in `<name>.cases.json`.
    `where` is `line 12: clauses[3]`; of a file beside it `line 31: yinchuan-2024.md`, after those.
    """
    root, findings = yaml_with_lines.read(text)
    if root is None:
        return findings
    extends = root.child("extends")
    try:
        findings = file.read_each_reading(text, source)
        policy, _ = file.read(text, source)
    except NotFound as missing:
        at = Place(root).at("extends")
        return [at.finding("no_such_version", name=missing.params["version"])]
    if policy is None:
        return findings
    if extends is not None:
        cases_name = f"{extends.value}.cases.json"
        return sorted([*findings, *_extended(policy, root, cases_name, beside)], key=line_of)
    within = [
        *findings,
        *_idle(policy, Place(root), text, source),
        *literal.faults(policy, Place(root)),
    ]
    cases, about_cases = _cases(policy, Place(root), f"{name}.cases.json", beside)
    texts, about_text = _quotations(policy, Place(root), beside)
    return [*sorted([*within, *cases, *texts], key=line_of), *about_text, *about_cases]


def _extended(policy: Policy, root: Node, cases: str, beside: Beside) -> Iterator[Finding]:
    """Check an extension, which has no clauses of its own, by the extended version's cases."""
    raw = beside(cases)
    if raw is None:
        yield Place(root).at("extends").finding("no_cases", name=cases)
        return
    listed, _ = worked_cases.read(raw)
    for difference in worked_cases.differences(policy, listed):
        yield Place(root).at("extends").finding(difference.code, **dict(difference.params))


def _cases(
    policy: Policy, place: Place, name: str, beside: Beside
) -> tuple[list[Finding], list[Finding]]:
    """Return the faults of the clauses' cases: at the clauses, and in the file of cases."""
    raw = beside(name)
    if raw is None:
        return [place.at("clauses").finding("no_cases", name=name)], []
    listed, wrong = worked_cases.read(raw)
    without_cases = [
        place.at("clauses", i).finding(code, clause=policy.clauses[i].id)
        for i, code in worked_cases.missing_cases(policy, listed)
    ]
    return without_cases, _in_file(name, [*wrong, *worked_cases.differences(policy, listed)])


def _quotations(
    policy: Policy, place: Place, beside: Beside
) -> tuple[list[Finding], list[Finding]]:
    """Return wrong quotations at their citations, and uncited sentences of the law."""
    name = policy.law
    if name is None:
        return [place.finding("no_law")], []
    raw = beside(name)
    try:
        text = raw.decode() if raw is not None else None
    except UnicodeDecodeError:
        text = None
    if text is None:
        return [place.at("law").finding("no_such_text", name=name)], []
    places = _places(policy, place)
    wrong_quotations = [
        places[fault.where].at("text").finding(fault.code, **dict(fault.params))
        for fault in quotations.find_misquotations(policy.citations(), text)
    ]
    without_citation = [_in_text(fault, text) for fault in quotations.find_uncited(policy, text)]
    return wrong_quotations, _in_file(name, without_citation)


def _in_text(finding: Finding, text: str) -> Finding:
    """Turn `characters 12-40` into the line of the text."""
    start = finding.where.removeprefix("characters ").partition("-")[0]
    line = text.count("\n", 0, int(start)) + 1 if start.isdecimal() else 1
    return Finding(f"line {line}", finding.code, finding.params)


def _in_file(name: str, findings: Iterable[Finding]) -> list[Finding]:
    return [
        Finding(f"{finding.where}: {name}", finding.code, finding.params) for finding in findings
    ]


def _places(policy: Policy, place: Place) -> dict[str, Place]:
    """Return the place of each citation, by name."""
    places = {"scope": place.at("scope"), "closing": place.at("closing")}
    places |= {clause.id: place.at("clauses", i) for i, clause in enumerate(policy.clauses)}
    places |= {f"pool {key}": place.at("pools", key) for key in policy.pools}
    return places | {f"context {i + 1}": place.at("context", i) for i in range(len(policy.context))}


def _idle(policy: Policy, place: Place, text: str, source: Source) -> Iterator[Finding]:
    """Report facts and pools that no reading uses, and clauses that nobody can meet."""
    versions = [policy, *_each_reading(policy, text, source)]
    used_facts, used_derivations = set[str](), set[str]()
    for version in versions:
        for clause in version.clauses:
            used_facts |= set(fact_checks.names(version, clause))
            used_derivations |= _used_derivations(version, clause)
    for name in policy.facts.keys() - used_facts:
        yield place.at("facts", name).finding("fact_unused", name=name)
    for name in policy.derived.keys() - used_derivations:
        yield place.at("derived", name).finding("fact_unused", name=name)
    for key in policy.pools.keys() - {
        clause.pool for version in versions for clause in version.clauses
    }:
        yield place.at("pools", key).finding("pool_unused", name=key)
    for i, clause in enumerate(policy.clauses):
        if witness(policy, clause) is None:
            yield place.at("clauses", i).finding("never_met", clause=clause.id)


def _each_reading(policy: Policy, text: str, source: Source) -> Iterator[Policy]:
    """Yield the version under each other reading, one at a time."""
    for key, question in policy.questions.items():
        for reading, effect in question.readings.items():
            if reading != question.chosen and (effect.sets or effect.requires):
                version, _ = file.read(text, source, {key: reading})
                yield from [version] if version else []


def _used_derivations(policy: Policy, clause: Clause) -> set[str]:
    amount = clause.amount
    conditions = (*policy.scope.require, *clause.require, *amount.rate_conditions)
    facts = {requirement.fact for requirement in conditions}
    return {name for name in (*facts, amount.base, amount.limit) if name in policy.derived}
