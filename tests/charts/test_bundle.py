"""`make bundle`: what lies in the folder installs without an index, and the images run.

It takes pip and its index, so it runs by itself: `pytest -m packaging tests/charts`. The images are
built where there are buildah and a base: SUANQUAN_TEST_BASE names one by its digest or id.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import helm_python
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bundle import images
from bundle.__main__ import PAGES, main
from tests.support.charts import CHARTS
from tests.support.paths import DOCS, ROOT

BASE = os.environ.get("SUANQUAN_TEST_BASE")
packaging = [pytest.mark.packaging, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "suanquan"
    assert main(["--to", str(folder), *(["--base", BASE] if BASE else [])]) == 0
    return folder


@pytest.mark.parametrize(
    "base", ["python:3.11-slim", "python@sha256:12", "python@sha256:" + "A" * 64, "latest"]
)
def test_a_base_that_is_not_pinned_is_refused_before_anything_is_made(
    base: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--to", str(tmp_path / "x"), "--base", base]) == 1
    assert base in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_pinned_base_passes() -> None:
    images.check_pinned("registry.example.cn/python:3.11-slim@sha256:" + "0" * 64)
    images.check_pinned("0" * 64)


def test_what_its_page_of_installation_names_lies_beside_it() -> None:
    text = (DOCS / "install.md").read_text(encoding="utf-8")
    links = {link for link in re.findall(r"\]\(([^)#:]+)", text) if not link.startswith("..")}
    files = set(re.findall(r"examples/[\w.-]+", text))
    assert files
    assert links | files <= set(PAGES)


@pytest.mark.parametrize("image", ["agent", "server"])
def test_an_image_holds_what_the_lock_of_the_project_pins(image: str) -> None:
    def pins(file: Path) -> set[str]:
        lines = file.read_text(encoding="utf-8").splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line}

    lock = pins(ROOT / "containers" / f"{image}.txt")
    assert lock
    assert lock <= pins(ROOT / "requirements.txt")


class TestFolder:
    """The folder itself."""

    pytestmark = packaging

    def test_the_sums_are_right_and_of_every_file(self, folder: Path) -> None:
        check = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
                               cwd=folder, check=False)  # fmt: skip
        assert check.returncode == 0
        sums = (folder / "SHA256SUMS").read_text().splitlines()
        files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
        assert {line.split("  ", 1)[1] for line in sums} == files - {"SHA256SUMS"}

    @pytest.mark.parametrize("image", ["agent", "server"])
    def test_its_wheels_install_without_an_index(
        self, folder: Path, image: str, tmp_path: Path
    ) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(tmp_path)], check=True)
        install = subprocess.run(
            [str(tmp_path / "bin/python"), "-m", "pip", "install", "--quiet", "--no-index",
             "--find-links", str(folder / "wheels"), "--no-deps", "--require-hashes",
             "-r", str(folder / f"{image}.txt")],
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert install.returncode == 0, install.stderr
        program = "suanquan-agent" if image == "agent" else "suanquan"
        words = [str(tmp_path / "bin" / program), "--help"]
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0

    @pytest.mark.parametrize("image", ["agent", "server"])
    def test_its_bill_is_one_and_names_every_wheel(self, folder: Path, image: str) -> None:
        text = (folder / f"sbom-{image}.cdx.json").read_text(encoding="utf-8")
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
        libraries = [c for c in json.loads(text)["components"] if c["type"] == "library"]
        lock = (folder / f"{image}.txt").read_text(encoding="utf-8")
        assert len(libraries) == sum("==" in line for line in lock.splitlines())
        assert all(c["hashes"] and c["purl"] and c["licenses"] for c in libraries)

    def test_its_charts_are_the_charts(self, folder: Path) -> None:
        names = []
        for archive in sorted((folder / "charts").glob("*.tgz")):
            with helm_python.Chart.load(archive) as chart:
                names.append(chart.name)
        assert names == CHARTS


@pytest.mark.skipif(not (BASE and shutil.which("buildah")), reason="no buildah, or no base to use")
class TestImages:
    """The images, run by buildah."""

    pytestmark = packaging

    @pytest.mark.parametrize(
        ("image", "command", "code", "words"),
        [
            (
                "agent",
                ["/opt/suanquan/bin/suanquan-agent", "doctor"],
                4,
                "no working NVIDIA driver",
            ),
            ("server", ["/opt/suanquan/bin/suanquan", "--version"], 0, "suanquan "),
            ("server", ["/opt/suanquan/bin/suanquan", "serve"], 1, "SUANQUAN_DATABASE_URL"),
        ],
    )
    def test_its_program_runs(
        self, folder: Path, image: str, command: list[str], code: int, words: str
    ) -> None:
        archive = folder / "images" / f"suanquan-{image}.tar"
        made = subprocess.run(["buildah", "from", f"oci-archive:{archive}"],
                              capture_output=True, encoding="utf-8", check=True)  # fmt: skip
        container = made.stdout.strip()
        try:
            result = subprocess.run(["buildah", "run", container, "--", *command],
                                    capture_output=True, encoding="utf-8", check=False)  # fmt: skip
        finally:
            subprocess.run(["buildah", "rm", container], capture_output=True, check=True)
        assert result.returncode == code, result.stderr
        assert words in result.stdout + result.stderr
