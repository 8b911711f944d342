"""Read OFD invoices (GB/T 33190): a zip with the invoice as a page and as data.

Older ones contain the whole invoice as an attached XML. The 数电票 of 2024 has none: tags say which
printed text is which field (`CustomTag` → `ObjectRef` → a `TextObject` of the page), and a few
header fields are repeated in `OFD.xml`. Both must agree. With neither, or if tags do not assign
amounts to lines, a person keys the invoice.
"""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from xml.etree.ElementTree import Element

from ledger.documents.codes import DocumentSource
from ledger.documents.rules.certificates import Certificate
from ledger.documents.rules.cost_document import Document
from ledger.documents.rules.document_fields import RawDocument, day_of, document_of, fen_of
from ledger.documents.rules.einvoice import OLD, TOTALS, read_einvoice
from ledger.documents.rules.ofd_signature import Seal, check_seal
from ledger.errors import Finding
from ledger.formats.archive import Archive, open_archive
from ledger.formats.capital_amounts import from_words
from ledger.formats.findings import finding
from ledger.formats.xml_tree import Tree, name, open_tree

_TAGS = {field: tag for field, tag in OLD.items() if field != "code"}
_LINE_TAGS = {"item": "Item", "net": "Amount", "tax_rate": "TaxScheme", "tax": "TaxAmount"}
_MAYBE_TAGS = {"quantity": "Quantity", "unit_price": "Price", "unit": "MeasurementDimension"}


def read_ofd(content: bytes) -> tuple[Document | None, list[Finding]]:
    """Read the document of an OFD file, with all its faults; None if it is unreadable."""
    archive, findings = open_archive(content)
    if archive is None:
        return None, findings
    try:
        return _Ofd(archive).read()
    except _Unreadable as error:
        return None, error.findings


def seal_of(content: bytes, trusted: Sequence[Certificate]) -> tuple[Seal | None, str]:
    """Return the seal of a readable OFD that holds, and what came out; see `check_seal`."""
    archive, _findings = open_archive(content)
    if archive is None:
        return None, "missing"
    file = _Ofd(archive)
    file.read()
    return check_seal(archive, file.path, file.members, trusted)


class _Unreadable(Exception):
    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings


class _Ofd:
    """An OFD file, whose documents refer to each other by path."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.members: set[str] = set()  # what the invoice was read from
        self.body = self._tree("OFD.xml")
        self.path = self.body.text("DocBody/DocRoot").lstrip("/")
        self.root = self._tree(self.path)

    def read(self) -> tuple[Document | None, list[Finding]]:
        attached = self._attached()
        document, findings = (
            read_einvoice(attached, DocumentSource.OFD)
            if attached
            else document_of(self._read_tags())
        )
        if document is None or self.body.findings:
            return None, [*self.body.findings, *findings]
        return document, [*findings, *_repeated(self.custom_datas(), document)]

    def custom_datas(self) -> dict[str, str]:
        """Return the header fields of `OFD.xml`, by their Chinese names."""
        return {
            data.get("Name", ""): (data.text or "").strip()
            for data in self.body.all("DocBody/DocInfo/CustomDatas/CustomData")
        }

    def _attached(self) -> bytes | None:
        """Return the attached XML invoice, if any."""
        listed = self.root.text("Attachments")
        if not listed:
            return None
        path = self._at(self.path, listed)
        tree = self._tree(path)
        files = [tree.text("FileLoc", attachment) for attachment in tree.all("Attachment")]
        invoices = [file for file in files if file.lower().endswith(".xml")]
        return self._bytes(self._at(path, invoices[0])) if len(invoices) == 1 else None

    def _read_tags(self) -> RawDocument:
        """Return the texts that the tags refer to."""
        tags = self._tags()
        pages = {
            page.get("ID", ""): page.get("BaseLoc", "") for page in self.root.all("Pages/Page")
        }
        texts = {page: self._page(self._at(self.path, loc)) for page, loc in pages.items()}
        custom = self.custom_datas()
        if custom.get("发票代码"):
            self.members.add("OFD.xml: 发票代码")  # which no seal vouches for
        return _TagReader(tags, texts).raw_document(custom)

    def _tags(self) -> Tree:
        listed = self.root.text("CustomTags")
        path = self._at(self.path, listed)
        tags = self._tree(path).all("CustomTag") if listed else []
        if len(tags) != 1:
            raise _Unreadable([finding("needs_keying", "file")])
        return self._tree(self._at(path, self._tree(path).text("FileLoc", tags[0])))

    def _page(self, path: str) -> dict[str, str]:
        """Return the texts of a page, by object id."""
        page = self._tree(path)
        texts = {}
        for layer in page.all("Content/Layer"):
            for text in page.all("TextObject", layer):
                codes = page.all("TextCode", text)
                texts[text.get("ID", "")] = "".join(code.text or "" for code in codes)
        return texts

    def _tree(self, path: str) -> Tree:
        tree, findings = open_tree(self._bytes(path), path)
        if tree is None:
            raise _Unreadable(findings)
        return tree

    def _bytes(self, path: str) -> bytes:
        content = self.archive.read(path)
        self.members.add(path)
        if content is None:
            raise _Unreadable([finding("ofd_member", "file", member=path)])
        return content

    @staticmethod
    def _at(path: str, loc: str) -> str:
        """Resolve a path from the root, or relative to a file."""
        beside = posixpath.join(posixpath.dirname(path), loc)
        return posixpath.normpath(loc.lstrip("/") if loc.startswith("/") else beside)


class _TagReader:
    """A page with tags for its texts."""

    def __init__(self, tags: Tree, pages: Mapping[str, Mapping[str, str]]) -> None:
        self.tags = tags
        self.pages = pages

    def raw_document(self, custom: Mapping[str, str]) -> RawDocument:
        """Build the document; raise if tags do not assign texts to lines."""
        columns = {key: self._texts_at(tag) for key, tag in _LINE_TAGS.items()}
        count = len(columns["item"])
        if not count or any(len(texts) != count for texts in columns.values()):
            raise _Unreadable([finding("needs_keying", "file")])
        maybe = {key: self._texts_at(tag) for key, tag in _MAYBE_TAGS.items()}
        columns |= {key: texts for key, texts in maybe.items() if len(texts) == count}
        values = {key: "".join(self._texts_at(path)) for key, path in _TAGS.items()}
        values |= {"kind": "digital_invoice", "words": self._in_words()}
        if custom.get("发票代码"):
            values |= {"kind": "electronic_invoice", "code": custom["发票代码"]}
        lines = [{key: texts[n] for key, texts in columns.items()} for n in range(count)]
        return RawDocument(DocumentSource.OFD, values, lines, required=TOTALS)

    def _texts_at(self, path: str) -> list[str]:
        """Return the texts of each element of this name, joining pieces."""
        return ["".join(map(self._referred, element)).strip() for element in self.tags.all(path)]

    def _referred(self, reference: Element) -> str:
        if name(reference) != "ObjectRef":
            return ""
        return self.pages.get(reference.get("PageRef", ""), {}).get(reference.text or "", "")

    def _in_words(self) -> str:
        """Return the amount in words, which has no tag: the one text that parses as such."""
        texts = {text for page in self.pages.values() for text in page.values() if _is_amount(text)}
        return texts.pop() if len(texts) == 1 else ""


def _is_amount(text: str) -> bool:
    try:
        from_words(text)
    except ValueError:
        return False
    return True


def _repeated(custom: Mapping[str, str], document: Document) -> list[Finding]:
    """Report fields that `OFD.xml` repeats differently; its 合计金额 is without tax."""
    texts = {
        "发票代码": document.code,
        "发票号码": document.number,
        "销售方名称": document.seller.name,
        "销售方纳税人识别号": document.seller.uscc,
        "购买方名称": document.buyer.name,
        "购买方纳税人识别号": document.buyer.uscc,
    }
    sums = {
        "合计金额": document.net_fen,
        "合计税额": document.tax_fen,
        "价税合计": document.gross_fen,
    }
    differing = [field for field, text in texts.items() if custom.get(field, text) != text]
    differing += [
        field for field, fen in sums.items() if not _says(custom.get(field, ""), fen_of, fen)
    ]
    if not _says(custom.get("开票日期", ""), day_of, document.issued_on):
        differing.append("开票日期")
    return [finding("ofd_differs", f"OFD.xml: {field}", text=custom[field]) for field in differing]


def _says(text: str, read: Callable[[str], object], value: object) -> bool:
    """Return whether a text is empty or has this value."""
    try:
        return not text or read(text) == value
    except ValueError:
        return False
