"""Statements, allocations and matches: what was stated, what documents pay for, what two decided.

A statement has the digest and the total of its lines, and each of these was a charge when it was
issued. What is allocated of a document's line is within what is left of it after its red ones. A
match is, to the fen, what the decision about its cell says, and the books rest on no more.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple

from ledger.formats.digest import digest
from ledger.seals.codes import FaultCode
from ledger.seals.rules.recomputation.evidence import Evidence, moment, text, whole
from ledger.seals.rules.recomputation.notes import Key, Notes, row_name
from ledger.statements.rules import content

_OF_LINE = (
    "price_id", "policy", "model_id", "mig_profile", "ms_num", "ms_den", "promised_ms", "cost_fen",
)  # fmt: skip
_DECIDED = ("metered_fen", "invoiced_fen", "closed_fen", "matched_fen")
Line = tuple[str | None, ...]
DocumentLine = tuple[int, int]


class _Issue(NamedTuple):
    """What a statement says of itself."""

    contract: int
    month: str
    total_fen: int
    digest: str
    issued_at: datetime


def check_statements(evidence: Evidence, notes: Notes) -> None:
    """Hold statements to their lines, and these to the charges of that moment.

    In a drill whoever acts says what time it is, and charges are made by another clock: there it is
    enough that the charge once stood.
    """
    is_drill = any(True for _ in evidence.rows("drill"))
    issues: dict[int, _Issue] = {}
    columns = ("id", "contract_id", "month", "total_fen", "digest", "issued_at")
    for key, contract, month, total, digest_stated, issued_at in evidence.rows(
        "statements", *columns
    ):
        issues[whole(key)] = _Issue(
            whole(contract), text(month), whole(total), text(digest_stated), moment(issued_at)
        )
    versions = _charge_versions(evidence, {(i.contract, i.month) for i in issues.values()})
    lines: dict[int, list[tuple[int, Line, str | None, str | None]]] = defaultdict(list)
    for statement, line, grade, gap_ms, *values in evidence.rows(
        "statement_lines", "statement_id", "line", "grade", "gap_ms", *_OF_LINE
    ):
        lines[whole(statement)].append((whole(line), tuple(values), grade, gap_ms))
    for number, issue in issues.items():
        own = sorted(lines[number], key=itemgetter(0))
        of_lines = [_line_content(values, grade, gap) for _, values, grade, gap in own]
        pairs = {
            "total_fen": (issue.total_fen, sum(line["cost_fen"] for line in of_lines)),
            "digest": (issue.digest, _digest(issue, of_lines)),
        }
        notes.hold(FaultCode.STATEMENT, "statements", (number,), pairs, "statement_lines")
        of_month = versions[issue.contract, issue.month]
        for place, line_values, *_ in own:
            notes.count()
            if not any(is_drill or issue.issued_at >= at for at in of_month.get(line_values, ())):
                says = ", ".join(f"{n}={v}" for n, v in zip(_OF_LINE, line_values, strict=True))
                notes.differs(
                    FaultCode.STATEMENT, "statement_lines", (number, place), says, "",
                    rests_on=f"charges, history, {row_name('contracts', issue.contract)}",
                )  # fmt: skip


def _line_content(values: Line, grade: str | None, gap_ms: str | None) -> dict[str, Any]:
    price, policy, model, profile, num, den, promised_ms, fen = values
    return {
        "price": whole(price), "policy": text(policy), "model": int(model) if model else None,
        "mig_profile": text(profile), "ms_num": Decimal(text(num)), "ms_den": Decimal(text(den)),
        "promised_ms": int(promised_ms) if promised_ms else None, "cost_fen": whole(fen),
        "grade": text(grade), "gap_ms": whole(gap_ms),
    }  # fmt: skip


def _digest(issue: _Issue, lines: Sequence[Mapping[str, Any]]) -> str:
    terms = content(issue.contract, datetime.fromisoformat(issue.month).date(), lines)
    return digest(terms)


def _charge_versions(
    evidence: Evidence, months: set[tuple[int, str]]
) -> dict[tuple[int, str], dict[Line, list[datetime]]]:
    """What charges of these months say, or said, and when each was computed."""
    versions: dict[tuple[int, str], dict[Line, list[datetime]]] = defaultdict(
        lambda: defaultdict(list)
    )
    columns = ("contract_id", "month", "computed_at", *_OF_LINE)
    for contract, month, computed_at, *values in evidence.rows("charges", *columns):
        if (place := (whole(contract), text(month))) in months:
            versions[place][tuple(values)].append(moment(computed_at))
    for relation, row in evidence.rows("history", "relation", "row"):
        if relation == "charges":
            before = json.loads(text(row))
            place = int(before["contract_id"]), str(before["month"])
            line = tuple(None if before[n] is None else str(before[n]) for n in _OF_LINE)
            versions[place][line].append(moment(before["computed_at"]))
    return versions


def check_allocations(evidence: Evidence, notes: Notes) -> None:
    """Hold what is allocated of documents to what is left of their lines (`line_sums`)."""
    roots = {
        whole(key): whole(reverses or key)
        for key, reverses in evidence.rows("cost_documents", "id", "reverses_id")
    }
    left_fen: dict[DocumentLine, int] = defaultdict(int)
    for document, line, fen in evidence.rows("document_lines", "document_id", "line", "net_fen"):
        if roots[whole(document)] == whole(document):
            left_fen[whole(document), whole(line)] += whole(fen)
    for document, line, fen in evidence.rows("red_parts", "document_id", "line", "fen"):
        left_fen[roots[whole(document)], whole(line)] += whole(fen)
    kinds = _kinds(evidence)
    by_line: dict[DocumentLine, int] = defaultdict(int)
    by_cell: dict[tuple[str | int, ...], int] = defaultdict(int)
    columns = ("id", "document_id", "line", "contract_id", "month", "part", "kind", "fen")
    for key, document, line, contract, month, part, kind, fen in evidence.rows(
        "allocations", *columns
    ):
        place = roots[whole(document)], whole(line)
        by_line[place] += whole(fen)
        by_cell[*place, whole(contract), text(month), text(part)] += whole(fen)
        _hold(notes, "allocations", (whole(key),), "kind", (kind, kinds.get(whole(contract))))
    for place, line_fen in by_line.items():
        most = min(max(line_fen, 0), left_fen[place])
        _hold(notes, "document_lines", place, "allocations.fen", (line_fen, most))
    for cell, cell_fen in by_cell.items():
        _hold(notes, "document_lines", cell, "allocations.fen", (cell_fen, max(cell_fen, 0)))


def _hold(notes: Notes, relation: str, key: Key, column: str, pair: tuple[object, object]) -> None:
    rests_on = "document_lines, red_parts, allocations, projects"
    notes.hold(FaultCode.ALLOCATION, relation, key, {column: pair}, rests_on)


def _kinds(evidence: Evidence) -> dict[int, str | None]:
    """The kind of each contract's project."""
    of_project = {project: kind for project, kind in evidence.rows("projects", "id", "kind")}  # noqa: C416
    return {
        whole(key): of_project.get(project)
        for key, project in evidence.rows("contracts", "id", "project_id")
    }


def check_matches(evidence: Evidence, notes: Notes) -> None:
    """Hold what counts of each cell to what two persons decided of it (`match_decided`)."""
    months = {
        text(key): (text(contract), text(month)[:7])
        for key, contract, month in evidence.rows("reconciliations", "id", "contract_id", "month")
    }
    cells: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}
    for number, kind, answer, terms in evidence.rows(
        "decisions", "id", "kind", "answer", "content"
    ):
        if kind == "reconciliation" and answer == "confirmed":
            proposal = json.loads(text(terms))
            for cell in proposal["cells"]:
                place = str(proposal["contract"]), cell["month"], cell["part"]
                cells[text(number), *place] = cell
    columns = ("reconciliation_id", "part", "decision_id", "extra_decision_id", "extra_fen")
    for reconciliation, part, decision, extra, extra_fen, held_fen, *values in evidence.rows(
        "matches", *columns, "held_fen", *_DECIDED
    ):
        says = dict(zip(_DECIDED, map(whole, values), strict=True))
        of_cell = cells.get((text(decision), *months[text(reconciliation)], text(part)))
        if of_cell is None and decision == extra:
            right = {"closed_fen": 0, "matched_fen": 0}  # two decided that more was used, no more
        else:
            right = {name: int((of_cell or {}).get(name, 0)) for name in _DECIDED}
        if extra is not None and "metered_fen" in right:
            most = right["metered_fen"] + whole(extra_fen)
            right["matched_fen"] = min(right["matched_fen"], most)
        pairs: dict[str, tuple[object, object]] = {n: (says[n], v) for n, v in right.items()}
        pairs["held_fen"] = (whole(held_fen), min(whole(held_fen), says["matched_fen"]))
        key = whole(reconciliation), text(part)
        rests_on = row_name("decisions", whole(decision))
        notes.hold(FaultCode.MATCH, "matches", key, pairs, rests_on)
