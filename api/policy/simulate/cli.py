"""`suanquan policy simulate`: what a version would cost for a register of applicants, or a change.

The register (docs/policy/simulate.md) streams through, so it may be long; without one, a made-up
register is drawn with a seed. Rows with faults are told on standard error, and the others go on. It
needs no server and changes nothing.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from api.cli.answer import Answer
from api.cli.arguments import write
from api.cli.failures import Failure
from api.cli.values import printable
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.policy.evaluate_cli import Readings, Version, readings

_MOST = 10_000_000
_SHOWN = 10


def simulate(
    register: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help=msgid("名册：CSV、JSON 行或 JSON 列表")),
    ] = None,
    *,
    version: Version,
    against: Annotated[
        str | None, typer.Option(metavar="VERSION", help=msgid("与另一版本比较"))
    ] = None,
    reading: Readings = None,
    generate: Annotated[
        int | None, typer.Option(min=1, max=_MOST, help=msgid("不用名册，编造这么多申请"))
    ] = None,
    seed: Annotated[int, typer.Option(help=msgid("编造的种子"))] = 1,
    top: Annotated[int, typer.Option(min=1, max=1000, help=msgid("各列出前几名"))] = 10,
    picture: Annotated[Path | None, typer.Option(metavar="FILE.svg", help=msgid("画成图"))] = None,
) -> Answer:
    """Say what a register would cost, and what a change would."""
    from api.policy.simulate.tables import tables  # noqa: PLC0415 - loaded when it is used

    if (register is None) == (generate is None):
        raise Failure(_("名册与 --generate 须选一个"))
    values = _simulated(register, generate, seed, (version, against, readings(reading), top))
    _tell_bad(values)
    if not values["applicants"]:
        raise Failure(_("名册里没有可用的行"))
    if picture:
        _draw(picture, values)
    return Answer(values, list(tables(values, top)))


def _simulated(
    register: Path | None,
    generate: int | None,
    seed: int,
    options: tuple[str, str | None, dict[str, str], int],
) -> dict[str, Any]:
    from api.policy.simulate.values import as_values  # noqa: PLC0415 - loaded when it is used
    from ledger.policy.simulation.simulation import simulate as run  # noqa: PLC0415
    from ledger.policy.text.published import load  # noqa: PLC0415

    version, against, readings, top = options
    first = load(version)
    second = load(against or version, readings) if against or readings else None
    with _rows(register, generate, seed, (first, second)) as rows:
        result = run(rows, first, second, top)
    return as_values(result, readings)


@contextmanager
def _rows(
    register: Path | None, generate: int | None, seed: int, policies: tuple[Any, Any]
) -> Iterator[Any]:
    """The applicants, behind a progress bar."""
    screen = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=screen, transient=True, disable=not screen.is_terminal,
    )  # fmt: skip
    title = _("测算")
    with bar:
        if generate is not None:
            from ledger.policy.simulation.sample_register import sample_applicants  # noqa: PLC0415 - as it is used

            applicants = islice(sample_applicants(policies[0], seed), generate)
            yield bar.track(applicants, total=generate, description=title)
        elif str(register) == "-":
            bar.add_task(title, total=None)
            yield _read(sys.stdin.buffer, policies, "-")
        else:
            assert register is not None  # noqa: S101 - asked before
            try:
                with bar.open(register, "rb", description=title) as stream:
                    yield _read(stream, policies, str(register))
            except OSError as error:
                text = _("读不了 {file}：{why}")
                raise Failure(text.format(file=register, why=error.strerror)) from error


def _read(stream: Any, policies: tuple[Any, Any], name: str) -> Any:  # noqa: ANN401 - loaded late
    from api.messages.sentences import fault_lines, findings  # noqa: PLC0415 - loaded when used
    from ledger.policy.simulation.applicants import read  # noqa: PLC0415
    from ledger.policy.simulation.columns import Columns  # noqa: PLC0415

    rows, wrong = read(stream, Columns(*(policy for policy in policies if policy)))
    if rows is None:
        text = _("名册 {name} 读不了").format(name=name)
        raise Failure(text, fault_lines(findings(wrong)))
    return rows


def _tell_bad(values: dict[str, Any]) -> None:
    """The rows that were left out, on standard error."""
    count, rows = values["bad_rows"], values["first_bad_rows"][:_SHOWN]
    if not count:
        return
    lines = [_("{count} 行有错，未计：").format(count=count)]
    for bad in rows:
        text = _("  第 {line} 行 {number}：{faults}")
        faults = _("；").join(map(_fault, bad["faults"]))
        number = bad["number"] or ""
        lines.append(printable(text.format(line=bad["line"], number=number, faults=faults)))
    if count > len(rows):
        lines.append(_("  另有 {count} 行，见 --json").format(count=count - len(rows)))
    print(*lines, sep="\n", file=sys.stderr)


def _fault(fault: dict[str, str]) -> str:
    where = "" if fault["where"] == "row" else f"{fault['where']} "
    return f"{where}{fault['message']}"


def _draw(file: Path, values: dict[str, Any]) -> None:
    from api.policy.simulate.picture import picture  # noqa: PLC0415 - loaded when it is used

    write(file, picture(values).encode())
    print(_("图已写入 {file}").format(file=file), file=sys.stderr)
