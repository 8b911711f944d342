"""docs/faults.md is whole and names tests that exist; and the oracle behind it can say no."""

from __future__ import annotations

import ast
from collections.abc import Callable

import msgspec
import pytest

from agents import wire
from tests.support.faults.fault_site import GPUS, Site, judge, pod
from tests.support.faults.faults_page import HERE, PAGE, ROWS, page, written
from tests.support.paths import ROOT
from tests.support.source.trees import tree_of


def test_the_page_has_every_fault_and_nothing_else() -> None:
    text = PAGE.read_text(encoding="utf-8")
    lines = written(text)
    assert lines.keys() == ROWS.keys()
    assert text == page(lines)


@pytest.mark.parametrize("key", ROWS)
def test_the_tests_that_it_names_exist(key: str) -> None:
    line = written(PAGE.read_text(encoding="utf-8"))[key]
    for name in (f"{HERE}/{line.test}", *ROWS[key].also):
        path, _, function = name.partition("::")
        tree = tree_of(ROOT / path)
        functions = {item.name for item in ast.walk(tree) if isinstance(item, ast.FunctionDef)}
        assert not function or function in functions


def another_holder(window: wire.Window) -> list[wire.Window]:
    part = msgspec.structs.replace(window.parts[0], holder=pod("x"))
    return [msgspec.structs.replace(window, parts=(part,))]


def a_free_device(window: wire.Window) -> list[wire.Window]:
    part = msgspec.structs.replace(window.parts[0], holder=wire.Unallocated())
    return [msgspec.structs.replace(window, parts=(part,))]


def too_long(window: wire.Window) -> list[wire.Window]:
    part = msgspec.structs.replace(window.parts[0], to_ms=59_999)
    return [msgspec.structs.replace(window, parts=(part,))]


def twice(window: wire.Window) -> list[wire.Window]:
    return [window, window]


def later(window: wire.Window) -> list[wire.Window]:
    """A minute that has not been yet."""
    return [window, msgspec.structs.replace(window, start=window.start.replace(minute=30))]


@pytest.mark.parametrize("spoil", [another_holder, a_free_device, too_long, twice, later])
def test_the_oracle_finds_what_is_not_so(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[wire.Window], list[wire.Window]],
) -> None:
    life = site.start()
    site.run(121)
    assert life.send()
    windows = site.centre.windows_kept()
    judge(site)
    first = next(window for window in windows if window.gpu == GPUS[0])
    wrong = [*spoil(first), *(window for window in windows if window is not first)]
    monkeypatch.setattr(site.centre, "windows_kept", lambda: wrong)
    with pytest.raises(AssertionError):
        judge(site)


def test_the_oracle_misses_a_minute_that_is_not_there(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = site.start()
    site.run(181)
    assert life.send()
    windows = [window for window in site.centre.windows_kept() if window.start.minute != 1]
    monkeypatch.setattr(site.centre, "windows_kept", lambda: windows)
    assert judge(site).silent == 2 * wire.MINUTE_MS
