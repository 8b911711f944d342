"""An object comes back whole under its own name with its own key, and in no other way."""

import io
import os

import pytest

from ledger.backup.rules.keys import ReadKey, WriteKey, make_keys, read_key, write_key
from ledger.backup.rules.sealed import seal_object, unseal_object
from ledger.errors import Unusable

NAME = "bases/20261130T183000Z/base.sealed"
WRITE, READ = make_keys()
CONTENT = os.urandom(150_000) + bytes(500_000)
OBJECT = b"".join(seal_object(NAME, [CONTENT[:7], CONTENT[7:]], WRITE))
HEAD = 18 + 64 + 80


def open_object(content: bytes, name: str = NAME, key: ReadKey = READ) -> bytes:
    return b"".join(unseal_object(name, io.BytesIO(content), key))


def flip(at: int) -> bytes:
    content = bytearray(OBJECT)
    content[at] ^= 1
    return bytes(content)


def test_it_comes_back_smaller_than_it_was() -> None:
    assert open_object(OBJECT) == CONTENT
    assert len(OBJECT) < len(CONTENT) // 2
    assert open_object(b"".join(seal_object(NAME, [], WRITE))) == b""


@pytest.mark.parametrize("at", [0, 20, 100, HEAD - 1, HEAD, HEAD + 30, -1])
def test_a_flipped_bit_is_refused(at: int) -> None:
    with pytest.raises(Unusable) as caught:
        open_object(flip(at))
    assert caught.value.code in {"backup_forged", "backup_sealed"}


@pytest.mark.parametrize(
    "size",
    [0, 10, HEAD, HEAD + 24, len(OBJECT) // 2, len(OBJECT) - 1],
    ids=["0", "10", "head", "block", "half", "all but one"],  # its length is another each time
)
def test_a_half_is_refused(size: int) -> None:
    with pytest.raises(Unusable):
        open_object(OBJECT[:size])


def test_what_goes_on_after_its_end_is_refused() -> None:
    with pytest.raises(Unusable):
        open_object(OBJECT + b"x")


def test_it_passes_for_no_other_object() -> None:
    with pytest.raises(Unusable) as caught:
        open_object(OBJECT, name=NAME.replace("1130", "1201"))
    assert caught.value.code == "backup_forged"


def test_neither_another_servers_object_nor_another_readers_key_will_do() -> None:
    other_write, other_read = make_keys()
    forged = b"".join(seal_object(NAME, [CONTENT], WriteKey(other_write.signer, WRITE.reader)))
    with pytest.raises(Unusable) as caught:
        open_object(forged)
    assert caught.value.code == "backup_forged"
    with pytest.raises(Unusable) as caught:
        open_object(OBJECT, key=ReadKey(other_read.opener, READ.writer))
    assert caught.value.code == "backup_sealed"


def test_the_stream_of_one_object_fits_no_other_head() -> None:
    second = b"".join(seal_object(NAME, [b"second"], WRITE))
    with pytest.raises(Unusable):
        open_object(OBJECT[:HEAD] + second[HEAD:])


def test_a_key_is_what_its_file_says_and_nothing_else_is_a_key() -> None:
    assert open_object(OBJECT, key=read_key(READ.text())) == CONTENT
    again = b"".join(seal_object(NAME, [CONTENT], write_key(WRITE.text())))
    assert open_object(again) == CONTENT
    for text in ("", READ.text()[:-9], WRITE.text().replace("write", "read")[:40], "x " * 9):
        with pytest.raises(ValueError, match=r".*"):
            read_key(text)
    with pytest.raises(ValueError, match="suanquan-backup-write-1"):
        write_key(READ.text())
