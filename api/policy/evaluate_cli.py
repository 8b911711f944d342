"""`suanquan policy evaluate`: decide a list of cases, each by itself, without a server.

The cases are a JSON list (`-` is standard input), the answers another, in the same order. A case
that is wrong in itself is answered «rejected» and the rest goes on; only a file that is no list of
cases is a failure.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.client import Failure, say
from api.cli.failures import failures
from api.cli.options import Json
from api.cli.screen import ABSENT, as_json, called, money, table
from ledger.policy.codes import Result

Readings = Annotated[
    list[str] | None,
    typer.Option("--reading", metavar="Q12-1=accumulate", help="试用另一种读法 / try a reading"),
]


def evaluate(
    file: Annotated[Path, typer.Argument(help="案例文件，JSON 列表 / cases, a JSON list")],
    *,
    version: Annotated[str, typer.Option("--policy", help="政策版本 / version")],
    reading: Readings = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="逐项说明理由 / everything it rests on")
    ] = False,
    json_: Json = False,
) -> None:
    """按一个版本认定一批案例 / decide cases under a version."""
    with failures():
        told = _evaluated(read_file(file), version, readings(reading or ()), explain=explain)
    if json_:
        as_json(told)
        return
    if explain:
        from api.policy.explain_cli import as_text  # noqa: PLC0415 - it takes its options from here

        print("\n\n".join("\n".join(as_text(one)) for one in told))
        return
    titles = say("条款 结果 金额 说明", "clause result sum reasons").split()
    table(titles, [_row(one) for one in told], right="llr")


def readings(given: Any) -> dict[str, str]:  # noqa: ANN401 - what typer gives
    """`Q12-1=accumulate`, as often as it was given."""
    tried = {}
    for one in given:
        question, equals, reading = one.partition("=")
        if not equals:
            wrong = f"读法应写成 Q12-1=accumulate，此处为 {one}"
            raise Failure(say(wrong, f"a reading is written Q12-1=accumulate, not {one}"))
        tried[question.strip()] = reading.strip()
    return tried


def read_file(file: Path) -> bytes:
    """The bytes of a file; `-` is standard input."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Failure(say(f"读不了 {file}：{error}", f"cannot read {file}: {error}")) from error


def _evaluated(
    raw: bytes, version: str, tried: dict[str, str], *, explain: bool
) -> list[dict[str, Any]]:
    from api.messages.sentences import findings, place  # noqa: PLC0415
    from api.policy.explain.evaluation import evaluated  # noqa: PLC0415 - loaded when it is used
    from ledger.policy.decide import cases  # noqa: PLC0415
    from ledger.policy.text.published import load  # noqa: PLC0415

    found = load(version, tried)
    listed, wrong = cases.read(raw)
    if listed is None:
        lines = tuple(f"{place(f['where'])}: {f['message']}" for f in findings(wrong))
        raise Failure(say("案例文件读不了", "these cases cannot be read"), lines)
    return [evaluated(found, case, explain=explain) for case in listed]


def _row(one: dict[str, Any]) -> list[object]:
    """A case on one line: at most its first two reasons."""
    said = [reason["message"] for reason in one["reasons"]]
    shown = "；".join(said[:2]) + ("…" if len(said) > 2 else "")  # noqa: PLR2004
    return [one["clause"], called(Result, one["result"]), _outcome(one), shown or one["note"]]


def _outcome(one: dict[str, Any]) -> str:
    if "amount_fen" in one:
        return str(money(one["amount_fen"]))
    if "ceiling_fen" in one:
        return f"≤ {money(one['ceiling_fen'])}"
    return say(f"{one['posts']} 岗", f"{one['posts']} posts") if "posts" in one else ABSENT
