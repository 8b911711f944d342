"""Cost documents for tests, by hand: sound ones unless a test says otherwise."""

from dataclasses import replace
from datetime import date
from typing import Any

from ledger.books.originals import File
from ledger.rules.cost_document import Document, Line, Party
from ledger.rules.uscc import check_digit
from tests.vouchers import USCC


def party(number: int, name: str = "单位") -> Party:
    """The n-th made-up organisation."""
    first = f"91640100MA76{number:05d}"
    return Party(first + check_digit(first), f"{name}{number}")


CENTRE = Party(USCC, "测试单位")
ISSUED = date(2026, 4, 2)


def digital(serial: int, year: int = 26) -> str:
    """The number of a 数电票 of Ningxia."""
    return f"{year}642000{serial:012d}"


def line(net_fen: int, tax_fen: int | None = None, item: str = "*信息技术服务*算力服务费") -> Line:
    """6 % tax, unless it says otherwise."""
    tax = net_fen * 6 // 100 if tax_fen is None else tax_fen
    return Line(item, "卡时", "10", "1.5", net_fen, "6%", tax)


def invoice(serial: int, *net_fen: int, **other: Any) -> Document:
    """A blue XML invoice with a line for each amount."""
    lines = tuple(line(fen) for fen in net_fen or (100_000,))
    net, tax = sum(one.net_fen for one in lines), sum(one.tax_fen for one in lines)
    made = Document(
        kind="digital_invoice", code="", number=digital(serial), issued_on=ISSUED, seller=CENTRE,
        buyer=CENTRE, lines=lines, net_fen=net, tax_fen=tax, gross_fen=net + tax, words="",
        reverses=None, confirmation=None, remark="", since=None, until=None, statement=None,
        source="xml",
    )  # fmt: skip
    return replace(made, **other)


def red(serial: int, of: Document, net_fen: int, **other: Any) -> Document:
    """A red one that takes so much, a negative amount, of a blue one."""
    told = {"reverses": of.number, "seller": of.seller, "buyer": of.buyer}
    return invoice(serial, net_fen, **{**told, "confirmation": digital(serial + 500_000), **other})


def settlement(number: str, net_fen: int = 50_000, **other: Any) -> Document:
    """An internal settlement of a university, keyed by hand."""
    told = {"kind": "internal_settlement", "number": number, "lines": (line(net_fen, 0),)}
    amounts = {"net_fen": net_fen, "tax_fen": 0, "gross_fen": net_fen, "source": "keyed"}
    return invoice(1, net_fen, **{**told, **amounts, **other})


def file(content: str | bytes = "<?xml version='1.0'?><EInvoice/>", name: str = "发票.xml") -> File:
    """A file of that content."""
    return File.given(name, content.encode() if isinstance(content, str) else content)
