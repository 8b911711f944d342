"""`suanquan policy simulate`: what a version would cost for a register of applicants, or a change.

The register (docs/simulate.md) streams through, so it may be long; without one, a made-up register
is drawn with a seed. Rows with faults are told on standard error, and the others go on. It needs no
server and changes nothing.
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

from api.cli.client import Failure, say
from api.cli.failures import failures
from api.cli.options import Json
from api.cli.screen import as_json
from api.policy.evaluate_cli import Readings, readings

_MOST = 10_000_000
_TOLD = 10


def simulate(
    register: Annotated[
        Path | None,
        typer.Argument(help="名册：CSV、JSON 行或 JSON 列表 / CSV, JSON lines, a JSON list"),
    ] = None,
    *,
    version: Annotated[str, typer.Option("--policy", help="政策版本 / version")],
    against: Annotated[
        str | None, typer.Option(metavar="VERSION", help="与另一版本比较 / compare with another")
    ] = None,
    reading: Readings = None,
    generate: Annotated[
        int | None,
        typer.Option(min=1, max=_MOST, help="不用名册，编造这么多申请 / make up so many"),
    ] = None,
    seed: Annotated[int, typer.Option(help="编造的种子 / seed")] = 1,
    top: Annotated[int, typer.Option(min=1, max=1000, help="各列出前几名 / how many to name")] = 10,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="画成图 / draw a picture")
    ] = None,
    json_: Json = False,
) -> None:
    """测算一份名册要花多少钱，改一处又会怎样 / what a register would cost, and a change."""
    if (register is None) == (generate is None):
        raise Failure(say("名册与 --generate 须选一个", "give a register or --generate, not both"))
    tried = readings(reading or ())
    with failures():
        told = _simulated(register, generate, seed, (version, against, tried, top))
    _tell_bad(told)
    if not told["applicants"]:
        raise Failure(say("名册里没有可用的行", "the register has no row that can be used"))
    if picture:
        _draw(picture, told)
    if json_:
        as_json(told)
    else:
        from api.policy.simulate.sums import show  # noqa: PLC0415 - loaded when it is used

        show(told, top)


def _simulated(
    register: Path | None,
    generate: int | None,
    seed: int,
    what: tuple[str, str | None, dict[str, str], int],
) -> dict[str, Any]:
    from api.policy.simulate.values import told as as_values  # noqa: PLC0415 - loaded when it is used
    from ledger.policy.simulation.simulation import simulate as run  # noqa: PLC0415
    from ledger.policy.text.published import load  # noqa: PLC0415

    version, against, tried, top = what
    first = load(version)
    second = load(against or version, tried) if against or tried else None
    with _rows(register, generate, seed, (first, second)) as rows:
        made = run(rows, first, second, top)
    return as_values(made, tried)


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
    what = say("测算", "simulating")
    with bar:
        if generate is not None:
            from ledger.policy.simulation.sample_register import sample_applicants  # noqa: PLC0415 - as it is used

            drawn = islice(sample_applicants(policies[0], seed), generate)
            yield bar.track(drawn, total=generate, description=what)
        elif str(register) == "-":
            bar.add_task(what, total=None)
            yield _read(sys.stdin.buffer, policies, "-")
        else:
            assert register is not None  # noqa: S101 - asked before
            try:
                with bar.open(register, "rb", description=what) as stream:
                    yield _read(stream, policies, str(register))
            except OSError as error:
                wrong = f"读不了 {register}：{error.strerror}"
                raise Failure(say(wrong, f"cannot read {register}: {error.strerror}")) from error


def _read(stream: Any, policies: tuple[Any, Any], name: str) -> Any:  # noqa: ANN401 - loaded late
    from api.messages.sentences import findings, place  # noqa: PLC0415 - loaded when it is used
    from ledger.policy.simulation.applicants import read  # noqa: PLC0415
    from ledger.policy.simulation.columns import Columns  # noqa: PLC0415

    rows, wrong = read(stream, Columns(*(policy for policy in policies if policy)))
    if rows is None:
        lines = tuple(f"{place(f['where'])}: {f['message']}" for f in findings(wrong))
        raise Failure(say(f"名册 {name} 读不了", f"the register {name} cannot be read"), lines)
    return rows


def _tell_bad(told: dict[str, Any]) -> None:
    """The rows that were left out, on standard error."""
    count, shown = told["bad_rows"], told["first_bad_rows"][:_TOLD]
    if not count:
        return
    print(say(f"{count} 行有错，未计：", f"{count} row(s) left out:"), file=sys.stderr)
    for bad in shown:
        line, number = bad["line"], bad["number"] or ""
        faults = "；".join(_fault(fault) for fault in bad["faults"])
        said = say(f"第 {line} 行 {number}：{faults}", f"line {line} {number}: {faults}")
        print("  " + "".join(c if c.isprintable() else "\ufffd" for c in said), file=sys.stderr)
    if count > len(shown):
        more = count - len(shown)
        print(say(f"  另有 {more} 行，见 --json", f"  {more} more: see --json"), file=sys.stderr)


def _fault(fault: dict[str, str]) -> str:
    where = "" if fault["where"] == "row" else f"{fault['where']} "
    return f"{where}{fault['message']}"


def _draw(file: Path, told: dict[str, Any]) -> None:
    from api.policy.simulate.picture import picture  # noqa: PLC0415 - loaded when it is used

    try:
        file.write_text(picture(told), encoding="utf-8")
    except OSError as error:
        wrong = f"写不了 {file}：{error.strerror}"
        raise Failure(say(wrong, f"cannot write {file}: {error.strerror}")) from error
    print(say(f"图已写入 {file}", f"the picture is in {file}"), file=sys.stderr)
