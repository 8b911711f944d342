"""docs/glossary.md fixes every term once; what the code and the pages say must stand there."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, get_args

import pytest

from agents import wire
from api.desk.finding_pages import about
from api.language import i18n
from api.language.labels import label, labels
from api.metering.advice import causes
from api.metering.finding_columns import reason
from api.web.mark import fault_mark
from ledger.accounts.rules.oracle import BUDGET_ROLES, COST_ROLES, LEGAL_MOVES, ROLES, YEAR_ROLES
from ledger.claims.codes import ClaimAction, ClaimState
from ledger.claims.rules.courses import ACTIONS, STATES
from ledger.desk.queries.findings import KINDS
from ledger.documents.codes import DocumentKind
from ledger.metering.codes import GapCause
from ledger.metering.queries.node_status import FAULTS
from ledger.people.codes import Role
from ledger.reconciliation.codes import DifferenceCode
from ledger.reconciliation.rules.difference_codes import CODES
from tests.support.paths import DOCS

GLOSSARY = DOCS / "glossary.md"
PAGES_OF_THE_MONTH = {
    "States of a claim": ClaimState,
    "Steps of a claim": ClaimAction,
    "Cost documents": DocumentKind,
    "Reconciliation differences": DifferenceCode,
}
HOLDERS = [str(kind.__struct_config__.tag) for kind in get_args(wire.Holder)]


class Term(NamedTuple):
    """A row of the glossary."""

    chinese: str
    english: str
    code: str
    meaning: str
    source: str


def sections() -> dict[str, list[Term]]:
    """The rows under each heading, by the heading's English."""
    terms: dict[str, list[Term]] = {}
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            rows = terms.setdefault(line.partition(" · ")[2], [])
        elif line.startswith("| ") and not line.startswith("| 中文 "):
            rows.append(Term(*(cell.strip() for cell in line.strip("|").split("|"))))
    return terms


SECTIONS = sections()


def words(section: str) -> dict[str, Term]:
    """The terms of a section, by what the code calls them."""
    return {term.code.strip("`"): term for term in SECTIONS[section]}


@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ("Holders", HOLDERS),
        ("Gap reasons", wire.GapReason),
        ("Findings", KINDS),
        ("Faults of a node", FAULTS),
        ("A voucher's accounts", ROLES),
        (
            "Accounts of budgets and costs",
            {*BUDGET_ROLES, *COST_ROLES[:3], *YEAR_ROLES, "R01`…`R20"},
        ),
        ("Legal moves", {kind for kind, _, _ in LEGAL_MOVES}),
        ("Roles of access", Role),
        ("Reconciliation differences", CODES),
        ("States of a claim", STATES),
        ("Steps of a claim", ACTIONS),
    ],
)
def test_what_the_code_knows_has_its_words(section: str, codes: Iterable[str]) -> None:
    assert set(codes) - words(section).keys() == set()


def test_every_term_is_whole() -> None:
    terms = [term for rows in SECTIONS.values() for term in rows]
    assert [term for term in terms if not all(term)] == []


def test_one_word_for_one_thing() -> None:
    english, chinese = defaultdict(set), defaultdict(set)
    for term in (term for rows in SECTIONS.values() for term in rows):
        english[term.chinese].add(term.english)
        chinese[term.english].add(term.chinese)
    both = [*english.items(), *chinese.items()]
    assert {word: meanings for word, meanings in both if len(meanings) > 1} == {}


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_pages_say_it_in_these_words(language: str) -> None:
    with i18n.speaking(language):
        pairs = [(about()[kind].name, words("Findings")[kind]) for kind in KINDS]
        pairs += [(label(role), words("Roles of access")[role]) for role in Role]
        pairs += [
            (reason(reason_code), words("Gap reasons")[reason_code])
            for reason_code in wire.GapReason
        ]
        pairs += [
            (label(GapCause(reason_code)), words("Gap reasons")[reason_code])
            for reason_code in wire.GapReason
        ]
        pairs += [(fault_mark(fault).word, words("Faults of a node")[fault]) for fault in FAULTS]
        # Nobody looks for the owner of a device that is free.
        holders = set(HOLDERS) - {"unallocated"}
        pairs += [(reason(holder), words("Holders")[holder]) for holder in holders]
        for section, entries in PAGES_OF_THE_MONTH.items():
            terms = words(section)
            pairs += [(text, terms[code]) for code, text in labels(entries).items()]
    field = "english" if language == "en" else "chinese"
    fixed = [(text.casefold(), getattr(term, field).casefold()) for text, term in pairs]
    assert [pair for pair in fixed if not pair[0].startswith(pair[1])] == []  # «conflicts»


def test_every_cause_is_explained() -> None:
    assert causes().keys() == {"silent", *wire.GapReason}
