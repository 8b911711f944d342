"""Check the 统一社会信用代码 (GB 32100-2015), the 18-character code of a legal person.

The first character is the registering department (a digit, or A, N, Y since the amendment of 2016:
common libraries still refuse those letters), the second the kind of body, then six digits for the
place, nine characters for the body, and a check character. The database has the same check as
`uscc_valid`.
"""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z: easily misread
DEPARTMENTS = "123456789ANY"
DIGITS = "0123456789"
LENGTH = 18


def uscc_fault(code: str) -> str | None:
    """Return what is wrong with a code; None if it is valid.

    Returns:
        `length`; `character` (a letter that the code never has, or one in lower case);
        `department` (the first character); `place` (characters 3-8 are digits); `check_digit`.
    """
    if len(code) != LENGTH:
        return "length"
    if any(c not in ALPHABET for c in code):
        return "character"
    if code[0] not in DEPARTMENTS:
        return "department"
    if any(c not in DIGITS for c in code[2:8]):
        return "place"
    return None if code[-1] == check_digit(code[:-1]) else "check_digit"


def check_digit(first17: str) -> str:
    """Compute the last character: (31 − Σ value × 3^i mod 31) mod 31, GB 32100-2015, 4.2.

    Raises:
        ValueError: not seventeen characters of the code's alphabet.
    """
    if len(first17) != LENGTH - 1 or any(c not in ALPHABET for c in first17):
        raise ValueError(first17)
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first17))
    return ALPHABET[-total % 31]
