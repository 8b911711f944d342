"""Read ASN.1 in its distinguished encoding (DER): what certificates and electronic seals are in.

Only what is needed to take them apart; anything else than whole, definite values is a ValueError.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

BOOLEAN, INTEGER, BITS, OCTETS, OID = 0x01, 0x02, 0x03, 0x04, 0x06
UTC_TIME, TIME, SEQUENCE = 0x17, 0x18, 0x30
_LONG, _CONSTRUCTED, _LENGTH_BYTES = 0x80, 0x20, 4


@dataclass(frozen=True)
class Node:
    """A value: its tag, its content, and the whole of it as it was encoded."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> "list[Node]":
        """Return the values in it, in order."""
        return nodes(self.content)

    def bits(self) -> bytes:
        """Return a bit string of whole bytes."""
        if self.tag != BITS or self.content[:1] != b"\0":
            raise ValueError("no string of whole bytes")
        return self.content[1:]

    def number(self) -> int:
        """Return an integer."""
        if self.tag != INTEGER:
            raise ValueError("no integer")
        return int.from_bytes(self.content, signed=True)

    def oid(self) -> str:
        """Return an object identifier, dotted."""
        if self.tag != OID or not self.content or self.content[-1] & _LONG:
            raise ValueError("no object identifier")
        arcs, arc = [], 0
        for byte in self.content:
            arc = arc << 7 | byte & 0x7F
            if not byte & _LONG:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def moment(self) -> datetime:
        """Return a time, UTC."""
        text = self.content.decode("ascii")
        if self.tag == UTC_TIME:
            text = ("20" if text[:2] < "50" else "19") + text
        elif self.tag != TIME:
            raise ValueError("no time")
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def node(encoded: bytes) -> Node:
    """Return the one value of an encoding; trailing zeros, as some writers leave, are no value."""
    first, rest = _first(encoded)
    if rest.strip(b"\0"):
        raise ValueError("more than one value")
    return first


def nodes(encoded: bytes) -> list[Node]:
    """Return the values of an encoding, one after another."""
    values = []
    while encoded:
        value, encoded = _first(encoded)
        values.append(value)
    return values


def _first(encoded: bytes) -> tuple[Node, bytes]:
    if len(encoded) < 2:  # noqa: PLR2004 - a tag and a length
        raise ValueError("cut off")
    length, at = encoded[1], 2
    if length & _LONG:
        count = length & 0x7F
        if not 1 <= count <= _LENGTH_BYTES:
            raise ValueError("no definite length")
        length, at = int.from_bytes(encoded[2 : 2 + count]), 2 + count
    end = at + length
    if len(encoded) < end:
        raise ValueError("cut off")
    return Node(encoded[0], encoded[at:end], encoded[:end]), encoded[end:]
