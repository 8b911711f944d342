"""Which names our own code defines, and which of them are bare participles or pronouns."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.source.trees import tree_of

PARTICIPLES = """
    added agreed announced answered applied asked billed brought called came changed charged chosen
    cited claimed compared conflicting connected copied counted covered created dated decided
    declared delivered derived done drawn earned earning ended explained failed failing filled
    folded followed found gave generated given gone got grouped handled held holding joined kept
    known lacking left loaded lowered made mapped marked masked meant measured mended merged met
    missed moved named needed numbered opened ordered owed owned parsed placed posted priced printed
    promised proposed proved put quoted raised ran ranked reached refunded registered released
    renewed replaced replayed reserving resting returned rounded said saw scaled seen selected sent
    settled shown signed skipped spelled standing started stated stopped stripped surrendered tagged
    taken told tolerated touched tried uncited undecided unseen used waited waiting wanted went
    worked written
"""
PRONOUNS = """
    anything each everything here hers mine nothing one other others ours somebody something such
    that theirs them there these they this those was what who whom yours
"""
BANNED = frozenset((PARTICIPLES + PRONOUNS).split())


def arguments(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[str]:
    values = node.args
    every = (*values.posonlyargs, *values.args, *values.kwonlyargs, values.vararg, values.kwarg)
    yield from (argument.arg for argument in every if argument is not None)


def names_at(node: ast.AST) -> Iterator[str]:
    """The names that this node gives to something."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield name
        case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name


def defined(node: ast.AST, scope: str = "") -> Iterator[tuple[str, str]]:
    """Every name in a tree, with the scope that defines it."""
    for child in ast.iter_child_nodes(node):
        for name in names_at(child):
            # A member of an enumeration is a code; codes are words of files and answers.
            if not (isinstance(node, ast.ClassDef | ast.Assign) and name.isupper()):
                yield scope, name
        inner = scope
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{scope}.{child.name}"
        elif isinstance(child, ast.Lambda):
            inner = f"{scope}.{child.lineno}"
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from ((inner, name) for name in arguments(child))
        yield from defined(child, inner)


def names_of(package: str, root: Path = ROOT) -> list[str]:
    """Every name that a package defines, once for each scope."""
    names: list[str] = []
    for path in sorted((root / package).rglob("*.py")):
        tree = tree_of(path)
        names += [path.stem, *(name for _, name in dict.fromkeys(defined(tree)))]
    return names


def bare_names(names: list[str]) -> list[str]:
    """Those of these names that are one bare word."""
    return [word for name in names if (word := name.strip("_").lower()) in BANNED]
