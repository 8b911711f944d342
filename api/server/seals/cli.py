"""`suanquan seal now`, `seal export`, `verify`: on this machine's database, beside a server or not.

Verification asks the database alone, with the application's login, and changes nothing. An export
is verified without a database, and with the base install alone.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from string import hexdigits
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.answer import Answer, Block, Column, Heading, Pairs, Table, record
from api.cli.arguments import content_of
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import MACHINE
from api.cli.progress import progress
from api.cli.values import NUMBER, coded
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.seals.cli import SEAL, seal
from api.server.machine_cli import own_database
from ledger.seals.codes import FaultCode, SealKind, UnprovedReason

if TYPE_CHECKING:
    from ledger.seals.rules.faults import Tally
    from ledger.seals.rules.outside.away import Away

app = Commands()
SHOWN = 1_000  # faults; more are counted
HASH_DIGITS = 64
CERTIFICATE_MAX = 4 * 2**20  # bytes

TALLY = (
    Column(msgid("封存"), "seals", NUMBER),
    Column(msgid("封过的行"), "leaves", NUMBER),
    Column(msgid("核对的行"), "rows", NUMBER),
    Column(msgid("重算的分录"), "entries", NUMBER),
    Column(msgid("从别的行重算过的行"), "recomputed", NUMBER),
    Column(msgid("等待封存"), "waiting", NUMBER),
    Column(msgid("算不出的行"), "unproved", NUMBER),
    Column(msgid("不符"), "faulty", NUMBER),
)
FAULTS = (
    Column(msgid("表"), "relation"),
    Column(msgid("主键"), "key"),
    Column(msgid("封存"), "seal", NUMBER),
    Column(msgid("不符"), "code", coded(FaultCode)),
    Column(msgid("写着"), "says"),
    Column(msgid("应为"), "worked_out"),
    Column(msgid("根据"), "rests_on"),
)
UNPROVED = (
    Column(msgid("表"), "relation"),
    Column(msgid("主键"), "key"),
    Column(msgid("为何算不出"), "reason", coded(UnprovedReason)),
    Column(msgid("缺什么"), "detail"),
)
EXPORT_FILE = Column(msgid("导出文件"), "file")
ExportFile = Annotated[Path, typer.Argument(help=msgid("写到哪里，如 2026.zip"))]
NEXT_KEY = Column(msgid("以后的密钥（请改 SUANQUAN_SEAL_KEY）"), "file")
NextKey = Annotated[Path, typer.Argument(help=msgid("新密钥的文件；没有就建立一个，请另存一份"))]
ExportToVerify = Annotated[
    Path | None, typer.Argument(help=msgid("导出、卷宗或证明的文件；不写就核验本机的数据库"))
]
Heads = Annotated[list[str] | None, typer.Option(help=msgid("抄下的封首摘要，可重复：要在链里"))]
Roots = Annotated[
    Path | None,
    typer.Option(help=msgid("时间戳机构的根证书（PEM）；不写就用 SUANQUAN_TSA_ROOTS")),
]
OfMonth = Annotated[str | None, typer.Option("--month", help=msgid("月末封存的账期，如 2026-11"))]


@seal.verb("now", msgid("立即封存上次以来的一切；--month 作月末封存"))
def now(*, month: OfMonth = None) -> Answer:
    """Seal what is new; of a month that is over, once."""
    view = _seal("command seal now", month=first_day(month) if month else None)
    return record(SEAL, {**view, "month": month})


@seal.verb("export", msgid("封存一次，再把封存过的一切写成一个文件，离线也能核验"))
def export(file: ExportFile) -> Answer:
    """Seal what is new, and write everything that was sealed by then into one file."""
    try:
        view = _seal("command seal export", export_to=file)
    except OSError as error:
        wrong = _("写不了 {file}：{why}").format(file=file, why=error.strerror)
        raise Failure(wrong) from error
    return record((*SEAL, EXPORT_FILE), {**view, "month": None, "file": str(file)})


@seal.verb("rotate", msgid("换用另一个封存密钥：由现在的密钥在封首里写明"))
def rotate(file: NextKey) -> Answer:
    """Seal with the present key a head that names the next one; the file is made if it is not."""
    view = _seal("command seal rotate", next_key=file)
    return record((*SEAL, NEXT_KEY), {**view, "month": None, "file": str(file)})


def _seal(
    act: str,
    *,
    month: date | None = None,
    export_to: Path | None = None,
    next_key: Path | None = None,
) -> dict[str, Any]:
    """Seal, and in the same transaction write an export or name the next key."""
    with own_database() as (target, settings):
        from sqlmodel import Session  # noqa: PLC0415 - loaded when it is used

        from api.seals.routes import view_of  # noqa: PLC0415
        from api.server.database import machine_actor  # noqa: PLC0415
        from ledger.metering.queries.windows import raw_connection  # noqa: PLC0415
        from ledger.people.steps.events import record_own  # noqa: PLC0415
        from ledger.seals.rules.occasions import BY_THE_HOUR, Occasion  # noqa: PLC0415
        from ledger.seals.steps.bureau_key import bureau_key, make_bureau_key  # noqa: PLC0415
        from ledger.seals.steps.export import write_export  # noqa: PLC0415
        from ledger.seals.steps.seal import seal as run  # noqa: PLC0415

        engine = target.engine(pool_size=1)
        occasion = Occasion(SealKind.MONTH, month) if month else BY_THE_HOUR
        actor, at = machine_actor(), datetime.now(UTC)
        try:
            with Session(engine) as db:
                key = bureau_key(db, settings.bureau_key)
            with Session(engine, expire_on_commit=False) as db, db.begin():
                last = run(
                    db, key, actor, at, occasion=occasion, algorithm=settings.seal_hash,
                    next_key=make_bureau_key(next_key) if next_key else None,
                )  # fmt: skip
                record_own(db, actor, act, "seals", str(last.number))
                if export_to is not None:
                    write_export(raw_connection(db), export_to, last, _evidence)
        finally:
            engine.dispose()
    view = view_of(last)
    return {**view, "sealed_at": view["sealed_at"].isoformat()}


@app.verb("verify", msgid("核验封存过的每一行：改动、缺失、多出都指名"), panel=MACHINE)
def verify(file: ExportToVerify = None, *, head: Heads = None, tsa_roots: Roots = None) -> Answer:
    """Verify this machine's database, or a file alone; every row that differs is named."""
    roots = _roots_in(tsa_roots) if tsa_roots else None
    copies = [*map(_hash_in, head or ())]
    tally = _verify(roots) if file is None else _verify_file(file, roots)
    tally.note_copies(copies)
    faults = [asdict(fault) for fault in tally.faults[:SHOWN]]
    unproved = [asdict(row) for row in tally.unproved[:SHOWN]]
    counts = {
        "seals": tally.seals,
        "leaves": tally.leaves,
        "rows": tally.rows,
        "entries": tally.entries,
        "recomputed": tally.recomputed,
        "waiting": tally.rows_waiting,
        "unproved": len(tally.unproved),
        "faulty": len(tally.faults),
    }
    failure = Failure(_("{count} 处不符").format(count=len(tally.faults))) if faults else None
    blocks: list[Block] = [Pairs(TALLY, counts)]
    if faults:
        blocks.append(Table(FAULTS, faults))
    if unproved:
        blocks += [Heading(_("算不出、只核对了封存的行")), Table(UNPROVED, unproved)]
    return Answer({**counts, "faults": faults, "unproved_rows": unproved}, blocks, failure)


def _hash_in(text: str) -> str:
    """A head's hash as somebody copied it, in groups or not."""
    copy = "".join(text.split()).lower()
    if len(copy) != HASH_DIGITS or not set(copy) <= set(hexdigits):
        wrong = _("封首摘要应是 {count} 个十六进制数字，此处为 {text}")
        raise Failure(wrong.format(count=HASH_DIGITS, text=text))
    return copy


def _roots_in(file: Path) -> bytes:
    """The certificates in a file; a failure where there is none."""
    content = content_of(file)
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise Failure(_("{file} 里没有证书（PEM）").format(file=file))
    return content


def _verify(roots: bytes | None) -> "Tally":
    with own_database() as (target, settings):
        import psycopg  # noqa: PLC0415 - loaded when it is used

        from ledger.seals.queries.verify import verify as run  # noqa: PLC0415

        with _bar() as look, psycopg.connect(target.app_url) as connection:
            if roots is None and settings.tsa_roots is not None:
                roots = settings.tsa_roots.read_bytes()
            return run(connection, look, _evidence, roots)


def _evidence(raw: Any) -> "Away":  # noqa: ANN401 - the driver is loaded when it is used
    """Who reads the archives; without one nobody needs pyarrow."""
    from api.door.archive.bring_back import evidence  # noqa: PLC0415 - loaded when it is used

    return evidence(raw)


def _verify_file(file: Path, roots: bytes | None) -> "Tally":
    """A certificate, an export, or a claim's dossier: what stands in it says which."""
    from ledger.seals.rules.dossier import MANIFEST  # noqa: PLC0415 - when it is used
    from ledger.seals.rules.dossier_check import check_dossier  # noqa: PLC0415
    from ledger.seals.rules.export_check import check_export  # noqa: PLC0415
    from ledger.seals.steps.open_export import open_export  # noqa: PLC0415

    if (certified := _certificate(file)) is not None:
        return certified
    with _bar() as look, open_export(file) as archive:
        if MANIFEST in archive.names():
            return check_dossier(archive)[1]
        return check_export(archive, look, roots=roots)


def _certificate(file: Path) -> "Tally | None":
    """What is found of a certificate; None where the file is something else, or not there."""
    from ledger.seals.rules.certificate import (  # noqa: PLC0415
        check_certificate,
        is_certificate,
    )

    try:
        content = file.read_bytes() if file.stat().st_size <= CERTIFICATE_MAX else b""
    except OSError:
        return None
    return check_certificate(content)[1] if is_certificate(content) else None


@contextmanager
def _bar() -> Iterator[Callable[["Tally"], None]]:
    """A progress bar, and what moves it."""
    with progress(visible=sys.stderr.isatty()) as bar:
        task = bar.add_task(_("核对的行"), total=None)
        yield lambda tally: bar.update(
            task, completed=tally.rows + tally.recomputed, total=tally.leaves + tally.recomputed
        )


def first_day(month: str) -> date:
    """Return the first day of a month, as `2026-11` names it."""
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise Failure(_("账期应如 2026-11，此处为 {month}").format(month=month)) from error
