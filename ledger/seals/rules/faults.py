"""What is found wrong, and what was looked at."""

import json
from dataclasses import dataclass, field

from ledger.seals.codes import FaultCode


@dataclass(frozen=True)
class Fault:
    """One fault: a row by relation and key (the JSON of its primary key), or a seal by number."""

    code: FaultCode
    relation: str = ""
    key: str = ""
    seal: int | None = None


@dataclass
class Tally:
    """How much was looked at; `rows_waiting` are not sealed yet."""

    seals: int = 0
    leaves: int = 0
    rows: int = 0
    entries: int = 0
    rows_waiting: int = 0
    faults: list[Fault] = field(default_factory=list)

    def note_difference(self, relation: str, *key: object) -> None:
        """Note a row, by its primary key, that is not as it was computed again."""
        text = json.dumps(key, ensure_ascii=False)
        self.faults.append(Fault(FaultCode.DIFFERS, relation, text))
