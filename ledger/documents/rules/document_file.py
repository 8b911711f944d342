"""Read the file of a cost document by its content, whatever its name.

XML and OFD are parsed. PDFs and pictures are for people: a person keys the invoice, the file is
stored with it, and a second person confirms. Keyed documents pass the same checks as parsed ones.
"""

from collections.abc import Mapping, Sequence

from ledger.documents.codes import DocumentSource
from ledger.documents.rules.cost_document import LINES_MAX, Document
from ledger.documents.rules.document_fields import FIELDS, LINE_FIELDS, RawDocument, document_of
from ledger.documents.rules.einvoice import read_einvoice
from ledger.documents.rules.ofd import read_ofd
from ledger.errors import Finding
from ledger.formats.archive import SIGNATURE
from ledger.formats.findings import finding

BYTES_MAX = 20 * 1024 * 1024

_PICTURES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM", b"RIFF")
_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\0<")


def read_document(content: bytes, name: str) -> tuple[Document | None, list[Finding]]:
    """Read the document of a file, with all its faults; None if it is unreadable.

    A document with findings is shown to whoever sent it, and not kept as a cost document.
    `needs_keying` says that a person has to key it from the file.
    """
    if not content:
        return None, [finding("empty_file", name)]
    if len(content) > BYTES_MAX:
        return None, [finding("file_too_large", name, limit=BYTES_MAX)]
    if content.startswith(SIGNATURE):
        return read_ofd(content)
    if content.lstrip().startswith(_XML):
        return read_einvoice(content.lstrip(), DocumentSource.XML, name)
    if content.startswith(_PICTURES):
        return None, [finding("needs_keying", name)]
    return None, [finding("unknown_file", name)]


def read_keyed(values: Mapping[str, object]) -> tuple[Document | None, list[Finding]]:
    """Read a keyed document: texts under `FIELDS`, and `lines` under `LINE_FIELDS`.

    Money is written in yuan, a day as 2026-11-01; `net` and `tax` may be left to the lines, and so
    may what the remark says. An internal settlement has no tax and the university's own number.
    """
    rest = {key: value for key, value in values.items() if key != "lines"}
    texts, findings = _texts(rest, FIELDS, "")
    lines, wrong = _lines(values.get("lines", ()))
    if findings or wrong:
        return None, [*findings, *wrong]
    return document_of(RawDocument(DocumentSource.KEYED, texts, lines))


def _lines(items: object) -> tuple[list[dict[str, str]], list[Finding]]:
    if not isinstance(items, Sequence) or isinstance(items, str):
        return [], [finding("not_list", "lines")]
    if len(items) > LINES_MAX:
        return [], [finding("too_many_lines", "lines", limit=LINES_MAX)]
    lines, findings = [], []
    for place, line in enumerate(items, start=1):
        texts, wrong = _texts(line, LINE_FIELDS, f"line {place}: ")
        lines.append(texts)
        findings += wrong
    return lines, findings


def _texts(
    mapping: object, names: Sequence[str], where: str
) -> tuple[dict[str, str], list[Finding]]:
    """Return the texts under known keys; a null counts as missing."""
    if not isinstance(mapping, Mapping):
        return {}, [finding("not_mapping", where.rstrip(": "))]
    texts, findings = {}, []
    for key, value in mapping.items():
        if key not in names:
            findings.append(finding("unknown_key", f"{where}{key}"))
        elif isinstance(value, str):
            texts[str(key)] = value
        elif value is not None:
            findings.append(finding("not_text", f"{where}{key}"))
    return texts, findings
