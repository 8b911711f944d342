"""The bureau's key: a file with an Ed25519 seed, 32 bytes in base64, that its owner alone may read.

Or the file says which key of which hardware module it is (`token_key.py`).

It is no part of the database: who has the database whole still cannot seal. It is made once, before
the first seal; where there are seals and no file, nothing is made in its place.
"""

import base64
import binascii
import os
from pathlib import Path

from nacl.signing import SigningKey
from sqlmodel import Session

from ledger.errors import Unusable
from ledger.seals.queries.seals import last_seal
from ledger.seals.rules.heads import BureauKey
from ledger.seals.steps.token_key import SCHEME, TokenKey, token_address

_SEED_BYTES = 32
_OTHERS, _GROUP_READS = 0o077, 0o040


def read_bureau_key(path: Path) -> BureauKey:
    """Read the key, or find it in its token.

    Raises:
        Unusable: there is none or it is no key (`seal_key_file`), or others may read it
            (`seal_key_open`); its token is away (`seal_token`).
    """
    try:
        if _is_open(path.stat()):
            raise Unusable("seal_key_open", path=path)
        content = path.read_bytes().strip()
        if content.startswith(SCHEME.encode()):
            return TokenKey(token_address(content.decode(errors="replace")))
        seed = base64.b64decode(content, validate=True)
    except (OSError, binascii.Error) as error:
        raise Unusable("seal_key_file", path=path, detail=error) from error
    if len(seed) != _SEED_BYTES:
        raise Unusable("seal_key_file", path=path, detail=f"{len(seed)} ≠ {_SEED_BYTES}")
    return SigningKey(seed)


def _is_open(file: os.stat_result) -> bool:
    """Return whether others may read it.

    A Secret of Kubernetes is root's, and its pod reads it by a group of its own: that is not open.
    """
    readable = file.st_mode & _OTHERS
    return bool(readable) and not (readable == _GROUP_READS and file.st_uid == 0 != os.geteuid())


def bureau_key(db: Session, path: Path) -> BureauKey:
    """Return the bureau's key; where nothing was sealed yet and there is none, make it.

    Raises:
        Unusable: it cannot be read or made (`seal_key_file`, `seal_key_open`), or it is lost
            (`seal_key_lost`).
    """
    if not path.exists():
        if last_seal(db) is not None:
            raise Unusable("seal_key_lost", path=path)
        return make_bureau_key(path)
    return read_bureau_key(path)


def make_bureau_key(path: Path) -> BureauKey:
    """Make a key in a new file, whole or not at all; another's that came meanwhile stands.

    Raises:
        Unusable: the folder does not take it (`seal_key_file`).
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as content:
            content.write(base64.b64encode(bytes(SigningKey.generate())) + b"\n")
            content.flush()
            os.fsync(content.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    except OSError as error:
        raise Unusable("seal_key_file", path=path, detail=error) from error
    return read_bureau_key(path)
