"""Where recomputation notes what it found."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.seals.codes import FaultCode, UnprovedReason
from ledger.seals.rules.faults import Fault, Tally, Unproved

_STEP = 1_000  # rows between two words on how far it is

_BATCH = re.compile(r'\["([0-9a-f-]{36})", ([0-9]{1,18})\]')

Key = tuple[int | str, ...]


@dataclass(frozen=True)
class Notes:
    """A tally that is filled, and whoever is shown how far it is."""

    tally: Tally
    look: Callable[[Tally], None] = lambda _: None

    def count(self) -> None:
        """Count a row that is held to others."""
        self.tally.recomputed += 1
        if not self.tally.recomputed % _STEP:
            self.look(self.tally)

    def differs(
        self,
        code: FaultCode,
        relation: str,
        key: Key,
        says: object,
        worked_out: object,
        *,
        rests_on: str = "",
    ) -> None:
        """Note a row that says another thing than was worked out."""
        fault = Fault(code, relation, key_text(key), None, str(says), str(worked_out), rests_on)
        self.tally.faults.append(fault)

    def hold(
        self,
        code: FaultCode,
        relation: str,
        key: Key,
        pairs: Mapping[str, Sequence[object]],
        rests_on: str = "",
    ) -> None:
        """Hold a row to what was worked out: by column, what it says and what it should say."""
        self.count()
        wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        if wrong:
            says = ", ".join(f"{name}={pair[0]}" for name, pair in wrong.items())
            worked_out = ", ".join(f"{name}={pair[1]}" for name, pair in wrong.items())
            self.differs(code, relation, key, says, worked_out, rests_on=rests_on)

    def unproved(self, reason: UnprovedReason, relation: str, key: Key, detail: str = "") -> None:
        """Note a row that could not be computed again."""
        self.count()
        self.tally.unproved.append(Unproved(reason, relation, key_text(key), detail))

    def lacks_batches(self) -> bool:
        """Whether batches lie in an archive that is not as it was, and is a fault already."""
        return any(
            fault.code is FaultCode.ARCHIVE or fault.relation == "archives"
            for fault in self.tally.faults
        )

    def faulty_batches(self) -> set[tuple[str, int]]:
        """Return the batches that are faults already, by stream and number."""
        keys = (fault.key for fault in self.tally.faults if fault.relation == "batches")
        batches = (_BATCH.fullmatch(key) for key in keys)
        return {(batch[1], int(batch[2])) for batch in batches if batch}


def key_text(key: Key) -> str:
    """Return a primary key as `note_unsealed` writes it."""
    return json.dumps(key, ensure_ascii=False)


def row_name(relation: str, *key: int | str) -> str:
    """Return how a row is named among those on which another one rests."""
    return f"{relation} {key_text(key)}"
