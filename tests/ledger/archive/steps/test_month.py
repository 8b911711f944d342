"""A month goes into the archive, and whoever asks is told what he was told before."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlmodel import Session

from ledger.archive.queries.parts import KEPT, missing_rolls, parts, return_rolls
from ledger.archive.rules.manifests import read_manifest
from ledger.archive.steps.bring_back import bring_back
from ledger.archive.steps.part_files import Limits
from ledger.desk.queries.chain import uses_of_batch
from ledger.metering.queries import batches as batch_list
from ledger.metering.queries.usage import windows_of_day
from ledger.metering.queries.windows import raw_connection
from ledger.metering.steps.intake import Forked, Receipt, take_batch
from ledger.postgres.database import Database
from ledger.seals.rules.export_check import check_export
from tests.support.archive.months import LATER, archive_all, close_month, place_in
from tests.support.seals import Members, export_at, seal_at, verified
from tests.support.simulation import Node, held, window
from tests.support.town import NOW, Town

SENT = 9


@pytest.fixture
def sealed_town(town: Town) -> Town:
    """A town whose node sent nine batches in May, in three seals; the month is closed."""
    for at in range(SENT):
        town.report([window(gpu, at, held("team-a", util_ppm=1_000 * at + gpu)) for gpu in (0, 1)])
        if at % 3 == 2:
            seal_at(town.engine, at)
    close_month(town.engine, SENT)
    return town


def test_the_books_answer_as_before(
    database: Database, sealed_town: Town, owner: psycopg.Connection, tmp_path: Path
) -> None:
    before = verified(database)
    export_at(sealed_town.engine, tmp_path / "before.zip", SENT + 1)
    assert before.faults == []
    new_parts = archive_all(sealed_town.engine, place_in(tmp_path), Limits(group_bytes=1, groups=2))
    manifests = [read_manifest(part.manifest) for part in new_parts]
    assert [(m.rolls, m.batches, m.windows) for m in manifests] == [(2, 6, 12), (1, 3, 6)]
    assert owner.execute("SELECT count(*) FROM batch_rolls").fetchone() == (0,)
    after = verified(database)
    assert after.faults == []
    assert after.leaves > before.leaves
    export_at(sealed_town.engine, tmp_path / "after.zip", SENT + 2)
    first, second = (Members.of_file(tmp_path / f"{name}.zip") for name in ("before", "after"))
    for member in ("rows/batches.tsv", "leaves/batches.tsv"):
        assert first[member] == second[member]
    assert check_export(second).faults == []
