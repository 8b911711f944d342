r"""The form of a certificate of metered use, as JSON and as a page, and whether a file is one.

What is certified is one line of JSON, its members in the order of their names. As a `.json` file it
stands in another with its signature: `{"certificate": "…", "signature": "…"}`. In the PDF file it
stands in base64 behind `%suanquan-certificate ` before `startxref`, and the file's last line is
`%suanquan-signature ` with the signature of all bytes before that line; both are comments to a
reader of PDF. Both are signed with the bureau's Ed25519 key.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ledger.seals.codes import FaultCode
from ledger.seals.rules.dossier import is_signed
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.heads import BureauKey

FORM = "suanquan certificate 1"
PDF_START = b"%PDF-"
_CONTENT, _SIGNATURE = b"%suanquan-certificate ", b"%suanquan-signature "
_LINE = re.compile(rb"^%suanquan-certificate ([A-Za-z0-9+/=]+)$", re.MULTILINE)
_END = re.compile(rb"\nstartxref\n")
CODE_LENGTH = 16
"""Digits of its hash that stand on a certificate: who asks by its number gives them too."""


@dataclass(frozen=True)
class Certificate:
    """What is certified: `content` are its members, `text` the line that is signed."""

    text: str
    content: Mapping[str, Any]

    @property
    def hash(self) -> bytes:
        """SHA-256 of the line."""
        return sha256(self.text.encode()).digest()

    @property
    def code(self) -> str:
        """What is typed beside its number."""
        return self.hash.hex()[:CODE_LENGTH]

    @property
    def number(self) -> str:
        """By which it is registered."""
        return str(self.content["number"])


def write_certificate(content: Mapping[str, Any]) -> Certificate:
    """Write a certificate."""
    whole = {**content, "form": FORM}
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Certificate(text, whole)


def read_certificate(text: str) -> Certificate:
    """Read a certificate.

    Raises:
        ValueError: it is none, or is not written as one is.
    """
    try:
        content = json.loads(text)
        certificate = write_certificate(content)
        is_one = content["form"] == FORM and isinstance(content["number"], str)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not is_one or certificate.text != text or not isinstance(content.get("key"), str):
        raise ValueError("not as a certificate is written")
    return certificate


def as_json(certificate: Certificate, signature: bytes) -> bytes:
    """Return the `.json` file of a certificate."""
    content = {"certificate": certificate.text, "signature": signature.hex()}
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def sign_page(page: bytes, certificate: Certificate, key: BureauKey) -> bytes:
    """Return a PDF file with the certificate in it, signed.

    Raises:
        ValueError: it is no PDF file with a cross-reference at its end.
    """
    ends = list(_END.finditer(page))
    if not ends or not page.startswith(PDF_START):
        raise ValueError("no PDF")
    end = ends[-1].start()
    line = b"\n" + _CONTENT + base64.b64encode(certificate.text.encode())
    whole = page[:end] + line + page[end:].rstrip(b"\n") + b"\n"
    return whole + _SIGNATURE + key.sign(whole).signature.hex().encode() + b"\n"


def is_certificate(content: bytes) -> bool:
    """Whether a file says that it is a certificate."""
    return content.startswith((PDF_START, b'{"certificate"'))


def check_certificate(content: bytes) -> tuple[Certificate | None, Tally]:
    """Hold a file to its own signature, offline.

    Returns:
        What it certifies, where that can be read; what was looked at, and every fault. By whose
        key it is signed says its member `key`, to be compared with the bureau's.
    """
    tally = Tally()
    parts = _of_page(content) if content.startswith(PDF_START) else _of_json(content)
    if parts is None:
        tally.faults.append(Fault(FaultCode.FORM, "certificate"))
        return None, tally
    certificate, signed_bytes, signature = parts
    tally.rows += 1
    if not is_signed(signed_bytes, signature, certificate.content["key"]):
        tally.faults.append(Fault(FaultCode.SIGNATURE, "certificate", certificate.number))
    return certificate, tally


def _of_page(content: bytes) -> tuple[Certificate, bytes, bytes] | None:
    before, mark, signature = content.rpartition(_SIGNATURE)
    lines = _LINE.findall(before)
    if not mark or len(lines) != 1:
        return None
    try:
        text = base64.b64decode(lines[0], validate=True).decode()
        return read_certificate(text), before, signature
    except (ValueError, binascii.Error):
        return None


def _of_json(content: bytes) -> tuple[Certificate, bytes, bytes] | None:
    try:
        members = json.loads(content)
        certificate = read_certificate(members["certificate"])
        signature = f"{members['signature']}\n".encode()
        if as_json(certificate, bytes.fromhex(members["signature"])) != content:
            return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return certificate, certificate.text.encode(), signature
