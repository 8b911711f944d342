"""`suanquan policy explain` and `replay`: why, in the words of the policy, and whether it holds.

`explain` decides one clause on facts typed as people type them (yuan, 万, 亿). `replay` decides a
kept record again and says whether the same follows, to the letter. Neither needs a server.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.client import Failure, say
from api.cli.failures import failures
from api.cli.options import Json
from api.cli.screen import as_json
from api.policy.evaluate_cli import Readings, read_file, readings

_SHAPES = {"met": "●", "unmet": "■", "judgement": "◆", "open": "○", "exempt": "–"}


def explain(
    clause: Annotated[str, typer.Argument(metavar="CLAUSE", help="条款，如 03-1 / clause")],
    facts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FACT=VALUE",
            help="事实；金额写元，可用 万、亿；是否写 yes、no / facts; sums in yuan, 万, 亿",
        ),
    ] = None,
    *,
    version: Annotated[str, typer.Option("--policy", help="政策版本 / version")],
    reading: Readings = None,
    json_: Json = False,
) -> None:
    """按一个版本认定一个条款，说明理由 / decide one clause, and say why."""
    with failures():
        from api.policy.explain.evaluation import evaluated  # noqa: PLC0415 - loaded when it is used
        from ledger.policy.decide.cases import Case  # noqa: PLC0415
        from ledger.policy.text.published import load  # noqa: PLC0415

        policy = load(version, readings(reading or ()))
        told = evaluated(policy, Case(clause, _keyed(policy, facts or [])), explain=True)
        if json_:
            as_json(told)
        else:
            print("\n".join(as_text(told)))


def replay(
    file: Annotated[Path, typer.Argument(help="认定记录，JSON / a record, JSON")],
    *,
    json_: Json = False,
) -> None:
    """按记录重新认定，核对是否一字不差 / decide a record again; is it the same?"""
    with failures():
        from ledger.policy.decide.record import replay  # noqa: PLC0415 - loaded when it is used

        kept = _record(read_file(file))
        again = replay(kept)
        same = again is not None and again.as_json() == kept
        if json_:
            as_json({"same": same, "record": again and again.as_json()})
        elif same:
            print(say(f"重新认定，一字不差：{kept['digest']}", f"the same: {kept['digest']}"))
        if not same:
            there = again.digest if again else "—"
            wrong = f"重新认定的结果与记录不同：{there}"
            raise Failure(say(wrong, f"decided again, it is not the same: {there}"))


def as_text(told: dict[str, Any]) -> Iterator[str]:
    """An evaluated case with its explanation, line by line."""
    why = told["explanation"]
    yield f"{told['clause']} {why.get('title', '')}：{why['word']}，{why['outcome']}".replace(
        f"{why['word']}，{why['word']}", why["word"]
    )
    if told["note"]:
        yield f"  {told['note']}"
    if "sentence" in why:
        sentence = why["sentence"]
        yield f"  {sentence['article']} {sentence['place']}"
        yield f"  「{sentence['text']}」"
    yield from _section(say("有误", "wrong"), [f["message"] for f in why["errors"]])
    yield from _section(say("条件", "conditions"), map(_condition, why["conditions"]))
    yield from _section(say("还缺", "missing"), map(_proved, why["lacking"]))
    yield from _section(say("算法", "arithmetic"), map(_quoted, why["arithmetic"]))
    yield from _section(say("限制", "limits"), map(_quoted, why["limits"]))
    yield from _section(say("怎样会不同", "what would change it"), map(_named, why["changes"]))
    yield from _section(say("所依据的待定问题", "open questions"), map(_question, why["questions"]))
    if why["record"]:
        yield say("记录 ", "record ") + why["record"]["digest"]


def _section(title: str, lines: Any) -> Iterator[str]:  # noqa: ANN401 - any iterable of texts
    listed = [f"  {line}" for line in lines]
    if listed:
        yield title
        yield from listed


def _condition(one: dict[str, Any]) -> str:
    several = len(one["facts"]) > 1
    told = "".join(f"\n      {_given(fact) if several else _proved(fact)}" for fact in one["facts"])
    reading = f"（{one['reading']}）" if one["reading"] else ""
    return f"{_SHAPES[one['state']]} {one['word']} 「{one['quote']}」{reading} {one['text']}{told}"


def _given(fact: dict[str, Any]) -> str:
    return f"{'− ' if fact['less'] else ''}{_proved(fact)} {fact['text']}"


def _proved(fact: dict[str, Any]) -> str:
    by = "；".join(one for one in (fact["evidence"], fact["owner"]) if one)
    label = str(fact["label"])
    return label + (say(f"（证据：{by}）", f" (evidence: {by})") if by else "")


def _quoted(one: dict[str, Any]) -> str:
    quote = f"「{one['quote']}」" if one["quote"] else one.get("label", "")
    return f"{quote} {one['text']}".strip()


def _named(one: dict[str, Any]) -> str:
    return f"{one['label']} {one['text']}"


def _question(one: dict[str, Any]) -> str:
    return f"{one['question']} {one['asks']} {one['reading']}（{one['text']}）"


def _keyed(policy: Any, given: list[str]) -> dict[str, object]:  # noqa: ANN401 - loaded when used
    """The facts that were typed; one that no clause knows is left to the engine to refuse."""
    from api.messages.sentences import findings  # noqa: PLC0415 - loaded when it is used
    from ledger.errors import Finding  # noqa: PLC0415
    from ledger.policy.decide.typed_facts import keyed  # noqa: PLC0415

    facts: dict[str, object] = {}
    wrong = []
    for one in given:
        name, _, text = one.partition("=")
        kind = policy.facts.get(name)
        if kind is None:
            facts[name] = text
            continue
        facts[name], code = keyed(kind, text)
        if code:
            wrong.append(Finding(name, code, (("words", kind.words),)))
    if wrong:
        lines = tuple(f"{f['where']}: {f['message']}" for f in findings(wrong))
        raise Failure(say("有的值读不懂", "some values cannot be read"), lines)
    return facts


def _record(raw: bytes) -> dict[str, Any]:
    try:
        kept = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Failure(say("记录不是正确的 JSON", "the record is no JSON")) from error
    wanted = {"engine", "policy", "clause", "readings", "facts", "digest"}
    if not isinstance(kept, dict) or not wanted <= kept.keys():
        raise Failure(say("这不是一份认定记录", "this is no record of a decision"))
    return kept
