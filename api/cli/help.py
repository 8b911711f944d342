"""Help and complaints about a wrong command line, in the reader's language.

Help texts stand in Chinese where the commands are declared and are translated here, before the
command line is read; the words that typer brings along are English and get their Chinese here.
"""

import re
import sys
from collections.abc import Sequence
from typing import Any

from typer import rich_utils
from typer.core import TyperGroup, TyperOption
from typer.exceptions import TyperException

from api.cli.failures import Exit
from api.language.format import capital
from api.language.i18n import SOURCE, language, msgid
from api.language.i18n import gettext as _

_TYPER_WORDS = {
    "Install completion for the current shell.": msgid("为当前 shell 安装自动补全"),
    "Show completion for the current shell, to copy it or customize the installation.": msgid(
        "显示当前 shell 的自动补全脚本"
    ),
}
_COMPLAINTS = (
    (re.compile(r"No such command '(.*?)'\..*"), msgid("没有命令 {0}")),
    (re.compile(r"Missing command\."), msgid("缺少命令")),
    (re.compile(r"Got unexpected extra argument\(s\) \((.*)\)"), msgid("多了参数：{0}")),
    (re.compile(r"Option '(.*)' requires .*"), msgid("选项 {0} 须有值")),
    (re.compile(r"Option '(.*)' does not take a value\."), msgid("选项 {0} 不带值")),
    (re.compile(r"No such option: (.*)"), msgid("没有选项 {0}")),
)


def take_language(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """`--lang en`, wherever it stands, and the command line without it."""
    words: list[str] = list(arguments)
    rest: list[str] = []
    language = None
    while words:
        word = words.pop(0)
        if word == "--":
            return language, [*rest, word, *words]
        if word == "--lang" and words:
            language = words.pop(0)
        elif word.startswith("--lang="):
            language = word.partition("=")[2]
        else:
            rest.append(word)
    return language, rest


def _value_type(option: TyperOption, ctx: Any) -> str | None:  # noqa: ANN401 - typer's context
    """What help says that an option takes: a switch takes nothing."""
    return None if option.is_flag else option.display_type(ctx)


def translate(command: Any) -> None:  # noqa: ANN401 - a command of typer's, or a group
    """Put a command's help, and that of all commands below it, into the reader's language."""
    rich_utils.ARGUMENTS_PANEL_TITLE = _("参数")
    rich_utils.OPTIONS_PANEL_TITLE = _("选项")
    rich_utils.COMMANDS_PANEL_TITLE = _("命令")
    rich_utils.ERRORS_PANEL_TITLE = _("有误")
    rich_utils.DEFAULT_STRING = _("[缺省：{}]")
    rich_utils.REQUIRED_LONG_STRING = _("[必填]")
    TyperOption.display_type_rich = _value_type  # type: ignore[method-assign,assignment]
    for part in (command, *command.params):
        if part.help:
            text = _(_TYPER_WORDS.get(part.help, part.help))
            part.help = text if language() == SOURCE else capital(text)
        if getattr(part, "rich_help_panel", None):
            part.rich_help_panel = _(part.rich_help_panel)
    if isinstance(command, TyperGroup):
        for below in command.commands.values():
            translate(below)


def complain(error: TyperException) -> int:
    """Say what is wrong with the command line; the exit code."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.message, file=sys.stderr)
        return Exit.MISUSED
    if context is not None:
        print(context.get_usage(), file=sys.stderr)
        print(_("说明：{command} --help").format(command=context.command_path), file=sys.stderr)
    print(_complaint(error), file=sys.stderr)
    return Exit.MISUSED


def _complaint(error: TyperException) -> str:
    parameter = getattr(error, "param", None)
    if parameter is not None:
        name = parameter.get_error_hint().replace("'", "")
        if type(error).__name__ == "MissingParameter":
            choices = ", ".join(map(str, parameter.type_descriptor.choices or ()))
            text = _("缺少 {name}，应为以下之一：{choices}") if choices else _("缺少 {name}")
            return text.format(name=name, choices=choices)
        why = _fault(error)
        return _("{name} 的值不对：{why}").format(name=name, why=why)
    if type(error).__name__ == "BadParameter":
        return error.message
    message = error.format_message()
    if language() == SOURCE:
        for pattern, sentence in _COMPLAINTS:
            if match := pattern.fullmatch(error.message):
                return _(sentence).format(*match.groups())
    return message


def _fault(error: TyperException) -> str:
    """What is wrong with a value, from what pydantic or typer says of it."""
    from api.messages.sentences import field_message, sentence  # noqa: PLC0415 - loaded when it is used

    _before, _among, choices = error.message.partition(" is not one of ")
    if choices:
        return sentence("enum", {"expected": choices.replace("'", "").rstrip(".")})
    faults: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    return field_message(faults[0]) if faults else error.message
