"""An object of the store: compressed, encrypted for the reader, signed under its name.

    format · signature · the stream's key in a box for the reader · the stream

The stream is libsodium's secretstream over zlib: pieces in their order, the last one marked. The
signature is over the object's name and the box; the box holds a key that nobody else has, so no
other stream fits it, no object passes for another one, and one that was cut off is refused.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import IO

from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.utils import random

from ledger.backup.rules.keys import ReadKey, WriteKey
from ledger.errors import Unusable
from ledger.formats.sealing import seal, unseal

FORMAT = b"suanquan-backup-1\n"
_KEY, _SIGNATURE = 32, 64  # bytes
_BOX = _KEY + 48  # the sender's key of the moment, and a tag
_LEVEL = 1  # of zlib: WAL and tables shrink to a third; more costs time and gains little


def seal_object(name: str, pieces: Iterable[bytes], key: WriteKey) -> Iterator[bytes]:
    """Yield the object that holds these pieces under this name."""
    secret = random(_KEY)
    box = SealedBox(key.reader).encrypt(secret)
    yield FORMAT + key.sign(_signed_bytes(name, box)) + box
    yield from seal(_compress(pieces), secret)


def unseal_object(name: str, file: IO[bytes], key: ReadKey) -> Iterator[bytes]:
    """Yield what an object holds.

    Raises:
        Unusable: it was not written under this name by the server of this key
            (`backup_forged`), or cannot be opened with it, was changed or cut off
            (`backup_sealed`).
    """
    head = file.read(len(FORMAT) + _SIGNATURE + _BOX)
    signature, box = head[len(FORMAT) : -_BOX], head[-_BOX:]
    if not head.startswith(FORMAT) or not key.is_ours(_signed_bytes(name, box), signature):
        raise Unusable("backup_forged", name=name)
    try:
        secret = SealedBox(key.opener).decrypt(box)
        yield from _decompress(unseal(file, secret))
    except (CryptoError, zlib.error) as error:
        raise Unusable("backup_sealed", name=name) from error
    except Unusable as error:
        raise Unusable("backup_sealed", name=name) from error


def _signed_bytes(name: str, box: bytes) -> bytes:
    return FORMAT + name.encode() + b"\0" + box


def _compress(pieces: Iterable[bytes]) -> Iterator[bytes]:
    state = zlib.compressobj(_LEVEL)
    for piece in pieces:
        yield state.compress(piece)
    yield state.flush()


def _decompress(pieces: Iterable[bytes]) -> Iterator[bytes]:
    state = zlib.decompressobj()
    for piece in pieces:
        yield state.decompress(piece)
    yield state.flush()
    if not state.eof:
        raise zlib.error
