"""Other values are other bytes; the same line under another header has another hash."""

from hashlib import sha256

import pytest

from ledger.seals.codes import Algorithm
from ledger.seals.rules.form import header, leaf_bytes, row_hash, unescape


def test_a_row_is_its_header_and_its_line() -> None:
    digest = row_hash("claims", ["id:bigint", "note:text"], Algorithm.SHA256)
    line = b"7\t\\N\n"
    content = b"suanquan row 1\nclaims\nid:bigint\tnote:text\n" + line
    assert digest(line) == sha256(content).digest()


def test_null_is_not_empty() -> None:
    digest = row_hash("claims", ["id:bigint", "note:text"], Algorithm.SHA256)
    assert digest(b"7\t\\N\n") != digest(b"7\t\n")


def test_names_and_types_are_hashed() -> None:
    headers = {
        header("claims", ["id:bigint"]), header("claim", ["id:bigint"]),
        header("claims", ["id:text"]), header("claims", ["key:bigint"]),
    }  # fmt: skip
    assert len(headers) == 4


def test_a_leaf_says_whether_the_row_is_gone() -> None:
    assert leaf_bytes(b"[1]", None) == b"[1]\n"
    assert leaf_bytes(b"[1]", b"\0") == b"[1]\n\0"


@pytest.mark.parametrize(
    ("as_copied", "value"),
    [("[1]", "[1]"), (r"[\"a\\\\b\"]", '["a\\\\b"]'), (r"a\tb\nc", "a\tb\nc"), ("宁", "宁")],
)
def test_what_copy_wrote_is_read_again(as_copied: str, value: str) -> None:
    assert unescape(as_copied.encode()).decode() == value
