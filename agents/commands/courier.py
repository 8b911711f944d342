"""`suanquan-agent export` and `import-receipt`: what waits goes by disk, and the answers come back.

Both work beside a running node's agent or relay, on whatever its data folder has: a node's spool, a
relay's queue. An export changes nothing but that windows get their numbers: every batch in it still
waits until the server's answer comes, by line or by receipt. A receipt is believed where each of
its answers is signed by the server; else nothing of it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from nacl.signing import VerifyKey

from agents import wire
from agents.errors import AgentError, CourierError, IdentityError, Refused
from agents.parcels import BATCHES, FileFault, Parcel, Receipt, receipts, write_file
from agents.relay.queue import Queue
from agents.relay.settings import queue_path
from agents.reporting import server_key
from agents.reporting.identity import Identity
from agents.reporting.report import refused, resume
from agents.reporting.server import Response
from agents.reporting.spool import Spool

_OK, _LATER = 200, 429
_FAULTS = {
    "another_format": ("不是算券的回执文件", "is no receipt of suanquan"),
    "another_version": ("是本程序不认识的版本", "is of a version that this program does not know"),
    "cut_off": ("没有写完或没有拷完：请重新拷贝", "was cut off: copy it again"),
    "changed": ("与摘要不符，已被改动：请重新拷贝", "does not match its digest: copy it again"),
    "unreadable_line": ("内容损坏：请重新拷贝", "is damaged: copy it again"),
}


def export(data: Path, path: Path, now: datetime) -> str:
    """Write what waits in the data folder to a file; return a sentence. Raises AgentError."""
    spool = data / "spool.db"
    queue = queue_path(data)
    if not spool.exists() and not queue.exists():
        raise CourierError(
            f"{data} 中没有上报队列：请用采集端或中继的 SUANQUAN_AGENT_DATA",
            f"there is no spool in {data}: use the agent's or the relay's SUANQUAN_AGENT_DATA",
        )
    try:
        count = write_file(path, BATCHES, _parcels(data, spool, queue, now))
    except OSError as error:
        raise CourierError(
            f"无法写出 {path}（{error.strerror}）", f"cannot write {path} ({error.strerror})"
        ) from error
    return (
        f"{path}：{count} 批；服务器收下之前都还留在这里\n"
        f"{path}: {count} batches; all stay here until the server has them"
    )


def _parcels(data: Path, spool_path: Path, queue_file: Path, now: datetime) -> Iterator[Parcel]:
    if spool_path.exists():
        identity = Identity.load(data)
        if identity is None:
            raise IdentityError(
                "本节点尚未注册，没有可带走的批次", "this node is not enrolled: nothing is signed"
            )
        spool = Spool(spool_path, beside=True)
        try:
            spool.bind_all(identity.agent, now)
            for _, body in spool.unanswered():
                yield Parcel(str(identity.agent), identity.sign(body), body)
        finally:
            spool.close()
    if queue_file.exists():
        queue = Queue(queue_file, beside=True)
        try:
            yield from queue.backlog()
        finally:
            queue.close()


def import_receipt(data: Path, path: Path, environ: Mapping[str, str]) -> str:
    """Take in a receipt: what the server has waits no more; return sentences. Raises AgentError.

    A refusal is obeyed as by line; the first that repeating would not help is told at the end.
    """
    key = server_key.read(data, environ)
    try:
        for _ in _checked_receipts(path, key):  # all of them before the first is used
            pass
        results = list(_sort_in(data, _checked_receipts(path, key)))
    except FileFault as fault:
        zh, en = _FAULTS[fault.code]
        raise CourierError(
            f"{path} {zh}（第 {fault.line} 行）；什么也没有改",
            f"{path} {en} (line {fault.line}); nothing was changed",
        ) from fault
    except OSError as error:
        raise CourierError(
            f"无法读取 {path}（{error.strerror}）", f"cannot read {path} ({error.strerror})"
        ) from error
    for result in results:
        if isinstance(result, AgentError):
            raise result
    words = {
        "answered": ("服务器已收下", "the server has"),
        "refused": ("服务器没有收下，仍在这里", "the server did not take, and stay here"),
        "elsewhere": (
            "不在这里等候（已收下，或属别的节点）",
            "do not wait here (taken, or another node's)",
        ),
    }
    lines = [(results.count(word), *texts) for word, texts in words.items()]
    return "\n".join(
        [f"{count} 批{zh}" for count, zh, _ in lines]
        + [f"{count} batches {en}" for count, _, en in lines]
    )


def _checked_receipts(path: Path, key: VerifyKey) -> Iterator[Receipt]:
    for number, item in enumerate(receipts(path), 2):
        if not server_key.is_signed(key, item.signed, item.signature):
            raise CourierError(
                f"{path} 第 {number} 行不是本节点的服务器签的：回执是伪造的，或来自别的服务器；"
                "什么也没有改",
                f"{path}, line {number}: not signed by this node's server, so the receipt is "
                "forged or another server's; nothing was changed",
            )
        yield item


def _sort_in(data: Path, items: Iterator[Receipt]) -> Iterator[str | AgentError]:
    spool_path, queue_file = data / "spool.db", queue_path(data)
    spool = Spool(spool_path, beside=True) if spool_path.exists() else None
    queue = Queue(queue_file, beside=True) if queue_file.exists() else None
    numbers = {} if spool is None else _numbers(spool)
    try:
        for item in items:
            if spool is not None and item.digest in numbers:
                yield _take_into_spool(spool, item, numbers[item.digest])
                if item.status != _OK:
                    numbers = _numbers(spool)
            elif item.status == _LATER:  # the relay asks again by itself
                yield "refused"
            elif queue is not None and queue.answer(item.key, item.status, item.answer):
                yield "answered" if item.status == _OK else "refused"
            else:
                yield "elsewhere"
    finally:
        for file in (spool, queue):
            if file is not None:
                file.close()


def _numbers(spool: Spool) -> dict[str, int]:
    """Return the numbers of the batches that wait, by the SHA-256 of their bytes."""
    return {sha256(body).hexdigest(): number for number, body in spool.unanswered()}


def _take_into_spool(spool: Spool, item: Receipt, number: int) -> str | AgentError:
    if item.status != _OK:
        try:
            resume(spool, Response(item.status, {}, item.answer), spool.stream, number)
        except Refused as error:
            return error
        return "refused"
    try:
        answer = msgspec.json.decode(item.answer, type=wire.Answer)
    except msgspec.DecodeError:
        return "refused"
    if (answer.stream, answer.number) != (spool.stream, number):
        return "refused"
    spool.acknowledge(number, refused(answer))
    return "answered"
