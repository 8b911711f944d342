"""Reading a policy file, strictly: all that contradicts itself is told, with its line.

A version either says everything itself, or `extends` another one: then it takes that one's clauses
word by word and adds dates, and decisions on the questions that were open. What the chosen readings
change is applied first, and the outcome is read like any other version.
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
    """A policy and all faults of its file, in the order of its lines; None where it is unusable.

    `tried` are readings to try instead of the chosen ones, by question.
    """
    whole, findings = _whole(text, source)
    if whole is None:
        return None, sorted(findings, key=line_of)
    policy, faults = _make(whole, trial)
    findings = sorted([*findings, *faults], key=line_of)
    return None if findings else policy, findings


def read_each_reading(text: str, source: Source) -> list[Finding]:
    """The faults of every reading that is not the chosen one, each tried alone."""
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
    """A version as it was written, with what it extends."""
    root, findings = yaml_with_lines.read(text)
    if root is None or not root.child("extends"):
        return root, findings
    whole, faults = _extended(root, source)
    return whole, [*findings, *faults]


def _make(whole: Node, trial: Mapping[str, str]) -> tuple[Policy | None, list[Finding]]:
    """The policy that a version is when it is read as chosen, or as tried."""
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
    """The version that is extended, with this one's name, dates and decisions in it."""
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
