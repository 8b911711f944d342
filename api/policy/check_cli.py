"""`suanquan policy check`: whether a version's file is sound, with the line of each fault.

Beside the file stand the whole text that it quotes and the worked cases of its clauses; where they
are not there, those of the versions that are installed serve.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from api.cli.client import Failure, say
from api.cli.failures import failures

File = Annotated[
    Path | None,
    typer.Argument(help="政策文件，缺省为全部已装版本 / policy file (YAML); all versions if none"),
]


def check(file: File = None) -> None:
    """检查一个政策文件：引文、分档、案例、读法 / whether a policy file is sound."""
    with failures():
        from ledger.policy.text.published import FOLDER, versions  # noqa: PLC0415 - when used

        installed = [Path(str(FOLDER / f"{name}.yaml")) for name in versions()]
        faults = {one: _faults(one) for one in ([file] if file else installed)}
    for one, lines in faults.items():
        if not lines:
            print(say(f"{one} 没有错误", f"{one} is sound"))
    faulty = [one for one, lines in faults.items() if lines]
    if faulty:
        lines = tuple(line for one in faulty for line in faults[one])
        names, count = "、".join(map(str, faulty)), len(lines)
        raise Failure(say(f"{names} 有 {count} 处错误", f"{names} has {count} fault(s)"), lines)


def _faults(file: Path) -> tuple[str, ...]:
    from api.messages.sentences import findings, place  # noqa: PLC0415 - loaded when it is used
    from ledger.policy.analysis.check import check as found_in  # noqa: PLC0415

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(say(f"读不了 {file}：{error}", f"cannot read {file}: {error}")) from error
    beside = _beside(file)
    found = found_in(text, file.stem, _source(beside), beside)
    return tuple(f"{place(f['where'])}: {f['message']}" for f in findings(found))


def _beside(file: Path) -> Callable[[str], bytes | None]:
    """The files of its folder, and then those that are installed; none outside of the two."""
    from ledger.policy.text.published import FOLDER  # noqa: PLC0415 - loaded when it is used

    def read(name: str) -> bytes | None:
        if Path(name).name != name:
            return None
        for folder in (file.parent, Path(str(FOLDER))):
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
