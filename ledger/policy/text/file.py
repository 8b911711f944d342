"""Reading a policy file, strictly: all that contradicts itself is told, with its line.

A version either says everything itself, or `extends` another one: then it takes that one's clauses
word by word and adds dates, and decisions on the questions that were open. What the chosen readings
change is applied first, and the outcome is read like any other version.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ledger.errors import Finding
from ledger.formats import yaml_with_lines as document
from ledger.formats.field_parsers import fill
from ledger.formats.yaml_with_lines import Node, Place, line_of
from ledger.policy.text import contradictions, readings
from ledger.policy.text.clauses import Extension, Policy

_AS_CHOSEN: Mapping[str, str] = MappingProxyType({})

Source = Callable[[str], str]
"""The text of a version's file, by its name; raises NotFound."""


def read(
    text: str, source: Source, tried: Mapping[str, str] = _AS_CHOSEN
) -> tuple[Policy | None, list[Finding]]:
    """A policy and all faults of its file, in the order of its lines; None where it is unusable.

    `tried` are readings to try instead of the chosen ones, by question.
    """
    whole, found = _whole(text, source)
    if whole is None:
        return None, sorted(found, key=line_of)
    policy, faults = _made(whole, tried)
    found = sorted([*found, *faults], key=line_of)
    return None if found else policy, found


def read_each_reading(text: str, source: Source) -> list[Finding]:
    """The faults of every reading that is not the chosen one, each tried alone."""
    whole, found = _whole(text, source)
    if whole is None:
        return sorted(found, key=line_of)
    policy, faults = _made(whole, _AS_CHOSEN)
    found += faults
    for key, question in policy.questions.items() if policy else ():
        for reading, said in question.readings.items():
            if reading != question.chosen and (said.sets or said.requires):
                found += _made(whole, {key: reading})[1]
    return sorted(dict.fromkeys(found), key=line_of)


def _whole(text: str, source: Source) -> tuple[Node | None, list[Finding]]:
    """A version as it was written, with what it extends."""
    root, found = document.read(text)
    if root is None or not root.child("extends"):
        return root, found
    whole, faults = _extended(root, source)
    return whole, [*found, *faults]


def _made(whole: Node, tried: Mapping[str, str]) -> tuple[Policy | None, list[Finding]]:
    """The policy that a version is when it is read as chosen, or as tried."""
    root = readings.copied(whole) if tried else whole
    found = list(readings.with_readings(root, tried))
    made, faults = readings.applied(root)
    found += faults
    place = Place(made)
    policy, faults = fill(Policy, place)
    found += faults
    found += contradictions.of(policy, place) if policy else []
    return policy, found


def _extended(root: Node, source: Source) -> tuple[Node | None, list[Finding]]:
    """The version that is extended, with this one's name, dates and decisions in it."""
    made, found = fill(Extension, Place(root))
    if made is None:
        return None, found
    base, faults = document.read(source(made.extends))
    if base is None or not isinstance(base.value, dict) or faults:
        return None, faults
    for key in ("version", "title", "drill", "effective"):
        if (own := root.child(key)) is not None:
            base.value[key] = own
    decisions = root.child("decisions")
    found += readings.with_decisions(base, decisions) if decisions else []
    return base, found
