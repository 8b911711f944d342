"""What the command line says of itself: help, versions, and what was typed wrong."""

from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from api.command_line import app
from ledger.people.codes import Role
from tests.support.api.command_line import CHINESE, Desk, suanquan

ZH = {"LANG": "zh_CN.UTF-8"}
TOKEN = {"SUANQUAN_TOKEN": "sq_x"}


def test_the_version_is_said() -> None:
    assert suanquan("--version").stdout.startswith("suanquan ")


@pytest.mark.parametrize("group", [(), ("invoice",), ("policy",), ("pay", "list"), ("usage",)])
def test_help_is_in_the_readers_language(group: tuple[str, ...]) -> None:
    english = suanquan(*group, "--help")
    assert english.returncode == 0
    assert not CHINESE.search(english.stdout)
    assert "Options" in english.stdout
    chinese = suanquan(*group, "--lang=zh", "--help").stdout
    for word in ("Usage", "Options", "Commands", "Show this message"):
        assert word not in chinese
    assert "显示此说明" in chinese


@pytest.mark.parametrize("line", [("usage", "--lang", "en"), ("--lang=en", "usage")])
def test_the_language_may_stand_anywhere(line: tuple[str, ...], folder: Path) -> None:
    result = suanquan(*line, SUANQUAN_DATA=str(folder), **ZH)
    assert not CHINESE.search(result.stderr)


def test_another_language_is_refused() -> None:
    result = suanquan("--lang", "fr", "usage", **ZH)
    assert result.returncode == 2
    assert "应为以下之一：zh, en" in result.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("confirm", "abc"), "NUMBER 的值不对：应为整数"),
        (("quota",), "缺少 CODE"),
        (("findings",), "缺少 kind，应为以下之一：conflicts, forks, "),
        (("no-such-verb",), "没有命令 no-such-verb"),
        (("usage", "--colour"), "没有选项 --colour"),
        (("usage", "extra"), "多了参数：extra"),
        (("usage", "--json=3"), "选项 --json 不带值"),
        (("token", "create", "李四", "--role"), "选项 --role 须有值"),
        (("findings", "xyz"), "应为以下之一"),
    ],
)
def test_what_was_typed_wrong_is_said_in_chinese(line: tuple[str, ...], words: str) -> None:
    result = suanquan(*line, **ZH)
    assert result.returncode == 2
    assert words in result.stderr.splitlines()[-1]


def test_every_command_stands_under_what_people_do() -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    assert [
        name for name, c in group.commands.items() if not getattr(c, "rich_help_panel", "")
    ] == []


@pytest.mark.parametrize("url", ["", "localhost:8000", "http://", "ftp://x", "http://a b"])
def test_a_bad_address_is_named_as_such(url: str) -> None:
    result = suanquan("usage", SUANQUAN_URL=url, **TOKEN, **ZH)
    assert result.returncode == 1
    assert result.stderr == "SUANQUAN_URL 应写成 http://主机:端口 或 https://主机\n"


def test_a_server_that_is_not_there_is_said_in_words() -> None:
    result = suanquan("usage", SUANQUAN_URL="http://127.0.0.1:1", **TOKEN, **ZH)
    assert "那里没有程序在应答" in result.stderr
    assert "Errno" not in result.stderr


def test_a_month_is_written_with_two_digits(desk: Desk) -> None:
    result = desk.run(Role.CLERK, "statement", "issue", "2026-1", **ZH)
    assert (result.returncode, result.stderr.splitlines()[1]) == (1, "  month: 月份应写成 2026-01")


def test_a_day_is_named_by_its_option(desk: Desk) -> None:
    result = desk.run(Role.CLERK, "usage", "--since", "x", **ZH)
    assert result.stderr.splitlines()[1].startswith("  since: ")


def test_an_account_of_nobody_asks_whose_it_is(desk: Desk) -> None:
    arguments = ("--holder=x", "--bank=x", "--code=102100099996", "--number=6222020000000000")
    result = desk.run(Role.CLERK, "account", "set", *arguments, **ZH)
    assert result.returncode == 1
    assert "请写明是哪个单位的账户" in result.stderr


def test_both_names_of_a_list_are_there(desk: Desk) -> None:
    for group in ("token", "agent", "statement", "claim", "reconcile", "account", "invoice"):
        assert desk.ask(Role.AUDITOR, group, "ls") == desk.ask(Role.AUDITOR, group, "list")


def test_findings_have_headings_and_no_codes(desk: Desk) -> None:
    output = desk.run(Role.OPERATOR, "findings", "silent", **ZH).stdout
    assert "_ms" not in output
    assert "GPU" in output.splitlines()[0]
    assert CHINESE.search(output.splitlines()[0])


def test_a_voucher_that_was_open_is_not_said_to_be_new(desk: Desk) -> None:
    facts = (
        "subject_kind=enterprise", "legal_person=true", "landed_in_city=true",
        "parameters=10000000000", "scenarios=5",
    )  # fmt: skip
    line = ("voucher", "open", "p-mine", "--clause=09-1", "--policy=yinchuan-2024-drill")
    arguments = [f"--fact={fact}" for fact in facts]
    result = desk.run(Role.CLERK, *line, *arguments, **ZH)
    assert "原已" in result.stdout + result.stderr


def test_csv_is_every_listings(desk: Desk) -> None:
    lines = desk.run(Role.BUILDER, "usage", "--csv").stdout.splitlines()
    assert lines[0].count(",") == 2
    assert lines[1].startswith("p-mine,0.03,120000")
