"""A state as a word and a shape, never as a colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from api.language.i18n import gettext as _
from api.language.labels import label
from ledger.claims.codes import ClaimState
from ledger.desk.codes import InventoryState
from ledger.desk.queries.inventory import CONFIRMABLE
from ledger.documents.codes import DocumentState
from ledger.metering.codes import NodeFault
from ledger.people.codes import Answer
from ledger.statements.codes import AnswerState

_CLAIM_SHAPES: Mapping[ClaimState, str] = MappingProxyType(
    {
        ClaimState.DRAFT: "○",
        ClaimState.PAID: "●",
        ClaimState.REJECTED: "■",
        ClaimState.REFUSED: "■",
        ClaimState.WITHDRAWN: "◇",
        ClaimState.TERMINATED: "■",
    }
)
_DOCUMENT_SHAPES: Mapping[DocumentState, str] = MappingProxyType(
    {
        DocumentState.STANDING: "●",
        DocumentState.TO_CONFIRM: "◔",
        DocumentState.PERIOD_UNKNOWN: "▲",
        DocumentState.FROZEN: "■",
        DocumentState.REFUSED: "◇",
        DocumentState.DROPPED: "○",
    }
)
_ANSWER_SHAPES: Mapping[Answer, str] = MappingProxyType(
    {Answer.CONFIRMED: "●", Answer.REFUSED: "■", Answer.WITHDRAWN: "○"}
)
_ANSWER_STATE_SHAPES: Mapping[AnswerState, str] = MappingProxyType(
    {AnswerState.CONFIRMED: "●", AnswerState.CONTESTED: "▲", AnswerState.OPEN: "○"}
)
_FAULT_SHAPES: Mapping[NodeFault, str] = MappingProxyType(
    {
        NodeFault.NO_AGENT: "■",
        NodeFault.REVOKED: "■",
        NodeFault.NEVER: "○",
        NodeFault.LATE: "▲",
        NodeFault.SKEWED: "▲",
        NodeFault.GPUS_MISSING: "▲",
        NodeFault.STRANGERS: "◇",
    }
)


@dataclass(frozen=True)
class Mark:
    """A state as a shape and a word; `warm` asks for attention, never by colour alone."""

    shape: str
    word: str
    warm: bool = False


def decision_mark(answer: str | None) -> Mark:
    """Whether a decision is confirmed; None waits for an answer."""
    if answer is None:
        return Mark("◔", _("待确认"), warm=True)
    code = Answer(answer)
    return Mark(_ANSWER_SHAPES[code], label(code), warm=code is Answer.REFUSED)


def claim_mark(state: str, *, is_held: bool = False) -> Mark:
    """Where a claim stands, and whether something holds it up."""
    code = ClaimState(state)
    if is_held:
        return Mark("▲", f"{label(code)} · {_('挂起')}", warm=True)
    warm = code in {ClaimState.REJECTED, ClaimState.REFUSED, ClaimState.TERMINATED}
    return Mark(_CLAIM_SHAPES.get(code, "◔"), label(code), warm=warm)


def document_mark(state: str, *, red: bool) -> Mark:
    """Whether a document may be relied on; a red one says so."""
    code = DocumentState(state)
    if red and code is DocumentState.STANDING:
        return Mark("▼", _("红字"), warm=True)
    warm = code in {DocumentState.TO_CONFIRM, DocumentState.FROZEN}
    return Mark(_DOCUMENT_SHAPES[code], label(code), warm=warm)


def answer_state_mark(state: str) -> Mark:
    """What a party says of a whole statement."""
    code = AnswerState(state)
    return Mark(_ANSWER_STATE_SHAPES[code], label(code), warm=code is AnswerState.CONTESTED)


def fault_mark(fault: str) -> Mark:
    """What is wrong with a node."""
    code = NodeFault(fault)
    return Mark(_FAULT_SHAPES[code], label(code), warm=True)


def inventory_mark(state: InventoryState) -> Mark:
    """How a GPU that is seen stands to the registry."""
    return Mark(
        "◇" if state in CONFIRMABLE else "▲", label(state), warm=state is not InventoryState.NEW
    )
