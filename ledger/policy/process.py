"""The process section of a policy file: how claims are checked, published and paid.

These are the bureau's own rules beside the law, of the same version: accepted kinds of cost
documents, sufficient evidence, tolerances within which a clerk may confirm in one act, deadlines of
the centre and the public. They move money as the clauses do, so they are part of each clause's
digest: once a version is published, another tolerance takes another version.
"""

from typing import Annotated, Literal

from pydantic import Field

from ledger.formats.field_parsers import Shape, one_of, up_to
from ledger.policy.codes import FileRole

DocumentKind = Literal[
    "digital_invoice", "electronic_invoice", "paper_invoice", "internal_settlement"
]
Grade = Literal["A", "B", "C", "D"]


class Process(Shape):
    """The bureau's own rules of a version."""

    cost_documents: tuple[Annotated[DocumentKind, one_of(DocumentKind)], ...] = Field(min_length=1)
    grades_payable: tuple[Annotated[Grade, one_of(Grade)], ...] = Field(min_length=1)
    tolerance_fen: Annotated[int, up_to(100_000)]  # of a document, either way
    tolerance_permille: Annotated[int, up_to(100)]  # of a cell's metered cost, either way
    answer_days: Annotated[int, up_to(60)]  # working days for the centre
    publication_days: Annotated[int, up_to(60)]  # working days before the public
    claim_files: tuple[Annotated[FileRole, one_of(FileRole)], ...] = Field(min_length=1)
