"""`make audit`: known weaknesses of the packages in requirements.txt, by pip-audit.

pip-audit asks the databases of PyPI or OSV. Where neither answers, that is said, and what is
behind its newest version is listed instead: that is no audit. pip-audit lives in a folder of its
own beside the tools of the project (.venv/audit).
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".venv" / "audit"
DATABASES = ("pypi", "osv")
SECONDS = 300


def main() -> int:
    """Print what is known; 1 where a package has a known weakness, 2 where nobody was asked."""
    if not (HOME / "bin" / "pip-audit").exists():
        venv.create(HOME, with_pip=True)
        subprocess.run([HOME / "bin/pip", "install", "--quiet", "pip-audit"], check=True)
    for database in DATABASES:
        packages = _ask(database)
        if packages and all("vulns" in package for package in packages):
            return _print(database, packages)
        print(f"{database}: no answer for {_unanswered(packages)}")
    print("No database of weaknesses could be asked. Behind their newest version are:")
    listed = [sys.executable, "-m", "pip", "list", "--outdated", "--disable-pip-version-check"]
    subprocess.run(listed, check=True)
    return 2


def _ask(database: str) -> list[dict[str, object]]:
    """What the database says of each package; a package without `vulns` was not answered."""
    words = [
        str(HOME / "bin/pip-audit"), "--vulnerability-service", database, "--format", "json",
        "--disable-pip", "--require-hashes", "--requirement", str(ROOT / "requirements.txt"),
        "--progress-spinner", "off",
    ]  # fmt: skip
    try:
        answer = subprocess.run(
            words, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False
        )
        packages: list[dict[str, object]] = json.loads(answer.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return []
    return packages


def _unanswered(packages: list[dict[str, object]]) -> str:
    without = sum("vulns" not in package for package in packages)
    return f"{without} packages of {len(packages)}" if packages else "any package"


def _print(database: str, packages: list[dict[str, object]]) -> int:
    found = [package for package in packages if package["vulns"]]
    for package in found:
        print(package["name"], package["version"], json.dumps(package["vulns"], indent=1))
    print(f"{database}: {len(packages)} packages asked for, {len(found)} with a known weakness")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
