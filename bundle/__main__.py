"""Make the folder: wheels, charts, Containerfiles, bills of materials, pages, images, checksums.

    python -m bundle [--base IMAGE] [--to FOLDER]

Wheels are for the Python that runs this; the base image must have the same (3.11 here). With a
base image that is pinned by its digest, or that is here by its id, and with buildah or podman, the
images are built too, without network. Whatever is left out is said.
"""

import argparse
import hashlib
import platform
import re
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from bundle import images, sbom, wheels

ROOT = Path(__file__).parents[1]
IMAGES = ("agent", "server")
LINK = re.compile(r"\]\(([^)#]+)")
PAGES = (
    "install.md", "agents/agent.md", "agents/slurm.md", "agents/dcgm.md", "agents/relay.md",
    "doors/tls.md", "audit/seals.md", "audit/archive.md", "machines/backup.md",
    "registry.md", "settings.md", "commands.md", "metrics.md",
    "faults.md",
    "examples/suanquan-agent.service", "examples/suanquan-agent.env",
    "examples/suanquan-server.service", "examples/registry.yaml",
)  # fmt: skip


def main(words: list[str] | None = None) -> int:
    """Make the bundle and say where it lies; 1 where something that was asked for failed."""
    parser = argparse.ArgumentParser("python -m bundle", description=__doc__)
    parser.add_argument("--base", help="the images' base, pinned: NAME@sha256:… or an image's id")
    parser.add_argument("--to", type=Path, help="a new folder (dist/suanquan-VERSION)")
    arguments = parser.parse_args(words)
    folder = arguments.to or ROOT / "dist" / f"suanquan-{version('suanquan')}"
    try:
        make(folder, arguments.base)
    except (images.NotBuilt, wheels.NotBuilt) as error:
        print(error, file=sys.stderr)
        return 1
    print(folder)
    return 0


def make(folder: Path, base: str | None) -> None:
    """Fill the folder. Raises NotBuilt where a wheel or an image cannot be had."""
    builder = images.builder()
    if base is not None:
        images.check_pinned(base)
        if builder is None:
            raise images.NotBuilt("--base is of no use: neither buildah nor podman is here")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    own = wheels.build(ROOT, folder / "wheels")
    for image in IMAGES:
        wheels.download(ROOT / "containers" / f"{image}.txt", folder / "wheels")
        lines = (ROOT / "containers" / f"{image}.txt").read_text(encoding="utf-8")
        (folder / f"{image}.txt").write_text(lines + wheels.requirement(own), encoding="utf-8")
        shutil.copy(ROOT / "containers" / f"{image}.Containerfile", folder)
        bill = sbom.of_image(image, folder / f"{image}.txt", folder / "wheels", base)
        (folder / f"sbom-{image}.cdx.json").write_text(bill, encoding="utf-8")
    _charts(folder / "charts")
    for page in pages():
        (folder / page).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "docs" / page, folder / page)
    missing = _images(folder, builder, base)
    (folder / "README").write_text(_readme(missing), encoding="utf-8")
    _sums(folder)
    if missing:
        print(missing, file=sys.stderr)


def pages() -> list[str]:
    """Return the pages, and whatever of docs/ they lead to: nothing is to be looked up outside."""
    folder, found, waiting = ROOT / "docs", set[str](), list(PAGES)
    while waiting:
        page = waiting.pop()
        if page in found:
            continue
        found.add(page)
        text = (folder / page).read_text(encoding="utf-8") if page.endswith(".md") else ""
        targets = [link for link in LINK.findall(text) if "://" not in link]
        paths = [(folder / page).parent.joinpath(target).resolve() for target in targets]
        waiting += [str(path.relative_to(folder)) for path in paths if path.is_relative_to(folder)]
    return sorted(found)


def _charts(folder: Path) -> None:
    import helm_python  # noqa: PLC0415 - 85 MB, loaded when it is used

    folder.mkdir()
    for chart in sorted((ROOT / "helm").glob("*/Chart.yaml")):
        helm_python.package(chart.parent, destination=folder)


def _images(folder: Path, builder: str | None, base: str | None) -> str:
    """Build them; otherwise why there are none."""
    if builder is None:
        return (
            "没有镜像：这里没有 buildah 或 podman · no images: neither buildah nor podman is here"
        )
    if base is None:
        return "没有镜像：没有给出 BASE · no images: no BASE was named"
    (folder / "images").mkdir()
    for image in IMAGES:
        name = f"suanquan-{image}:{version('suanquan')}"
        images.build(builder, folder, image, name, base)
    return ""


def _readme(missing: str) -> str:
    python = platform.python_version()
    return (
        f"suanquan {version('suanquan')}\n\n"
        f"wheels: Python {python}, {platform.system()} {platform.machine()},"
        f" glibc {wheels.GLIBC} or newer\n"
        f"{missing or 'images: images/*.tar (oci-archive)'}\n\n"
        "sha256sum -c SHA256SUMS\n"
        "怎样装 · how to install: install.md\n"
    )


def _sums(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{_digest(path)}  {path.relative_to(folder)}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
