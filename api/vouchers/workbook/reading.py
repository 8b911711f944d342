"""Read a workbook of vouchers: what each row proposes, or every cell of it that is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from api.vouchers.schemas import VoucherCreate
from api.vouchers.workbook.columns import TERMS, columns, figures_names, sheet_names
from api.web.sheets import SheetRow, read_one_sheet
from ledger.errors import Finding, NotFound
from ledger.formats.field_parsers import NAME_MAX, read_day
from ledger.policy.decide.fact_checks import fault_params
from ledger.policy.decide.typed_facts import keyed
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import load
from ledger.units import fen_from_yuan, without_commas

_NEEDED = ("project", "policy", "clause")
_TERMS = frozenset(column.name for column in TERMS)


@dataclass(frozen=True)
class VoucherRow:
    """A row, the project that it names, and the voucher that it asks for."""

    row: SheetRow
    project: str
    name: str
    request: VoucherCreate

    @property
    def place(self) -> str:
        """What tells a row from another: its project, and the version of its clause."""
        return f"{self.project} {self.request.policy} {self.request.clause}"


def read_vouchers(content: bytes) -> tuple[list[VoucherRow], list[Finding]]:
    """What a workbook proposes, or every fault of its form.

    Raises:
        Refused: it is too hard to read (`file_too_hard`).
    """
    rows, faults = read_one_sheet(content, sheet_names(), columns(), others=figures_names())
    voucher_rows = list[VoucherRow]()
    for row in rows:
        missing = [row.fault(name, "missing") for name in _NEEDED if not row.fields.get(name)]
        read = missing or _read(row)
        if isinstance(read, VoucherRow):
            voucher_rows.append(read)
        else:
            faults += read
    return voucher_rows, faults


def _read(row: SheetRow) -> VoucherRow | list[Finding]:
    try:
        policy = load(row.fields["policy"])
    except NotFound as error:
        return [row.fault("policy", error.code, **error.params)]
    values, faults = dict[str, Any](), list[Finding]()
    for name, part in _parts(row, policy):
        if isinstance(part, Finding):
            faults.append(part)
        else:
            values[name] = part
    facts = {name: value for name, value in values.items() if name not in ("face_fen", *_TERMS)}
    terms = {name: value for name, value in values.items() if name not in facts}
    try:
        request = VoucherCreate(
            clause=row.fields["clause"], policy=row.fields["policy"], facts=facts, **terms
        )
    except ValidationError as error:
        at = {str(fault["loc"][0]) for fault in error.errors()}
        faults += [row.fault(name, "bad_name", limit=NAME_MAX) for name in sorted(at)]
    if faults:
        return faults
    return VoucherRow(row, row.fields["project"], row.fields.get("name", ""), request)


def _parts(row: SheetRow, policy: Policy) -> Iterator[tuple[str, Any]]:
    """What the cells say beside what the row is about, each by its name, or its fault."""
    if typed := row.fields.get("face_yuan"):
        yield "face_fen", _fen(row, typed)
    for name in ("valid_from", "valid_until"):
        if typed := row.fields.get(name):
            yield name, _day(row, name, typed)
    for name, typed in row.fields.items():
        if name not in _TERMS:
            yield name, _fact(row, policy, name, typed)


def _fen(row: SheetRow, typed: str) -> int | Finding:
    try:
        fen = fen_from_yuan(without_commas(typed))
    except ValueError:
        fen = 0
    return fen if fen > 0 else row.fault("face_yuan", "bad_paid_amount", text=typed)


def _day(row: SheetRow, name: str, typed: str) -> Any:  # noqa: ANN401 - a day, or its fault
    try:
        return read_day(typed).isoformat()
    except PydanticCustomError as error:
        return row.fault(name, error.type, **(error.context or {}))


def _fact(row: SheetRow, policy: Policy, name: str, typed: str) -> Any:  # noqa: ANN401 - as above
    kind = policy.facts.get(name)
    if kind is None:
        return row.fault(name, "unknown_key")
    value, code = keyed(kind, typed)
    if code:
        return row.fault(name, code, **{"words": kind.words, **dict(fault_params(kind, code))})
    return value
