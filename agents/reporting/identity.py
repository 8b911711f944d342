"""The node's identity: an Ed25519 key that never leaves it, and the id the server gave for it.

Enrolment is one exchange. An administrator gives a one-time code; the node makes a key, stores it,
and sends the code with the public half; the server answers with the agent's id. The key is on disk
before the code is sent, so after a crash the node asks again: the same code with the same key gets
the same answer, and no other key does.

`rotate` makes a new key beside the old one and switches by rewriting `agent.json`, which names the
key file. Until then the old key is valid; after a crash, run it again.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from pathlib import Path
from typing import Self
from uuid import UUID

import msgspec
from nacl.signing import SigningKey

from agents.errors import IdentityError, Unreachable
from agents.reporting import server_key
from agents.reporting.server import Request, Response, Server, problem
from agents.wire import SERVER_KEY_HEADER, Enrol, Enrolment

ENROL_PATH = "/api/v1/agents"
_KEY = "agent.key"
_NEXT_KEY = "agent.key.next"
_NAME = "agent.json"
_KEY_BYTES = 32


class _StoredIdentity(Enrolment, frozen=True):
    """The server's answer, and the name of the key file that it belongs to."""

    key: str = _KEY


class Identity:
    """The node's key with its agent id, cluster and node name."""

    def __init__(self, key: SigningKey, enrolment: Enrolment) -> None:
        self._key = key
        self.agent: UUID = enrolment.agent
        self.cluster = enrolment.cluster
        self.node = enrolment.node

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Read the identity in `folder`; None if the node was never enrolled.

        Raises IdentityError when the key is damaged or readable by others.
        """
        if not (folder / _NAME).exists():
            return None
        try:
            record = _load_stored(folder)
            return cls(SigningKey(read_secret(folder / Path(record.key).name)), record)
        except (OSError, ValueError, TypeError) as error:
            raise IdentityError(
                f"{folder} 中的节点身份已损坏（{error}）："
                f"请删去 {_NAME} 与 {_KEY}，用新的注册码重新注册",
                f"the identity in {folder} is damaged ({error}): delete {_NAME} and {_KEY}, "
                "then enrol with a new code",
            ) from error

    def sign(self, body: bytes) -> str:
        """Return base64 of the Ed25519 signature over the SHA-256 of exactly these bytes."""
        return base64.b64encode(self._key.sign(hashlib.sha256(body).digest()).signature).decode()


def enrol(folder: Path, url: str, code: str, node: str) -> Identity:
    """Enrol the node with the server at `url` and store its answer; safe to repeat.

    Raises Unreachable when no usable answer came, IdentityError when the server refuses the code.
    """
    key = first_key(folder)
    return store(folder, key, *_send_key(url, code, key, node))


def rotate(folder: Path, url: str, code: str) -> Identity:
    """Replace the key of an enrolled node, with a new code; safe to repeat with the same code.

    What waits in the spool is sent under the new agent id. The server accepts the old id until it
    is revoked. Raises as `enrol` does, and then the old key stays in use.
    """
    identity, key = next_key(folder)
    return switch(folder, key, *_send_key(url, code, key, identity.node))


def first_key(folder: Path) -> SigningKey:
    """Return the key of a node that is not enrolled yet; it is made when it is first asked for."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return _load_or_make_key(folder / _KEY)


def next_key(folder: Path) -> tuple[Identity, SigningKey]:
    """Return the enrolled node's identity and the key that shall replace its own."""
    identity = Identity.load(folder)
    if identity is None:
        raise IdentityError(
            "本节点尚未注册，没有可更换的密钥：请直接注册",
            "this node is not enrolled, there is no key to replace: enrol it",
        )
    draft = folder / _NEXT_KEY
    if draft.exists() and _load_or_make_key(draft) == _load_or_make_key(
        folder / _load_stored(folder).key
    ):
        draft.unlink()  # a crash after the last rotation left it
    return identity, _load_or_make_key(draft)


def store(folder: Path, key: SigningKey, enrolment: Enrolment, of_server: str) -> Identity:
    """Store the server's answer to the first key, and the server's own key (hex, or empty)."""
    server_key.keep(folder, of_server)
    write_secret(folder / _NAME, msgspec.json.encode(enrolment))
    return Identity(key, enrolment)


def switch(folder: Path, key: SigningKey, enrolment: Enrolment, of_server: str) -> Identity:
    """Store the server's answer to the next key, which is the node's from now on."""
    server_key.keep(folder, of_server)
    old = _load_stored(folder).key
    record = _StoredIdentity(
        enrolment.agent, enrolment.cluster, enrolment.node, f"agent-{enrolment.agent}.key"
    )
    write_secret(folder / record.key, key.encode())
    write_secret(folder / _NAME, msgspec.json.encode(record))
    (folder / _NEXT_KEY).unlink()
    if old != record.key:
        (folder / old).unlink(missing_ok=True)
    return Identity(key, record)


def _load_stored(folder: Path) -> _StoredIdentity:
    return msgspec.json.decode(read_secret(folder / _NAME), type=_StoredIdentity)


def _send_key(url: str, code: str, key: SigningKey, node: str) -> tuple[Enrolment, str]:
    """Return the server's answer, and its own public key (hex), which older servers do not say."""
    request = Enrol(code=code, public_key=key.verify_key.encode().hex(), node=node)
    with Server(url) as server:
        answer = server.post(Request(ENROL_PATH, msgspec.json.encode(request)))
        fault = server.fault
    enrolment = _read_enrolment(answer)
    if answer is not None and enrolment is not None:
        return enrolment, answer.headers.get(SERVER_KEY_HEADER.lower(), "")
    if answer is not None and answer.status in (400, 401, 403, 404, 409, 410, 422):
        refusal = problem(answer)
        raise IdentityError(
            f"服务器不接受注册（HTTP {answer.status} {refusal.code}）：{refusal.detail}",
            f"the server refuses the enrolment (HTTP {answer.status} {refusal.code}): "
            f"{refusal.detail}",
            refusal.code,
        )
    why = fault if answer is None else f"HTTP {answer.status}"
    raise Unreachable(
        f"注册时服务器 {url} 没有给出可用的回答（{why}）：请稍后再试，同一注册码仍然有效",
        f"{url} gave no usable answer to enrol ({why}): try again later, the code is still good",
    )


def _read_enrolment(answer: Response | None) -> Enrolment | None:
    if answer is None or answer.status != 201:  # noqa: PLR2004
        return None
    try:
        return msgspec.json.decode(answer.body, type=Enrolment)
    except msgspec.DecodeError:
        return None


def _load_or_make_key(path: Path) -> SigningKey:
    if not path.exists():
        write_secret(path, SigningKey.generate().encode())
    secret = read_secret(path)
    if len(secret) != _KEY_BYTES:
        raise IdentityError(
            f"{path} 不是 {_KEY_BYTES} 字节的密钥：请删去它，用新的注册码重新注册",
            f"{path} is no key of {_KEY_BYTES} bytes: delete it, then enrol with a new code",
        )
    return SigningKey(secret)


def read_secret(path: Path) -> bytes:
    """Read a file that is its owner's alone. Raises IdentityError if others can read it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise IdentityError(
            f"{path} 可被他人读取（权限 {mode:04o}）：请先执行 chmod 600 {path}",
            f"{path} can be read by others (mode {mode:04o}): run chmod 600 {path} first",
        )
    return path.read_bytes()


def write_secret(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 atomically; it is on disk when this returns."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
