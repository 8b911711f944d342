"""Write figures in the Prometheus text format, 0.0.4, that exporters/samples.py reads.

Values come from elsewhere: names of pods, codes of a server's problems. Whatever stands in them, a
line stays one line and a label one label. Whole numbers are written with all their digits.

Source: prometheus.io/docs/instrumenting/exposition_formats, «Text-based format».
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Sample(NamedTuple):
    """One value, and the labels that it has in its family."""

    value: float
    labels: Mapping[str, str] = NO_LABELS


class Family(NamedTuple):
    """All samples of one name. A family without samples is announced all the same."""

    name: str
    kind: Literal["gauge", "counter"]
    text: str
    samples: Iterable[Sample]


def our(name: str, text: str, samples: Iterable[Sample]) -> Family:
    """Return a family of our own: the names of counters, and of them alone, end in `_total`."""
    return Family(name, "counter" if name.endswith("_total") else "gauge", text, samples)


def write(families: Iterable[Family]) -> str:
    """Return the page; each family stands in it once, as the format wants it."""
    lines: list[str] = []
    for family in families:
        lines.append(f"# HELP {family.name} {_one_line(family.text)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        lines.extend(f"{family.name}{_labels(s.labels)} {_number(s.value)}" for s in family.samples)
    return "".join(f"{line}\n" for line in lines)


def kinds(figures: Mapping[str, float]) -> list[Sample]:
    """Return a sample for each word, to the millisecond; the word is its label `kind`.

    An empty word is no label.
    """
    return [
        Sample(round(value, 3), {"kind": word} if word else NO_LABELS)
        for word, value in figures.items()
    ]


def _labels(labels: Mapping[str, str]) -> str:
    pairs = (f'{name}="{_quote(value)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}" if labels else ""


def _quote(value: str) -> str:
    return _one_line(value).replace('"', r"\"")


def _one_line(text: str) -> str:
    """Escape what would end the line; half a surrogate pair cannot be sent at all."""
    text = text.encode(errors="replace").decode()
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.15g}"
