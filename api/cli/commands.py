"""A group of commands: each asks the server and returns an Answer, which is printed here.

`--json` stands on every command that returns an Answer, `--csv` on every Listing; a command called
`ls` or `list` answers to both names.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from api.cli.answer import Answer, Listing
from api.cli.render import render
from api.language.i18n import gettext as _
from api.language.i18n import msgid

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OTHER_NAME = {"ls": "list", "list": "ls"}
_AS = {
    "as_json": Annotated[bool, typer.Option("--json", help=msgid("输出 JSON"))],
    "as_csv": Annotated[bool, typer.Option("--csv", help=msgid("输出 CSV 表格"))],
}


class _Command(TyperCommand):
    """A command whose usage line and `--help` speak the reader's language."""

    def get_usage(self, ctx: Any) -> str:  # noqa: ANN401 - typer's own
        """The usage line."""
        return _usage(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own
        """The option `--help`."""
        return _translate_help(super().get_help_option(ctx))


class _Group(TyperGroup):
    """A group whose usage line and `--help` speak the reader's language."""

    def get_usage(self, ctx: Any) -> str:  # noqa: ANN401 - typer's own
        """The usage line."""
        return _usage(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own
        """The option `--help`."""
        return _translate_help(super().get_help_option(ctx))


class Commands(typer.Typer):
    """A group of commands, with a help text in Chinese that is translated when it is shown."""

    def __init__(self, help_text: str | None = None, **settings: Any) -> None:  # noqa: ANN401
        super().__init__(cls=_Group, no_args_is_help=True, help=help_text, **settings)

    def verb(
        self, name: str, help_text: str, *, panel: str | None = None, other_name: bool = True
    ) -> Callable[[_Function], _Function]:
        """Register a function as the command of this name; `ls` is `list` too, where it may be."""

        def register(function: _Function) -> _Function:
            runs = _print_answer(function)
            self.command(name, cls=_Command, help=help_text, rich_help_panel=panel)(runs)
            if other_name and (alias := _OTHER_NAME.get(name)):
                self.command(alias, cls=_Command, help=help_text, hidden=True)(runs)
            return function

        return register


def _print_answer(function: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the options of its kind of answer, which prints what it returns."""
    signature = inspect.signature(function)
    kind = signature.return_annotation
    if not (isinstance(kind, type) and issubclass(kind, Answer)):
        return function
    output_options = {"as_json": _AS["as_json"]} | (
        {"as_csv": _AS["as_csv"]} if kind is Listing else {}
    )
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
        for name, option in output_options.items()
    ]

    @wraps(function)
    def run(*, as_json: bool = False, as_csv: bool = False, **arguments: Any) -> None:  # noqa: ANN401
        render(function(**arguments), as_json=as_json, as_csv=as_csv)

    signature = signature.replace(parameters=[*signature.parameters.values(), *options])
    run.__signature__ = signature  # type: ignore[attr-defined] # what typer reads
    run.__annotations__ = {**function.__annotations__, **output_options}
    return run


def _usage(line: str) -> str:
    return line.replace("Usage: ", _("用法："), 1)


def _translate_help(option: Any) -> Any:  # noqa: ANN401 - typer's own
    if option is not None:
        option.help = _("显示此说明")
    return option
