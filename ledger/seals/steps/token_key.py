"""The bureau's key inside a hardware module, which signs and never gives it away (PKCS#11).

Which key it is says an address of RFC 7512, in the file where otherwise the key itself stands:
`pkcs11:token=bureau;object=seal?module-path=/usr/lib/…/module.so&pin-source=/run/pin`. The module
makes it by its own tools, as Ed25519. Sources: https://www.rfc-editor.org/rfc/rfc7512, PKCS#11 3.0
(https://docs.oasis-open.org/pkcs11/pkcs11-curr/v3.0/) 2.3.5 and 2.3.14.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from nacl.signing import VerifyKey

from ledger.errors import Unusable

SCHEME = "pkcs11:"
_WANTED = frozenset({"token", "object", "module-path", "pin-source"})
_KEY_BYTES = 32
_refused: set[tuple["TokenAddress", str]] = set()
"""PINs that a token refused: after a few more it would lock itself."""


@dataclass(frozen=True)
class Signed:
    """What a token signed."""

    signature: bytes


@dataclass(frozen=True)
class TokenAddress:
    """Which key of which token, by which module, opened by the PIN in a file."""

    token: str
    object: str
    module: Path
    pin: Path


class TokenKey:
    """A key in a token; the token is asked anew for each signature."""

    def __init__(self, address: TokenAddress) -> None:
        """Find the key. Raises Unusable (`seal_token`)."""
        self._address = address
        with self._session() as (session, pkcs11):
            public = session.get_key(
                object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=address.object
            )
            point = bytes(public[pkcs11.Attribute.EC_POINT])
        if len(point) < _KEY_BYTES:
            raise Unusable("seal_token", detail=f"{len(point)} < {_KEY_BYTES}")
        self.verify_key = VerifyKey(point[-_KEY_BYTES:])  # behind it stands how long it is

    def sign(self, message: bytes) -> Signed:
        """Have bytes signed. Raises Unusable (`seal_token`)."""
        with self._session() as (session, pkcs11):
            private = session.get_key(
                object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=self._address.object
            )
            return Signed(bytes(private.sign(message, mechanism=pkcs11.Mechanism.EDDSA)))

    @contextmanager
    def _session(self) -> Iterator[tuple[Any, Any]]:
        try:
            import pkcs11  # noqa: PLC0415 - only where a key is in a token
        except ImportError as error:
            raise Unusable("seal_token", detail="pip install 'suanquan[hsm]'") from error
        try:
            pin = self._address.pin.read_text(encoding="utf-8").strip()
            if (self._address, pin) in _refused:
                raise Unusable("seal_token", detail=f"{self._address.pin}: PIN")
            module = pkcs11.lib(str(self._address.module))
            token = module.get_token(token_label=self._address.token)
            with token.open(user_pin=pin) as session:
                yield session, pkcs11
        except pkcs11.PinIncorrect as error:
            _refused.add((self._address, pin))
            raise Unusable("seal_token", detail=f"{self._address.pin}: PIN") from error
        except (OSError, RuntimeError, pkcs11.PKCS11Error) as error:
            detail = str(error) or type(error).__name__
            raise Unusable("seal_token", detail=detail) from error


def token_address(text: str) -> TokenAddress:
    """Read an address.

    Raises:
        Unusable: it is none, or says another thing than is known here (`seal_token`): all of token,
            object, module-path and pin-source are wanted. A PIN does not stand in an address.
    """
    path, _, query = text.strip().removeprefix(SCHEME).partition("?")
    pairs = [pair.partition("=") for pair in (*path.split(";"), *query.split("&"))]
    values = {name: unquote(value) for name, _, value in pairs}
    if len(pairs) != len(_WANTED) or set(values) != _WANTED or not all(values.values()):
        raise Unusable("seal_token", detail=", ".join(sorted(set(values) ^ _WANTED)) or text)
    return TokenAddress(
        values["token"], values["object"], Path(values["module-path"]), Path(values["pin-source"])
    )
