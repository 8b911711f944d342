"""Enrol a node that has no line: its request is written to a file, the answer is read from one.

What is needed to believe the answer (the code's SHA-256) waits in `enrol.pending` beside the key.
Both steps may be repeated: the same code and key make the same request and get the same answer. A
request with a new code replaces one that nobody answered.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import msgspec

from agents.enrolment_files import REQUEST, EnrolmentRequest, code_hash, code_id, read_answer
from agents.errors import CourierError, IdentityError
from agents.parcels import FileFault, write_file
from agents.reporting.identity import (
    Identity,
    first_key,
    next_key,
    read_secret,
    store,
    switch,
    write_secret,
)
from agents.wire import Enrolment

_PENDING = "enrol.pending"


class _Pending(msgspec.Struct, frozen=True):
    """A request that was written: the code's SHA-256 (hex), and for which key."""

    code_hash: str
    node: str
    rotates: bool


def write_request(folder: Path, path: Path, code: str, node: str, *, rotates: bool) -> None:
    """Write the request to `path`; `rotates` replaces the key of an enrolled node.

    Raises IdentityError, CourierError.
    """
    if rotates:
        identity, key = next_key(folder)
        node = identity.node
    elif Identity.load(folder) is not None:
        raise IdentityError(
            "本节点已经注册；要换密钥，请加 --rotate",
            "this node is enrolled; to replace its key add --rotate",
        )
    else:
        key = first_key(folder)
    pending = _Pending(code_hash(code).hex(), node, rotates)
    write_secret(folder / _PENDING, msgspec.json.encode(pending))
    request = EnrolmentRequest.of(code, key.verify_key.encode().hex(), node)
    try:
        write_file(path, REQUEST, [request])
    except OSError as error:
        raise CourierError(
            f"无法写出 {path}（{error.strerror}）", f"cannot write {path} ({error.strerror})"
        ) from error


def take_answer(folder: Path, path: Path) -> Identity:
    """Read the server's answer and be enrolled. Raises IdentityError, CourierError."""
    pending = _load_pending(folder)
    try:
        answer = read_answer(path)
    except (FileFault, OSError) as error:
        raise CourierError(
            f"{path} 不是完整的注册回答（{error}）；什么也没有改",
            f"{path} is no whole answer to an enrolment ({error}); nothing was changed",
        ) from error
    if pending is None:
        if (identity := Identity.load(folder)) and str(identity.agent) == answer.agent:
            return identity  # taken in before
        raise IdentityError(
            "本节点没有在等注册的回答：请先 suanquan-agent enrol --offline",
            "this node waits for no answer: suanquan-agent enrol --offline first",
        )
    secret = bytes.fromhex(pending.code_hash)
    if (answer.code_id, answer.node) != (code_id(secret), pending.node):
        raise CourierError(
            f"{path} 回答的是别的节点或更早的请求；什么也没有改",
            f"{path} answers another node or an earlier request; nothing was changed",
        )
    if not answer.is_sealed(secret):
        raise CourierError(
            f"{path} 是伪造的：签封与注册码不符；什么也没有改",
            f"{path} is forged: its seal is not made with the code; nothing was changed",
        )
    enrolment = Enrolment(UUID(answer.agent), answer.cluster, answer.node)
    if pending.rotates:
        identity = switch(folder, next_key(folder)[1], enrolment, answer.server_key)
    else:
        identity = store(folder, first_key(folder), enrolment, answer.server_key)
    (folder / _PENDING).unlink()
    return identity


def _load_pending(folder: Path) -> _Pending | None:
    try:
        return msgspec.json.decode(read_secret(folder / _PENDING), type=_Pending)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise IdentityError(
            f"{folder / _PENDING} 已损坏：请再次 suanquan-agent enrol --offline",
            f"{folder / _PENDING} is damaged: suanquan-agent enrol --offline again",
        ) from error
