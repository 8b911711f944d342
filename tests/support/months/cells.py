"""Cells and open lines, for the rules that allocate lines to cells."""

from datetime import date

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.reconciliation.rules.matching import OpenLine

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


def at(month: date = OCTOBER, part: Part = Part.COMPUTE, *, contract: int = 1) -> Key:
    return (contract, month, part)


def cell(
    month: date = OCTOBER, metered: int = 0, part: Part = Part.COMPUTE, **more: object
) -> Cell:
    fields = {"contract": 1, "kind": "model", "invoiced_fen": 0, **more}
    return Cell(month=month, part=part, metered_fen=metered, **fields)  # type: ignore[arg-type]


def draw(month: date, metered: int, contract: int = 1) -> Cell:
    return cell(month, metered, Part.PACKAGE, contract=contract)


def line(left_fen: int, number: int = 1, **more: object) -> OpenLine:
    fields = {
        "document": number, "line": 1, "number": f"{number:020}", "issued_on": date(2026, 12, 5),
        "since": OCTOBER, "until": date(2026, 10, 31), "net_fen": left_fen, **more,
    }  # fmt: skip
    return OpenLine(left_fen=left_fen, **fields)  # type: ignore[arg-type]
