"""A time stamping authority of this machine: OpenSSL's, behind HTTP."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_ROOT = "basicConstraints=critical,CA:TRUE"
_SIGNER = "extendedKeyUsage=critical,timeStamping"
_CONFIG = """\
[authority]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Where it is, the certificate that it is traced to, and how it fails.

    `answer` is sent instead of its own, where there is one.
    """

    address: str
    roots: Path
    answer: bytes | None = None


@contextmanager
def stamp_authority(folder: Path) -> Iterator[Authority]:
    """Run one that keeps its keys in a folder."""
    _make_keys(folder)
    authority = Authority("", folder / "root.pem")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answer = authority.answer if authority.answer is not None else reply(folder, question)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_of_the_request: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        authority.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield authority
        finally:
            server.shutdown()
            thread.join()


def reply(folder: Path, question: bytes) -> bytes:
    """Return its answer to a question."""
    (folder / "question").write_bytes(question)
    words = "ts -reply -config authority.cnf -section authority -queryfile question -out answer"
    _run(folder, words)
    return (folder / "answer").read_bytes()


def _make_keys(folder: Path) -> None:
    (folder / "authority.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01")
    (folder / "extension").write_text(_SIGNER)
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout"
    _run(folder, f"req -x509 {key} root.key -out root.pem -days 2 -subj /CN=root -addext {_ROOT}")
    _run(folder, f"req {key} signer.key -out signer.csr -subj /CN=authority")
    signing = "x509 -req -in signer.csr -CA root.pem -CAkey root.key -CAcreateserial"
    _run(folder, f"{signing} -out signer.pem -days 2 -extfile extension")


def _run(folder: Path, words: str) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
