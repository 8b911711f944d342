"""How much of a document was paid, by the receipts that prove it.

An invoice half of which was paid counts half. Only what its buyer paid to its seller counts, and
never more than the document is worth.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from ledger.formats.organisation_names import same_name
from ledger.units import Fen, round_half_up


@dataclass(frozen=True)
class Payment:
    """A payment that a receipt proves; `fen` with tax."""

    payer: str
    payee: str
    fen: Fen


def paid_fen(buyer: str, seller: str, gross_fen: Fen, payments: Iterable[Payment]) -> Fen:
    """Return what the buyer paid the seller for a document, with tax, at most its gross amount.

    Args:
        buyer: its name on the document; short and long forms are one name.
        seller: likewise.
        gross_fen: the document's amount with tax, net of its red ones.
        payments: what its receipts prove.
    """
    paid = sum(
        payment.fen
        for payment in payments
        if same_name(payment.payer, buyer) and same_name(payment.payee, seller)
    )
    return max(0, min(paid, gross_fen))


def paid_share(
    buyer: str, seller: str, gross_fen: Fen, payments: Iterable[Payment], tolerance_fen: Fen = 0
) -> Fraction:
    """Return which part of a document was paid, from 0 to 1; short within the tolerance is all.

    Without a payment it is 0: an invoice is not paid because nobody says otherwise.
    """
    if gross_fen <= 0:
        return Fraction(0)
    paid = paid_fen(buyer, seller, gross_fen, payments)
    return Fraction(1) if gross_fen - paid <= tolerance_fen else Fraction(paid, gross_fen)


def paid_part(net_fen: Fen, share: Fraction) -> Fen:
    """Return the part of an amount without tax that counts, rounded once."""
    return round_half_up(net_fen * share)
