import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.formats import yaml_with_lines
from ledger.formats.yaml_with_lines import BYTES_MAX, Place


def faults(text: str) -> list[tuple[str, str]]:
    return [(finding.where, finding.code) for finding in yaml_with_lines.read(text)[1]]


@pytest.mark.parametrize(
    ("text", "where", "code"),
    [
        ("", "line 1", "empty_file"),
        ("# nothing but a remark\n", "line 1", "empty_file"),
        ("- a\n- b\n", "line 1", "not_mapping"),
        ("\ufeffa: 1", "line 1", "byte_order_mark"),
        ("a:\n\t- b", "line 2", "tab"),
        ("a: 1\nb: c: d", "line 2", "not_yaml"),
        ("a: 1\nb: [1, 2", "line 3", "not_yaml"),
        ("a: 1\nb: 'c", "line 2", "not_yaml"),
        ("a: 1\nb: \x07", "line 2", "bad_character"),
        ("a: 1\nb: \ud800", "line 2", "bad_character"),
        ("a: &x [1]\nb: 2", "line 1: a", "alias"),
        ("a: !!python/name:os.system x", "line 1: a", "tag"),
        ("a: 1\n---\nb: 2", "line 3", "many_documents"),
        ("a: 1\nb: 2\na: 3", "line 3: a", "duplicate_key"),
        ("a:\n  - b: 1\n    b: 2", "line 3: a[0].b", "duplicate_key"),
        ("? [a, b]\n: 1", "line 1", "bad_key"),
        ("~: 1", "line 1", "bad_key"),
        ("a: " + "[" * 100_000, "line 1: a" + "[0]" * 15, "too_deep"),
        ("a: " + "x" * BYTES_MAX, "line 1", "file_too_large"),
        ("a: " + "算" * (BYTES_MAX // 3), "line 1", "file_too_large"),
    ],
    ids=lambda value: value if len(value) < 20 else "",
)
def test_one_clear_fault(text: str, where: str, code: str) -> None:
    rows = faults(text)
    assert rows[-1] == (where, code)
    assert len(rows) == 1


def test_a_bomb_of_aliases_is_refused_where_it_stands() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    rows = faults(bomb)
    assert {code for _, code in rows} == {"alias"}
    assert ("line 3: c[1]", "alias") in rows


def test_values_stay_as_they_were_written() -> None:
    text = "a: 007\nb: 29800.00\nc: yes\nd: 2026-01-01\ne: '1e3'\nf: ~\ng:\nh: 'null'\ni: 0x10\n"
    root, findings = yaml_with_lines.read(text)
    assert root
    assert not findings
    assert root.plain() == {
        "a": "007", "b": "29800.00", "c": "yes", "d": "2026-01-01", "e": "1e3",
        "f": None, "g": None, "h": "null", "i": "0x10",
    }  # fmt: skip


def test_places_are_named_as_people_find_them() -> None:
    root, _ = yaml_with_lines.read("a:\n  - b: 1\n    c: 2\n  - b: 3\n")
    assert root
    assert str(Place(root).at("a", 1, "b")) == "line 4: a[1].b"
    assert str(Place(root).at("a", 0, "missing")) == "line 2: a[0].missing"
    long = Place(root).finding("code", value="长\n" * 99)
    assert long.params == (("value", ("长\N{REPLACEMENT CHARACTER}" * 30)[:59] + "…"),)


printable = st.characters(codec="ascii", min_codepoint=32, max_codepoint=126)
odd = st.sampled_from(["", "null", "~", "yes", "1e3", "- a", "#", "算券", "a: b", "'", '"'])
words = st.text(printable, max_size=8) | odd
trees = st.recursive(
    words | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@given(
    tree=st.dictionaries(words, trees, max_size=4),
    separators=st.sampled_from([None, (",", ":")]),
    indent=st.sampled_from([None, 2, "\t"]),
)
@settings(deadline=None)
def test_json_is_read_as_json(tree: dict[str, Any], separators: Any, indent: Any) -> None:
    text = json.dumps(tree, ensure_ascii=False, separators=separators, indent=indent)
    root, findings = yaml_with_lines.read(text)
    assert root
    assert not findings
    assert root.plain() == tree


@given(text=st.text(max_size=60) | st.text("a:-[]{}&*!? '\"\n|>#,\t%@", max_size=40))
@settings(deadline=None)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    root, findings = yaml_with_lines.read(text)
    assert root is not None or findings
    if root is not None and not findings:
        assert root.plain().keys() == yaml.load(text, yaml_with_lines._LOADER).keys()  # noqa: S506
