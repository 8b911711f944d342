"""The wheels of the images: our own, built here, and the rest by the hashes of the lock."""

import hashlib
import platform
import subprocess
import sys
from pathlib import Path

GLIBC = "2.28"  # RHEL 8, Kylin V10 and what is newer; wheels of another age are not taken
_AGES = ("_2_28", "_2_27", "_2_26", "_2_24", "_2_17", "2014", "_2_12", "2010", "_2_5", "1")
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


class NotBuilt(Exception):
    """A wheel that cannot be had; the reason is pip's."""


def build(source: Path, folder: Path) -> Path:
    """Build our own wheel into the folder. Raises NotBuilt."""
    folder.mkdir(parents=True, exist_ok=True)
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("suanquan-*.whl")
    return wheel


def download(lock: Path, folder: Path) -> None:
    """Bring the wheels that a lock pins; what has another hash is refused. Raises NotBuilt.

    They are for hosts of this kind that are older than this one, too (GLIBC).
    """
    machine = platform.machine()
    kinds = [word for age in _AGES for word in ("--platform", f"manylinux{age}_{machine}")]
    _pip("download", *kinds, "--only-binary=:all:", "--no-deps", "--require-hashes",
         "--requirement", str(lock), "--dest", str(folder))  # fmt: skip


def requirement(wheel: Path) -> str:
    """Return the line of a lock for a wheel."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def _pip(*words: str) -> None:
    result = subprocess.run([*_PIP, *words], capture_output=True, encoding="utf-8", check=False)
    if result.returncode:
        raise NotBuilt(f"pip {words[0]}: {result.stderr.strip()}")
