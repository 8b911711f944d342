"""Commands about the policy: which versions there are, what one says, whether a file is sound.

They need no server and no database, only the files of the policy themselves.
"""

from typing import Annotated, Any

import typer

from api.cli.client import say
from api.cli.failures import failures
from api.cli.options import Json
from api.cli.screen import as_json, money, pairs, table
from api.policy.boundaries_cli import boundaries
from api.policy.check_cli import check
from api.policy.evaluate_cli import evaluate
from api.policy.explain_cli import explain, replay
from api.policy.simulate.cli import simulate

app = typer.Typer()
policy = typer.Typer(no_args_is_help=True, help="政策 / the policy")
app.add_typer(policy, name="policy")
for command in (evaluate, explain, replay, check, boundaries, simulate):
    policy.command()(command)


@policy.command("list")
def list_versions(*, json_: Json = False) -> None:
    """所有政策版本 / all versions of the policy."""
    with failures():
        from ledger.policy.text.published import load, versions  # noqa: PLC0415

        found = [load(version) for version in versions()]
    if json_:
        as_json([p.version for p in found])
    else:
        table(say("版本 标题", "version title").split(), [[p.version, p.title] for p in found])


@policy.command()
def show(
    version: Annotated[str, typer.Argument(help="政策版本 / version")], *, json_: Json = False
) -> None:
    """一个版本的条款、比例、上限与条件 / the clauses of a version."""
    with failures():
        told = _version(version)
    if json_:
        as_json(told)
        return
    begin, end = told["effective"] or (None, None)
    pairs(
        [
            (say("版本", "version"), told["version"]),
            (say("标题", "title"), told["title"]),
            (say("施行", "in force from"), begin),
            (say("至", "until before"), end),
        ]
    )
    for clause in told["clauses"]:
        print(f"\n{clause['id']} {clause['title']}（{clause['article']}）")
        for c in clause["require"]:
            print(f"  {c['words']}\n    {c['fact']} {c['op']} {_value(c['value'])}")
        print(f"  {clause['words']}")
        for name, told_of in _sum(clause):
            print(f"    {name} {told_of}")
        if questions := " ".join(clause["undecided"]):
            print(say(f"  未裁定的问题：{questions}", f"  open questions: {questions}"))


def _version(name: str) -> dict[str, Any]:
    """A version as plain values; rates are fractions, caps fen."""
    from ledger.policy.text.published import load  # noqa: PLC0415 - loaded when it is used

    found = load(name)
    span = found.effective.span
    return {
        "version": found.version,
        "title": found.title,
        "drill": found.drill,
        "effective": span and [str(span.start), str(span.end) if span.end else None],
        "clauses": [
            {
                "id": clause.id,
                "title": clause.title,
                "article": clause.article,
                "text": clause.text,
                "span": clause.span and list(clause.span),
                "departments": list(clause.departments),
                "payee": clause.payee,
                **_amount(clause),
                "payable": found.payable(clause),
                "undecided": list(found.undecided_questions(clause)),
                "require": [
                    {"fact": c.fact, "op": c.op, "value": _threshold(c.value), "words": c.words}
                    for c in (*found.scope.require, *clause.require)
                ],
            }
            for clause in found.clauses
        ],
    }


def _amount(clause: Any) -> dict[str, Any]:  # noqa: ANN401 - loaded when it is used
    """What a clause gives, as plain values."""
    amount = clause.amount
    return {
        "kind": amount.kind,
        "words": amount.words,
        "base": amount.base,
        "rate": amount.rate and str(amount.rate),
        "mode": amount.mode,
        "bands": [
            [_plain(band.low), _plain(band.high), _plain(band.gives)] for band in amount.bands
        ],
        "cap_fen": amount.cap and amount.cap.fen,
        "limit": amount.limit,
        "scope": amount.unit and amount.unit.scope,
        "period": amount.unit and amount.unit.period,
        "pool": clause.pool,
        "selection": clause.selection and clause.selection.limit,
    }


def _sum(clause: dict[str, Any]) -> list[tuple[str, object]]:
    """The figures of a sum, those that there are."""
    rows = [
        (say("公式", "formula"), clause["kind"]),
        (say("基数", "base"), clause["base"] or clause["limit"]),
        (say("比例", "rate"), clause["rate"]),
        (say("上限", "cap"), clause["cap_fen"] and money(clause["cap_fen"])),
        (say("总额池", "pool"), clause["pool"]),
        (say("名额", "selected at most"), clause["selection"]),
    ]
    rows += [
        (say("档", "band"), f"[{low}, {high if high is not None else '∞'}) → {gives}")
        for low, high, gives in clause["bands"]
    ]
    return [(name, value) for name, value in rows if value is not None]


def _plain(value: object) -> object:
    return value if isinstance(value, (int, type(None))) else str(value)


def _threshold(value: object) -> object:
    return list(value) if isinstance(value, tuple) else _plain(value)


def _value(threshold: object) -> str:
    """What a condition compares with, as a policy file has it."""
    if isinstance(threshold, list):
        return ", ".join(threshold)
    return str(threshold).lower()
