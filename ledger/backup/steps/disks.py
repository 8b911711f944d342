"""On which disks of this machine a folder lies, as Linux tells it.

A partition, a logical volume and a file that is mounted as a disk lie where what they are made of
lies. Of a file system that is another machine's there is no disk here.
Sources: proc_pid_mountinfo(5); https://docs.kernel.org/admin-guide/sysfs-rules.html
"""

import os
from dataclasses import dataclass
from pathlib import Path

_REMOTE = {
    "nfs", "nfs4", "cifs", "smb3", "ceph", "lustre", "beegfs", "gpfs", "glusterfs", "ocfs2",
    "fuse.ceph-fuse", "fuse.glusterfs", "fuse.juicefs", "fuse.sshfs", "fuse.s3fs", "fuse.goofys",
    "fuse.seaweedfs", "fuse.rclone",
}  # fmt: skip


@dataclass(frozen=True)
class Machine:
    """Where Linux tells of disks and mounts; tests have their own."""

    sys: Path = Path("/sys")
    mounts: Path = Path("/proc/self/mountinfo")

    def is_remote(self, device: int) -> bool:
        """Return whether a device number is of another machine's file system."""
        mount = self._mount(device)
        return mount is not None and mount[0] in _REMOTE

    def disks(self, device: int) -> frozenset[str]:
        """Return the names of the disks below a device number; empty where they are not known."""
        if os.major(device) == 0:  # of a file system that has a number of its own, as btrfs
            mount = self._mount(device)
            source = Path(mount[1]) if mount else Path()
            if not source.is_block_device():
                return frozenset()
            device = source.stat().st_rdev
        block = self.sys / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
        return self._below(block.resolve()) if block.exists() else frozenset()

    def _below(self, block: Path) -> frozenset[str]:
        if (block / "partition").exists():
            return self._below(block.parent)
        backing = block / "loop" / "backing_file"
        if backing.exists():
            file = Path(backing.read_text(encoding="utf-8").rstrip("\n"))
            return self.disks(file.stat().st_dev) if file.exists() else frozenset()
        parts = [self._below(slave.resolve()) for slave in block.glob("slaves/*")]
        return frozenset().union(*parts) if parts else frozenset({block.name})

    def _mount(self, device: int) -> tuple[str, str] | None:
        """Return file system and source of a device number."""
        number = f"{os.major(device)}:{os.minor(device)}"
        for line in self.mounts.read_text(encoding="utf-8", errors="replace").splitlines():
            head, _, tail = line.partition(" - ")
            if head.split()[2] == number:
                kind, source, *_options = tail.split()
                return kind, source
        return None


def are_apart(first: Path, second: Path, machine: Machine | None = None) -> bool:
    """Return whether one folder is lost without the other: on another machine, or on other disks.

    Where that cannot be known, they are not.
    """
    machine = machine or Machine()
    devices = [_device(path) for path in (first, second)]
    if devices[0] == devices[1]:
        return False
    if any(machine.is_remote(device) for device in devices):
        return True
    below, below_other = (machine.disks(device) for device in devices)
    return bool(below and below_other) and below.isdisjoint(below_other)


def _device(path: Path) -> int:
    return path.stat().st_dev
