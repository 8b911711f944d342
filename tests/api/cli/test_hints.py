"""Who may not do something beside a server of this machine is told how to ask as somebody else."""

from pathlib import Path

import pytest

from api.cli.client import Client, Door, roles_hint
from api.cli.failures import Failure
from api.language.i18n import speaking
from ledger.people.codes import Role
from tests.support.api.command_line import Desk


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a server's tokens on this machine."""
    monkeypatch.setenv("SUANQUAN_DATA", str(tmp_path))
    folder = tmp_path / "tokens"
    folder.mkdir()
    for name in ("auditor", "clerk"):
        (folder / name).write_text(f"sq_{name}\n")
    return folder


def test_the_hint_names_whom_one_may_ask_as(machine: Path) -> None:
    with speaking("zh-CN"):
        hint = roles_hint("sq_auditor")
        assert roles_hint("sq_of_somebody_elsewhere") == ""
    assert "auditor" in hint
    assert "SUANQUAN_AS" in hint
    assert "clerk" in hint


def test_a_refusal_by_role_bears_it_and_no_other_does(desk: Desk, machine: Path) -> None:
    token = desk.town.tokens[Role.AUDITOR]
    door = Door(desk.url, token)

    def lines() -> tuple[str, ...]:
        with Client(door) as client, pytest.raises(Failure) as refused:
            client.ask("POST", "accruals")
        return refused.value.lines

    assert lines() == ()
    (machine / "auditor").write_text(token + "\n")
    (hint,) = lines()
    assert "SUANQUAN_AS" in hint
