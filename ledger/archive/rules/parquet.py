"""Rolls as Parquet: a row each, so that any reader of Parquet opens them.

The content of a roll is columns of numbers that take several bytes each, and of a number's bytes
the first ones hardly change. So they stand plane by plane here: the first bytes of all numbers of a
column, then the second ones, as BYTE_STREAM_SPLIT does with numbers that have a column of their
own.
"""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from ledger.archive.rules.rolls import ArchivedRoll
from ledger.metering.rules.open_rolls import column_sizes
from ledger.metering.rules.rolls import Roll

LEVEL = 15
"""Of zstd: more saves no per cent, and takes twice the time."""

_MOMENT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("stream", pa.string()), ("first", pa.int64()), ("last", pa.int64()),
        ("seal", pa.int64()), ("agent", pa.string()), ("since", _MOMENT), ("until", _MOMENT),
        ("previous", pa.binary(32)), ("signatures", pa.binary()),
        ("templates", pa.list_(pa.string())), ("counts", pa.list_(pa.int32())),
        ("columns", pa.list_(pa.int16())), ("kinds", pa.string()),
        ("bases", pa.list_(pa.int64())), ("steps", pa.list_(pa.int64())),
        ("widths", pa.list_(pa.int16())), ("planes", pa.binary()),
    ]
)  # fmt: skip
_DICTIONARIES = ["stream", "agent", "kinds", "templates.list.element"]


def writer(sink: BinaryIO) -> pq.ParquetWriter:
    """Return a writer of row groups."""
    return pq.ParquetWriter(
        sink, SCHEMA, compression="zstd", compression_level=LEVEL, write_statistics=False,
        use_dictionary=_DICTIONARIES, data_page_size=16 << 20,
    )  # fmt: skip


def table_of(rolls: Sequence[ArchivedRoll]) -> pa.Table:
    """Return rolls as a table."""
    return pa.Table.from_pylist([_cells(roll) for roll in rolls], schema=SCHEMA)


def _cells(roll: ArchivedRoll) -> dict[str, Any]:
    columns = roll.columns
    return {
        "stream": str(roll.stream), "first": roll.first, "last": roll.last, "seal": roll.seal,
        "agent": str(roll.agent), "since": roll.since, "until": roll.until,
        "previous": roll.previous, "signatures": roll.signatures, "templates": columns.templates,
        "counts": columns.counts, "columns": columns.columns, "kinds": columns.kinds,
        "bases": columns.bases, "steps": columns.steps, "widths": columns.widths,
        "planes": planes_of(columns),
    }  # fmt: skip


def rolls_of(table: pa.Table) -> Iterator[ArchivedRoll]:
    """Return the rolls of a table, or of some of its rows.

    Raises:
        ValueError: it is not what `table_of` makes.
    """
    for cells in table.to_pylist():
        roll = Roll(
            cells["templates"], cells["counts"], cells["columns"], cells["kinds"], cells["bases"],
            cells["steps"], cells["widths"],
        )  # fmt: skip
        roll.content = content_of(roll, cells["planes"])
        yield ArchivedRoll(
            UUID(cells["stream"]), cells["first"], cells["last"], cells["seal"],
            UUID(cells["agent"]), cells["since"], cells["until"], cells["previous"],
            cells["signatures"], roll,
        )  # fmt: skip


def planes_of(roll: Roll) -> bytes:
    """Return the content of a roll, the bytes of each column plane by plane."""
    planes, at = [], 0
    for count, width in column_sizes(roll):
        column = roll.content[at : at + count * width]
        planes += [column[plane::width] for plane in range(width)]
        at += count * width
    return b"".join(planes)


def content_of(roll: Roll, planes: bytes) -> bytearray:
    """Return the content that `planes_of` took apart.

    Raises:
        ValueError: it is not as long as the roll says.
    """
    content, at = bytearray(len(planes)), 0
    for count, width in column_sizes(roll):
        column = bytearray(count * width)
        for plane in range(width):
            column[plane::width] = planes[at : at + count]
            at += count
        content[at - count * width : at] = column
    if at != len(planes) or len(content) != len(planes):
        raise ValueError("planes of another length")
    return content
