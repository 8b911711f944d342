"""`suanquan policy boundaries`: a version at its edges, as a page for a legal office or as data.

The page in Chinese is `docs/policy/boundaries.md`; a test holds it to what is printed here. If any
case does not come out as it must, the command fails.
"""

from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any

import typer

from api.cli.answer import Answer
from api.cli.failures import Failure
from api.cli.render import render
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.policy.evaluate_cli import Readings, readings


class Format(StrEnum):
    """How the annex is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def boundaries(
    *,
    version: Annotated[
        str | None, typer.Option("--policy", help=msgid("政策版本，缺省为第一个非演练版本"))
    ] = None,
    reading: Readings = None,
    format_: Annotated[Format, typer.Option("--format", help=msgid("格式"))] = Format.TEXT,
) -> None:
    """Show a version at its edges, for a legal office."""
    from api.policy.explain.annex import annex  # noqa: PLC0415 - loaded when it is used
    from api.policy.explain.annex_page import as_markdown  # noqa: PLC0415
    from ledger.policy.text.published import load, versions  # noqa: PLC0415

    name = version or next(name for name in versions() if not load(name).drill)
    policy = load(name, readings(reading))
    report = annex(policy)
    if format_ is Format.JSON:
        render(Answer(_plain(policy)), as_json=True)
    elif format_ is Format.MARKDOWN:
        print("\n".join(as_markdown(report)))
    else:
        _text(report)
    if report.wrong:
        raise Failure(_("有 {count} 处不符").format(count=report.wrong))


def _text(report: Any) -> None:  # noqa: ANN401 - an Annex, loaded when it is used
    from api.policy.explain.annex_page import summary  # noqa: PLC0415 - loaded when it is used

    print(f"{report.policy.title}（{report.policy.version}）\n{summary(report)}")
    for section in report.sections:
        print(f"\n{section.title}")
        for quotation in section.quotations:
            print(f"  {quotation}")
        for row in section.rows:
            if row.fact:
                bound = f" {row.bound}" if row.bound else ""
                print(f"\n  {row.words}{bound}\n  · {row.fact}")
            print(f"    {row.value}  →  {row.result}  {row.sum}")
        print()
        for note in section.notes:
            print(f"  {note}")


def _plain(policy: Any) -> dict[str, Any]:  # noqa: ANN401 - a Policy
    """Everything as plain values: money in fen, exact fractions and decimals as texts."""
    from ledger.policy.analysis.boundaries import gate, prove  # noqa: PLC0415 - when it is used
    from ledger.policy.analysis.rounds import shared  # noqa: PLC0415

    proofs = [prove(policy, clause) for clause in policy.clauses]
    return {
        "version": policy.version,
        "gate": [_edge(edge) for edge in gate(policy)],
        "clauses": [
            {
                "clause": proof.clause.id,
                "holds": proof.holds,
                "facts": proof.facts,
                "edges": [_edge(edge) for edge in proof.edges],
            }
            for proof in proofs
        ],
        "shared": [_edge(edge) for edge in shared(policy)],
    }


def _edge(edge: Any) -> dict[str, Any]:  # noqa: ANN401 - an Edge
    points = [
        {
            "side": point.side,
            "value": _number(point.value),
            "result": point.result,
            **{k: v for k, v in point.outcome._asdict().items() if v is not None},
            "holds": point.holds,
            "facts": dict(point.facts),
        }
        for point in edge.points
    ]
    return {**edge._asdict(), "at": _number(edge.at), "points": points}


def _number(value: object) -> object:
    return str(value) if isinstance(value, Fraction) else value
