"""Read what sacct said, as a table or as JSON: runs, silences and faults, one by one."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from agents.sources.slurm import json_jobs
from agents.sources.slurm.fault import BadCell, Fault
from agents.sources.slurm.rows import Context, Silence, read_row
from agents.sources.slurm.runs import Run
from agents.sources.slurm.tables import BadLine, Columns, lines, read_header

Item = Run | Silence | Fault


def read(
    content: BinaryIO, file: str, context: Context, columns: Columns | None = None
) -> Iterator[tuple[int, Item]]:
    """Yield (line, what it says) of a file; `columns` are those of a table without header.

    A BOM, which editors and Excel write, is passed over. After a fault of the whole file nothing
    follows.
    """
    buffered = io.BufferedReader(cast("io.RawIOBase", content), 1 << 20)
    if buffered.peek(3)[:3] == codecs.BOM_UTF8:
        buffered.read(3)
    if buffered.peek(1).lstrip()[:1] == b"{":
        yield from json_jobs.read(buffered.read(), file, context)
        return
    try:
        yield from _table(buffered, file, context, columns)
    except BadLine as error:
        yield error.number, Fault(file, error.number, "", error.zh, error.en)
    finally:
        buffered.detach()


def _table(
    content: BinaryIO, file: str, context: Context, columns: Columns | None
) -> Iterator[tuple[int, Item]]:
    number = 0
    for number, line in lines(content):
        try:
            if columns is None:
                columns = read_header(line)
            elif not columns.is_header(line):
                yield number, read_row(columns.cells(line), context)
        except BadCell as error:
            yield number, Fault.of(file, number, error)
            if columns is None:
                return
    if number == 0 and columns is None:
        yield 1, Fault(file, 1, "", "文件是空的", "the file is empty")
