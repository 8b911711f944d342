"""Columns of a register: facts, possibly of one clause, and the applicant's own data.

A fact is named as in the policy's file. Money is integer fen under that name, yuan under the same
name with `yuan` for `fen`, and yuan under its Chinese name; a choice is its key or its words.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from ledger.policy.text.clauses import Policy
from ledger.policy.text.conditions import FactKind
from ledger.units import fen_from_yuan

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_YES_NO = {"true": True, "false": False, "是": True, "否": False}
_OWN_COLUMNS = {
    "number": "number", "申请号": "number", "clauses": "clauses", "条款": "clauses",
    "rank": "rank", "名次": "rank", "name": "name", "名称": "name",
}  # fmt: skip


class Column(NamedTuple):
    """What a title means: a fact (of one clause), or the part `name` of an application."""

    name: str
    fact: str | None
    clause: str | None
    read: Callable[[str], object]  # ValueError: not a sum of yuan
    yuan: bool


class Columns:
    """The titles that a register may use under some versions of the policy."""

    def __init__(self, *policies: Policy) -> None:
        self._facts: dict[str, FactKind] = {}
        for policy in reversed(policies):
            self._facts |= policy.facts
        self.clauses = frozenset(clause.id for p in policies for clause in p.clauses)
        words = [kind.words for kind in self._facts.values()]
        self._by_words = {k.words: n for n, k in self._facts.items() if words.count(k.words) == 1}
        self._in_yuan = {in_yuan(n): n for n, k in self._facts.items() if k.kind == "money"}
        self._by_title: dict[str, Column | None] = {}

    def __getitem__(self, name: str) -> Column | None:
        """Return the meaning of a title; None if it has none."""
        if name not in self._by_title:
            self._by_title[name] = self._find(name)
        return self._by_title[name]

    def _find(self, name: str) -> Column | None:
        if name in _OWN_COLUMNS:
            return Column(_OWN_COLUMNS[name], None, None, str, yuan=False)
        clause, point, rest = name.partition(".")
        if not point:
            clause, rest = "", name
        elif clause not in self.clauses:
            return None
        yuan = rest in self._in_yuan
        fact = self._in_yuan.get(rest) or (rest if rest in self._facts else None)
        if fact is None and rest in self._by_words:
            fact = self._by_words[rest]
            yuan = self._facts[fact].kind == "money"
        if fact is None:
            return None
        return Column(fact, fact, clause or None, _reader(self._facts[fact], yuan=yuan), yuan)


def in_yuan(name: str) -> str:
    """Return the title under which a sum is given in yuan."""
    parts = name.split("_")
    if "fen" not in parts:
        return f"{name}_yuan"
    return "_".join("yuan" if part == "fen" else part for part in parts)


def _reader(kind: FactKind, *, yuan: bool) -> Callable[[str], object]:
    """Return the parser of a cell; text that it cannot parse stays for the engine to reject.

    ValueError where yuan are wanted and there are none.
    """
    if kind.kind == "money" and yuan:
        return fen_from_yuan
    if kind.kind in ("money", "count"):
        return lambda text: int(text) if _INTEGER.fullmatch(text) else text
    if kind.kind == "yes_no":
        return lambda text: _YES_NO.get(text.lower(), text)
    by_words = {words: key for key, words in kind.choices.items()}
    return lambda text: by_words.get(text, text)
