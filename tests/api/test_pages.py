"""The public page, signing in and out, errors, and the reader's choices."""

import pytest

from api.people.pages import local
from tests.support.api.city import Site


def test_the_public_page_needs_no_one_and_says_drill(site: Site) -> None:
    page = site.client().get("/")
    assert page.status_code == 200
    assert "演练，不得用于拨付" in page.text
    assert "含模拟数据" in page.text
    assert 'href="/sign-in"' in page.text


def test_without_a_made_up_centre_nothing_is_called_simulated(empty: Site) -> None:
    page = empty.client("auditor").get("/projects").text
    assert "演练，不得用于拨付" in page
    assert "含模拟数据" not in page
    assert "还没有登记任何项目" in page


def test_signing_in_leads_to_where_one_belongs_and_out_again(site: Site) -> None:
    browser = site.client()
    answer = browser.post(
        "/sign-in", data={"token": f" {site.tokens['xinghe']}\n"}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects")
    assert "HttpOnly" in answer.headers["set-cookie"]
    page = browser.get("/projects")
    assert page.url.path == "/projects/xinghe"
    assert "星河大模型" in page.text
    assert browser.post("/sign-out").url.path == "/"
    assert browser.get("/projects/xinghe").status_code == 401


@pytest.mark.parametrize(
    ("reader", "place", "elsewhere"),
    [("operator", "/centre", "/projects"), ("clerk", "/desk", "/centre")],
)
def test_everybody_begins_where_one_belongs(
    site: Site, reader: str, place: str, elsewhere: str
) -> None:
    browser = site.client()
    page = browser.post("/sign-in", data={"token": site.tokens[reader]})
    assert page.url.path == place
    assert f'href="{elsewhere}"' not in page.text


@pytest.mark.parametrize("token", ["", "sq_wrong", "x" * 2_000])
def test_a_wrong_token_is_told_in_the_form(site: Site, token: str) -> None:
    page = site.client().post("/sign-in", data={"token": token, "next": "/projects/xinghe"})
    assert page.status_code == 403
    assert "这个令牌无效" in page.text
    assert 'value="/projects/xinghe"' in page.text
    assert "set-cookie" not in page.headers


def test_a_refusal_is_a_sentence_with_a_capital(site: Site) -> None:
    page = site.client("operator").get("/desk", headers={"Accept-Language": "en"})
    assert page.status_code == 403
    assert "<p>Your role (Computing centre) may not do this</p>" in page.text


def test_who_must_sign_in_is_asked_to_and_comes_back(site: Site) -> None:
    browser = site.client()
    page = browser.get("/projects/xinghe/days/2026-04-01")
    assert page.status_code == 401
    path = "/projects/xinghe/days/2026-04-01"
    assert f'name="next" value="{path}"' in page.text
    after = browser.post("/sign-in", data={"token": site.tokens["xinghe"], "next": path})
    assert after.url.path == path


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "evil"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(path: str) -> None:
    assert local(path) == ""


def test_own_paths_stay() -> None:
    assert local("/findings?kind=gaps") == "/findings?kind=gaps"


def test_another_site_s_form_is_turned_away(site: Site) -> None:
    answer = site.client().post(
        "/sign-in",
        data={"token": site.tokens["clerk"]},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "没有这个地址"),
        ("/projects/nobody", 404, "没有编号为"),
        ("/projects/xinghe/days/2026-02-31", 422, "<code>path.day</code>"),
        ("/findings?kind=odd", 422, "<code>query.kind</code>"),
        ("/projects?offset=-1", 422, "不合要求"),
        ("/sign-out", 405, "这个地址不接受"),
    ],
)
def test_errors_are_pages_in_the_same_look(site: Site, path: str, status: int, words: str) -> None:
    page = site.client("clerk").get(path)
    assert page.status_code == status
    assert words in page.text
    assert "演练，不得用于拨付" in page.text
    assert "/static/style.css" in page.text


def test_the_language_and_the_type_size_stay_chosen(site: Site) -> None:
    browser = site.client()
    assert 'lang="en"' in browser.get("/?lang=en").text
    assert 'class="large"' in browser.get("/?type=large").text
    page = browser.get("/").text
    assert '<html lang="en" class="large">' in page
    assert 'href="/?lang=zh-CN"' in page


def test_choices_keep_the_place_in_a_list(site: Site) -> None:
    page = site.client("clerk").get("/findings?kind=gaps&offset=0").text
    assert 'href="/findings?kind=gaps&amp;offset=0&amp;lang=en"' in page


def test_static_files_are_asked_for_again(site: Site) -> None:
    style = site.client().get("/static/style.css")
    assert style.headers["cache-control"] == "no-cache"
    again = site.client().get("/static/style.css", headers={"If-None-Match": style.headers["etag"]})
    assert again.status_code == 304
    assert site.client().get("/static/../app.py").status_code == 404


def test_pages_allow_nothing_inline(site: Site) -> None:
    page = site.client("clerk").get("/projects/xinghe")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    for forbidden in (" style=", "<style", "<script", " onclick=", "http://www.w3.org/1999"):
        assert forbidden not in page.text
