"""A certificate's files say what was signed, and no byte of them can be another."""

import pytest
from nacl.signing import SigningKey

from ledger.seals.codes import FaultCode
from ledger.seals.rules.certificate import (
    Certificate,
    as_json,
    check_certificate,
    is_certificate,
    read_certificate,
    sign_page,
    write_certificate,
)
from ledger.seals.rules.heads import sign
from tests.support.seals import KEY

PAGE = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\nxref\n0 1\ntrailer\n<< >>\nstartxref\n31\n%%EOF\n"


@pytest.fixture
def certificate() -> Certificate:
    key = bytes(KEY.verify_key).hex()
    return write_certificate({"number": "ZM-2026-0001", "key": key, "project": {"name": "甲"}})


def files(certificate: Certificate, key: SigningKey = KEY) -> list[bytes]:
    signature = sign(certificate.text, key)
    return [sign_page(PAGE, certificate, key), as_json(certificate, signature)]


def test_a_file_is_held_to_its_signature(certificate: Certificate) -> None:
    for content in files(certificate):
        assert is_certificate(content)
        read, tally = check_certificate(content)
        assert (read, tally.faults) == (certificate, [])
    assert read_certificate(certificate.text).code == certificate.hash.hex()[:16]


def test_any_other_byte_is_found(certificate: Certificate) -> None:
    silent: list[tuple[int, int, object]] = []
    for kind, content in enumerate(files(certificate)):
        for place in range(len(content)):
            for bit in (1, 32):
                now = content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]
                if not check_certificate(now)[1].faults:
                    silent.append((kind, place, bit))
            if not check_certificate(content[:place])[1].faults:
                silent.append((kind, place, "torn"))
        if not check_certificate(content + b" ")[1].faults:
            silent.append((kind, len(content), "longer"))
    assert silent == []


def test_who_signs_with_another_key_is_found(certificate: Certificate) -> None:
    for content in files(certificate, SigningKey(b"\1" * 32)):
        codes = [fault.code for fault in check_certificate(content)[1].faults]
        assert codes == [FaultCode.SIGNATURE]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form":"suanquan certificate 1"}'])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"certificate|number|Expecting|indices|form|key|list"):
        read_certificate(text)
