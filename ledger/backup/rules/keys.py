"""The two keys of a store: the server's, which writes, and the bureau's, which reads.

The write key stays with the server. It signs what is stored (Ed25519) and encrypts for the reader
(X25519), so a server that was taken over reads no backup of last year, and nobody who can write
into the store can put a database there that we would restore. The read key is made beside it and
goes into the bureau's safe: without it nothing can be restored.
"""

import base64
import binascii
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.public import PrivateKey, PublicKey
from nacl.signing import SigningKey, VerifyKey

WRITE, READ = "suanquan-backup-write-1", "suanquan-backup-read-1"
_HALF = 32  # bytes


@dataclass(frozen=True)
class WriteKey:
    """What the server holds: who it is, and for whom it encrypts."""

    signer: SigningKey
    reader: PublicKey

    def sign(self, content: bytes) -> bytes:
        """Return the signature of a content."""
        return bytes(self.signer.sign(content).signature)

    def is_ours(self, content: bytes, signature: bytes) -> bool:
        """Return whether this key signed a content."""
        return _holds(self.signer.verify_key, content, signature)

    def text(self) -> str:
        """Return it as it stands in a file."""
        return _text(WRITE, bytes(self.signer) + bytes(self.reader))


@dataclass(frozen=True)
class ReadKey:
    """What lies in the safe: what opens, and whose signature is believed."""

    opener: PrivateKey
    writer: VerifyKey

    def is_ours(self, content: bytes, signature: bytes) -> bool:
        """Return whether the server that belongs to this key signed a content."""
        return _holds(self.writer, content, signature)

    def text(self) -> str:
        """Return it as it stands in a file."""
        return _text(READ, bytes(self.opener) + bytes(self.writer))


def make_keys() -> tuple[WriteKey, ReadKey]:
    """Make a new pair."""
    signer, opener = SigningKey.generate(), PrivateKey.generate()
    return WriteKey(signer, opener.public_key), ReadKey(opener, signer.verify_key)


def write_key(text: str) -> WriteKey:
    """Return the write key that a text says; ValueError says why it is none."""
    first, second = _halves(WRITE, text)
    return WriteKey(SigningKey(first), PublicKey(second))


def read_key(text: str) -> ReadKey:
    """Return the read key that a text says; ValueError says why it is none."""
    first, second = _halves(READ, text)
    return ReadKey(PrivateKey(first), VerifyKey(second))


def _holds(key: VerifyKey, content: bytes, signature: bytes) -> bool:
    try:
        key.verify(content, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def _text(kind: str, content: bytes) -> str:
    return f"{kind} {base64.b64encode(content).decode()}\n"


def _halves(kind: str, text: str) -> tuple[bytes, bytes]:
    have, _space, rest = text.strip().partition(" ")
    if have != kind:
        raise ValueError(f"{kind} …")
    try:
        content = base64.b64decode(rest, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if len(content) != 2 * _HALF:
        raise ValueError(f"{len(content)} bytes, not {2 * _HALF}")
    return content[:_HALF], content[_HALF:]
