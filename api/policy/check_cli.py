"""`suanquan policy check`: whether a version's file is sound, with the line of each fault.

Beside the file stand the whole text that it quotes and the worked cases of its clauses; where they
are not there, those of the versions that are installed serve.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from api.cli.answer import Answer
from api.cli.failures import Failure
from api.language.i18n import gettext as _
from api.language.i18n import msgid

File = Annotated[
    Path | None, typer.Argument(metavar="FILE", help=msgid("政策文件，缺省为全部已装版本"))
]


def check(file: File = None) -> Answer:
    """Check whether a policy's file is sound; of all versions that are installed, if none."""
    from ledger.policy.text.published import beside, versions  # noqa: PLC0415 - when used

    installed = [path for name in versions() if (path := beside(f"{name}.yaml"))]
    faults = {str(path): _faults(path) for path in ([file] if file else installed)}
    sound = [_("{file} 没有错误").format(file=path) for path, lines in faults.items() if not lines]
    faulty = [path for path, lines in faults.items() if lines]
    lines = tuple(line for path in faulty for line in faults[path])
    text = _("{files} 有 {count} 处错误").format(files=_("、").join(faulty), count=len(lines))
    return Answer(faults, sound, Failure(text, lines) if faulty else None)


def _faults(file: Path) -> tuple[str, ...]:
    from api.messages.sentences import fault_lines, findings  # noqa: PLC0415 - loaded when used
    from ledger.policy.analysis.check import check as faults_of  # noqa: PLC0415

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(_("读不了 {file}：{why}").format(file=file, why=error)) from error
    beside = _beside(file)
    return fault_lines(findings(faults_of(text, file.stem, _source(beside), beside)))


def _beside(file: Path) -> Callable[[str], bytes | None]:
    """The files of its folder, and then those that are installed; none outside of the two."""
    from ledger.policy.text.published import folders  # noqa: PLC0415 - loaded when it is used

    def read(name: str) -> bytes | None:
        if Path(name).name != name:
            return None
        for folder in (file.parent, *folders()):
            if (folder / name).is_file():
                return (folder / name).read_bytes()
        return None

    return read


def _source(beside: Callable[[str], bytes | None]) -> Callable[[str], str]:
    """The version that is extended, from the same places."""
    from ledger.errors import NotFound  # noqa: PLC0415 - loaded when it is used

    def text(version: str) -> str:
        raw = beside(f"{version}.yaml")
        try:
            if raw is not None:
                return raw.decode()
        except UnicodeDecodeError:
            pass
        raise NotFound("policy", version=version)

    return text
