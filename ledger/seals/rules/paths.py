"""From one leaf to the root of its tree: the hashes that stand beside the way (RFC 6962, 2.1.1).

Two neighbours make a node, and who has none rises as it is; this grows the same roots as
`rules/merkle.py`. From a leaf's place and the number of leaves it follows on which side each
hash of a path stands.
"""

from collections.abc import Sequence

from ledger.seals.codes import Algorithm
from ledger.seals.rules.merkle import Hash, hash_by


class Paths:
    """The paths of all leaves of a tree."""

    def __init__(self, leaves: Sequence[bytes], algorithm: Algorithm) -> None:
        """Grow the tree of these leaves, by their bytes; there is one at least."""
        digest = hash_by(algorithm)
        self._levels = [[digest(b"\0" + leaf) for leaf in leaves]]
        while len(nodes := self._levels[-1]) > 1:
            pairs = zip(nodes[::2], nodes[1::2], strict=False)
            above = [digest(b"\1" + first + second) for first, second in pairs]
            self._levels.append(above + nodes[len(above) * 2 :])

    @property
    def root(self) -> bytes:
        """The root."""
        return self._levels[-1][0]

    def of(self, place: int) -> list[bytes]:
        """Return the hashes beside the way of the leaf at this place (the first is 0)."""
        path = []
        for nodes in self._levels:
            if (place ^ 1) < len(nodes):
                path.append(nodes[place ^ 1])
            place >>= 1
        return path


def root_by(
    leaf: bytes, place: int, leaves: int, path: Sequence[bytes], algorithm: Algorithm
) -> bytes:
    """Return the root to which a path leads.

    Args:
        leaf: its bytes.
        place: where it stands among the leaves; the first is 0.
        leaves: how many there are.
        path: the hashes beside the way.
        algorithm: of the tree.

    Raises:
        ValueError: no leaf of such a tree has a path of this length.
    """
    if not 0 <= place < leaves:
        raise ValueError(place)
    digest: Hash = hash_by(algorithm)
    node, rest = digest(b"\0" + leaf), list(path)
    while leaves > 1:
        if (place ^ 1) < leaves:
            if not rest:
                raise ValueError(len(path))
            beside = rest.pop(0)
            node = digest(b"\1" + (beside + node if place & 1 else node + beside))
        place, leaves = place >> 1, (leaves + 1) >> 1
    if rest:
        raise ValueError(len(path))
    return node
