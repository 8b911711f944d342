"""Lists of payments and the bank's files: what was decided, what was listed, what the bank said.

A list is what two persons confirmed, line for line; each line pays what is due of its claim; what
was paid of a line is the sum of the bank's rows about it; and each of these stands in the bank's
file, at its place and to the fen. Nothing of a file is left out.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ledger.payment.codes import LineResult
from ledger.payment.rules.bank_return import read_return
from ledger.payment.rules.payment_list import BankRow, Payout, RowKey, list_content
from ledger.seals.codes import FaultCode, UnprovedReason
from ledger.seals.rules.recomputation.evidence import Evidence, content, text, whole
from ledger.seals.rules.recomputation.notes import Notes, row_name

Place = tuple[int, int]  # a list, and a line of it
LineSums = tuple[int, int, int, int]  # fen: paid, returned, over, outside
_NOTHING: LineSums = (0, 0, 0, 0)
_SETTLED = ("paid_fen", "returned_fen", "over_fen", "outside_fen")
_PAYEE = ("payee", "uscc", "bank", "bank_code", "number")


@dataclass(frozen=True)
class _List:
    """A list as it stands: its number, its indicator's number and year, and its decision."""

    number: str
    indicator: str
    year: int
    total_fen: int
    words: str
    digest: str
    decision: int
    is_sent: bool


@dataclass
class _Bank:
    """What the bank's rows say: of each line, by each file."""

    sums: dict[Place, LineSums] = field(default_factory=dict)
    by_file: dict[str, dict[RowKey, int]] = field(default_factory=lambda: defaultdict(dict))
    keys: set[RowKey] = field(default_factory=set)


def check_payments(evidence: Evidence, notes: Notes) -> None:
    """Hold lists, their lines and the bank's rows to each other and to what they rest on."""
    lists = dict(_lists(evidence))
    bank = _check_rows(evidence, notes, lists)
    _check_lines(evidence, notes, lists, bank)
    _check_files(evidence, notes, bank)


def _lists(evidence: Evidence) -> Iterator[tuple[int, _List]]:
    indicators = {
        whole(key): (text(number), whole(year))
        for key, number, year in evidence.rows("indicators", "id", "number", "year")
    }
    columns = (
        "id", "number", "indicator_id", "total_fen", "words", "digest", "decision_id", "sent_at",
    )  # fmt: skip
    for key, number, indicator, total, words, digest, decision, sent_at in evidence.rows(
        "payment_lists", *columns
    ):
        name, year = indicators.get(whole(indicator), ("", 0))
        yield whole(key), _List(
            text(number), name, year, whole(total), text(words), text(digest), whole(decision),
            sent_at is not None,
        )  # fmt: skip


def _check_lines(evidence: Evidence, notes: Notes, lists: Mapping[int, _List], bank: _Bank) -> None:
    """A list's lines are what was decided; a line's sums are what the bank's rows add up to."""
    claims = {
        whole(key): (text(number), whole(due))
        for key, number, due in evidence.rows("claims", "id", "number", "due_fen")
    }
    recalled = _recalls(evidence)
    payouts: dict[int, list[Payout]] = defaultdict(list)
    drawn_fen: dict[int, int] = defaultdict(int)
    columns = ("list_id", "line", "claim_id", *_PAYEE, "fen", "void", "recalled_fen", *_SETTLED)
    for row in evidence.rows("payment_lines", *columns):
        says = dict(zip(columns, row, strict=True))
        place, claim, fen = (whole(row[0]), whole(row[1])), whole(row[2]), whole(says["fen"])
        payee, uscc, at, code, account = (text(says[name]) for name in _PAYEE)
        claim_number, _ = claims.get(claim, ("", 0))
        payout = Payout(place[1], claim_number, payee, uscc, at, code, account, fen)
        payouts[place[0]].append(payout)
        if says["void"] == "f":
            drawn_fen[claim] += fen - whole(says["returned_fen"])
        number = lists[place[0]].number if place[0] in lists else ""
        called_fen = recalled.get((number, place[1]), 0)
        right = dict(zip(_SETTLED, bank.sums.get(place, _NOTHING), strict=True))
        right["returned_fen"] += called_fen
        right["recalled_fen"] = called_fen
        pairs = {name: (whole(says[name]), value) for name, value in right.items()}
        notes.hold(FaultCode.LIST, "payment_lines", place, pairs, "bank_returns, decisions")
    for key, fen in drawn_fen.items():
        number, due = claims.get(key, ("", 0))
        if fen > due:
            drawn_text, most = f"payment_lines.fen={fen}", f"payment_lines.fen<={due}"
            notes.differs(FaultCode.LIST, "claims", (key,), drawn_text, most, rests_on=number)
    _check_decided(evidence, notes, lists, payouts)


def _check_decided(
    evidence: Evidence,
    notes: Notes,
    lists: Mapping[int, _List],
    payouts: Mapping[int, Sequence[Payout]],
) -> None:
    """A list is, to the digest, what was decided; it was sent once that was confirmed."""
    decisions = {
        whole(key): (json.loads(text(content)), digest, answer)
        for key, kind, content, digest, answer in evidence.rows(
            "decisions", "id", "kind", "content", "digest", "answer"
        )
        if kind == "payment_list"
    }
    for key, list_row in lists.items():
        content, digest, answer = decisions.get(list_row.decision, ({}, None, None))
        lines = sorted(payouts.get(key, ()), key=lambda payout: payout.line)
        right = list_content(list_row.number, list_row.indicator, list_row.year, lines)
        pairs: dict[str, tuple[object, object]] = {
            "total_fen": (list_row.total_fen, right["total_fen"]),
            "words": (list_row.words, right["words"]),
            "digest": (list_row.digest, digest),
            "sent": (list_row.is_sent, list_row.is_sent and answer == "confirmed"),
            **{f"decided.{name}": (content.get(name), value) for name, value in right.items()},
        }
        rests_on = f"payment_lines, {row_name('decisions', list_row.decision)}"
        notes.hold(FaultCode.LIST, "payment_lists", (key,), pairs, rests_on)


def _recalls(evidence: Evidence) -> dict[tuple[str, int], int]:
    """What two persons called back of lines, fen, by list and line."""
    recalled: dict[tuple[str, int], int] = defaultdict(int)
    for kind, answer, ruling in evidence.rows("decisions", "kind", "answer", "content"):
        if kind in ("year_end", "bank_reversal") and answer == "confirmed":
            for line in json.loads(text(ruling)).get("lines", ()):
                recalled[line["list"], int(line["line"])] += int(line["fen"])
    return recalled


def _check_rows(evidence: Evidence, notes: Notes, lists: Mapping[int, _List]) -> _Bank:
    """Each row adds to its line what it says, or what two persons ruled."""
    rulings = _rulings(evidence)
    bank = _Bank()
    columns = (
        "id", "reference", "list_id", "line", "result", "fen", "on_day", "state", "original",
        *_SETTLED,
    )  # fmt: skip
    for key, reference, list_id, line, result, fen, day, state, original, *says in evidence.rows(
        "bank_returns", *columns
    ):
        place, number = (whole(list_id), whole(line)), whole(key)
        sums = _line_sums(map(whole, says))
        bank.sums[place] = _add(bank.sums.get(place, _NOTHING), sums)
        row = (
            text(reference), lists[place[0]].number if place[0] in lists else "", place[1],
            LineResult(text(result)), whole(fen), date.fromisoformat(text(day)),
        )  # fmt: skip
        bank.by_file[text(original)][row] = number
        bank.keys.add(row)
        ruled = rulings.get(number)
        right = ruled or ((whole(fen), 0, 0, 0) if state == "booked" else _NOTHING)
        pairs = {name: pair for name, *pair in zip(_SETTLED, sums, right, strict=True)}
        rests_on = "decisions" if ruled else ""
        notes.hold(FaultCode.BANK, "bank_returns", (number,), pairs, rests_on)
    return bank


def _rulings(evidence: Evidence) -> dict[int, LineSums]:
    """What two persons ruled of rows, all rulings of a row together."""
    ruled: dict[int, LineSums] = {}
    for kind, answer, content_said in evidence.rows("decisions", "kind", "answer", "content"):
        if kind != "bank_reversal" or answer != "confirmed":
            continue
        ruling: dict[str, Any] = json.loads(text(content_said))
        row, change = ruling["row"], _line_sums(int(ruling[name]) for name in _SETTLED)
        if row not in ruled and ruling["ruling"] == "undo":  # it was booked at once
            change = _add(change, (int(ruling["fen"]), 0, 0, 0))
        ruled[row] = _add(ruled.get(row, _NOTHING), change)
    return ruled


def _line_sums(numbers: Iterable[int]) -> LineSums:
    paid, returned_fen, over, outside = numbers
    return paid, returned_fen, over, outside


def _add(sums: LineSums, more: LineSums) -> LineSums:
    return _line_sums(a + b for a, b in zip(sums, more, strict=True))


def _check_files(evidence: Evidence, notes: Notes, bank: _Bank) -> None:
    """Read the bank's files again, each as it came."""
    for hash_, content_kept in evidence.rows("originals", "hash", "content"):
        if hash_ not in bank.by_file:
            continue
        try:
            rows = read_return(content(content_kept))[0]
        except ModuleNotFoundError as error:  # a workbook, which the base install does not read
            notes.unproved(UnprovedReason.NO_READER, "originals", (hash_,), str(error.name))
        else:
            _check_file(hash_, rows, notes, bank)


def _check_file(file: str, rows: Sequence[BankRow], notes: Notes, bank: _Bank) -> None:
    """A file's rows are all kept, and what is kept of it stands in it."""
    in_file = {row.key for row in rows}
    rests_on = row_name("originals", file)
    for row in rows:
        if row.key not in bank.keys:
            key = (row.reference,)
            notes.differs(
                FaultCode.BANK, "bank_returns", key, "", _row_text(row.key), rests_on=rests_on
            )
    for row_key, number in bank.by_file[file].items():
        notes.count()
        if row_key not in in_file:
            near = ", ".join(_row_text(row.key) for row in rows if row.reference == row_key[0])
            notes.differs(
                FaultCode.BANK,
                "bank_returns",
                (number,),
                _row_text(row_key),
                near,
                rests_on=rests_on,
            )


def _row_text(key: RowKey) -> str:
    reference, list_number, line, result, fen, day = key
    return f"{reference} {list_number}/{line} {result} fen={fen} {day}"
