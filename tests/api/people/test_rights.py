"""The table of rights is the one that the routes ask; docs/doors/rights.md shows it as it is."""

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.door.access import RIGHTS, Right
from api.door.outer import rights_of
from api.language.i18n import speaking
from api.language.labels import label
from api.people.rights import right_table, scope_word
from ledger.people.codes import Role
from tests.support.api.doors import DOORS
from tests.support.api.doors.door import EVERYBODY
from tests.support.api.html import parse
from tests.support.api.town import Town
from tests.support.paths import DOCS

PAGE = DOCS / "doors" / "rights.md"
BEGIN, END = "<!-- rights: pytest --renew-rights -->\n", "<!-- end of rights -->\n"

NARROWED = {"POST /api/v1/claims/{number}/actions"}  # which step is whose, says the claim
WITHIN = {Right.READ_NUMBERS}  # asked where a number is shown, in pages that open without it


def routes(app: FastAPI) -> dict[str, frozenset[Right]]:
    """The rights that each route asks, by method and path."""
    return {
        f"{method} {route.path}": rights_of(route.original_route)
        for route in iter_route_contexts(app.routes)
        if isinstance(route.original_route, APIRoute)
        for method in route.original_route.methods or ()
    }


def test_every_route_opens_to_the_roles_that_have_its_rights(app: FastAPI) -> None:
    """Both ways: whom the doors are tried with (test_access.py) is who has the right, no more."""
    wrong = []
    for name, rights in routes(app).items():
        door = DOORS[name]
        having = {role for role in Role if rights <= RIGHTS[role]}
        if name in NARROWED and door.roles and door.roles < having:
            continue
        if rights and door.roles != having:
            wrong.append((name, sorted(rights), sorted(having ^ (door.roles or set()))))
        if not rights and door.roles not in (None, EVERYBODY):
            wrong.append((name, [], sorted(door.roles or ())))
    assert wrong == []


def test_every_right_is_asked_by_some_route_and_held_by_some_role(app: FastAPI) -> None:
    by_route = frozenset[Right]().union(*routes(app).values())
    assert by_route | WITHIN == set(Right) == frozenset[Right]().union(*RIGHTS.values())
    assert not by_route & WITHIN


def test_the_page_shows_what_each_role_may(town: Town) -> None:
    for role in (Role.CLERK, Role.SYSTEM_ADMIN):
        page = parse(town.client.get("/rights", headers=town.headers(role)).text)
        rows = page.css("tbody tr")
        assert len(rows) == len(Right)
        for row, right in zip(rows, Right, strict=True):
            cells = [cell.text(strip=True) != "—" for cell in row.css("td")]
            assert cells == [right in RIGHTS[role] for role in Role], right


def test_programs_read_the_same_table(town: Town) -> None:
    rows = town.client.get("/api/v1/rights", headers=town.headers(Role.BUILDER)).json()
    assert {row["right"]: row["roles"].get("builder") for row in rows} == {
        right: "project" if right in RIGHTS[Role.BUILDER] else None for right in Right
    }


def test_the_document_shows_the_table(app: FastAPI, request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    content = f"{before}{BEGIN}\n{document(routes(app))}\n{END}{after}"
    if request.config.getoption("--renew-rights"):
        PAGE.write_text(content, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == content, (
        "if it was meant: pytest --renew-rights --engine=embedded tests/api/people/test_rights.py"
    )


def document(by_route: dict[str, frozenset[Right]]) -> str:
    """The table in Chinese and English, and which routes ask each right."""
    with speaking("en"):
        english = {row.right: row.means for row in right_table()}
    with speaking("zh-CN"):
        heads = " | ".join(label(role) for role in Role)
        lines = [f"| 权限 · right | {heads} |", "|---" * (len(Role) + 1) + "|"]
        for row in right_table():
            cells = [scope_word(row.roles[r]) if r in row.roles else "—" for r in Role]
            means = f"{row.means} · {english[row.right]} `{row.right}`"
            lines.append(f"| {means} | {' | '.join(cells)} |")
    lines += ["", "| 权限 · right | 地址 · routes |", "|---|---|"]
    for right in Right:
        places = "<br>".join(f"`{name}`" for name in sorted(by_route) if right in by_route[name])
        lines.append(f"| `{right}` | {places} |")
    return "\n".join(lines) + "\n"
