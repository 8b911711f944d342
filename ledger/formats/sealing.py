"""A stream of bytes, encrypted under a key: libsodium's secretstream (XChaCha20-Poly1305).

A file begins with a header and goes on in pieces of one size; the last one is marked. So a file
that was cut off, put together anew or changed in one bit is refused, and so is another key.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.hash import blake2b

from ledger.errors import Unusable

PIECE = 64 * 1024
_SEALED = PIECE + bindings.crypto_secretstream_xchacha20poly1305_ABYTES
_FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_MESSAGE = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE


def read_key(path: Path) -> bytes:
    """Return the key in a file: 32 bytes in base64. Raises Unusable."""
    size = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except OSError as error:
        raise Unusable("dump_key", path=path, detail=error.strerror) from error
    except binascii.Error as error:
        raise Unusable("dump_key", path=path, detail=str(error)) from error
    if len(key) != size:
        raise Unusable("dump_key", path=path, detail=f"{len(key)} bytes, not {size}")
    return key


def seal(pieces: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """Encrypt a stream."""
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    yield bindings.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    rest = b""
    for piece in pieces:
        rest += piece
        last = max(len(rest) - 1, 0) // PIECE * PIECE  # where the part begins that stays
        for start in range(0, last, PIECE):
            yield _push(state, rest[start : start + PIECE], _MESSAGE)
        rest = rest[last:]
    yield _push(state, rest, _FINAL)


def unseal(file: IO[bytes], key: bytes) -> Iterator[bytes]:
    """Decrypt what `seal` made. Raises Unusable when it is not that, or not whole."""
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    header = file.read(bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES)
    tag = _MESSAGE
    try:
        bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
        while tag != _FINAL:
            piece, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(
                state, file.read(_SEALED)
            )
            yield piece
        if file.read(1):
            raise Unusable("dump_sealed")
    except (CryptoError, ValueError, TypeError, RuntimeError) as error:
        raise Unusable("dump_sealed") from error


def mark(content: bytes, key: bytes) -> str:
    """Return what only a holder of the key can say about this content."""
    return str(blake2b(content, key=key, person=b"suanquan-dump").decode())


def _push(state: object, piece: bytes, tag: int) -> bytes:
    return bytes(
        bindings.crypto_secretstream_xchacha20poly1305_push(
            state,  # type: ignore[arg-type]
            piece,
            tag=tag,
        )
    )
