"""`suanquan import`: what a courier brought goes to the server, and its answer is written.

Batches get a receipt, and a node's request to be enrolled gets its answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from agents.enrolment_files import ANSWER, EnrolmentAnswer, read_request
from agents.parcels import RECEIPT, FileFault, Parcel, Receipt, parcels, write_file
from api.cli.answer import Answer, Column, Listing, Table
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import METERING
from api.cli.values import NUMBER
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.metering.couriers.tally import TAKEN, Tally

app = Commands()
imports = Commands(msgid("由人带来的文件"))
app.add_typer(imports, name="import", rich_help_panel=METERING)

BATCHES = (
    Column(msgid("采集端"), "agent"),
    Column(msgid("结果"), lambda row: _("收下") if row["outcome"] == TAKEN else row["outcome"]),
    Column(msgid("批次"), "batches", NUMBER),
    Column(msgid("收下窗口"), "kept", NUMBER),
    Column(msgid("已有窗口"), "known", NUMBER),
    Column(msgid("冲突"), "conflicts", NUMBER),
    Column(msgid("隔离"), "quarantined", NUMBER),
    Column(msgid("拒收"), "refused", NUMBER),
)


@imports.verb("batches", msgid("导入采集端或中继导出的批次文件，写出回执"))
def batches(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("批次文件"))],
    *,
    receipt: Annotated[
        Path | None, typer.Option(help=msgid("回执写到哪里；不写即 FILE.receipt"))
    ] = None,
) -> Listing:
    """Send a courier's batches to the server in their order, and write its answers as a receipt.

    The file is found whole before anything is sent; sending it again gets the same answers.
    """
    path = receipt or file.with_name(file.name + ".receipt")
    tally = Tally()
    with _whole(file), Client() as client:
        write_file(path, RECEIPT, _send(client, parcels(file), tally))
    rows = tally.rows()
    table = Table(BATCHES, rows, msgid("文件里没有批次"))
    receipt_line = _("回执：{file}").format(file=path)
    return Listing({"receipt": str(path), "batches": rows}, [table, receipt_line], _failure(rows))


@imports.verb("enrolment", msgid("导入没有线路的节点的注册请求，写出回答"))
def enrolment(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("注册请求"))],
    *,
    answer: Annotated[
        Path | None, typer.Option(help=msgid("回答写到哪里；不写即 FILE.answer"))
    ] = None,
) -> Answer:
    """Enrol a node by its request, and write the answer for the way back."""
    path = answer or file.with_name(file.name + ".answer")
    with _whole(file):
        reply = ask("POST", "enrolment-requests", body=asdict(read_request(file)))
        write_file(path, ANSWER, [EnrolmentAnswer(**reply)])
    line = _("{node} 已注册，编号 {agent}；回答：{file}")
    return Answer(reply | {"file": str(path)}, [line.format(**reply, file=path)])


@contextmanager
def _whole(file: Path) -> Iterator[None]:
    """Say what is wrong with a courier's file; nothing of it was sent."""
    try:
        yield
    except FileFault as fault:
        raise Failure(_fault(fault).format(file=file, line=fault.line)) from fault
    except OSError as error:
        message = _("{file}：{why}").format(file=error.filename or file, why=error.strerror)
        raise Failure(message) from error


def _send(client: Client, items: Iterator[Parcel], tally: Tally) -> Iterator[Receipt]:
    for parcel in items:
        status, body, signature = client.pass_batch(parcel.agent, parcel.signature, parcel.body)
        receipt = Receipt(parcel.key, parcel.digest, status, body, signature)
        try:
            tally.add(parcel, receipt)
        except (ValueError, KeyError, TypeError) as error:
            raise Failure(_("服务器的回答看不懂")) from error
        yield receipt


def _failure(rows: list[dict[str, Any]]) -> Failure | None:
    """The command fails where the server did not take a batch: the receipt says so to its node."""
    count = sum(row["batches"] for row in rows if row["outcome"] != TAKEN)
    return Failure(_("{count} 批没有收下，仍在节点上").format(count=count)) if count else None


def _fault(fault: FileFault) -> str:
    sentences = {
        "another_format": _("{file} 不是采集端写的这种文件"),
        "another_version": _("{file} 是本程序不认识的版本"),
        "cut_off": _("{file} 没有写完或没有拷完（到第 {line} 行）：请重新拷贝；什么也没有导入"),
        "changed": _("{file} 与其摘要不符（第 {line} 行）：请重新拷贝；什么也没有导入"),
        "unreadable_line": _("{file} 第 {line} 行损坏：请重新拷贝；什么也没有导入"),
    }
    return sentences[fault.code]
