"""A real provider of identities for tests: oidc-provider, certified by the OpenID Foundation."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from joserfc.jwk import RSAKey

from tests.support.paths import ROOT

_HERE = Path(__file__).parent
_PACKAGE = ROOT / ".venv/oidc/node_modules/oidc-provider/lib/index.js"
CLIENT, SECRET = "suanquan", "a secret of the tests"


def why_not() -> str:
    """Why there can be no provider here; empty if there can."""
    if shutil.which("node") is None:
        return "Node.js is not installed: see .ci/run"
    if not _PACKAGE.exists():
        return "oidc-provider is not installed: see .ci/run"
    return ""


@dataclass(frozen=True)
class Place:
    """Where the provider listens, and where it sends people and words to."""

    port: int
    url: str

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def free_place(url: str) -> Place:
    """A place for a provider of a server at this address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return Place(listener.getsockname()[1], url)


@contextmanager
def identities(place: Place) -> Iterator[None]:
    """A provider with a signing key of its own, for as long as the block lasts."""
    key = RSAKey.generate_key(2048, {"use": "sig"}, private=True, auto_kid=True)
    keys = json.dumps({"keys": [key.as_dict(private=True)]})
    callback, logout = (f"{place.url}/sign-in/oidc/{end}" for end in ("callback", "logout"))
    command = ["node", "provider.mjs", str(_PACKAGE), str(place.port), callback, logout, keys]
    with subprocess.Popen(
        command, cwd=_HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()
