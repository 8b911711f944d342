"""Everything that is computed again, in the order in which one thing follows from another."""

from collections.abc import Callable, Sequence

from ledger.seals.codes import FaultCode
from ledger.seals.rules.export import Malformed
from ledger.seals.rules.faults import Fault
from ledger.seals.rules.recomputation.actors import check_actors
from ledger.seals.rules.recomputation.charges import check_charges
from ledger.seals.rules.recomputation.documents import (
    check_allocations,
    check_matches,
    check_statements,
)
from ledger.seals.rules.recomputation.evidence import Evidence
from ledger.seals.rules.recomputation.notes import Notes
from ledger.seals.rules.recomputation.payments import check_payments
from ledger.seals.rules.recomputation.postings import check_postings
from ledger.seals.rules.recomputation.replays import check_replays

Check = Callable[[Evidence, Notes], None]
CHECKS: Sequence[Check] = (
    check_charges,
    check_statements,
    check_allocations,
    check_matches,
    check_actors,
    check_replays,
    check_postings,
    check_payments,
)


def recompute(evidence: Evidence, notes: Notes, checks: Sequence[Check] = CHECKS) -> None:
    """Compute again what follows from the rows, and note what differs, the first cause first."""
    for check in checks:
        try:
            check(evidence, notes)
        except Malformed as error:
            notes.tally.faults.append(Fault(FaultCode.FORM, error.member, str(error.line)))
        except (
            KeyError,
            ValueError,
        ) as error:  # a row that others rest on is not there, or is none
            notes.tally.faults.append(Fault(FaultCode.FORM, check.__name__, repr(error)))
        notes.look(notes.tally)
