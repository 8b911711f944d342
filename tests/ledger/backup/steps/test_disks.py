"""What is lost together, by what Linux says of a machine, which is written into files here."""

import os
from pathlib import Path

import pytest

from ledger.backup.steps import disks
from ledger.backup.steps.disks import Machine, are_apart

SDA1, SDA2, SDB, LVM, MAPPED, NFS, MEMORY = (
    os.makedev(8, 1), os.makedev(8, 2), os.makedev(8, 16), os.makedev(253, 0), os.makedev(253, 1),
    os.makedev(0, 50), os.makedev(0, 51),
)  # fmt: skip
MOUNTS = """\
21 1 8:1 / / rw - ext4 /dev/sda1 rw
22 21 8:2 / /srv rw shared:1 - xfs /dev/sda2 rw
23 21 0:50 / /mnt/backup rw,relatime shared:2 master:1 - nfs4 10.0.0.9:/backup rw,vers=4.2
24 21 0:51 / /dev/shm rw - tmpfs tmpfs rw
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    devices, blocks = tmp_path / "devices", tmp_path / "dev" / "block"
    blocks.mkdir(parents=True)
    for number, name in {
        "8:1": "sda/sda1", "8:2": "sda/sda2", "8:16": "sdb", "253:0": "dm-0", "253:1": "dm-1",
    }.items():  # fmt: skip
        (devices / name).mkdir(parents=True)
        (blocks / number).symlink_to(devices / name)
    for part in ("sda1", "sda2"):
        (devices / "sda" / part / "partition").touch()
    for name, slave in (("dm-0", "sda/sda2"), ("dm-1", "dm-0"), ("dm-1", "sdb")):
        (devices / name / "slaves").mkdir(exist_ok=True)
        (devices / name / "slaves" / Path(slave).name).symlink_to(devices / slave)
    (tmp_path / "mountinfo").write_text(MOUNTS)
    return Machine(tmp_path, tmp_path / "mountinfo")


@pytest.mark.parametrize(
    ("first", "second", "is_apart"),
    [(SDA1, SDA1, False), (SDA1, SDA2, False), (SDA1, SDB, True), (SDA1, LVM, False),
     (SDB, LVM, True), (SDB, MAPPED, False), (SDA1, NFS, True), (NFS, NFS, False),
     (SDA1, MEMORY, False), (MEMORY, NFS, True)],
)  # fmt: skip
def test_two_folders_are_apart_when_no_disk_holds_both(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, first: int, second: int, *, is_apart: bool
) -> None:
    stats = {Path("/first"): first, Path("/second"): second}
    monkeypatch.setattr(disks, "_device", stats.__getitem__)
    assert are_apart(Path("/first"), Path("/second"), machine) is is_apart
    assert are_apart(Path("/second"), Path("/first"), machine) is is_apart


def test_a_folder_and_what_is_on_no_disk_are_not_apart_from_here(tmp_path: Path) -> None:
    assert not are_apart(tmp_path, tmp_path)
    assert not are_apart(tmp_path, Path("/proc"))
