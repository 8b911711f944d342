"""`suanquan seal now`, `suanquan verify`: on the database of this machine, beside a server or not.

Verification asks the database alone, with the application's login, and changes nothing.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.answer import Answer, Block, Column, Pairs, Table, record
from api.cli.commands import Commands
from api.cli.failures import Failure, database
from api.cli.options import MACHINE
from api.cli.progress import progress
from api.cli.values import NUMBER, coded
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.seals.cli import SEAL, seal
from ledger.seals.codes import FaultCode, SealKind

if TYPE_CHECKING:
    from ledger.postgres.database import Database
    from ledger.seals.rules.faults import Tally

app = Commands()
SHOWN = 1_000  # faults; more are counted

TALLY = (
    Column(msgid("封存"), "seals", NUMBER),
    Column(msgid("封过的行"), "leaves", NUMBER),
    Column(msgid("核对的行"), "rows", NUMBER),
    Column(msgid("重算的分录"), "entries", NUMBER),
    Column(msgid("等待封存"), "waiting", NUMBER),
    Column(msgid("不符"), "faulty", NUMBER),
)
FAULTS = (
    Column(msgid("表"), "relation"),
    Column(msgid("主键"), "key"),
    Column(msgid("封存"), "seal", NUMBER),
    Column(msgid("不符"), "code", coded(FaultCode)),
)
OfMonth = Annotated[str | None, typer.Option("--month", help=msgid("月末封存的账期，如 2026-11"))]


@seal.verb("now", msgid("立即封存上次以来的一切；--month 作月末封存"))
def now(*, month: OfMonth = None) -> Answer:
    """Seal what is new; of a month that is over, once."""
    first = _first_day(month) if month else None
    with database(), _reach() as target:
        from sqlmodel import Session  # noqa: PLC0415 - loaded when it is used

        from api.seals.routes import view_of  # noqa: PLC0415
        from api.server.database import machine_actor  # noqa: PLC0415
        from api.settings import read_settings  # noqa: PLC0415
        from ledger.people.steps.events import record_own  # noqa: PLC0415
        from ledger.seals.rules.occasions import BY_THE_HOUR, Occasion  # noqa: PLC0415
        from ledger.seals.steps.bureau_key import bureau_key  # noqa: PLC0415
        from ledger.seals.steps.seal import seal as run  # noqa: PLC0415

        settings, engine = read_settings(), target.engine(pool_size=1)
        try:
            with Session(engine) as db:
                key = bureau_key(db, settings.bureau_key)
            with Session(engine, expire_on_commit=False) as db, db.begin():
                occasion = Occasion(SealKind.MONTH, first) if first else BY_THE_HOUR
                actor, at = machine_actor(), datetime.now(UTC)
                algorithm = settings.seal_hash
                view = view_of(run(db, key, actor, at, occasion=occasion, algorithm=algorithm))
                record_own(db, actor, "command seal now", "seals", str(view["number"]))
        finally:
            engine.dispose()
    return record(SEAL, {**view, "month": month, "sealed_at": view["sealed_at"].isoformat()})


@app.verb("verify", msgid("核验封存过的每一行：改动、缺失、多出都指名"), panel=MACHINE)
def verify() -> Answer:
    """Verify everything that was sealed; every row that differs is named."""
    with database(), _reach() as target:
        tally = _verify(target)
    faults = [
        {"relation": f.relation, "key": f.key, "seal": f.seal, "code": f.code.value}
        for f in tally.faults[:SHOWN]
    ]
    counts = {
        "seals": tally.seals,
        "leaves": tally.leaves,
        "rows": tally.rows,
        "entries": tally.entries,
        "waiting": tally.rows_waiting,
        "faulty": len(tally.faults),
    }
    failure = Failure(_("{count} 处不符").format(count=len(tally.faults))) if faults else None
    blocks: list[Block] = [Pairs(TALLY, counts)]
    if faults:
        blocks.append(Table(FAULTS, faults))
    return Answer({**counts, "faults": faults}, blocks, failure)


def _verify(target: "Database") -> "Tally":
    import psycopg  # noqa: PLC0415 - loaded when it is used

    from ledger.seals.queries.verify import verify as run  # noqa: PLC0415

    with (
        progress(visible=sys.stderr.isatty()) as bar,
        psycopg.connect(target.app_url) as connection,
    ):
        task = bar.add_task(_("核对的行"), total=None)
        return run(
            connection,
            lambda tally: bar.update(task, completed=tally.rows, total=tally.leaves),
        )


@contextmanager
def _reach() -> Iterator["Database"]:
    from api.server.database import reach  # noqa: PLC0415 - loaded when it is used
    from api.settings import read_settings  # noqa: PLC0415

    with reach(read_settings()) as target:
        yield target


def _first_day(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise Failure(_("账期应如 2026-11，此处为 {month}").format(month=month)) from error
