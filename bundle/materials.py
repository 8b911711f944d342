"""`make sbom`: what the program rests on, as a bill (CycloneDX 1.6) and as the table of licences.

Read from the packages as they are installed: each part of the program (an extra of pyproject.toml)
with whatever it requires, on this platform. Build, test and lint need more; no user gets that.
The bill goes to dist/, the table to docs/doors/licences.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bundle import sbom

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "doors" / "licences.md"
BEGIN, END = "<!-- materials: make sbom -->", "<!-- end of materials -->"
PROGRAM = "suanquan"
PARTS = ("", "server", "archive", "agent", "dcgm", "cluster")


@dataclass(frozen=True)
class Material:
    """A package as it is installed, and the parts of the program that need it."""

    package: Distribution
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """The package's name as an index knows it."""
        return canonicalize_name(self.package.metadata["Name"])

    @property
    def licence(self) -> str:
        """Its licence in its own words."""
        return " / ".join(sbom.licence_names(self.package.metadata)) or "—"


def main() -> int:
    """Write the bill and the table, and say where the bill lies."""
    found = materials()
    bill = ROOT / "dist" / f"sbom-{PROGRAM}-{version(PROGRAM)}.cdx.json"
    bill.parent.mkdir(exist_ok=True)
    bill.write_text(sbom.of_program(PROGRAM, [one.package for one in found]), encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    PAGE.write_text(head + table(found) + rest.partition(END)[2], encoding="utf-8")
    print(bill.relative_to(ROOT))
    return 0


def materials() -> list[Material]:
    """Every package that some part of the program needs, by name, without the program itself."""
    packages: dict[str, Distribution] = {}
    parts: dict[str, list[str]] = {}
    for part in PARTS:
        for name, package in _closure(part).items():
            packages[name] = package
            parts.setdefault(name, []).append(part)
    return [
        Material(packages[name], ("",) if "" in parts[name] else tuple(parts[name]))
        for name in sorted(packages)
    ]


def table(found: list[Material]) -> str:
    """Return the table as it stands in the page, between its marks."""
    rows = [
        f"| {one.name} | {one.package.version} | {one.licence} | {_label(one.parts)} |"
        for one in found
    ]
    lines = ["| 包 package | 版本 version | 许可 licence | 部分 part |", "|---|---|---|---|", *rows]
    return "\n".join([BEGIN, "", *lines, "", END])


def _label(parts: tuple[str, ...]) -> str:
    return "全部 all" if parts == ("",) else ", ".join(parts)


def _closure(part: str) -> dict[str, Distribution]:
    """Whatever the part requires, and what that requires; what another platform needs is not here.

    A requirement that holds here but is not installed raises PackageNotFoundError: the table would
    be short of it.
    """
    found: dict[str, Distribution] = {}
    seen = set()
    waiting = [Requirement(f"{PROGRAM}[{part}]" if part else PROGRAM)]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        package = distribution(name)
        if name != PROGRAM:
            found[name] = package
        waiting.extend(_requirements(package, wanted.extras))
    return found


def _requirements(package: Distribution, extras: set[str]) -> Iterator[Requirement]:
    for line in package.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


if __name__ == "__main__":
    raise SystemExit(main())
