"""A Merkle tree over hashes that come one after the other, as RFC 6962 (2.1) builds it.

A leaf is hashed behind a byte 0, a node behind a byte 1, so that neither passes for the other. Only
the roots of complete subtrees are kept: as many as the number of leaves has bits.
"""

import hashlib
from collections.abc import Callable

from ledger.seals.codes import Algorithm

Hash = Callable[[bytes], bytes]


def hash_by(algorithm: Algorithm) -> Hash:
    """Return the function from bytes to their hash.

    Raises:
        ValueError: this machine's OpenSSL has no such algorithm (SM3 alone can be missing).
    """
    start = hashlib.new(algorithm.value)

    def digest(content: bytes) -> bytes:
        state = start.copy()
        state.update(content)
        return state.digest()

    return digest


class Tree:
    """The root of the leaves that were added so far."""

    def __init__(self, algorithm: Algorithm) -> None:
        self._hash = hash_by(algorithm)
        self._roots: list[bytes] = []
        self.rows = 0

    def add(self, leaf: bytes) -> None:
        """Add one leaf to the right, by its bytes."""
        node = self._hash(b"\0" + leaf)
        size = self.rows
        while size & 1:  # a complete subtree of this size stands to the left
            node = self._hash(b"\1" + self._roots.pop() + node)
            size >>= 1
        self._roots.append(node)
        self.rows += 1

    def root(self) -> bytes:
        """Return the root; without leaves it is the hash of nothing."""
        if not self._roots:
            return self._hash(b"")
        *left_roots, node = self._roots
        for root in reversed(left_roots):
            node = self._hash(b"\1" + root + node)
        return node
