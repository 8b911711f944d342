"""Every code that people see has one label, in both languages, in one place."""

import ast
import importlib
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

from agents import wire
from api.language.i18n import LANGUAGES, speaking
from api.language.labels import LABELS, label, label_of, labels
from ledger.claims.codes import ClaimAction, ClaimStage, ClaimState
from ledger.claims.rules import courses as claims
from ledger.desk.steps import confirm
from ledger.documents.codes import DocumentState
from ledger.metering.codes import GapCause, HolderKind
from ledger.metering.rules.incidents import SILENT
from ledger.people.codes import DecisionKind
from ledger.reconciliation.codes import Treatment
from ledger.reconciliation.rules.choices import TREATMENTS
from tests.support.paths import ROOT
from tests.support.source.trees import tree_of

CHINESE = re.compile(r"[\u3400-\u9fff]")
LATIN = {"XML", "OFD"}  # are called so in every language
HOME = ROOT / "api/language/labels"


def kinds() -> list[type[StrEnum]]:
    """Every enum of `ledger/<room>/codes.py`."""
    rooms = sorted(path.parent.name for path in ROOT.glob("ledger/*/codes.py"))
    modules = [importlib.import_module(f"ledger.{room}.codes") for room in rooms]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_code_has_its_label_in_both_languages(kind: type[StrEnum]) -> None:
    assert set(LABELS[kind]) == set(kind)
    for language in LANGUAGES:
        with speaking(language):
            words = [label(member) for member in kind]
        assert len(set(words)) == len(words), "two codes of a kind under one label"
        for word in set(words) - LATIN:
            assert bool(CHINESE.search(word)) == (language == "zh-CN"), word


def test_nothing_has_a_label_but_the_codes_of_the_rooms() -> None:
    assert set(LABELS) == set(kinds())


def tables(path: Path) -> Iterator[tuple[int, set[str]]]:
    """The dicts of a file that word something in Chinese, by line: their keys."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Dict):
            continue
        keys = set()
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(value, ast.List | ast.Dict | ast.ListComp):
                continue  # entries of a file, not words for a code
            words = [item.value for item in ast.walk(value) if isinstance(item, ast.Constant)]
            worded = [w for w in words if isinstance(w, str) and CHINESE.search(w)]
            if not worded or any(w.endswith(("。", "？")) for w in worded):  # a sentence explains
                continue
            if isinstance(key, ast.Constant):
                keys.add(str(key.value))
            elif isinstance(key, ast.Attribute):
                keys.add(key.attr.lower())
        yield node.lineno, keys


def test_no_label_is_worded_in_two_places() -> None:
    codes = [set(kind) for kind in kinds()]
    twice = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(ROOT.glob("api/**/*.py"))
        if HOME not in path.parents
        for line, keys in tables(path)
        if any(len(keys) > 1 and keys <= kind for kind in codes)
    ]
    assert not twice


def test_one_state_has_one_name_everywhere() -> None:
    assert label(DocumentState.REFUSED) == "未予确认"
    assert label_of(DocumentState, "refused") == "未予确认"
    assert labels(DocumentState)["refused"] == "未予确认"


def test_a_code_of_a_newer_server_stays_as_it_is() -> None:
    assert label_of(ClaimState, "archived") == "archived"


def test_the_codes_are_those_that_the_program_uses() -> None:
    assert set(GapCause) == {SILENT, *wire.GapReason}
    assert set(ClaimState) == set(claims.STATES)
    assert set(ClaimAction) == set(claims.ACTIONS)
    assert set(ClaimStage) <= set(ClaimState)
    assert set(DecisionKind) == set(confirm.KINDS)
    assert set(Treatment) == set(TREATMENTS)
    holders = {str(kind.__struct_config__.tag) for kind in get_args(wire.Holder)}
    of_bindings = {HolderKind.LABEL, HolderKind.OWNER, HolderKind.USER}
    assert set(HolderKind) - of_bindings == holders
