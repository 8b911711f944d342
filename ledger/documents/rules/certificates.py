"""Certificates (X.509) with SM2 keys, as far as electronic seals need them."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ledger.formats.signatures.der import OCTETS, SEQUENCE, Node, node
from ledger.formats.signatures.sm2 import is_signed

SM2_WITH_SM3 = "1.2.156.10197.1.501"
_SM2_CURVE = "1.2.156.10197.1.301"
_COMMON_NAME, _BASIC_CONSTRAINTS = "2.5.4.3", "2.5.29.19"
_EXPLICIT_VERSION, _EXTENSIONS = 0xA0, 0xA3
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Certificate:
    """A certificate: of whom, by whom, for how long, with which key."""

    encoded: bytes
    subject: bytes  # as encoded: two names are one if they are written alike
    issuer: bytes
    name: str
    since: datetime
    until: datetime
    key: tuple[int, int]
    authority: bool  # it may issue others
    body: bytes  # what its issuer signed
    signature: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole certificate, hex."""
        return sha256(self.encoded).hexdigest()

    def valid_at(self, moment: datetime) -> bool:
        """Return whether it was valid then."""
        return self.since <= moment <= self.until


def read_certificate(encoded: bytes) -> Certificate:
    """Read a certificate, DER or PEM; ValueError if it is none, or has another kind of key."""
    if pem := _PEM.search(encoded):
        encoded = base64.b64decode(pem[1])
    whole = node(encoded)
    body, algorithm, signature = whole.parts()
    if algorithm.parts()[0].oid() != SM2_WITH_SM3:
        raise ValueError("not signed with SM2")
    fields = body.parts()
    if fields[0].tag == _EXPLICIT_VERSION:
        fields = fields[1:]
    _serial, _algorithm, issuer, validity, subject, key, *more = fields
    since, until = (part.moment() for part in validity.parts())
    return Certificate(
        whole.whole, subject.whole, issuer.whole, _name(subject), since, until, _key(key),
        any(_authority(part) for part in more if part.tag == _EXTENSIONS), body.whole,
        signature.bits(),
    )  # fmt: skip


def issuer_of(
    certificate: Certificate, trusted: Iterable[Certificate], moment: datetime
) -> Certificate | None:
    """Return the trusted authority that issued a certificate, or itself if it is trusted.

    Both must have been valid at the moment; None if there is no such authority.
    """
    if not certificate.valid_at(moment):
        return None
    for root in trusted:
        if root.encoded == certificate.encoded:
            return root
        if (
            root.authority
            and root.subject == certificate.issuer
            and root.valid_at(moment)
            and is_signed(certificate.body, certificate.signature, root.key)
        ):
            return root
    return None


def _name(subject: Node) -> str:
    for relative in subject.parts():
        for pair in relative.parts():
            kind, text = pair.parts()
            if kind.oid() == _COMMON_NAME:
                return text.content.decode("utf-8", "replace")
    return ""


def _key(info: Node) -> tuple[int, int]:
    algorithm, bits = info.parts()
    parts = algorithm.parts()
    point = bits.bits()
    if parts[-1].oid() != _SM2_CURVE or len(point) != 65 or point[0] != 4:  # noqa: PLR2004
        raise ValueError("no SM2 key")
    return int.from_bytes(point[1:33]), int.from_bytes(point[33:])


def _authority(extensions: Node) -> bool:
    for extension in node(extensions.content).parts():
        parts = extension.parts()
        if parts[0].oid() == _BASIC_CONSTRAINTS and parts[-1].tag == OCTETS:
            constraints = node(parts[-1].content)
            first = constraints.parts()[:1] if constraints.tag == SEQUENCE else []
            return any(part.whole == b"\x01\x01\xff" for part in first)
    return False
