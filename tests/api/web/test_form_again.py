"""A form that was refused: on its page, with what was typed, and each fault at its field."""

from typing import Any

import pytest
from httpx2 import Response
from starlette.datastructures import FormData

from api.door.files import PAGE_FIELD
from api.web.refill import FormFaults, refill
from tests.support.api.city import Site
from tests.support.api.html import attribute, attributes, one, parse, text

PAGE = """<html><details><summary>x</summary>
<form method="post" action="/a"><input type="hidden" name="role" value="other"></form>
<form method="post" action="/a"><input type="hidden" name="role" value="x&amp;y">
<label>A<input name="a" value="old &quot;"></label>
<label><input type="checkbox" name="tick" value="1"><input type="checkbox" name="tick" value="2"
checked></label>
<label>S<select name="s"><option value="1" selected>one</option><option>two</option></select>
</label><textarea name="t">before</textarea>
<input type="file" name="file"><button name="b">go</button>
</form></details><p>卡 &amp; é</p></html>"""


def test_a_form_is_filled_as_it_was_sent_and_the_rest_stays() -> None:
    data = FormData(
        [("role", "x&y"), ("a", '<"q">'), ("tick", "1"), ("s", "two"), ("t", "</textarea>\n卡")]
    )
    faults = FormFaults("不行", {"a": "缺 <b>", "file": "空", "gone": "没有此栏"}, ["第 3 行：错"])
    html = refill(PAGE, "/a", data, "/p?x=1&y=2", faults)
    page = parse(html)
    first, form = page.css("form")
    assert first.css("[aria-invalid]") == []
    assert attribute(one(form, "input[name=a]"), "value") == '<"q">'
    assert attributes(form, "input[checked]", "value") == ["1"]
    assert [text(node) for node in form.css("option[selected]")] == ["two"]
    assert one(form, "textarea").text() == "</textarea>\n卡"
    assert attribute(one(form, f"input[name={PAGE_FIELD}]"), "value") == "/p?x=1&y=2"
    assert attributes(form, "[aria-invalid]", "name") == ["a", "file"]
    for name in ("a", "file"):
        described = attribute(one(form, f"[name={name}]"), "aria-describedby")
        assert text(one(form, f"#{described}")).startswith("▲")
    assert "缺 <b>" in text(one(form, "#fault-a"))
    assert text(one(form, ".notice"), " ") == "没有收下：不行 第 3 行：错 没有此栏"
    assert attributes(form, "[autofocus]", "name") == ["a"]
    assert "open" in one(page, "details").attributes
    assert html.endswith("<p>卡 &amp; é</p></html>")


def test_a_fault_is_not_hidden_in_what_is_folded() -> None:
    page = """<form method="post" action="/a"><details id="x"><input name="a"></details>
<details id="y"><input name="b"></details></form>"""
    html = refill(page, "/a", FormData([("a", "1"), ("b", "2")]), "/p", FormFaults("", {"b": "错"}))
    assert attributes(parse(html), "details[open]", "id") == ["y"]


def test_a_page_without_the_form_is_not_made_again() -> None:
    assert refill(PAGE, "/b", FormData(), "/p", None) == ""
    assert refill(PAGE, "/a", FormData([("role", "none")]), "/p", None) == ""


def send(
    site: Site, reader: str, page: str, action: str, data: dict[str, Any], **files: Any
) -> Response:
    client = site.client(reader)
    assert client.get(page).status_code == 200
    referer = {"Referer": f"http://testserver{page}"}
    answer: Response = client.post(action, data=data, headers=referer, **files)
    return answer


EMPTY_PDF = ("a.pdf", b"%PDF-1.4 nothing")
UPLOADS = {
    "an invoice": ("clerk", "/documents", "/documents", {"how": "file", "qr": "甲"}, EMPTY_PDF),
    "a list": ("clerk", "/documents", "/documents", {"how": "list"}, ("a.csv", b"x,y\n1,2\n")),
    "a look-up": (
        "clerk", "/documents/1", "/documents/1/lookups",
        {"result": "differs", "looked_up_on": "2026-04-10", "note": "甲"}, EMPTY_PDF,
    ),
    "a receipt": (
        "clerk", "/documents/1", "/documents/1/receipts",
        {"reference": "R-77", "payer": "甲", "payee": "乙", "yuan": "1.00",
         "paid_on": "2026-04-10"}, EMPTY_PDF,
    ),
    "a claim's receipt": (
        "xinghe", "/claims/DF-2026-0001", "/claims/files",
        {"number": "DF-2026-0001", "role": "receipt", "proves": "00000000"}, EMPTY_PDF,
    ),
    "a bank's return": ("finance", "/payments", "/payments/returns", {}, ("a.csv", b"x,y\n1,2\n")),
}  # fmt: skip


@pytest.mark.parametrize("upload", UPLOADS)
def test_a_refused_upload_comes_back_on_its_page(site: Site, upload: str) -> None:
    reader, page, action, data, file = UPLOADS[upload]
    answer = send(site, reader, page, action, data, files={"file": file})
    assert answer.status_code == 422, answer.text
    html = parse(answer.text)
    (form,) = [node for node in html.css(f'form[action="{action}"]') if node.css("[role=alert]")]
    assert text(one(form, "[role=alert]"))
    assert attribute(one(form, f"input[name={PAGE_FIELD}]"), "value") == page
    for name, value in data.items():
        for node in form.css(f"input[name={name}]"):
            assert attribute(node, "value") == value
    assert text(one(html, "footer span:nth-of-type(2)")) == page  # the page itself, not its action
    again = send(site, reader, page, action, {**data, PAGE_FIELD: page}, files={"file": file})
    assert again.status_code == 422
    assert parse(again.text).css(f'form[action="{action}"] [role=alert]')


def test_a_field_that_is_missing_or_wrong_is_told_at_it(site: Site) -> None:
    fields = {
        "reference": "R-78",
        "payer": "甲",
        "payee": "乙",
        "yuan": "1.005",
        "paid_on": "gestern",
    }
    answer = send(
        site, "clerk", "/documents/1", "/documents/1/receipts", fields, files={"file": EMPTY_PDF}
    )
    html = parse(answer.text)
    assert answer.status_code == 422
    assert attributes(html, "[aria-invalid]", "name") in (["yuan"], ["paid_on"])
    assert attribute(one(html, "input[name=reference]"), "value") == "R-78"


@pytest.mark.parametrize(
    "referer", ["", "http://evil.example/documents", "http://testserver/nowhere"]
)
def test_where_the_page_is_not_told_the_problem_has_its_own(site: Site, referer: str) -> None:
    headers = {"Referer": referer} if referer else {}
    answer = site.client("clerk").post(
        "/documents/1/lookups", data={"result": "odd"}, headers=headers
    )
    assert answer.status_code == 422
    assert "回到首页" in answer.text


@pytest.mark.parametrize("page", ["//evil.example/", "http://evil.example/", "/sign-out", "evil"])
def test_a_page_of_somebody_elses_is_not_fetched(site: Site, page: str) -> None:
    answer = site.client("clerk").post("/documents/1/lookups", data={PAGE_FIELD: page})
    assert answer.status_code == 422
    assert "回到首页" in answer.text


def test_who_may_not_is_told_so_on_a_page_of_its_own(site: Site) -> None:
    answer = send(site, "auditor", "/documents/1", "/documents/1/lookups", {"result": "agrees"})
    assert answer.status_code == 403
    assert "回到首页" in answer.text
