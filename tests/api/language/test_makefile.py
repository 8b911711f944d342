"""`make` compiles the catalogue: after an update the English is that of the new texts."""

import os
import shutil
import subprocess
import sys
from gettext import GNUTranslations
from pathlib import Path

import pytest

from tests.support.paths import ROOT

CATALOGUE = Path("api/language/locale/en.mo")


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_after_an_update_make_compiles_the_new_english(tmp_path: Path) -> None:
    (tmp_path / CATALOGUE.parent).mkdir(parents=True)
    for name in ("Makefile", "hatch_build.py", CATALOGUE.with_suffix(".po")):
        shutil.copy(ROOT / name, tmp_path / name)
    compiled = tmp_path / CATALOGUE
    compiled.write_bytes(b"of an older version")
    os.utime(compiled, (0, 0))
    tools = f"BIN={Path(sys.executable).parent}"
    make = ["make", "--silent", "--old-file=.venv/installed", tools, str(CATALOGUE)]
    subprocess.run(make, cwd=tmp_path, check=True)
    with compiled.open("rb") as file:
        assert GNUTranslations(file).gettext("项目一览") == "Projects"
