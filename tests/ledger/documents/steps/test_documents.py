"""Taking cost documents: once by their number, whole or not at all, keyed ones by two persons."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from ledger.documents.steps.documents import Intake
from ledger.errors import Refused
from tests.support.documents import (
    CENTRE,
    CLERK,
    OTHER,
    SECOND,
    Desk,
    digital,
    file,
    invoice,
    party,
    red,
    settlement,
)
from tests.support.simulation import place
from tests.support.vouchers import NOW


@pytest.fixture
def desk(engine: sa.Engine, owner: psycopg.Connection) -> Desk:
    return Desk(engine, owner)


def test_an_invoice_is_kept_with_its_lines_and_its_file(desk: Desk) -> None:
    original = file("<?xml version='1.0'?><EInvoice>1</EInvoice>", "C:\\发票\\一.xml")
    key = desk.take_id(invoice(1, 100_000, -2_000), original)
    document = desk.row(key)
    assert (document.net_fen, document.tax_fen, document.gross_fen) == (98_000, 5_880, 103_880)
    assert (document.received_by, document.received_at) == (CLERK, NOW)
    lines = desk.owner.execute("SELECT line, net_fen, tax_fen FROM document_lines ORDER BY line")
    assert lines.fetchall() == [(1, 100_000, 6_000), (2, -2_000, -120)]
    row = desk.owner.execute("SELECT hash, name, media, content FROM originals").fetchone()
    assert row == (original.hash, "一.xml", "application/xml", original.content)
    assert document.original == original.hash
    assert desk.standing_ids() == [key]


def test_the_very_same_file_again_changes_nothing(desk: Desk) -> None:
    original = file()
    key = desk.take_id(invoice(1), original)
    before = desk.count()
    again = desk.bring(invoice(1), original, actor=OTHER)
    assert isinstance(again, Intake)
    assert [(d.id, d.outcome) for d in again.documents] == [(key, "unchanged")]
    assert desk.count() == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "number_known_same"),
        ({"seller": party(7), "buyer": party(8)}, "number_known"),
        ({"issued_on": date(2026, 12, 31)}, "number_known"),
        ({"source": "keyed"}, "number_known_same"),
    ],
)
def test_a_number_is_taken_once(desk: Desk, change: dict[str, Any], code: str) -> None:
    """Whichever firm brings it, and in whichever file."""
    desk.take_id(invoice(1), actor=CLERK)
    result = desk.bring(replace(invoice(1), **change), file("another"), actor=OTHER)
    assert not isinstance(result, Intake)
    (finding,) = result
    assert (finding.where, finding.code) == ("number", code)
    assert dict(finding.params) == {"number": digital(1), "by": "李四", "on": "2026-11-23"}
    assert desk.one("SELECT count(*) FROM originals") == 1


def test_an_old_invoice_has_a_code_and_a_university_numbers_its_own(desk: Desk) -> None:
    old = invoice(1, kind="electronic_invoice", code="064002000111", number="12345678")
    desk.take_id(old)
    desk.take_id(replace(old, code="064002000112"))
    assert desk.refused(old, file("x")) == [("number", "number_known_same")]
    desk.take_id(settlement("2026-1", seller=party(1)))
    desk.take_id(settlement("2026-1", seller=party(2)))
    again = settlement("2026-1", seller=party(1))
    assert desk.refused(again, file("y")) == [("number", "number_known_same")]


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"net_fen": 99_999, "gross_fen": 105_999}, "net", "net_not_sum"),
        ({"gross_fen": 106_001}, "gross", "gross_not_sum"),
        ({"words": "壹仟零陆拾壹圆整"}, "words", "words_differ"),
        (
            {"buyer": replace(party(1), uscc=party(1).uscc[:-1] + "Z")},
            "buyer_uscc",
            "uscc_character",
        ),
        ({"buyer": replace(CENTRE, uscc=CENTRE.uscc[:-1] + "0")}, "buyer_uscc", "uscc_check_digit"),
        ({"reverses": digital(9)}, "reverses", "blue_reverses"),
    ],
)
def test_a_document_that_is_wrong_by_itself_is_one_clear_fault(
    desk: Desk, change: dict[str, Any], where: str, code: str
) -> None:
    assert desk.refused(replace(invoice(1), **change)) == [(where, code)]


def test_a_document_that_says_no_days_waits_and_a_red_one_has_its_blue_ones(desk: Desk) -> None:
    unknown = desk.row(
        desk.take_id(invoice(1, issued_on=date(2026, 12, 5), since=None, until=None))
    )
    assert unknown.period_assumed
    assert desk.standing_ids() == []
    period = {"since": date(2025, 11, 7), "until": date(2026, 5, 6)}
    blue = invoice(2, **period)
    document = desk.row(desk.take_id(blue))
    assert {"since": document.since, "until": document.until} == period
    assert not document.period_assumed
    back = desk.row(desk.take_id(red(3, blue, -1_000)))
    assert (back.since, back.until, back.period_assumed) == (*period.values(), False)


def test_an_operator_brings_what_its_centre_sold(desk: Desk) -> None:
    place(desk.owner, gpus=0)
    centre = desk.one("SELECT id FROM centres")
    desk.take_id(invoice(1), centre=centre)
    document = invoice(2, seller=party(5))
    assert desk.refused(document, centre=centre) == [("seller_uscc", "not_your_document")]
    desk.owner.execute(
        "WITH o AS (INSERT INTO organisations (uscc, name) VALUES (%s, '代售') RETURNING id)"
        " INSERT INTO relations (kind, organisation_id, centre_id, valid, recorded_at, recorded_by)"
        " SELECT 'seller', id, %s, '[2026-04-03,)', now(), 'x' FROM o",
        (document.seller.uscc, centre),
    )
    assert desk.refused(document, centre=centre) == [
        ("seller_uscc", "not_your_document")
    ]  # a day before
    later = replace(document, issued_on=document.issued_on + timedelta(days=1))
    original = file()
    desk.take_id(later, original, centre=centre)
    documents = (later, invoice(1))
    for known_document in documents:  # not a word on who brought it
        assert desk.refused(known_document, centre=9_999) == [("seller_uscc", "not_your_document")]
    assert desk.refused(later, original, centre=9_999) == [("seller_uscc", "not_your_document")]


class TestKeyed:
    """By hand: one person keys it, another confirms what he keyed."""

    def test_it_stands_when_another_person_confirmed_it(self, desk: Desk) -> None:
        result = desk.bring(settlement("2026-1"), file(b"%PDF-1.7", "扫描.pdf"))
        assert isinstance(result, Intake)
        assert desk.standing_ids() == []
        row = desk.owner.execute(
            "SELECT kind, subject, decided_by, content->>'gross_fen', content->>'original'"
            " FROM decisions"
        ).fetchone()
        scan = file(b"%PDF-1.7").hash
        subject = f"document 2026-1 {CENTRE.uscc}"
        assert row == ("document", subject, CLERK, "50000", scan)
        desk.answer(result.decision)
        document = desk.row(result.documents[0].id)
        assert (document.confirmed_by, document.confirmed_at) == (SECOND.actor, NOW)
        assert desk.standing_ids() == [document.id]

    def test_who_keyed_it_does_not_confirm_it(self, desk: Desk) -> None:
        result = desk.bring(settlement("2026-1"), actor="clerk:周九#7")
        assert isinstance(result, Intake)
        with pytest.raises(Refused, match="same_person"):
            desk.answer(result.decision)
        assert desk.standing_ids() == []

    def test_the_database_asks_for_two_persons_too(self, desk: Desk) -> None:
        key = desk.take_id(settlement("2026-1"))
        with pytest.raises(psycopg.errors.CheckViolation, match="nobody has confirmed"):
            desk.owner.execute(
                "UPDATE cost_documents SET confirmed_by = %s, confirmed_at = now() WHERE id = %s",
                ("approver:李四#9", key),
            )

    def test_a_refused_one_makes_room_for_its_number(self, desk: Desk) -> None:
        scan = file(b"%PDF-1.7")
        result = desk.bring(settlement("2026-1"), scan)
        assert isinstance(result, Intake)
        right = settlement("2026-1", 60_000)
        assert desk.refused(right, scan) == [("number", "number_known")]
        desk.answer(result.decision, "refused")
        again = desk.bring(right, scan)
        assert isinstance(again, Intake)
        assert desk.row(result.documents[0].id).dropped_at == NOW
        desk.answer(again.decision)
        assert desk.standing_ids() == [again.documents[0].id]

    def test_keyed_the_same_way_from_the_same_scan_it_is_the_same(self, desk: Desk) -> None:
        scan = file(b"%PDF-1.7")
        desk.take_id(settlement("2026-1"), scan)
        again = desk.bring(settlement("2026-1"), scan)
        assert isinstance(again, Intake)
        assert again.documents[0].outcome == "unchanged"
        other_period = settlement("2026-1", since=date(2026, 1, 1), until=date(2026, 3, 31))
        assert desk.refused(other_period, scan) == [("number", "number_known_same")]


class TestLists:
    """A list is taken whole, once, and confirmed in one act."""

    def test_all_of_a_list_stand_by_one_decision(self, desk: Desk) -> None:
        documents = [invoice(n, source="keyed") for n in range(1, 6)]
        back = red(9, documents[0], -40_000, source="keyed")
        result = desk.listed([back, *documents], file("a,b\n", "四月.csv"))
        assert isinstance(result, Intake)
        assert [d.number for d in result.documents] == [back.number, *(d.number for d in documents)]
        assert desk.standing_ids() == []
        desk.answer(result.decision)
        assert desk.standing_ids() == sorted(d.id for d in result.documents)
        assert desk.row(result.documents[0].id).reverses_id == result.documents[1].id

    def test_one_fault_and_nothing_is_kept(self, desk: Desk) -> None:
        documents = [invoice(n, source="keyed") for n in range(1, 4)]
        desk.take_id(invoice(2))
        before = desk.count()
        wrong = desk.listed(documents, file("a,b\n"))
        assert isinstance(wrong, list)
        where = f"{digital(2)}: number"
        assert [(f.where, f.code) for f in wrong] == [(where, "number_known_same")]
        assert desk.count() == before

    def test_a_list_is_taken_once(self, desk: Desk) -> None:
        listed, original = [invoice(1, source="keyed")], file("a,b\n")
        first = desk.listed(listed, original)
        assert isinstance(first, Intake)
        again = desk.listed(listed, original)
        assert isinstance(again, list)
        (finding,) = again
        params = {"by": "李四", "on": "2026-11-23"}
        assert (finding.where, finding.code, dict(finding.params)) == ("file", "list_known", params)
        desk.answer(first.decision, "refused")
        assert isinstance(desk.listed(listed, original), Intake)


def test_lines_that_do_not_add_up_are_not_even_committed_by_others(desk: Desk) -> None:
    """The database has the last word, whoever writes."""
    key = desk.take_id(invoice(1))
    second = desk.bring(invoice(2))
    assert isinstance(second, Intake)
    with pytest.raises(psycopg.errors.CheckViolation, match="lines_tie"):
        desk.owner.execute(
            "INSERT INTO cost_documents (kind, number, issued_on, seller_uscc, seller_name,"
            " buyer_uscc, buyer_name, net_fen, tax_fen, gross_fen, since, until, source, original,"
            " received_at, received_by, decision_id) SELECT kind, 'x', issued_on, seller_uscc,"
            " seller_name, buyer_uscc, buyer_name, net_fen, tax_fen, gross_fen, since, until,"
            " source, original, received_at, received_by, %s FROM cost_documents WHERE id = %s",
            (second.decision, key),
        )
