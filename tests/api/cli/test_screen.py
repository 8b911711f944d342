"""What commands print for people."""

import pytest

from api.cli.screen import table


def test_a_name_that_an_agent_gave_does_not_command_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table(["holder", "n"], [["\x1b]0;x\x07\x9b2Jteam\r\n甲", 1], [None, 2]])
    printed = capsys.readouterr().out
    assert printed.count("\n") == 3
    assert all(c.isprintable() for c in printed.replace("\n", ""))
    assert "team" in printed
    assert "甲  1" in printed
