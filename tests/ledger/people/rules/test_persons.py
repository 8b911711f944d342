"""Names: code and database know the same characters that are not seen, and the same persons."""

import sys
import unicodedata

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.formats.visible import HIDDEN, is_visible
from ledger.people.rules.persons import plain
from ledger.people.steps.decisions import person

# Besides white space, controls and format characters, from DerivedCoreProperties.txt of Unicode 16
# (Default_Ignorable_Code_Point), and letters and symbols whose glyph is blank.
IGNORABLE = {
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810),
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164,
    *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0,
    *range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
}  # fmt: skip
BLANK = {0x2800, 0x1D159, 0x16FE4, 0xFFFC, 0xFFFD}  # the last two stand for what is not there
# PostgreSQL's Unicode may be newer than Python's: only of what both know is much said.
CHARACTERS = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\0")
NAMES = st.text(
    st.one_of(
        CHARACTERS,
        st.sampled_from("李四ＬｉＬi \u3000\ufe0f\u034fe\u0301é가\u1100\u1161·'-A\u212b"),
    )
)


def test_what_leaves_no_ink_is_hidden() -> None:
    for code in range(1, sys.maxunicode + 1):
        char = chr(code)
        category = unicodedata.category(char)
        if category in ("Cs", "Cn") and code not in IGNORABLE:
            continue
        hidden = category in ("Cc", "Cf", "Co", "Zs", "Zl", "Zp") or code in IGNORABLE | BLANK
        assert bool(HIDDEN.fullmatch(char)) == (hidden and char != " "), hex(code)


def test_the_database_hides_the_same(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "SELECT code FROM generate_series(1, 1114111) AS code"
        " WHERE code NOT BETWEEN 55296 AND 57343 AND visible(chr(code)) = ''"
    ).fetchall()
    of_database = {code for (code,) in rows}
    surrogates = range(0xD800, 0xE000)
    of_code = {
        n for n in range(1, sys.maxunicode + 1) if HIDDEN.match(chr(n)) and n not in surrogates
    }
    assert of_database == of_code


def test_ordinary_names_are_visible() -> None:
    for name in ("李四", "Li Si", "买买提·艾力", "O'Neil-Núñez", "某builder", "龘𠮷"):
        assert is_visible(name)


def test_both_know_the_same_persons(owner: psycopg.Connection) -> None:
    @settings(max_examples=100, deadline=None)
    @given(st.lists(NAMES, min_size=30, max_size=30))
    def compare(names: list[str]) -> None:
        actors = [f"clerk:{name}#1" for name in names]
        rows = owner.execute("SELECT person_of(a) FROM unnest(%s::text[]) a", (actors,)).fetchall()
        assert [row[0] for row in rows] == [plain(person(actor)) for actor in actors]

    compare()
