from dataclasses import replace
from datetime import date

import pytest

from ledger.documents.rules.cost_document import Document, Line, Party, faults
from ledger.units import FEN_MAX
from tests.support.documents import digital, invoice, line, red, settlement

BLUE = invoice(1, 419_717, 100_000)


def faults_of(document: Document) -> list[tuple[str, str]]:
    return [(f.where, f.code) for f in faults(document)]


@pytest.mark.parametrize(
    "document",
    [
        BLUE,
        invoice(1, 100_000, -10_000),  # a discount line
        replace(BLUE, words="伍仟伍佰零玖圆整"),
        replace(BLUE, since=date(2026, 3, 1), until=date(2026, 3, 31), remark="两行\n备注"),
        red(2, BLUE, -50_000),
        settlement("校财〔2026〕12号"),
        invoice(1, kind="electronic_invoice", code="064002600111", number="12345678"),
    ],
)
def test_sound(document: Document) -> None:
    assert faults_of(document) == []


@pytest.mark.parametrize(
    ("changes", "results"),
    [
        ({"net_fen": BLUE.net_fen + 1}, [("net", "net_not_sum"), ("gross", "gross_not_sum")]),
        ({"tax_fen": BLUE.tax_fen - 1}, [("tax", "tax_not_sum"), ("gross", "gross_not_sum")]),
        ({"gross_fen": BLUE.gross_fen + 1}, [("gross", "gross_not_sum")]),
        ({"words": "伍仟元整"}, [("words", "words_differ")]),
        ({"words": "五千元"}, [("words", "words_unreadable")]),
        ({"number": "2664200000000000001"}, [("number", "digital_number")]),
        ({"number": digital(1, year=25)}, [("number", "number_year")]),
        ({"code": "064002600111"}, [("number", "digital_number")]),
        ({"kind": "paper_invoice"}, [("code", "invoice_code"), ("number", "invoice_number")]),
        ({"kind": "other", "number": " "}, [("number", "missing")]),
        ({"seller": Party("91640100MADEM0001X", "甲")}, [("seller_uscc", "uscc_check_digit")]),
        ({"buyer": Party("", "")}, [("buyer_uscc", "missing"), ("buyer_name", "missing")]),
        ({"reverses": digital(9)}, [("reverses", "blue_reverses")]),
        ({"since": date(2026, 3, 2), "until": date(2026, 3, 1)}, [("until", "reversed_days")]),
        ({"until": None}, [("until", "missing")]),
        ({"remark": "\0"}, [("remark", "bad_character")]),
        ({"remark": "字" * 2_001}, [("remark", "text_too_long")]),
        ({"kind": "internal_settlement"}, [("tax", "settlement_taxed")]),
    ],
)
def test_each_fault_names_its_place(
    changes: dict[str, object], results: list[tuple[str, str]]
) -> None:
    assert faults_of(replace(BLUE, **changes)) == results  # type: ignore[arg-type]


def test_a_red_one_names_its_blue_one() -> None:
    assert faults_of(replace(red(2, BLUE, -1_000), reverses=None)) == [
        ("reverses", "red_without_blue")
    ]
    itself = red(2, BLUE, -1_000)
    assert faults_of(replace(itself, reverses=itself.number)) == [("reverses", "reverses_itself")]


def test_signs_do_not_mix() -> None:
    mixed = replace(BLUE, lines=(line(100_000, -200_000),), net_fen=100_000, tax_fen=-200_000)
    mixed = replace(mixed, gross_fen=-100_000, reverses=digital(9))
    assert faults_of(mixed) == [("gross", "mixed_signs")]


def test_something_must_be_charged() -> None:
    assert faults_of(invoice(1, 100, -100)) == [("gross", "zero_document")]
    empty = replace(BLUE, lines=(), net_fen=1, tax_fen=0, gross_fen=1)
    assert faults_of(empty) == [("lines", "no_lines")]


def test_no_more_than_the_books_hold() -> None:
    much = replace(line(FEN_MAX + 1, 0), item="")
    document = invoice(1, lines=(much,), net_fen=FEN_MAX + 1, tax_fen=0, gross_fen=FEN_MAX + 1)
    assert faults_of(document) == [
        ("net", "amount_too_large"),
        ("gross", "amount_too_large"),
        ("line 1", "amount_too_large"),
        ("line 1: item", "missing"),
    ]
    first_line = Line("项", "", "", "", 1, "", 0)
    many = invoice(1, lines=(first_line,) * 2_001, net_fen=2_001, tax_fen=0, gross_fen=2_001)
    assert faults_of(many) == [("lines", "too_many_lines")]


def test_a_fault_shows_what_it_is_about() -> None:
    (finding,) = faults(replace(BLUE, words="五" * 500 + "\n"))[1:]
    assert finding.code == "words_unreadable"
    assert len(dict(finding.params)["words"]) == 60
