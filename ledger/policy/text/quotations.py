"""Check a version's quotations against the law, and that the whole law is cited.

Every cited sentence must be in the law exactly, at its character offsets, under its article; and
every sentence of the law must be cited by something: a clause, the scope, a pool, the closing
clause, or as context that gives no right.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ledger.errors import Finding
from ledger.formats.findings import printable
from ledger.policy.text.clauses import Citation, Policy

PREAMBLE = "序言"
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_SENTENCE = re.compile(r"[^。；]*[。；]?")


class Passage(NamedTuple):
    """An article's name, and its characters in the law."""

    article: str
    start: int
    end: int


def passages(text: str) -> tuple[Passage, ...]:
    """Return the articles in order; before the first heading is the preamble."""
    heads = list(_HEADING.finditer(text))
    names = [PREAMBLE, *(head[1].strip() for head in heads)]
    starts = [0, *(head.end() for head in heads)]
    ends = [*(head.start() for head in heads), len(text)]
    return tuple(map(Passage, names, starts, ends))


def find_misquotations(citations: Mapping[str, Citation], text: str) -> Iterator[Finding]:
    """Yield the quotations that are not exact, or not at their place."""
    articles = {passage.article: passage for passage in passages(text)}
    for name, citation in citations.items():
        within = articles.get(citation.article)
        if within is None or citation.text not in text[within.start : within.end]:
            yield Finding(name, "not_in_text", (("article", printable(citation.article)),))
        elif citation.span is None or text[citation.span[0] : citation.span[1]] != citation.text:
            start = text.index(citation.text, within.start)
            span = f"[{start}, {start + len(citation.text)}]"
            yield Finding(name, "wrong_span", (("span", span),))


def find_uncited(policy: Policy, text: str) -> Iterator[Finding]:
    """Yield the sentences that nothing cites; of the headings only the title counts."""
    marks = bytearray(len(text))
    for citation in policy.citations().values():
        if citation.span is not None:
            start, end = citation.span
            marks[start:end] = b"\x01" * (min(end, len(text)) - start)
    for passage in passages(text):
        for start, end in _sentences(text, passage):
            if not all(marks[start:end]):
                about = (("article", passage.article), ("words", printable(text[start:end])))
                yield Finding(f"characters {start}-{end}", "uncited", about)
    title = text.partition("\n")[0].removeprefix("# ").strip()
    if title != policy.title and not policy.drill:
        yield Finding("title", "not_in_text", (("article", PREAMBLE),))


def _sentences(text: str, passage: Passage) -> Iterator[tuple[int, int]]:
    position = passage.start
    for line in text[passage.start : passage.end].splitlines(keepends=True):
        if line.strip() and not line.startswith("#"):
            for match in _SENTENCE.finditer(line.rstrip()):
                if match[0].strip():
                    yield position + match.start(), position + match.end()
        position += len(line)
