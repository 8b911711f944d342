"""An evaluated case with its explanation, line by line."""

from collections.abc import Iterable, Iterator
from typing import Any

from api.language.i18n import gettext as _

_SHAPES = {"met": "●", "unmet": "■", "judgement": "◆", "open": "○", "exempt": "–"}


def as_text(case: dict[str, Any]) -> Iterator[str]:
    """The lines of one case, as `evaluated` gives it."""
    why = case["explanation"]
    words = why["word"] if why["outcome"] == why["word"] else f"{why['word']}，{why['outcome']}"
    yield f"{case['clause']} {why.get('title', '')}：{words}"
    if case["note"]:
        yield f"  {case['note']}"
    if "sentence" in why:
        sentence = why["sentence"]
        yield f"  {sentence['article']} {sentence['place']}"
        yield f"  「{sentence['text']}」"
    yield from _section(_("有误"), [f["message"] for f in why["errors"]])
    yield from _section(_("条件"), map(_condition, why["conditions"]))
    yield from _section(_("还缺"), map(_proved, why["lacking"]))
    yield from _section(_("算法"), map(_quoted, why["arithmetic"]))
    yield from _section(_("限制"), map(_quoted, why["limits"]))
    yield from _section(_("怎样会不同"), map(_change, why["changes"]))
    yield from _section(_("所依据的待定问题"), map(_question, why["questions"]))
    if why["record"]:
        yield _("记录 {digest}").format(digest=why["record"]["digest"])


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    listed = [f"  {line}" for line in lines]
    if listed:
        yield title
        yield from listed


def _condition(one: dict[str, Any]) -> str:
    several = len(one["facts"]) > 1
    facts = "".join(f"\n      {_given(f) if several else _proved(f)}" for f in one["facts"])
    reading = f"（{one['reading']}）" if one["reading"] else ""
    return f"{_SHAPES[one['state']]} {one['word']} 「{one['quote']}」{reading} {one['text']}{facts}"


def _given(fact: dict[str, Any]) -> str:
    return f"{'− ' if fact['less'] else ''}{_proved(fact)} {fact['text']}"


def _proved(fact: dict[str, Any]) -> str:
    by = "；".join(one for one in (fact["evidence"], fact["owner"]) if one)
    label = str(fact["label"])
    return _("{label}（证据：{by}）").format(label=label, by=by) if by else label


def _quoted(one: dict[str, Any]) -> str:
    quote = f"「{one['quote']}」" if one["quote"] else one.get("label", "")
    return f"{quote} {one['text']}".strip()


def _change(one: dict[str, Any]) -> str:
    return f"{one['label']} {one['text']}"


def _question(one: dict[str, Any]) -> str:
    return f"{one['question']} {one['asks']} {one['reading']}（{one['text']}）"
