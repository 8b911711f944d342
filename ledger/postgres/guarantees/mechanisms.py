"""The mechanisms of the schema as this program makes it, read from `ledger/migrations/schema.sql`.

A trigger, a constraint, an index or a function is the text that PostgreSQL itself gives of it. A
right is what the application may do; what is not written there it may not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ledger.postgres.codes import MechanismKind

SCHEMA = Path(__file__).parents[2] / "migrations" / "schema.sql"
APP = "suanquan_app"  # as the file has it; a database may call it otherwise

_TRIGGER = re.compile(
    r"^(CREATE (?:CONSTRAINT )?TRIGGER (\w+) .*? ON public\.(\w+) .*);$", re.MULTILINE
)
_INDEX = re.compile(r"^(CREATE UNIQUE INDEX (\w+) ON (?:ONLY )?public\.(\w+) .*);$", re.MULTILINE)
_TABLE = re.compile(r"^CREATE TABLE public\.(\w+) \(\n(.*?)^\)", re.MULTILINE | re.DOTALL)
_CHECK = re.compile(
    r"^    CONSTRAINT (\w+) (.*?)(?=,\n    CONSTRAINT |\n\Z)", re.MULTILINE | re.DOTALL
)
_ADDED = re.compile(
    r"^ALTER TABLE(?: ONLY)? public\.(\w+)\n    ADD CONSTRAINT (\w+) (.*);$", re.MULTILINE
)
_FUNCTION = re.compile(
    r"^CREATE FUNCTION public\.(\w+\(.*?\)) RETURNS (.*?);\n\nALTER FUNCTION",
    re.MULTILINE | re.DOTALL,
)
_BODY = re.compile(r"AS (\$\w*\$)(.*)\1$", re.DOTALL)
_GRANT = re.compile(rf"^GRANT (.*) ON TABLE public\.(\w+) TO {APP};$", re.MULTILINE)
_WORD = re.compile(r"(\w+)(?:\(\"?(\w+)\"?\))?")
_CALLED = re.compile(rf"^GRANT ALL ON FUNCTION public\.(\w+)\(.*\) TO {APP};$", re.MULTILINE)
_CLOSED = re.compile(r"^REVOKE ALL ON FUNCTION public\.(\w+)\(.*\) FROM PUBLIC;$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Mechanism:
    """One of them by its name; the table that it is on, where it is on one."""

    kind: MechanismKind
    table: str
    name: str


@dataclass(frozen=True)
class Making:
    """What the schema is made of: the text of each mechanism, and what the application may do."""

    texts: Mapping[Mechanism, str]
    rights: frozenset[tuple[str, str, str]]
    """Table, right and column ('' of all); of a function its name, EXECUTE and ''."""
    closed: frozenset[str]
    """Functions that not everybody may call."""


def trigger(table: str, name: str) -> Mechanism:
    """Return a trigger of a table."""
    return Mechanism(MechanismKind.TRIGGER, table, name)


def constraint(table: str, name: str) -> Mechanism:
    """Return a constraint of a table."""
    return Mechanism(MechanismKind.CONSTRAINT, table, name)


def right(table: str, name: str) -> Mechanism:
    """Return a right that the application lacks: `UPDATE`, or `UPDATE (fen)`."""
    return Mechanism(MechanismKind.RIGHT, table, name)


@cache
def making() -> Making:
    """Return what the schema of this program is made of."""
    text = SCHEMA.read_text(encoding="utf-8")
    return Making(dict(_texts(text)), frozenset(_rights(text)), frozenset(_CLOSED.findall(text)))


def _texts(text: str) -> Iterator[tuple[Mechanism, str]]:
    for whole, name, table in _TRIGGER.findall(text):
        yield trigger(table, name), whole
    for whole, name, table in _INDEX.findall(text):
        yield Mechanism(MechanismKind.INDEX, table, name), whole
    for table, lines in _TABLE.findall(text):
        for name, definition in _CHECK.findall(lines):
            yield constraint(table, name), definition
    for table, name, definition in _ADDED.findall(text):
        yield constraint(table, name), definition
    for signature, rest in _FUNCTION.findall(text):
        body = _BODY.search(rest)
        # Of SQL as PostgreSQL parsed it there is no text, so indentation is the dump's.
        kept = body[2] if body else rest
        yield Mechanism(MechanismKind.FUNCTION, "", signature), _head(rest) + kept


def _head(rest: str) -> str:
    """Whose rights a function has, and where it looks names up: as `catalogue` says it."""
    words = [" SECURITY DEFINER" in rest, "\n    SET search_path TO " in rest]
    return "".join("+" if word else "-" for word in words)


def _rights(text: str) -> Iterator[tuple[str, str, str]]:
    for words, table in _GRANT.findall(text):
        for word, column in _WORD.findall(words):
            yield table, word, column
    for name in _CALLED.findall(text):
        yield name, "EXECUTE", ""
