"""Images, built by buildah or podman without network, and written as OCI archives."""

import re
import shutil
import subprocess
from pathlib import Path

_PINNED = re.compile(r"(.+@sha256:|sha256:)?[0-9a-f]{64}")


class NotBuilt(Exception):
    """An image that cannot be built; the reason is the builder's."""


def builder() -> str | None:
    """Return the program that builds images here, if there is one."""
    return next((name for name in ("buildah", "podman") if shutil.which(name)), None)


def check_pinned(base: str) -> None:
    """Raise NotBuilt unless the base is named by its digest or its id."""
    if not _PINNED.fullmatch(base):
        raise NotBuilt(
            f"基础镜像 {base} 没有写摘要 · the base {base} is not pinned: NAME@sha256:… is wanted"
        )


def build(program: str, folder: Path, image: str, name: str, base: str) -> None:
    """Build one image from the folder's wheels into `images/`. Raises NotBuilt."""
    _run(program, "build", "--network=none", "--pull=never", "--build-arg", f"BASE={base}",
         "--tag", name, "--file", str(folder / f"{image}.Containerfile"), str(folder))  # fmt: skip
    archive = folder / "images" / f"suanquan-{image}.tar"
    _run(program, "push", name, f"oci-archive:{archive}:{name}")


def _run(*words: str) -> None:
    result = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    if result.returncode:
        raise NotBuilt(f"{words[0]} {words[1]}: {(result.stderr or result.stdout).strip()[-2000:]}")
