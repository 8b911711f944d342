"""`suanquan policy evaluate`: decide a list of cases, each by itself, without a server.

The cases are a JSON list (`-` is standard input), the answers another, in the same order. A case
that is wrong in itself is answered «rejected» and the rest goes on; only a file that is no list of
cases is a failure.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Column, Listing, listing
from api.cli.arguments import content_of
from api.cli.failures import Failure
from api.cli.values import ABSENT, Format, label_of, money
from api.language.i18n import gettext as _
from api.language.i18n import msgid

Readings = Annotated[
    list[str] | None,
    typer.Option("--reading", metavar="Q12-1=accumulate", help=msgid("试用另一种读法")),
]
Version = Annotated[str, typer.Option("--policy", help=msgid("政策版本"))]
SHOWN = 2  # reasons of a case on its line


def _outcome(case: dict[str, Any]) -> str:
    if "amount_fen" in case:
        return money(case["amount_fen"])
    if "ceiling_fen" in case:
        return f"≤ {money(case['ceiling_fen'])}"
    return _("{posts} 岗").format(posts=case["posts"]) if "posts" in case else ABSENT


def _result(result: str) -> str:
    from ledger.policy.codes import Result  # noqa: PLC0415 - it loads the policy

    return label_of(Result, result)


def _reasons(case: dict[str, Any]) -> str:
    reasons = [reason["message"] for reason in case["reasons"]]
    more = "…" if len(reasons) > SHOWN else ""
    return _("；").join(reasons[:SHOWN]) + more or case["note"]


CASES = (
    Column(msgid("条款"), "clause"),
    Column(msgid("结果"), "result", Format(_result)),
    Column(msgid("金额"), _outcome, Format(str, right=True)),
    Column(msgid("说明"), _reasons),
)


def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("案例文件，JSON 列表"))],
    *,
    version: Version,
    reading: Readings = None,
    explain: Annotated[bool, typer.Option("--explain", help=msgid("逐项说明理由"))] = False,
) -> Listing:
    """Decide cases under a version."""
    from api.policy.explain.as_text import as_text  # noqa: PLC0415 - loaded when it is used

    cases = _decide(content_of(file), version, readings(reading), explain=explain)
    if explain:
        return Listing(cases, ["\n\n".join("\n".join(as_text(case)) for case in cases)])
    return listing(CASES, cases)


def readings(texts: Iterable[str] | None) -> dict[str, str]:
    """`Q12-1=accumulate`, as often as it was given."""
    choices = {}
    for assignment in texts or ():
        question, equals, reading = assignment.partition("=")
        if not equals:
            text = _("读法应写成 Q12-1=accumulate，此处为 {reading}")
            raise Failure(text.format(reading=assignment))
        choices[question.strip()] = reading.strip()
    return choices


def _decide(
    raw: bytes, version: str, readings: dict[str, str], *, explain: bool
) -> list[dict[str, Any]]:
    from api.messages.sentences import fault_lines, findings  # noqa: PLC0415 - loaded when used
    from api.policy.explain.evaluation import evaluated  # noqa: PLC0415
    from ledger.policy.decide import cases  # noqa: PLC0415
    from ledger.policy.text.published import load  # noqa: PLC0415

    policy = load(version, readings)
    listed, wrong = cases.read(raw)
    if listed is None:
        raise Failure(_("案例文件读不了"), fault_lines(findings(wrong)))
    return [evaluated(policy, case, explain=explain) for case in listed]
