"""The texts for nginx and Caddy in docs/doors/tls.md are taken by the programs themselves."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PAGE = (ROOT / "docs/doors/tls.md").read_text(encoding="utf-8")
CERTIFICATES = "/etc/ssl/suanquan"
OPENSSL, NGINX, CADDY = (shutil.which(name) for name in ("openssl", "nginx", "caddy"))


def text_of(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert match
    return match[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a self-made certificate."""
    if OPENSSL is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=x",
         "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "fullchain.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return tmp_path


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_takes_its_text(folder: Path) -> None:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    server = text_of("nginx").replace(CERTIFICATES, str(folder))
    site = folder / "nginx.conf"
    site.write_text(
        f"pid {folder / 'pid'}; events {{}} http {{ access_log off; {paths}\n{server} }}",
        encoding="utf-8",
    )
    words = [str(NGINX), "-t", "-q", "-c", str(site), "-g", f"error_log {folder / 'log'};"]
    result = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(CADDY is None, reason="caddy is not installed")
def test_caddy_takes_its_text(folder: Path) -> None:
    site = folder / "Caddyfile"
    site.write_text(text_of("caddyfile").replace(CERTIFICATES, str(folder)), encoding="utf-8")
    result = subprocess.run(
        [str(CADDY), "validate", "--config", str(site), "--adapter", "caddyfile"],
        capture_output=True, encoding="utf-8", check=False,
        env={"HOME": str(folder), "XDG_DATA_HOME": str(folder)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_neither_repeats_the_servers_headers_nor_passes_on_what_visitors_claim() -> None:
    for text in (text_of("nginx"), text_of("caddyfile")):
        assert "Strict-Transport-Security" not in text
        assert "proxy_add_x_forwarded_for" not in text
        assert "X-Forwarded-For" in text
