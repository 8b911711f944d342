"""The seal of an OFD: believed if it covers what was read, holds, and is traced to an authority."""

import pytest

from ledger.documents.rules.certificates import Certificate, read_certificate
from ledger.documents.rules.ofd import seal_of
from ledger.formats.archive import open_archive
from ledger.formats.signatures.der import node
from tests.support.invoices import einvoice_xml, ofd, sample
from tests.support.papers.seals import (
    MAKER,
    NAME,
    ROOT,
    SIGNER,
    TRUSTED,
    Key,
    edit,
    sealed_ofd,
)

INVOICE = einvoice_xml()
SIGNS = "Doc_0/Signs/Sign_0"
STRANGER = Key(31_415_926, "别家 CA")


def outcome(content: bytes, *trusted: bytes) -> str:
    return seal_of(content, [read_certificate(encoded) for encoded in trusted or (TRUSTED,)])[1]


def test_a_seal_that_an_authority_vouches_for() -> None:
    seal, result = seal_of(sealed_ofd(INVOICE), [read_certificate(TRUSTED)])
    assert result == "holds"
    assert seal
    assert (seal.name, seal.signer, seal.root) == (
        NAME,
        NAME,
        read_certificate(TRUSTED).fingerprint,
    )
    assert f"{seal.signed_at:%Y-%m-%d}" == "2026-04-01"


@pytest.mark.parametrize(
    ("content", "result"),
    [
        (ofd(INVOICE), "missing"),
        # made by somebody else, down to an authority of the same name
        (sealed_ofd(INVOICE, certified_by=STRANGER), "untrusted"),
        (sealed_ofd(INVOICE, certified_by=Key(4_444, ROOT.name)), "untrusted"),
        (sealed_ofd(INVOICE, certificate=SIGNER.certificate(STRANGER)), "untrusted"),
        # whom the authority certified may not certify others
        (sealed_ofd(INVOICE, certificate=SIGNER.certificate(MAKER)), "untrusted"),
        (
            sealed_ofd(INVOICE, certificate=SIGNER.certificate(ROOT, until=b"20260101000000Z")),
            "untrusted",
        ),
        # the invoice is not on its list
        (sealed_ofd(INVOICE, covered=["Doc_0/Document.xml"]), "uncovered"),
        # changed afterwards: the invoice, the list, the signature
        (
            edit(sealed_ofd(INVOICE), "Doc_0/Attachs/original_invoice.xml", b"4449.00", b"9449.00"),
            "broken",
        ),
        (
            edit(sealed_ofd(INVOICE), f"{SIGNS}/Signature.xml", b"<Signature>", b"<Signature >"),
            "broken",
        ),
        (sealed_ofd(INVOICE, by=STRANGER, certificate=SIGNER.certificate(ROOT)), "broken"),
        (
            edit(sealed_ofd(INVOICE), f"{SIGNS}/SignedValue.dat", b"\x30", b"\x31"),
            "unknown",
        ),
    ],
)
def test_what_is_no_seal_to_rest_on(content: bytes, result: str) -> None:
    assert outcome(content) == result


def test_without_an_authority_nothing_is_believed_but_changes_are_seen() -> None:
    assert seal_of(sealed_ofd(INVOICE), [])[1] == "no_roots"
    edited = edit(sealed_ofd(INVOICE), "Doc_0/Attachs/original_invoice.xml", b"4449.00", b"9449.00")
    assert seal_of(edited, [])[1] == "broken"


def test_a_document_beside_the_sealed_one_is_not_covered() -> None:
    """`OFD.xml` is on no list: it may point to another document in the same file."""
    content = sealed_ofd(INVOICE, covered=["Doc_0/Document.xml", "Doc_0/Attachs/Attachments.xml"])
    assert outcome(content) == "uncovered"


def certificates_of(content: bytes) -> tuple[Certificate, Certificate]:
    """Of who signed a real file, and of who made the seal."""
    archive, _findings = open_archive(content)
    assert archive
    value = archive.read(f"{SIGNS}/SignedValue.dat")
    assert value
    body, certificate, *_ = node(value).parts()
    _info, maker, *_ = body.parts()[1].parts()
    return read_certificate(certificate.content), read_certificate(maker.content)


def test_the_seal_of_a_real_invoice_holds() -> None:
    content = sample("999_test_ca.ofd")
    signer, maker = certificates_of(content)
    seal, result = seal_of(content, [signer, maker])
    assert result == "holds"
    assert seal
    assert seal.name == "测试全国统一发票监制章国家税务总局重庆市税务局"
    assert seal_of(content, [signer])[1] == "untrusted"  # nobody vouches for who made it
    edited = edit(content, "Doc_0/Attachs/original_invoice.xml", b"10600.00", b"90600.00")
    assert seal_of(edited, [signer, maker])[1] == "broken"
