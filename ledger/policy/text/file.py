"""Read a policy file strictly; every fault is reported with its line.

A version is complete, or it `extends` another one: it takes that one's clauses word by word and
adds dates and decisions on open questions. The chosen readings are applied first, and the result is
read like any other version.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ledger.errors import Finding
from ledger.formats import yaml_with_lines
from ledger.formats.field_parsers import fill
from ledger.formats.yaml_with_lines import Node, Place, line_of
from ledger.policy.text import contradictions, readings
from ledger.policy.text.clauses import Extension, Policy

_AS_CHOSEN: Mapping[str, str] = MappingProxyType({})

Source = Callable[[str], str]
"""The text of a version's file, by its name; raises NotFound."""


def read(
    text: str, source: Source, trial: Mapping[str, str] = _AS_CHOSEN
) -> tuple[Policy | None, list[Finding]]:
    """Read a policy with all faults of its file, by line; None if it is unusable.

    `trial` are readings to try instead of the chosen ones, by question.
    """
    whole, findings = _whole(text, source)
    if whole is None:
        return None, sorted(findings, key=line_of)
    policy, faults = _make(whole, trial)
    findings = sorted([*findings, *faults], key=line_of)
    return None if findings else policy, findings


def read_each_reading(text: str, source: Source) -> list[Finding]:
    """Return the faults of every other reading, each tried alone."""
    whole, findings = _whole(text, source)
    if whole is None:
        return sorted(findings, key=line_of)
    policy, faults = _make(whole, _AS_CHOSEN)
    findings += faults
    for key, question in policy.questions.items() if policy else ():
        for reading, effect in question.readings.items():
            if reading != question.chosen and (effect.sets or effect.requires):
                findings += _make(whole, {key: reading})[1]
    return sorted(dict.fromkeys(findings), key=line_of)


def _whole(text: str, source: Source) -> tuple[Node | None, list[Finding]]:
    """Return a version as written, with what it extends."""
    root, findings = yaml_with_lines.read(text)
    if root is None or not root.child("extends"):
        return root, findings
    whole, faults = _extended(root, source)
    return whole, [*findings, *faults]


def _make(whole: Node, trial: Mapping[str, str]) -> tuple[Policy | None, list[Finding]]:
    """Build the policy with its chosen readings, or those on trial."""
    root = readings.copy_tree(whole) if trial else whole
    findings = list(readings.with_readings(root, trial))
    version, faults = readings.apply_readings(root)
    findings += faults
    place = Place(version)
    policy, faults = fill(Policy, place)
    findings += faults
    findings += contradictions.of(policy, place) if policy else []
    return policy, findings


def _extended(root: Node, source: Source) -> tuple[Node | None, list[Finding]]:
    """Return the extended version with this one's name, dates and decisions."""
    extension, findings = fill(Extension, Place(root))
    if extension is None:
        return None, findings
    base, faults = yaml_with_lines.read(source(extension.extends))
    if base is None or not isinstance(base.value, dict) or faults:
        return None, faults
    for key in ("version", "title", "drill", "effective"):
        if (own := root.child(key)) is not None:
            base.value[key] = own
    decisions = root.child("decisions")
    findings += readings.with_decisions(base, decisions) if decisions else []
    return base, findings
