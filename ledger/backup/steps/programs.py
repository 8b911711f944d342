"""pg_basebackup and pg_receivewal, as processes that end with ours."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ledger.backup.rules.wal import lsn, place_of
from ledger.errors import Unusable
from ledger.postgres.dump.programs import end, read_pieces, refuse_failure, start

_START = re.compile(r"write-ahead log start point: (\S+) on timeline (\d+)")
_END = re.compile(r"write-ahead log end point: (\S+)")


class BaseStream:
    """A base backup on its way: its pieces, and when they have come, where it begins and ends."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.timeline = self.start = self.end = 0

    def pieces(self) -> Iterator[bytes]:
        """Yield a tar of the server's files with the WAL that they need.

        Raises:
            Unusable: the program did not end well (`dump_program`), with its reason.
        """
        words = [
            "--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast", "--no-sync",
            "--verbose",
        ]  # fmt: skip
        with tempfile.TemporaryFile() as log:
            process = start("pg_basebackup", words, self._url, stdout=subprocess.PIPE, stderr=log)
            try:
                assert process.stdout  # noqa: S101 - asked for above
                yield from read_pieces(process.stdout)
                refuse_failure("pg_basebackup", process.wait(), log)
            finally:
                end(process)
            log.seek(0)
            self._note(log.read().decode(errors="replace"))

    def _note(self, log: str) -> None:
        begin, finish = _START.search(log), _END.search(log)
        if begin is None or finish is None:
            raise Unusable("dump_program", program="pg_basebackup", detail=log[-200:])
        self.start, self.timeline = place_of(begin[1]), int(begin[2])
        self.end = place_of(finish[1])


def receive(url: str, folder: Path, first: str, place: int) -> None:
    """Receive WAL into a folder, from the beginning of a segment up to a place.

    Args:
        url: of a login that may replicate.
        folder: an empty one.
        first: the name of the segment.
        place: the end, which the server has on its disk already.

    Raises:
        Unusable: the program did not end well (`dump_program`), with its reason: the segment is no
            longer there, the disk is full.
    """
    (folder / f"{first}.partial").touch()  # it begins where what it finds ends
    words = [
        f"--directory={folder.absolute()}", f"--endpos={lsn(place - 1)}", "--no-loop", "--no-sync",
    ]  # fmt: skip
    with tempfile.TemporaryFile() as log:
        process = start("pg_receivewal", words, url, stderr=log)
        try:
            refuse_failure("pg_receivewal", process.wait(), log)
        finally:
            end(process)
