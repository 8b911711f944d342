"""What the reconcile desk offers of each difference, and what it understands of a form."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from starlette.datastructures import FormData

from api.reconciliation.difference_view import (
    by_money,
    choices_of,
    key_of,
    line_name,
    options,
    rows,
)
from ledger.charging.codes import Part
from ledger.reconciliation.codes import Handling
from ledger.reconciliation.queries.months import ChargedLine
from ledger.reconciliation.rules.choices import Choice
from ledger.reconciliation.rules.difference_codes import Difference

CELL = (1, date(2026, 3, 1), Part.PACKAGE)
BLOCKED = Difference("R03", Handling.BLOCK, 500, document=1)
ASKED = Difference("R13", Handling.PERSON, 900, document=1, line=2)
SHORT = Difference("R17", Handling.PERSON, -2_000, cell=CELL)
TOLD = Difference("R12", Handling.NOTE, 100, document=1)
FOUND = [TOLD, BLOCKED, ASKED, SHORT]


def form(**fields: str) -> FormData:
    return FormData(fields)


def test_a_contract_line_in_a_few_words() -> None:
    plain = ChargedLine(
        price=7, part=Part.COMPUTE, kind="metered", name="", unit="gpu-hour", yuan=Decimal("6.80"),
        model="H100", mig_profile="", partition=None, qos=None, market=None, policy="drill",
        device_ms=Decimal(0), fen=0,
    )  # fmt: skip
    line = replace(plain, partition="urgent", qos="high", market="spot")
    assert line_name(line) == "按用量 · H100 · 分区 urgent · QOS high · 竞价 · 6.8 / 卡时"
    assert line_name(plain) == "按用量 · H100 · 6.8 / 卡时"
    package = replace(plain, kind="package", name="千卡时包")
    assert line_name(package) == "套餐 · 千卡时包 · H100 · 6.8 / 卡时"


def test_the_same_difference_of_two_parts_has_two_places_in_the_form() -> None:
    compute = replace(SHORT, cell=(1, date(2026, 3, 1), Part.COMPUTE))
    choices = form(**{f"treatment {key_of(compute)}": "carry_over"})
    assert choices_of([SHORT, compute], choices) == [Choice("R17", "carry_over", part=Part.COMPUTE)]


def test_rows_name_the_part_of_the_cost() -> None:
    cells = {row.difference: row.cell for row in rows(FOUND, {1: "24642000000012345678"})}
    assert cells == {SHORT: "预付包", ASKED: "", BLOCKED: "", TOLD: ""}


def test_the_greatest_sum_stands_first_whichever_its_sign() -> None:
    assert by_money(FOUND) == [SHORT, ASKED, BLOCKED, TOLD]


def test_what_blocks_cannot_be_chosen_away() -> None:
    assert [code for code, _ in options(BLOCKED)] == ["exclude"]
    assert [code for code, _ in options(ASKED)] == ["exclude", "note"]
    assert [code for code, _ in options(SHORT)] == ["carry_over", "close"]


def test_only_what_is_new_is_a_choice() -> None:
    defaults = {f"treatment {key_of(TOLD)}": "note", f"treatment {key_of(BLOCKED)}": "exclude"}
    assert choices_of(FOUND, form(**defaults, **{f"treatment {key_of(ASKED)}": ""})) == []
    choices = {f"treatment {key_of(SHORT)}": "close", f"reason {key_of(SHORT)}": " 不再开票 "}
    assert choices_of(FOUND, form(**defaults, **choices)) == [
        Choice("R17", "close", "不再开票", part=Part.PACKAGE)
    ]


def test_a_choice_never_slips_to_another_difference() -> None:
    """The figures changed while somebody was typing: what is gone is not chosen of the next one."""
    choices = form(**{f"treatment {key_of(ASKED)}": "note", f"reason {key_of(ASKED)}": "内部结算"})
    assert choices_of([SHORT, BLOCKED, TOLD], choices) == []
    assert [choice.document for choice in choices_of(FOUND, choices)] == [1]
