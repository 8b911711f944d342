"""Read a batch: check who signed these bytes, then decode them.

The signature is checked over the exact bytes before anything is read. Then the whole batch is read
at once; only when that fails is each window read alone, so that a bad one is refused by its index
and the others still count.
"""

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from agents import sightings, wire
from ledger.errors import Refused
from ledger.metering.queries.streams import SignedBatch
from ledger.metering.queries.windows import KeptWindow
from ledger.metering.queries.witnesses.sightings import KeptSighting
from ledger.metering.steps.intake import Item, Reporter, Submission

_BATCH = msgspec.json.Decoder(wire.Batch)
_LOOSE = msgspec.json.Decoder(wire.LooseBatch)
_WINDOW = msgspec.json.Decoder(wire.Window)
_SIGHTING = msgspec.json.Decoder(sightings.Sighting)
_JSON = msgspec.json.Encoder()
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_NUL = b"\\u0000"  # PostgreSQL keeps no NUL in a text


def verify(public_key: bytes, digest: bytes, signature: str) -> bytes:
    """The signature's 64 bytes; Refused("bad_signature") unless this key signed this SHA-256."""
    try:
        raw = base64.b64decode(signature, validate=True)
        VerifyKey(public_key).verify(digest, raw)
    except (BadSignatureError, binascii.Error, ValueError) as error:
        raise Refused("bad_signature") from error
    return raw


def read_batch(
    body: bytes, digest: bytes, reporter: Reporter, signature: bytes, date: str = ""
) -> Submission:
    """The batch that these bytes say, with every bad window named by its index.

    `date` is the request's Date (RFC 9110, 6.6.1): the node's clock when it sent these bytes, which
    may be long after it bound them. An agent that sends none is taken at the batch's word.

    Refused("malformed") when it is no batch at all, ("wire_version") for another version of the
    wire, ("other_agent") when it speaks for somebody else.
    """
    head, windows, refused = _read(body)
    if head.version != wire.VERSION:
        raise Refused("wire_version", version=head.version, expected=wire.VERSION)
    if head.agent != reporter.agent:
        raise Refused("other_agent", agent=str(head.agent))
    good: list[tuple[int, KeptWindow]] = []
    for index, window in windows:
        if faults := wire.faults(window):
            refused.append(_refused(index, "fault", "; ".join(faults)))
            continue
        kept_window = read_window(window)
        if _NUL in kept_window.body:
            refused.append(Item(index, "fault", "a text with a NUL character"))
        else:
            good.append((index, kept_window))
    sightings_read = _read_sightings(head, refused)
    batch = SignedBatch(
        agent=head.agent,
        stream=head.stream,
        number=head.number,
        hash=digest,
        body=body,
        signature=signature,
        sent_at=_date(date) or _in_utc(head.sent_at),
    )
    previous = bytes.fromhex(head.previous)
    return Submission(reporter, batch, previous, good, refused, sightings_read)


def _read_sightings(
    head: wire.Batch | wire.LooseBatch, refused: list[Item]
) -> list[tuple[int, KeptSighting]]:
    """The good sightings, by their index after the windows; what is wrong with the others.

    A watch says that every pod was told. So beside one that cannot be read it is refused too: else
    that pod's use would be contradicted. The agent tells both again.
    """
    good: list[tuple[int, KeptSighting]] = []
    watches: list[tuple[int, KeptSighting]] = []
    before = len(refused)
    for index, record in enumerate(head.sightings, start=len(head.windows)):
        try:
            sighting = _SIGHTING.decode(record) if isinstance(record, msgspec.Raw) else record
        except _UNREADABLE as error:
            refused.append(_refused(index, "malformed", str(error)))
            continue
        body = _JSON.encode(sighting)
        if faults := sightings.faults(sighting):
            refused.append(_refused(index, "fault", "; ".join(faults)))
        elif _NUL in body:
            refused.append(Item(index, "fault", "a text with a NUL character"))
        else:
            is_slurm = isinstance(sighting, sightings.Partitions)
            of_kind = watches if isinstance(sighting, sightings.Watch) else good
            of_kind.append((index, KeptSighting(sightings.at(sighting), body, is_slurm)))
    if len(refused) == before:
        return good + watches
    refused += [Item(index, "beside_unread", "not every pod was told") for index, _ in watches]
    return good


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    """A moment at the calendar's end may have no place in UTC, where nobody could read it again."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Refused("malformed", detail=f"sent_at {moment.isoformat()}") from error


def _read(
    body: bytes,
) -> tuple[wire.Batch | wire.LooseBatch, Iterable[tuple[int, wire.Window]], list[Item]]:
    try:
        batch = _BATCH.decode(body)
    except _UNREADABLE:
        return _read_loosely(body)
    return batch, enumerate(batch.windows), []


def _read_loosely(body: bytes) -> tuple[wire.LooseBatch, list[tuple[int, wire.Window]], list[Item]]:
    try:
        loose = _LOOSE.decode(body)
    except _UNREADABLE as error:
        raise Refused("malformed", detail=str(error)) from error
    windows, refused = [], []
    for index, raw in enumerate(loose.windows):
        try:
            windows.append((index, _WINDOW.decode(raw)))
        except _UNREADABLE as error:
            refused.append(_refused(index, "malformed", str(error)))
    return loose, windows, refused


def windows_of(body: bytes) -> list[KeptWindow]:
    """The windows of a batch's bytes that can be read; nothing of bytes that are no batch."""
    try:
        _, windows, _ = _read(body)
    except Refused:
        return []
    return [read_window(window) for _, window in windows if not wire.faults(window)]


def _refused(index: int, reason: str, detail: str) -> Item:
    """What is wrong may quote what was sent, and the answer is kept too."""
    return Item(index, reason, detail.replace("\0", "\ufffd"))


def read_window(window: wire.Window) -> KeptWindow:
    """A window as it is kept."""
    return KeptWindow(window.gpu, window.start, window.window_ms, _JSON.encode(window))


def read_kept(body: Any) -> KeptWindow:  # noqa: ANN401 - JSON as the database gives it back
    """A window from its kept body."""
    return read_window(msgspec.convert(body, wire.Window))
