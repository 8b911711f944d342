"""sacct's tables, `sacct -P`: lines of cells between `|`, read one by one.

The columns may stand in any order; a header names them, or `--format` does where there is none. A
line that is cut off, is no UTF-8 or has another number of cells is a fault, with its line's number.
sacct does not protect a `|` in a job's name or comment: where such a column stands last it may have
any, elsewhere the line is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from agents.sources.slurm.fault import BadCell, short
from agents.sources.slurm.rows import OPTIONAL, REQUIRED

LINE_MAX = 1_048_576  # bytes

XDMOD = (
    "JobID,JobIDRaw,Cluster,Partition,QOS,Account,Group,GID,User,UID,Submit,Eligible,Start,End,Elapsed,"
    "ExitCode,State,NNodes,NCPUs,ReqCPUS,ReqMem,ReqTRES,AllocTRES,Timelimit,NodeList,JobName"
)
"""The columns of Open XDMoD's `sacct --noheader`; `--format xdmod` says the same."""

_FREE = frozenset({"jobname", "comment", "admincomment", "systemcomment", "submitline", "workdir"})
_OUR_NAMES = {name.lower(): name for name in (*REQUIRED, *OPTIONAL)}


class Columns:
    """Where the cells that we read stand in a line."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take the names of a header or of `--format` (a width like Start%40 is left out)."""
        plain = [name.strip().partition("%")[0].lower() for name in names]
        self.has_end_bar = bool(plain) and not plain[-1]
        self.names = plain[:-1] if self.has_end_bar else plain
        for name in self.names:
            if name in _OUR_NAMES and self.names.count(name) > 1:
                raise BadCell(_OUR_NAMES[name], "此列重复", "stands there twice")
        self._places = [(_OUR_NAMES[n], k) for k, n in enumerate(self.names) if n in _OUR_NAMES]
        present = {name for name, _ in self._places}
        missing = [name for name in REQUIRED if name not in present]
        if missing:
            listing = ",".join(missing)
            raise BadCell(
                missing[0],
                f"缺少列 {listing}：第一行应为 sacct -P 的表头，没有表头的须以 --format 写明各列",
                f"{listing} is missing: the first line must be the header of sacct -P; where there "
                "is none, name the columns with --format",
            )

    @classmethod
    def of(cls, text: str) -> Columns:
        """Read `--format`: names between commas, or `xdmod`."""
        return cls((XDMOD if text.lower() == "xdmod" else text).split(","))

    def is_header(self, line: str) -> bool:
        """Tell whether this line names these columns once more."""
        names = [name.lower() for name in line.split("|")]
        return (names[:-1] if names and not names[-1] else names) == self.names

    def cells(self, line: str) -> Mapping[str, str]:
        """Return the cells that we read by their names. Raises BadCell."""
        count = len(self.names)
        values = line.split("|", count - 1) if self.names[-1] in _FREE else line.split("|")
        if len(values) == count + 1 and not values[-1]:  # `sacct -p` ends each line with a bar
            values.pop()
        if len(values) != count:
            raise BadCell(
                "",
                f"有 {len(values)} 格，应有 {count} 格：行被截断，或作业名里有「|」"
                "（作业名请放在最后一列）",
                f"has {len(values)} cells, must have {count}: the line is cut off, or a job's name "
                "has a bar (put such a column last)",
            )
        return {name: values[place] for name, place in self._places}


def lines(content: BinaryIO) -> Iterator[tuple[int, str]]:
    """Yield (number, text) of each line that is not empty. Raises BadLine."""
    for number, raw in enumerate(iter(lambda: content.readline(LINE_MAX), b""), 1):
        try:
            text = raw.rstrip(b"\r\n").decode()
        except UnicodeDecodeError as error:
            raise BadLine(number, *_FOREIGN) from error
        if "\0" in text:
            raise BadLine(number, *_FOREIGN)
        if not raw.endswith(b"\n"):
            raise BadLine(number, *(_CUT if len(raw) < LINE_MAX else _LONG))
        if text:
            yield number, text


class BadLine(ValueError):
    """A line after which a file cannot be read on."""

    def __init__(self, number: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.number = number
        self.zh = zh
        self.en = en


_CUT = (
    "最后一行没有换行：文件被截断，请重新导出",
    "the last line has no end: the file is cut off, export it again",
)
_LONG = ("这一行过长", "this line is too long")
_FOREIGN = ("不是 UTF-8 文本", "this is not UTF-8 text")


def read_header(line: str) -> Columns:
    """Return the columns that a header names. Raises BadCell."""
    if "|" not in line:
        raise BadCell(
            "",
            f"「{short(line)}」不是 sacct -P 的表头：请加 -P 导出",
            f"{short(line)!r} is no header of sacct -P: export with -P",
        )
    return Columns(line.split("|"))
