"""An evaluated case with its explanation, line by line."""

from collections.abc import Iterable, Iterator
from typing import Any

from api.language.i18n import gettext as _

_SHAPES = {"met": "●", "unmet": "■", "judgement": "◆", "open": "○", "exempt": "–"}


def as_text(case: dict[str, Any]) -> Iterator[str]:
    """The lines of one case, as `evaluated` gives it."""
    why = case["explanation"]
    words = why["word"] if why["outcome"] == why["word"] else f"{why['word']}，{why['outcome']}"
    yield f"{' '.join(filter(None, (case['clause'], why.get('title'))))}：{words}"
    if case["note"]:
        yield f"  {case['note']}"
    if "sentence" in why:
        sentence = why["sentence"]
        yield f"  {sentence['article']} {sentence['place']}"
        yield f"  「{sentence['text']}」"
    yield from _section(_("有误"), [f["message"] for f in why["errors"]])
    yield from _section(_("条件"), map(_condition, why["conditions"]))
    yield from _section(_("还缺"), map(_fact_evidence, why["lacking"]))
    yield from _section(_("算法"), map(_quotation, why["arithmetic"]))
    yield from _section(_("限制"), map(_quotation, why["limits"]))
    yield from _section(_("怎样会不同"), map(_change, why["changes"]))
    yield from _section(_("所依据的待定问题"), map(_question, why["questions"]))
    if why["record"]:
        yield _("记录 {digest}").format(digest=why["record"]["digest"])


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    listed = [f"  {line}" for line in lines]
    if listed:
        yield title
        yield from listed


def _condition(condition: dict[str, Any]) -> str:
    several = len(condition["facts"]) > 1
    facts = "".join(
        f"\n      {_fact_value(f) if several else _fact_evidence(f)}" for f in condition["facts"]
    )
    reading = f"（{condition['reading']}）" if condition["reading"] else ""
    head = f"{_SHAPES[condition['state']]} {condition['word']} 「{condition['quote']}」"
    return f"{head}{reading} {condition['text']}{facts}"


def _fact_value(fact: dict[str, Any]) -> str:
    return f"{'− ' if fact['less'] else ''}{_fact_evidence(fact)} {fact['text']}"


def _fact_evidence(fact: dict[str, Any]) -> str:
    by = "；".join(source for source in (fact["evidence"], fact["owner"]) if source)
    label = str(fact["label"])
    return _("{label}（证据：{by}）").format(label=label, by=by) if by else label


def _quotation(line: dict[str, Any]) -> str:
    quote = f"「{line['quote']}」" if line["quote"] else line.get("label", "")
    return f"{quote} {line['text']}".strip()


def _change(change: dict[str, Any]) -> str:
    return f"{change['label']} {change['text']}"


def _question(question: dict[str, Any]) -> str:
    return f"{question['question']} {question['asks']} {question['reading']}（{question['text']}）"
