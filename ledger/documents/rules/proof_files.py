"""Read a file that proves something: a receipt (付款凭证), the picture of a look-up.

It must be a real file of its kind: a PDF that opens and shows something, a PNG or JPEG of a page's
size, an electronic receipt of a bank in XML or OFD. What has a text is searched for what a person
keyed from it; a scan has none, and is left to a second person's eyes.
"""

import io
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.documents.rules.document_file import BYTES_MAX
from ledger.errors import Finding
from ledger.formats.archive import SIGNATURE, open_archive
from ledger.formats.capital_amounts import in_words
from ledger.formats.findings import finding
from ledger.formats.xml_tree import name as tag
from ledger.formats.xml_tree import open_tree
from ledger.units import Fen, yuan

PAGES_MAX = 100
SIDE_MIN = 200  # pixels: below, nothing can be read
TEXT_MAX = 200_000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_DIGIT = "[零壹贰叁肆伍陆柒捌玖拾佰仟万亿角分]"
_INVOICES = ("EInvoice", "eInvoice")
_SIZES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_NO_LENGTH = (0x01, *range(0xD0, 0xDA))


@dataclass(frozen=True)
class Proof:
    """What a file shows; `text` is None where it is a picture."""

    text: str | None


def read_proof(content: bytes, name: str) -> tuple[Proof | None, list[Finding]]:
    """Read a file that proves something, or say why it is none."""
    if not content:
        return None, [finding("file_empty", "file", name=name)]
    if len(content) > BYTES_MAX:
        return None, [finding("file_too_large", "file", limit=BYTES_MAX)]
    plain = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    readers = (
        (b"%PDF-", _pdf),
        (_PNG, _picture),
        (_JPEG, _picture),
        (SIGNATURE, _ofd),
        (b"<", _xml),
    )
    for start, read in readers:
        if (plain if start == b"<" else content).startswith(start):
            return read(content, name)
    return None, [finding("proof_kind", "file", name=name)]


def says_amount(text: str, fen: Fen) -> bool:
    """Return whether a text has this amount in yuan: `12,345.60`, or in words."""
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).replace(",", ""))
    figure = yuan(fen).replace(",", "")
    # Some files set each character apart, or the fen. Else figures side by side are two.
    solid = figure.replace(".", " ?[.]")
    spaced = " ".join(map(re.escape, figure))
    if re.search(rf"(?<![\d.])({solid}(?!\d)|(?<![\d.] ){spaced}(?! ?\d))", plain):
        return True
    compact = re.sub(r"\s", "", plain)
    words = re.escape(in_words(fen).removesuffix("整"))
    return re.search(f"(?<!{_DIGIT}){words}(?!{_DIGIT})", compact.replace("圆", "元")) is not None


def says_reference(text: str, reference: str) -> bool:
    """Return whether a text has this reference of a bank, whole, whatever blanks are in it."""
    plain = unicodedata.normalize("NFKC", text).upper()
    normal = re.sub(r"\s", "", unicodedata.normalize("NFKC", reference)).upper()
    spaced = r"\s*".join(map(re.escape, normal))
    return re.search(rf"(?<![0-9A-Z]){spaced}(?![0-9A-Z])", plain) is not None


def is_invoice(text: str) -> bool:
    """Return whether a text is that of an invoice, which proves no payment."""
    plain = re.sub(r"\s", "", text)
    return "价税合计" in plain and "发票号码" in plain


def _pdf(content: bytes, name: str) -> tuple[Proof | None, list[Finding]]:
    from pypdf import PdfReader  # noqa: PLC0415 - loaded when it is used
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    broken = [finding("proof_unreadable", "file", name=name)]
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            return None, [finding("proof_locked", "file", name=name)]
        if not 1 <= len(reader.pages) <= PAGES_MAX:
            return None, broken
        text = "\n".join(page.extract_text() for page in reader.pages)[:TEXT_MAX]
        pictures = any(len(page.images) for page in reader.pages) if not text.strip() else False
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError):
        return None, broken
    except (RecursionError, NotImplementedError, AssertionError, zlib.error, ImportError):
        return None, broken
    if text.strip():
        return Proof(text), []
    return (Proof(None), []) if pictures else (None, broken)


def _picture(content: bytes, name: str) -> tuple[Proof | None, list[Finding]]:
    size = _png(content) if content.startswith(_PNG) else _jpeg(content)
    if size is None or min(size) < SIDE_MIN:
        return None, [finding("proof_unreadable", "file", name=name)]
    return Proof(None), []


def _ofd(content: bytes, name: str) -> tuple[Proof | None, list[Finding]]:
    archive, findings = open_archive(content)
    if archive is None:
        return None, findings
    if archive.read("OFD.xml") is None:
        return None, [finding("proof_kind", "file", name=name)]
    texts = []
    for path in sorted(archive.names):
        if path.endswith(".xml") and (part := archive.read(path)) is not None:
            tree, _faults = open_tree(part, path)
            if tree is not None:
                texts += [element.text or "" for element in tree.root.iter()]
    text = "\n".join(part.strip() for part in texts if part.strip())[:TEXT_MAX]
    return Proof(text or None), []


def _xml(content: bytes, name: str) -> tuple[Proof | None, list[Finding]]:
    tree, findings = open_tree(content.lstrip(), "file")
    if tree is None:
        return None, findings
    if tag(tree.root) in _INVOICES:
        return None, [finding("proof_is_invoice", "file")]
    text = "\n".join((element.text or "").strip() for element in tree.root.iter())
    if not text.strip():
        return None, [finding("proof_unreadable", "file", name=name)]
    return Proof(text[:TEXT_MAX]), []


def _png(content: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG whose parts are whole; None otherwise."""
    parts = list(_png_parts(content))
    kinds = [kind for kind, _body in parts]
    if not parts or kinds[0] != b"IHDR" or b"IDAT" not in kinds or kinds[-1] != b"IEND":
        return None
    width, height = struct.unpack(">II", parts[0][1][:8])
    return width, height


def _png_parts(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        check = content[at + 8 + length : at + 12 + length]
        if check != struct.pack(">I", zlib.crc32(kind + body)):
            return
        yield kind, body
        at += 12 + length


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG that ends as it should; None otherwise."""
    if not content.rstrip(b"\0\r\n").endswith(b"\xff\xd9"):
        return None
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 - a marker
        marker = content[at + 1]
        if marker in _SIZES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        if marker in _NO_LENGTH:
            at += 2
            continue
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        at += 2 + length
    return None
