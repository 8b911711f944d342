"""A tree is that of RFC 6962: a second, plain writing of its definition agrees with it."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.seals.codes import Algorithm
from ledger.seals.rules.merkle import Tree, hash_by


def defined(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\1" + defined(leaves[:half]) + defined(leaves[half:])).digest()


def grown(leaves: list[bytes]) -> bytes:
    tree = Tree(Algorithm.SHA256)
    for leaf in leaves:
        tree.add(leaf)
    assert tree.rows == len(leaves)
    return tree.root()


@given(st.lists(st.binary(max_size=3), max_size=40))
def test_its_root_is_as_defined(leaves: list[bytes]) -> None:
    assert grown(leaves) == defined(leaves)


def test_a_root_of_the_rfcs_own_tests() -> None:
    """From the test vectors of Certificate Transparency's reference implementation."""
    vectors = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
               "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert grown([bytes.fromhex(leaf) for leaf in vectors]).hex() == root


def test_sm3_is_that_of_the_standard() -> None:
    """GB/T 32905-2016, example 1."""
    try:
        digest = hash_by(Algorithm.SM3)
    except ValueError:
        pytest.skip("this OpenSSL has no SM3")
    assert digest(b"abc").hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )
