"""Compile the message catalogues when the package is built or installed for development."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALE = Path(__file__).parent / "api/language/locale"


class Catalogues(BuildHookInterface):  # type: ignore[type-arg]
    """`locale/en.po` → `locale/en.mo`, which the wheel carries (`artifacts` in pyproject.toml)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile before the files are collected."""
        compile_catalogues()


def compile_catalogues() -> None:
    """Write the .mo of each .po that is newer than it; a reader never sees half a file."""
    for source in LOCALE.glob("*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.stem)
        part = source.with_suffix(".mo.part")
        with part.open("wb") as file:
            write_mo(file, catalogue)
        part.replace(target)
