"""Expositions in every form that the text format allows, and those that nobody may guess at."""

import pytest

from agents.exporters.samples import BrokenExposition, parse

FAMILY = "DCGM_FI_DEV_GPU_UTIL"
LABELS = 'UUID="GPU-1",pod="a"'


@pytest.mark.parametrize(
    "line",
    [
        f"{FAMILY}{{{LABELS}}} 5",
        f"  {FAMILY} {{ {LABELS} , }}\t5\r",
        f'{{"{FAMILY}",{LABELS}}} 5',
        f'{FAMILY}{{{LABELS}}} 5\n # a comment\n\t\n{{"a.name",x="y"}} 1\n{{ "b" }} 2',
        f"{FAMILY}{{{LABELS}}} 5 1700000000123",
    ],
)
def test_blanks_quoted_names_and_others_lines_hide_nothing(line: str) -> None:
    (sample,) = parse(line + "\n", {FAMILY})
    assert sample.value == 5
    assert dict(sample.labels) == {"UUID": "GPU-1", "pod": "a"}


@pytest.mark.parametrize(
    "line",
    [
        f"\ufeff{FAMILY} 5",
        f"{FAMILY}{{{LABELS}}} 0x10",
        f"{FAMILY}{{{LABELS},{LABELS}}} 5",
        f"{{{LABELS}}} 5",
        '{"a.name} 5',
        '{"a.name",x="y" 5',
        "{} 5",
    ],
)  # fmt: skip
def test_one_line_that_is_no_sample_makes_it_void(line: str) -> None:
    with pytest.raises(BrokenExposition, match="line 2"):
        list(parse(f"{FAMILY}{{{LABELS}}} 5\n{line}\n", {FAMILY}))
