"""What the embedded PostgreSQL refuses, and that a refusal leaves nothing behind."""

import os
import resource
from collections.abc import Mapping
from pathlib import Path

import pytest

from ledger.postgres.binaries import (
    reachable,
    server_account,
    system_binaries,
)
from ledger.postgres.embedded import Embedded
from tests.support.servers.embedded import (
    QUICK,
    WHEEL,
    program,
    query,
    refusal,
)


def test_a_second_start_is_refused(data: Path) -> None:
    with program(data, WHEEL) as first:
        first.count_to(1)
        refused = refusal(data)
        assert refused.code == "in_use"
        assert refused.params == {"path": data, "pid": str(first.process.pid)}
        first.count_to(50)  # undisturbed
    with Embedded(data):
        assert refusal(data).params["pid"] == str(os.getpid())


def test_another_major_version_is_refused(data: Path) -> None:
    with Embedded(data, settings=QUICK):
        pass
    version = data / "server/cluster/PG_VERSION"
    text = version.read_text().strip()
    version.write_text("14\n")
    refused = refusal(data)
    assert refused.code == "other_major"
    assert (refused.params["have"], refused.params["want"]) == ("14", text)
    version.unlink()
    assert refusal(data).code == "not_a_cluster"
    version.write_text(text + "\n")
    with Embedded(data, settings=QUICK):
        pass


@pytest.mark.skipif(not system_binaries(), reason="there is no PostgreSQL but the wheel's")
def test_a_folder_moves_to_no_other_engine(data: Path) -> None:
    with Embedded(data, binaries=system_binaries()[0], settings=QUICK):
        pass
    assert refusal(data).code == "other_major"
    with Embedded(data, binaries=system_binaries()[0], settings=QUICK):
        pass


def test_a_lost_admin_password_is_named(data: Path) -> None:
    with Embedded(data, settings=QUICK):
        pass
    lost = data / "suanquan_admin.password"
    lost.unlink()
    refused = refusal(data)
    assert (refused.code, refused.params["path"]) == ("password_lost", lost)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"max_connections": "many"}, 'invalid value for parameter "max_connections"'),
        ({"no_such": "setting"}, 'unrecognized configuration parameter "no_such"'),
    ],
)
def test_a_server_that_will_not_start_says_why(
    data: Path, settings: Mapping[str, str], why: str
) -> None:
    refused = refusal(data, settings=settings)
    assert refused.code == "server_failed"
    assert why in str(refused.params["detail"])
    with Embedded(data, settings=QUICK) as embedded:  # the lock is free again
        assert query(embedded.app_url, "SELECT 1") == [(1,)]


def test_a_failed_making_leaves_nothing(folder: Path, data: Path) -> None:
    programs = reachable(WHEEL, server_account(), folder / "engine")  # no copy is to be made later
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # as if the disk were full
    try:
        refused = refusal(data, binaries=programs)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.code == "initdb_failed"
    assert "File too large" in str(refused.params["detail"])
    assert list((data / "server").iterdir()) == []
    with Embedded(data, settings=QUICK):
        pass
