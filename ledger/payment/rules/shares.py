"""Divide an amount by weights, to the fen: who bears which share of it."""

from collections.abc import Sequence

from ledger.units import Fen


def share_out(fen: Fen, weights: Sequence[int]) -> list[Fen]:
    """Return the shares of `fen` by weights above zero, in order; they add up exactly.

    Everybody gets the whole fen of the exact share; what is left over goes, a fen each, to the
    largest remainders (最大余数法), of equal ones to the earlier.
    """
    whole = sum(weights)
    shares = [fen * weight // whole for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda place: (-(fen * weights[place] % whole), place)
    )
    for place in by_remainder[: fen - sum(shares)]:
        shares[place] += 1
    return shares


def give_back(fen: Fen, weights: Sequence[int], nets: Sequence[Fen]) -> list[Fen]:
    """Return what of a refund goes back to each, so that what remains is borne by the weights.

    Args:
        fen: the refund, at most all that they have paid.
        weights: of the shares.
        nets: what each has paid and not got back. Who paid beyond its share gets that first; where
            that is more than comes back, each gets a part of it.
    """
    remaining = share_out(sum(nets) - fen, weights)
    beyond = [max(net - part, 0) for net, part in zip(nets, remaining, strict=True)]
    return share_out(fen, beyond)
