import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.formats.uscc import ALPHABET, DEPARTMENTS, check_digit, uscc_fault

# Codes of real bodies, as they print them on their own papers and pages.
REAL = [
    "9144030071526726XG",
    "91330100799655058B",
    "914403001922038216",
    "91110000802100433B",
    "91440101MA5CJQ4N59",
    "12440600MB2C07549J",
]
# Made-up bodies of the departments that the amendment of 2016 gave letters.
LETTERS = ["N2640104MADEM00018", "A1110000MADEM0001T", "Y1640000MADEM00014"]


@pytest.mark.parametrize("code", REAL + LETTERS)
def test_valid(code: str) -> None:
    assert uscc_fault(code) is None


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("", "length"),
        ("91330100799655058", "length"),
        ("91330100799655058B0", "length"),
        ("91330100799655058C", "check_digit"),
        ("91330100799655085B", "check_digit"),  # two digits changed places
        ("91350203M0001QAY9B", "check_digit"),  # given out in Xiamen before the standard held
        ("91330100799655058b", "character"),
        ("9133010079965505１B", "character"),  # a full-width digit
        ("91330100799655058\n", "character"),
        ("01330100799655058B", "department"),
        ("B1330100799655058B", "department"),
        ("9133O100799655058B", "character"),
        ("91A30100799655058B", "place"),
    ],
)
def test_refused(code: str, fault: str) -> None:
    assert uscc_fault(code) == fault


@pytest.mark.parametrize("letter", "IOSVZ")
def test_letters_that_no_code_has(letter: str) -> None:
    assert uscc_fault(f"91640100{letter}ADEM0001Y") == "character"
    with pytest.raises(ValueError, match=letter):
        check_digit(f"91640100{letter}ADEM0001")


bodies = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(DEPARTMENTS),
        st.sampled_from(ALPHABET),
        st.text("0123456789", min_size=6, max_size=6),
        st.text(ALPHABET, min_size=9, max_size=9),
    ),
)


@given(body=bodies, place=st.integers(0, 17), other=st.sampled_from(ALPHABET))
@settings(deadline=None)
def test_one_wrong_character_is_always_found(body: str, place: int, other: str) -> None:
    code = body + check_digit(body)
    assert uscc_fault(code) is None
    wrong = code[:place] + other + code[place + 1 :]
    assert (uscc_fault(wrong) is None) == (wrong == code)


@given(body=bodies, place=st.integers(8, 15))
@settings(deadline=None)
def test_two_characters_that_changed_places_are_found(body: str, place: int) -> None:
    code = body + check_digit(body)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (uscc_fault(wrong) is None) == (wrong == code)


near_codes = st.one_of(
    bodies.map(lambda body: body + check_digit(body)),
    st.builds(lambda body, last: body + last, bodies, st.sampled_from(ALPHABET + "IOSVZ")),
    st.text(ALPHABET + "IOSVZ１a٣\n ", min_size=17, max_size=19),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
)


@given(codes=st.lists(near_codes, min_size=50, max_size=200))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_database_agrees(engine: sa.Engine, codes: list[str]) -> None:
    query = sa.text("SELECT uscc_valid(code) FROM unnest(CAST(:codes AS text[])) AS code")
    with engine.connect() as connection:
        valid_codes = connection.scalars(query, {"codes": codes + REAL + LETTERS}).all()
    assert valid_codes == [uscc_fault(code) is None for code in codes + REAL + LETTERS]
