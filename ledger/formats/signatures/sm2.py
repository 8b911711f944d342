"""Check SM2 signatures with SM3 (GB/T 32918.2, GB/T 32918.5): those of electronic invoices.

Only checking, which needs no secret; SM3 is OpenSSL's. The curve is the recommended one, and a
signer's identity is the agreed 1234567812345678 (GM/T 0009).
"""

from hashlib import new

from ledger.formats.signatures.der import SEQUENCE, node

P = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
A = P - 3
B = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
N = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
G = (
    0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7,
    0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0,
)
IDENTITY = b"1234567812345678"
_SIZE = 32

Point = tuple[int, int] | None
"""A point of the curve; None is the one at infinity."""


def sm3(message: bytes) -> bytes:
    """Return the SM3 digest, 32 bytes; ValueError where this OpenSSL has none."""
    return new("sm3", message).digest()


def is_signed(message: bytes, signature: bytes, public_key: tuple[int, int]) -> bool:
    """Return whether a signature, a DER sequence of r and s, is that of this key on a message."""
    pair = node(signature)
    if pair.tag != SEQUENCE or len(parts := pair.parts()) != 2 or not on_curve(public_key):  # noqa: PLR2004
        return False
    r, s = parts[0].number(), parts[1].number()
    t = (r + s) % N
    if not (0 < r < N and 0 < s < N and t):
        return False
    point = add(multiply(s, G), multiply(t, public_key))
    return point is not None and (digest(message, public_key) + point[0]) % N == r


def digest(message: bytes, public_key: tuple[int, int]) -> int:
    """Return what is signed: the digest of a message after that of the signer's identity."""
    values = (A, B, *G, *public_key)
    about = (len(IDENTITY) * 8).to_bytes(2) + IDENTITY
    about += b"".join(value.to_bytes(_SIZE) for value in values)
    return int.from_bytes(sm3(sm3(about) + message))


def on_curve(point: tuple[int, int]) -> bool:
    """Return whether a point is on the curve."""
    x, y = point
    return 0 <= x < P and 0 <= y < P and (y * y - x * x * x - A * x - B) % P == 0


def add(first: Point, second: Point) -> Point:
    """Return the sum of two points."""
    if first is None or second is None:
        return first or second
    (x1, y1), (x2, y2) = first, second
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    if first == second:
        slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P) % P
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P) % P
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def multiply(times: int, point: Point) -> Point:
    """Return a multiple of a point."""
    total: Point = None
    while times:
        if times & 1:
            total = add(total, point)
        point = add(point, point)
        times >>= 1
    return total
