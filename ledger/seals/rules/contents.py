"""What a row says of itself: digests of what it holds, and the signatures of agents.

These hold whoever sealed the row, and whatever key he had: a batch that no agent signed is a fault
even where it was sealed as it stands.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from ledger.formats.digest import digest
from ledger.seals.codes import FaultCode
from ledger.seals.rules.form import bytes_of, unescape

Values = Mapping[str, bytes]
"""The values of a row as COPY writes them, by the names of their columns."""

ContentCheck = Callable[[bytes], FaultCode | None]
"""From a row's line to what is wrong with its content, or None."""


def content_check(
    relation: str, columns: Sequence[str], agent_keys: Mapping[str, bytes]
) -> ContentCheck:
    """Return what holds a row of a relation to itself.

    Args:
        relation: whose rows.
        columns: `name:type`, in the order of the lines.
        agent_keys: the public key of each agent, by its id.
    """
    if relation == "batches":
        return _of_lines(columns, lambda row: _batch(row, agent_keys))
    if relation in _OTHERS:
        return _of_lines(columns, _OTHERS[relation])
    return lambda _: None


def public_key(agent: Values) -> tuple[str, bytes]:
    """Return an agent's id and its key."""
    return agent["id"].decode(), bytes_of(agent["public_key"])


def row_of(columns: Sequence[str], line: bytes) -> Values:
    """Return the values of a line as COPY writes them, by the names of their columns."""
    names = (column.partition(":")[0] for column in columns)
    return dict(zip(names, line.rstrip(b"\n").split(b"\t"), strict=True))


def _of_lines(columns: Sequence[str], check: Callable[[Values], FaultCode | None]) -> ContentCheck:
    def check_line(line: bytes) -> FaultCode | None:
        try:
            return check(row_of(columns, line))
        except (ValueError, KeyError):
            return FaultCode.DIFFERS

    return check_line


def _batch(row: Values, agent_keys: Mapping[str, bytes]) -> FaultCode | None:
    content_hash = sha256(bytes_of(row["bytes"])).digest()
    if content_hash != bytes_of(row["hash"]):
        return FaultCode.DIFFERS
    key = agent_keys.get(row["agent_id"].decode())
    if key is None:
        return FaultCode.KEY
    try:
        VerifyKey(key).verify(content_hash, bytes_of(row["signature"]))
    except (BadSignatureError, ValueError):
        return FaultCode.SIGNATURE
    return None


def _original(row: Values) -> FaultCode | None:
    is_sound = sha256(bytes_of(row["content"])).hexdigest() == row["hash"].decode()
    return None if is_sound else FaultCode.DIFFERS


def _decision(row: Values) -> FaultCode | None:
    is_sound = digest(json.loads(unescape(row["content"]))) == row["digest"].decode()
    return None if is_sound else FaultCode.DIFFERS


_OTHERS: Mapping[str, Callable[[Values], FaultCode | None]] = {
    "decisions": _decision,
    "originals": _original,
}
