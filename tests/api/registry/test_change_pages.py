"""A change of the registry in a browser: previewed, refused at its place, registered, proposed."""

from typing import Any

import pytest
import sqlalchemy as sa
from httpx2 import Response

from api.registry.entry_form import CORRECTED
from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.html import attribute, attributes, one, parse, text, texts
from tests.support.api.requests import EVERY_SECTION, REGISTRY, ask
from tests.support.api.town import Town

DEARER = REGISTRY.replace('"30"', '"40"')
BINDING = {
    "cluster": "c-mine", "holder_kind": "static", "holder": "team-b", "project": "p-mine",
    "from": "2026-01-01",
}  # fmt: skip
LINE = {
    "contract": "HT-1", "kind": "metered", "yuan": "25", "unit": "gpu-hour",
    "tax_included": "false", "tax_rate": "0.06", "from": "2026-06-01",
}  # fmt: skip


def send(town: Town, path: str, data: dict[str, Any], **options: Any) -> Response:
    headers = {
        **town.headers(Role.CLERK),
        "Accept": "text/html",
        "Referer": f"http://testserver{path}",
    }
    answer: Response = town.client.post(path, data=data, headers=headers, **options)
    return answer


def lines(town: Town) -> list[str]:
    rows = ask(town, Role.CLERK, "GET", "registry/prices?state=all")
    return [row["values"]["yuan"] for row in rows]


def test_a_file_is_previewed_and_nothing_is_kept(town: Town, engine: sa.Engine) -> None:
    answer = send(town, "/registry/file", {"content": REGISTRY, "act": "preview"})
    assert answer.status_code == 200
    html = parse(answer.text)
    assert "立即登记 4 条" in text(one(html, "#preview"))  # a model with its name, a contract …
    assert "HT-1" in text(one(html, "#preview"))
    assert text(one(html, "textarea[name=content]")).startswith("catalogue:")
    assert ask(town, Role.CLERK, "GET", "registry/contracts") == []
    with engine.connect() as db:
        assert db.scalar(sa.text("SELECT count(*) FROM catalogue_models")) == 0


def test_a_file_that_was_chosen_is_shown_and_registered(town: Town) -> None:
    file = {"file": ("registry.yaml", REGISTRY.encode())}
    preview = send(town, "/registry/file", {"content": "", "act": "preview"}, files=file)
    content = one(parse(preview.text), "textarea[name=content]").text()
    answer = send(town, "/registry/file", {"content": content, "act": "register"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/registry?act=registered")
    assert lines(town) == ["30"]
    again = send(town, "/registry/file", {"content": content, "act": "register"})
    assert again.headers["location"] == "/registry?act=unchanged"


def test_faults_stand_with_their_lines_and_nothing_is_kept(town: Town) -> None:
    wrong = REGISTRY.replace('"30"', "thirty").replace("p-mine", "p-nobody")
    for act in ("preview", "register"):
        answer = send(town, "/registry/file", {"content": wrong, "act": act, "reason": "因为"})
        assert answer.status_code == 422
        html = parse(answer.text)
        rows = [text(row, " ") for row in html.css("tbody tr")]
        assert [row for row in rows if "yuan: thirty" in row and "line 12" in row]
        assert text(one(html, "textarea[name=reason]")) == "因为"
        assert "thirty" in one(html, "textarea[name=content]").text()
    assert ask(town, Role.CLERK, "GET", "registry/contracts") == []


def test_bytes_that_are_no_text_are_refused_on_the_page(town: Town) -> None:
    answer = send(town, "/registry/file", {"act": "preview"}, files={"file": ("a.yaml", b"\xff")})
    assert answer.status_code == 422
    html = parse(answer.text)
    assert attribute(one(html, "form.card"), "action") == "/registry/file"
    assert "UTF-8" in text(one(html, "form .notice"))


def test_what_touches_charged_usage_is_previewed_with_its_months_and_proposed(town: Town) -> None:
    ask(town, Role.CLERK, "POST", "registry", content=REGISTRY)
    ask(town, Role.CLERK, "POST", "accruals")
    fields = {"content": DEARER, "supersede": "true", "reason": "补充协议"}
    html = parse(send(town, "/registry/file", {**fields, "act": "preview"}).text)
    preview = text(one(html, "#preview"), " ")
    for words in ("须另一人确认", "30/gpu-hour", "40/gpu-hour", "¥1.00", "¥1.33", "¥0.33"):
        assert words in preview
    assert ask(town, Role.CLERK, "GET", "decisions") == []
    answer = send(town, "/registry/file", {**fields, "act": "register"})
    (decision,) = ask(town, Role.APPROVER, "GET", "decisions")
    assert answer.headers["location"] == f"/decisions/{decision['id']}"
    assert lines(town) == ["30"]  # until another person confirms it


def test_one_entry_is_registered_by_its_form(town: Town) -> None:
    path = "/registry/bindings/new"
    preview = send(town, path, {**BINDING, "act": "preview"})
    assert "team-b" in text(one(parse(preview.text), "#preview"))
    answer = send(town, path, {**BINDING, "act": "register"})
    assert answer.headers["location"] == "/registry/bindings?act=registered"
    rows = ask(town, Role.CLERK, "GET", "registry/bindings?text=team-b")
    assert [row["values"]["project"] for row in rows] == ["p-mine"]


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(town: Town) -> None:
    wrong = {**BINDING, "project": "p nobody", "from": "2026-02-30", "act": "register"}
    answer = send(town, "/registry/bindings/new", wrong)
    assert answer.status_code == 422
    html = parse(answer.text)
    assert set(attributes(html, "[aria-invalid]", "name")) == {"project", "from"}
    assert text(one(html, "#fault-project")).startswith("▲")
    unknown = send(town, "/registry/bindings/new", {**BINDING, "project": "p-nobody"})
    assert "p-nobody" in text(one(parse(unknown.text), "#fault-project"))
    assert attribute(one(html, "input[name=holder]"), "value") == "team-b"
    assert attribute(one(html, "select[name=holder_kind] option[selected]"), "value") == "static"
    assert ask(town, Role.CLERK, "GET", "registry/bindings?text=team-b") == []


@pytest.mark.parametrize("field", ["contract", "yuan"])
def test_a_line_hangs_on_its_contract(town: Town, field: str) -> None:
    ask(town, Role.CLERK, "POST", "registry", content=REGISTRY)
    answer = send(town, "/registry/prices/new", {**LINE, field: "none", "act": "register"})
    assert answer.status_code == 422
    assert attributes(parse(answer.text), "[aria-invalid]", "name") == [field]
    assert lines(town) == ["30"]


def fields_of(town: Town, section: str, key: str) -> dict[str, str]:
    """The fields of an entry's form, as they stand in it."""
    headers = {**town.headers(Role.CLERK), "Accept": "text/html"}
    page = town.client.get(f"/registry/{section}/new?like={key}", headers=headers)
    assert page.status_code == 200, page.text
    form = one(parse(page.text), "main form")
    fields = {
        attribute(node, "name"): attribute(node, "value")
        for node in form.css("input[name]")
        if node.attributes.get("type") != "checkbox"
    }
    assert form.css("input[name=supersede][checked]")
    choices = {
        attribute(node, "name"): attribute(one(node, "option[selected]"), "value")
        for node in form.css("select")
        if node.css("option[selected]")
    }
    return {**fields, **choices}


def test_an_entry_is_corrected_from_itself(town: Town) -> None:
    ask(town, Role.CLERK, "POST", "registry", content=REGISTRY)
    (line,) = ask(town, Role.CLERK, "GET", "registry/prices")
    fields = {**fields_of(town, "prices", line["key"]), "yuan": "20", "supersede": "true"}
    send(town, "/registry/prices/new", {**fields, "act": "register"})
    assert lines(town) == ["20", "30"]


def test_every_entry_states_itself(town: Town) -> None:
    ask(town, Role.CLERK, "POST", "registry", content=EVERY_SECTION.encode())
    for section in CORRECTED:
        rows = ask(town, Role.CLERK, "GET", f"registry/{section}")
        assert rows, section
        for row in (row for row in rows if row["since"]):
            fields = {**fields_of(town, section, row["key"]), "supersede": "true"}
            answer = send(town, f"/registry/{section}/new", {**fields, "act": "preview"})
            html = parse(answer.text)
            assert answer.status_code == 200, (section, texts(html, "[role=alert]"))
            assert "没有变化" in text(one(html, "#preview")), (section, row)


def test_the_command_previews(desk: Desk, tmp_path: Any) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(REGISTRY, encoding="utf-8")
    preview = desk.ask(Role.CLERK, "register", str(file), "--preview")
    assert {change["section"] for change in preview["at_once"]} >= {"contracts", "prices"}
    html = desk.run(Role.CLERK, "register", str(file), "--preview", LANG="zh_CN.UTF-8")
    assert "HT-1" in html.stdout
    assert desk.ask(Role.CLERK, "registry", "ls", "contracts") == []
