"""Time stamps: an authority of nobody's here says that a head was there by a moment (RFC 3161).

The authority sees the SHA-256 of a head's bytes and nothing else. Its answer is kept as it came,
so `openssl ts -verify` checks it without us. It has to use RSA or ECDSA and write its answer in
DER; `rfc3161-client` reads no others. Source: https://www.rfc-editor.org/rfc/rfc3161
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger.seals.codes import FaultCode, UnprovedReason
from ledger.seals.rules.heads import Head, write_head
from ledger.seals.rules.recomputation.evidence import Evidence, content, whole
from ledger.seals.rules.recomputation.notes import Notes, row_name

RELATION = "seal_stamps"
QUESTION_TYPE, ANSWER_TYPE = "application/timestamp-query", "application/timestamp-reply"
LEEWAY = timedelta(minutes=5)
"""How far an authority's clock may be behind ours."""


@dataclass(frozen=True)
class Question:
    """What is sent, and the number that its answer has to repeat."""

    content: bytes
    nonce: int | None


def question_of(head: str) -> Question:
    """Return what an authority is asked about a head's text."""
    from rfc3161_client import (  # noqa: PLC0415 - of the server's install
        HashAlgorithm,
        TimestampRequestBuilder,
    )

    builder = TimestampRequestBuilder().data(head.encode())
    request = builder.hash_algorithm(HashAlgorithm.SHA256).build()
    return Question(request.as_bytes(), request.nonce)


def stamped_at(answer: bytes, head: str, roots: bytes, nonce: int | None = None) -> datetime:
    """Hold an answer to a head, and return the moment that it vouches for.

    Args:
        answer: as the authority sent it.
        head: the text of the head.
        roots: the certificates, PEM, to one of which the authority's has to lead.
        nonce: what the answer has to repeat, while it is fresh.

    Raises:
        ValueError: it is none, is of another head, or leads to none of the roots.
    """
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415
    from rfc3161_client import (  # noqa: PLC0415
        VerificationError,
        VerifierBuilder,
        decode_timestamp_response,
    )

    response = decode_timestamp_response(answer)
    verifier = VerifierBuilder(nonce=nonce, roots=load_pem_x509_certificates(roots)).build()
    try:
        verifier.verify_message(response, head.encode())
    except VerificationError as error:
        raise ValueError(str(error)) from error
    return response.tst_info.gen_time.astimezone(UTC)


def stamp_check(
    heads: Mapping[int, Head], roots: bytes | None
) -> Callable[[Evidence, Notes], None]:
    """Return what holds every stamp to its head, by the roots that whoever verifies has."""

    def check_stamps(evidence: Evidence, notes: Notes) -> None:
        reason = UnprovedReason.NO_ROOTS if roots is None else None
        for number, answer in evidence.rows(RELATION, "seal", "answer"):
            seal = whole(number)
            if reason is None and roots is not None:
                try:
                    _hold(seal, answer, heads, roots, notes)
                except ImportError:
                    reason = UnprovedReason.NO_READER
            if reason is not None:
                notes.unproved(reason, RELATION, (seal,))

    return check_stamps


def _hold(
    seal: int, answer: str | None, heads: Mapping[int, Head], roots: bytes, notes: Notes
) -> None:
    notes.count()
    rests_on = row_name("seals", seal)
    try:
        moment = stamped_at(content(answer), write_head(heads[seal]), roots)
    except (KeyError, ValueError) as error:
        notes.differs(FaultCode.STAMP, RELATION, (seal,), error, "", rests_on=rests_on)
        return
    sealed = heads[seal].sealed_at
    if moment < sealed - LEEWAY:
        notes.differs(FaultCode.STAMP, RELATION, (seal,), moment, sealed, rests_on=rests_on)
