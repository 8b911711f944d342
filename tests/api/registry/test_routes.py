"""A registry file over HTTP and by command: what touches charged usage waits for another person."""

from pathlib import Path

from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.requests import REGISTRY, ask
from tests.support.api.town import Town

DEARER = REGISTRY.replace('"30"', '"40"')


def test_a_dearer_price_is_proposed_shown_and_confirmed(town: Town) -> None:
    ask(town, Role.CLERK, "POST", "registry", content=REGISTRY)
    ask(town, Role.CLERK, "POST", "accruals")
    assert ask(town, Role.BUILDER, "GET", "projects/p-mine/quota")["cost_fen"] == 100
    answer = ask(
        town, Role.CLERK, "POST", "registry?supersede=true&reason=补充协议", content=DEARER
    )
    assert (answer["superseded"], len(answer["changes"])) == ({}, 1)
    number = answer["decision"]
    page = town.client.get(
        f"/decisions/{number}", headers={**town.headers(Role.APPROVER), "Accept": "text/html"}
    )
    assert page.status_code == 200
    for words in ("登记更正", "30/gpu-hour", "40/gpu-hour", "补充协议", "受影响的月份"):
        assert words in page.text
    proposal = ask(town, Role.APPROVER, "GET", f"decisions/{number}")
    body = {"answer": "confirmed", "seen": proposal["digest"]}
    ask(town, Role.APPROVER, "POST", f"decisions/{number}/answer", json=body)
    ask(town, Role.CLERK, "POST", "accruals")
    assert ask(town, Role.BUILDER, "GET", "projects/p-mine/quota")["cost_fen"] == 133


def test_the_command_says_what_waits(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(REGISTRY, encoding="utf-8")
    desk.ask(Role.CLERK, "register", str(file))
    desk.ask(Role.CLERK, "accrue")
    file.write_text(DEARER, encoding="utf-8")
    result = desk.run(Role.CLERK, "register", str(file), "--supersede", LANG="zh_CN.UTF-8")
    assert "40/gpu-hour" in result.stdout
    (number,) = [d["id"] for d in desk.ask(Role.APPROVER, "decisions")]
    assert f"suanquan confirm {number}" in result.stdout
