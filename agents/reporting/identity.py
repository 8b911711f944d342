"""Who this node is: an Ed25519 key that never leaves it, and the name the server gave for it.

Enrolment is one exchange. An administrator gives a one-time code; the node makes its key, keeps
it, and sends the code with the public half; the server answers with the agent's id. The key is on
the disk before the code is sent, so a crash anywhere in between is mended by asking again: the same
code with the same key gets the same answer, and no other key ever does.

A new key (`rotate`) is made beside the old one and takes its place in one step, by the name that
`agent.json` gives of it: until then the old one is good, and a crash is mended by asking again.
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
from agents.reporting.server import Request, Response, Server, problem
from agents.wire import Enrol, Enrolled

ENROL_PATH = "/api/v1/agents"
_KEY = "agent.key"
_NEXT_KEY = "agent.key.next"
_NAME = "agent.json"
_KEY_BYTES = 32


class _Kept(Enrolled, frozen=True):
    """The server's answer, and the file of the key that it is about."""

    key: str = _KEY


class Identity:
    """The node's key with the names the server knows it by."""

    def __init__(self, key: SigningKey, enrolled: Enrolled) -> None:
        self._key = key
        self.agent: UUID = enrolled.agent
        self.cluster = enrolled.cluster
        self.node = enrolled.node

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """The identity kept in `folder`, or None when the node was never enrolled.

        Raises IdentityError when the key is damaged or readable by others.
        """
        if not (folder / _NAME).exists():
            return None
        try:
            kept = _kept(folder)
            return cls(SigningKey(_read_secret(folder / Path(kept.key).name)), kept)
        except (OSError, ValueError, TypeError) as error:
            raise IdentityError(
                f"{folder} 中的节点身份已损坏（{error}）："
                f"请删去 {_NAME} 与 {_KEY}，用新的注册码重新注册",
                f"the identity in {folder} is damaged ({error}): delete {_NAME} and {_KEY}, "
                "then enrol with a new code",
            ) from error

    def sign(self, body: bytes) -> str:
        """Base64 of the Ed25519 signature over the SHA-256 of exactly these bytes."""
        return base64.b64encode(self._key.sign(hashlib.sha256(body).digest()).signature).decode()


def enrol(folder: Path, url: str, code: str, node: str) -> Identity:
    """Make the node known to the server at `url` and keep its answer; safe to repeat.

    Raises Unreachable when no usable answer came, IdentityError when the server refuses the code.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    key = _own_key(folder / _KEY)
    enrolled = _introduce(url, code, key, node)
    _write_secret(folder / _NAME, msgspec.json.encode(enrolled))
    return Identity(key, enrolled)


def rotate(folder: Path, url: str, code: str) -> Identity:
    """Give a node that is enrolled a new key by a new code; safe to repeat with the same code.

    What waits in the spool is said again in the new name. The old name stays known to the server
    until somebody revokes it. Raises as `enrol` does; then the old key is still the node's.
    """
    known = Identity.load(folder)
    if known is None:
        raise IdentityError(
            "本节点尚未注册，没有可更换的密钥：请直接注册",
            "this node is not enrolled, there is no key to replace: enrol it",
        )
    old = _kept(folder).key
    draft = folder / _NEXT_KEY
    if draft.exists() and _own_key(draft) == _own_key(folder / old):
        draft.unlink()  # left by a crash after the last rotation
    key = _own_key(draft)
    enrolled = _introduce(url, code, key, known.node)
    kept = _Kept(enrolled.agent, enrolled.cluster, enrolled.node, f"agent-{enrolled.agent}.key")
    _write_secret(folder / kept.key, key.encode())
    _write_secret(folder / _NAME, msgspec.json.encode(kept))
    draft.unlink()
    if old != kept.key:
        (folder / old).unlink(missing_ok=True)
    return Identity(key, kept)


def _kept(folder: Path) -> _Kept:
    return msgspec.json.decode(_read_secret(folder / _NAME), type=_Kept)


def _introduce(url: str, code: str, key: SigningKey, node: str) -> Enrolled:
    wish = Enrol(code=code, public_key=key.verify_key.encode().hex(), node=node)
    with Server(url) as server:
        answer = server.post(Request(ENROL_PATH, msgspec.json.encode(wish)))
        fault = server.fault
    enrolled = _enrolled(answer)
    if enrolled is not None:
        return enrolled
    if answer is not None and answer.status in (400, 401, 403, 404, 409, 410, 422):
        told = problem(answer)
        raise IdentityError(
            f"服务器不接受注册（HTTP {answer.status} {told.code}）：{told.detail}",
            f"the server refuses the enrolment (HTTP {answer.status} {told.code}): {told.detail}",
            told.code,
        )
    why = fault if answer is None else f"HTTP {answer.status}"
    raise Unreachable(
        f"注册时服务器 {url} 没有给出可用的回答（{why}）：请稍后再试，同一注册码仍然有效",
        f"{url} gave no usable answer to enrol ({why}): try again later, the code is still good",
    )


def _enrolled(answer: Response | None) -> Enrolled | None:
    if answer is None or answer.status != 201:  # noqa: PLR2004
        return None
    try:
        return msgspec.json.decode(answer.body, type=Enrolled)
    except msgspec.DecodeError:
        return None


def _own_key(path: Path) -> SigningKey:
    if not path.exists():
        _write_secret(path, SigningKey.generate().encode())
    seed = _read_secret(path)
    if len(seed) != _KEY_BYTES:
        raise IdentityError(
            f"{path} 不是 {_KEY_BYTES} 字节的密钥：请删去它，用新的注册码重新注册",
            f"{path} is no key of {_KEY_BYTES} bytes: delete it, then enrol with a new code",
        )
    return SigningKey(seed)


def _read_secret(path: Path) -> bytes:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise IdentityError(
            f"{path} 可被他人读取（权限 {mode:04o}）：请先执行 chmod 600 {path}",
            f"{path} can be read by others (mode {mode:04o}): run chmod 600 {path} first",
        )
    return path.read_bytes()


def _write_secret(path: Path, content: bytes) -> None:
    """All of it or nothing, on the disk when this returns, and never readable by others."""
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
