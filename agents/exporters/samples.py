"""Samples of an exposition, by the parser of `prometheus-client`.

Its parser is lax and takes 40 µs a sample, so it gets only the families that a vendor's entry
names; every other line is held to the form of a sample. One line that is none, or a last line
without its end, makes the whole exposition void: nobody knows what a broken one left out.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

# A name, or a quoted one as the first of the labels: {"a.name",a="b"}.
_LINE = re.compile(
    r'\s*(?:([a-zA-Z_:][\w:]*)\s*|(?=\{\s*"((?:[^"\\]|\\.)*)"\s*[,}]))'
    r'(?:\{(?:[^"{}]|"(?:[^"\\]|\\.)*+")*+\})?\s*[!-z|~]+(?:\s+-?\d+)?\s*',
    re.ASCII,
)
_PLACE_MAX = 60  # characters of a broken line that are shown


class Sample(NamedTuple):
    """One sample; `at_ms` is its own time (since 1970), where it has one."""

    family: str
    labels: Mapping[str, str]
    value: float
    at_ms: int | None = None


class BrokenExposition(Exception):
    """The exposition is not whole; the text names the place."""


def parse(text: str, families: Container[str]) -> Iterator[Sample]:
    """Return the samples of these families. Raises BrokenExposition."""
    if text and not text.endswith("\n"):
        raise BrokenExposition(f"the last line has no end: {text[-_PLACE_MAX:]!r}")
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.isspace() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise BrokenExposition(f"line {number}: {line[:_PLACE_MAX]!r}")
        if (match[1] or match[2]) in families:
            yield _sample(line.lstrip(), number)


def _sample(line: str, number: int) -> Sample:
    try:
        ((family,),) = [f.samples for f in text_string_to_metric_families(line)]
    except (ValueError, IndexError) as error:
        raise BrokenExposition(f"line {number}: {line[:_PLACE_MAX]!r} ({error})") from error
    at = family.timestamp
    at_ms = None if at is None else round(float(at) * 1000)
    return Sample(family.name, family.labels, family.value, at_ms)
