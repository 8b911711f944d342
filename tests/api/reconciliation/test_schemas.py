"""What is answered about a question to a centre."""

from datetime import UTC, date, datetime

from api.reconciliation.schemas import MessageRead
from ledger.reconciliation.tables import Message


def test_a_question_names_its_document() -> None:
    message = Message(
        id=1, reconciliation_id=1, document_id=7, code="R07", body="为何", sent_by="clerk:c",
        answer_by=date(2026, 4, 1), sent_at=datetime(2026, 3, 4, tzinfo=UTC),
    )  # fmt: skip
    assert MessageRead.model_validate(message).model_dump()["document"] == 7
