"""SM2 as the standard's own example has it (GB/T 32918.5, A.2)."""

import pytest

from ledger.formats.signatures.sm2 import is_signed, on_curve, sm3
from tests.support.papers.seals import ROOT, der, number

KEY = (
    0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
    0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
)
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
MESSAGE = b"message digest"


def signature(r: int, s: int) -> bytes:
    return der(0x30, number(r), number(s))


def test_the_example_of_the_standard() -> None:
    assert sm3(b"abc").hex().startswith("66c7f0f4")
    assert is_signed(MESSAGE, signature(R, S), KEY)


@pytest.mark.parametrize(
    ("message", "r", "s", "key"),
    [
        (b"message digesT", R, S, KEY),
        (MESSAGE, R + 1, S, KEY),
        (MESSAGE, R, 0, KEY),
        (MESSAGE, 0, S, KEY),
        (MESSAGE, -R, S, KEY),
        (MESSAGE, R, S, ROOT.public),
        (MESSAGE, R, S, (KEY[0], KEY[1] + 1)),  # not on the curve
    ],
)
def test_anything_else_is_none(message: bytes, r: int, s: int, key: tuple[int, int]) -> None:
    assert not is_signed(message, signature(r, s), key)


def test_bytes_that_are_no_signature_are_told() -> None:
    assert not on_curve((0, 0))
    for content in (b"", b"\x30", b"\x30\x80\0\0", signature(R, S) + b"x"):
        with pytest.raises(ValueError, match=r"cut off|definite|more than one"):
            is_signed(MESSAGE, content, KEY)
