"""OFD files with electronic seals, and the authority that certifies them: all made here."""

import base64
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.formats.signatures import sm2
from ledger.formats.signatures.sm2 import G, N, sm3
from tests.support.invoices import archive, ofd

NAME = "测试全国统一发票监制章"
SIGNED_AT = b"20260401030000Z"
FROM, UNTIL = b"20250101000000Z", b"20300101000000Z"
SIGNS = "Doc_0/Signs/Sign_0"


def der(tag: int, *parts: bytes) -> bytes:
    """A value of ASN.1."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def number(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray()
    for arc in (40 * first + second, *rest):
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.insert(0, 0x80 | arc & 0x7F)
        content += bytes(digits)
    return der(0x06, bytes(content))


SM2_WITH_SM3 = oid("1.2.156.10197.1.501")


def common_name(name: str) -> bytes:
    return der(0x30, der(0x31, der(0x30, oid("2.5.4.3"), der(0x0C, name.encode()))))


@dataclass(frozen=True)
class Key:
    """A secret, and who has it."""

    secret: int
    name: str

    @property
    def public(self) -> tuple[int, int]:
        point = sm2.multiply(self.secret, G)
        assert point
        return point

    def sign(self, message: bytes) -> bytes:
        """A signature, by a number that is good enough for a test."""
        e, k = sm2.digest(message, self.public), int.from_bytes(sm3(message)) % N
        point = sm2.multiply(k, G)
        assert point
        r = (e + point[0]) % N
        s = pow(1 + self.secret, -1, N) * (k - r * self.secret) % N
        return der(0x30, number(r), number(s))

    def certificate(self, by: "Key", *, authority: bool = False, until: bytes = UNTIL) -> bytes:
        """A certificate of this key, by the other."""
        point = b"\x04" + b"".join(value.to_bytes(32) for value in self.public)
        algorithm = der(0x30, oid("1.2.840.10045.2.1"), oid("1.2.156.10197.1.301"))
        constraints = der(0x30, oid("2.5.29.19"), der(0x04, der(0x30, b"\x01\x01\xff")))
        body = der(
            0x30, der(0xA0, number(2)), number(self.secret % 1000), der(0x30, SM2_WITH_SM3),
            common_name(by.name), der(0x30, der(0x18, FROM), der(0x18, until)),
            common_name(self.name), der(0x30, algorithm, der(0x03, b"\0", point)),
            der(0xA3, der(0x30, constraints)) if authority else b"",
        )  # fmt: skip
        return der(0x30, body, der(0x30, SM2_WITH_SM3), der(0x03, b"\0", by.sign(body)))


ROOT, MAKER, SIGNER = Key(1_234_567, "税务测试 CA"), Key(7_654_321, "制章"), Key(99_999_999, NAME)
TRUSTED = ROOT.certificate(ROOT, authority=True)


def sealed_ofd(
    invoice: bytes,
    *,
    by: Key = SIGNER,
    certified_by: Key = ROOT,
    covered: Sequence[str] | None = None,
    certificate: bytes | None = None,
) -> bytes:
    """An OFD with this XML, sealed; `covered` are the files on the seal's list, by default all."""
    with zipfile.ZipFile(io.BytesIO(ofd(invoice))) as file:
        members = {name: file.read(name) for name in file.namelist()}
    names = covered if covered is not None else [name for name in members if name != "OFD.xml"]
    references = "".join(
        f"<Reference FileRef='/{name}'><CheckValue>"
        f"{base64.b64encode(sm3(members[name])).decode()}</CheckValue></Reference>"
        for name in names
    )
    listed = (
        "<Signature><SignedInfo><References CheckMethod='1.2.156.10197.1.401'>"
        f"{references}</References></SignedInfo>"
        f"<SignedValue>/{SIGNS}/SignedValue.dat</SignedValue></Signature>"
    ).encode()
    certificate = certificate or by.certificate(certified_by)
    members["Doc_0/Signs/Signatures.xml"] = (
        b"<Signatures><Signature ID='1' BaseLoc='Sign_0/Signature.xml'/></Signatures>"
    )
    members[f"{SIGNS}/Signature.xml"] = listed
    members[f"{SIGNS}/SignedValue.dat"] = _signature(listed, by, certificate, certified_by)
    return archive(members)


def edit(content: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """An archive in which a member says something else."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = {path: file.read(path) for path in file.namelist()}
    assert old in members[name]
    return archive({**members, name: members[name].replace(old, new)})


def _signature(listed: bytes, by: Key, certificate: bytes, certified_by: Key) -> bytes:
    times = (der(0x18, FROM), der(0x18, FROM), der(0x18, UNTIL))
    about = der(
        0x30, number(3), der(0x0C, NAME.encode()), number(1), der(0x30, der(0x04, certificate)),
        *times,
    )  # fmt: skip
    picture = der(0x30, der(0x16, b"ofd"), der(0x04, b"x"), number(30), number(20))
    info = der(0x30, der(0x30, der(0x16, b"ES"), number(4)), der(0x16, b"1"), about, picture)
    seal = der(
        0x30, info, der(0x04, MAKER.certificate(certified_by)), SM2_WITH_SM3,
        der(0x03, b"\0", MAKER.sign(info)),
    )  # fmt: skip
    body = der(
        0x30, number(4), seal, der(0x18, SIGNED_AT), der(0x03, b"\0", sm3(listed)),
        der(0x16, f"/{SIGNS}/Signature.xml".encode()),
    )  # fmt: skip
    value = der(0x03, b"\0", by.sign(body))
    return der(0x30, body, der(0x04, certificate), SM2_WITH_SM3, value)
