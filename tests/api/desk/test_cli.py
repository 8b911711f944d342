"""`suanquan confirm` shows what is confirmed, and asks only who may answer."""

import re
from datetime import datetime
from unittest import mock

import psycopg
import pytest
import sqlalchemy as sa
import typer

from ledger.people.codes import Role
from ledger.units import BEIJING
from tests.support.api.command_line import Desk
from tests.support.payments import Treasury


@pytest.fixture
def proposal(desk: Desk, owner: psycopg.Connection, engine: sa.Engine) -> str:
    """The number of a decision that finance proposed."""
    Treasury(owner, engine)
    about = ("--project-name=算力券", "--fund-kind=一般公共预算", "--classification=2150805")
    arguments = ("pay", "indicator", "open", "Z1", "--year=2026", "--yuan=5", *about)
    return str(desk.ask(Role.FINANCE, *arguments)["id"])


@pytest.mark.parametrize(
    ("role", "words"),
    [(Role.AUDITOR, "您的角色不能确认这类决定"), (Role.FINANCE, "须由另一人确认")],
)
def test_who_may_not_confirm_is_told_so_and_not_asked(
    desk: Desk, proposal: str, role: Role, words: str
) -> None:
    with mock.patch.object(typer, "confirm", side_effect=AssertionError):
        result = desk.run(role, "confirm", proposal, LANG="zh_CN.UTF-8")
    assert (result.returncode, result.stdout) == (1, "")
    assert words in result.stderr


def test_what_is_answered_says_by_whom_and_when(desk: Desk, proposal: str) -> None:
    with mock.patch.object(typer, "confirm", return_value=True):
        assert desk.run(Role.APPROVER, "confirm", proposal).returncode == 0
    decisions = desk.ask(Role.APPROVER, "decisions", "--all")
    (decision,) = [row for row in decisions if row["id"] == int(proposal)]
    person = decision["answered_by"].partition(":")[2].partition("#")[0]
    moment = datetime.fromisoformat(decision["answered_at"]).astimezone(BEIJING)
    expected = f"这项决定已由 {person} 于 {moment:%Y-%m-%d %H:%M} 答复（已确认）"
    with mock.patch.object(typer, "confirm", side_effect=AssertionError):
        for more in ((), ("--seen", decision["digest"]), ("--refuse",)):
            result = desk.run(Role.APPROVER, "confirm", proposal, *more, LANG="zh_CN.UTF-8")
            assert result.returncode == 1
            assert expected in result.stderr


def test_who_may_confirm_sees_it_first(desk: Desk, proposal: str) -> None:
    with mock.patch.object(typer, "confirm", return_value=True) as prompt:
        result = desk.run(Role.APPROVER, "confirm", proposal, LANG="zh_CN.UTF-8")
    assert result.returncode == 0, result.stderr
    assert prompt.call_args.args == ("确认这项决定？",)
    assert re.search("摘要 +[0-9a-f]{64}", result.stdout)
    assert "¥5.00" in result.stdout
    assert "已确认" in result.stdout


def test_a_number_that_is_none_is_said_in_the_readers_language(desk: Desk) -> None:
    result = desk.run(Role.APPROVER, "confirm", "abc", LANG="zh_CN.UTF-8")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == "NUMBER 的值不对：应为整数"
    assert "must be a whole number" in desk.run(Role.APPROVER, "confirm", "abc").stderr
