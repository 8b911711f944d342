"""nginx as a process, with the server blocks of docs/doors/tls.md; ports and paths are ours."""

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.support.paths import ROOT
from tests.support.processes import until

PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
PAGE = ROOT / "docs" / "doors" / "tls.md"
HOST = "suanquan.example.cn"
_MAIN = """
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""


def blocks() -> tuple[str, str]:
    """The texts for nginx on the page: a server, and what stands in it where doors are split."""
    pattern = re.compile(r"^```nginx\n(.*?)^```", re.DOTALL | re.MULTILINE)
    whole, split = pattern.findall(PAGE.read_text("utf-8"))
    return whole, split


def with_changes(text: str, changes: dict[str, object]) -> str:
    """The text with other words in places that it must have."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, str(new))
    return text


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def nginx(folder: Path, servers: str) -> Iterator[None]:
    """Run it with these server blocks until the end of the test."""
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, servers=servers), "utf-8")
    command = [str(PROGRAM), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    command += ["-e", str(folder / "error.log")]
    trial = subprocess.run([*command, "-t"], capture_output=True, encoding="utf-8", check=False)
    assert trial.returncode == 0, trial.stderr
    process = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        until("nginx", (folder / "nginx.pid").exists)
        yield
    finally:
        process.terminate()
        process.wait(60)


def make_certificate(folder: Path) -> ssl.SSLContext:
    """Make `certificate.pem` and `key.pem` of the host; what a visitor who trusts it uses."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
         "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return ssl.create_default_context(cafile=str(folder / "certificate.pem"))


def visitor(context: ssl.SSLContext, port: int, address: str = "127.0.0.1") -> httpx2.Client:
    """A client at an address of this machine, which asks the host by TLS."""
    transport = httpx2.HTTPTransport(verify=context, local_address=address)
    client = httpx2.Client(
        base_url=f"https://127.0.0.1:{port}", transport=transport, timeout=60,
        headers={"Host": HOST, "Accept": "text/html"},
    )  # fmt: skip
    client.event_hooks = {"request": [_name_host]}
    return client


def _name_host(request: httpx2.Request) -> None:
    request.extensions["sni_hostname"] = HOST
