"""What is found wrong, and what was looked at."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.seals.codes import FaultCode, UnprovedReason


@dataclass(frozen=True)
class Fault:
    """One fault: a row by relation and key (the JSON of its primary key), or a seal by number.

    Where the row was computed again: what it `says`, what was `worked_out` (`column=value`, nothing
    where there should be no such row), and the rows that this `rests_on`.
    """

    code: FaultCode
    relation: str = ""
    key: str = ""
    seal: int | None = None
    says: str = ""
    worked_out: str = ""
    rests_on: str = ""


@dataclass(frozen=True)
class Unproved:
    """A row that could not be computed again, and why; `detail` is what is missing."""

    reason: UnprovedReason
    relation: str
    key: str
    detail: str = ""


@dataclass
class Tally:
    """How much was looked at; `rows_waiting` are not sealed yet.

    `hashes` are those of the heads, hexadecimal; `recomputed` are rows that were held to those that
    they follow from.
    """

    seals: int = 0
    hashes: set[str] = field(default_factory=set)
    leaves: int = 0
    rows: int = 0
    entries: int = 0
    rows_waiting: int = 0
    recomputed: int = 0
    faults: list[Fault] = field(default_factory=list)
    unproved: list[Unproved] = field(default_factory=list)

    def note_copies(self, copies: Iterable[str]) -> None:
        """Note each head that somebody copied, by its hash, and that is none of these."""
        missing = sorted(set(copies) - self.hashes)
        self.faults += [Fault(FaultCode.COPY, "seals", copy) for copy in missing]

    def note_difference(self, relation: str, *key: object) -> None:
        """Note a row, by its primary key, that is not as it was computed again."""
        text = json.dumps(key, ensure_ascii=False)
        self.faults.append(Fault(FaultCode.DIFFERS, relation, text))
