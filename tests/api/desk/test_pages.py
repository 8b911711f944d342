"""The pages of the month as each reader sees them: what waits, what is theirs, what to press."""

from datetime import timedelta

import pytest

from api.language.format import long_day
from ledger.people.codes import Role
from ledger.units import beijing_day
from tests.support.api.city import Site
from tests.support.api.html import attribute, attributes, one, parse, text, texts
from tests.support.api.town import NOW, Town


def see(site: Site, reader: str, path: str) -> str:
    page = site.client(reader).get(path)
    assert page.status_code == 200, page.text
    return page.text


def queues(page: str) -> dict[str, int]:
    """The desk's numbers by the lists that they lead to."""
    urls = attributes(parse(page), "h2:has(+ p.big) > a", "href")
    return dict(zip(urls, map(int, texts(parse(page), "h2:has(> a) + p.big")), strict=True))


def decision_on(page: str, subject: str) -> str:
    """Where the decision on this subject stands."""
    links = parse(page).css("a[href^='/decisions/']")
    return next(attribute(link, "href") for link in links if text(link).startswith(subject))


def test_the_desk_counts_what_its_lists_show(site: Site) -> None:
    desk = queues(see(site, "approver", "/desk"))
    assert list(desk) == [
        "/reconcile", "/reconcile?show=falls", "/decisions", "/claims?queue=review", "/payments",
        "/documents?state=to_confirm", "/documents?state=period_unknown",
        "/documents?state=receipt_unproved",
    ]  # fmt: skip
    unverified = see(site, "approver", "/documents?state=to_confirm")
    assert desk["/documents?state=to_confirm"] == unverified.count('name="seen"') > 0
    months = see(site, "approver", "/reconcile")
    assert desk["/reconcile"] == months.count("data-step") > 0
    count = see(site, "approver", "/decisions").count("等您确认")
    assert desk["/decisions"] == count > 0
    assert desk["/payments"] == 2  # one approved claim, one list at the bank


def test_the_desk_s_day_is_beijing_s(town: Town) -> None:
    early = NOW.replace(hour=17)  # one in the morning of the next day
    town.app.state.wall_clock = lambda: early
    page = town.client.get("/desk", headers=town.headers(Role.CLERK)).text
    day = beijing_day(early)
    assert day == NOW.date() + timedelta(days=1)
    assert long_day(day) in texts(parse(page), ".titled p")


def test_what_one_decided_another_confirms(site: Site) -> None:
    path = decision_on(see(site, "clerk", "/decisions"), "25642000000000000005")
    own, another, auditor = (see(site, person, path) for person in ("clerk", "approver", "auditor"))
    assert 'value="withdrawn"' in own
    assert 'value="confirmed"' not in own
    assert "须由另一人确认" in own
    assert 'value="confirmed"' in another
    assert 'value="withdrawn"' not in another
    assert '<form method="post" action="/decisions' not in auditor


def test_a_keyed_document_is_confirmed_beside_its_original(site: Site) -> None:
    page = see(site, "approver", "/decisions")
    path = decision_on(page, "25642000000000000004")
    assert 'href="/documents/4"' in see(site, "approver", path)
    assert "/api/v1/cost-documents/4/original" in see(site, "approver", "/documents/4")


def test_what_is_answered_has_no_buttons(site: Site) -> None:
    page = see(site, "approver", "/decisions/1")
    assert "已确认" in page
    assert 'name="answer"' not in page


@pytest.mark.parametrize("path", ["/statements/DZ-202603-0001", "/reconcile/1/2026-03"])
def test_a_contract_line_says_what_it_is_for(site: Site, path: str) -> None:
    assert "按需" in see(site, "clerk", path)


@pytest.mark.parametrize(
    ("reader", "path"),
    [
        ("hetao", "/claims/DF-2026-0001"),
        ("hetao", "/statements/DZ-202603-0001"),
        ("hetao", "/reconcile/1/2026-03"),
        ("operator", "/statements/DZ-202603-0001"),
        ("operator", "/reconcile/1/2026-03"),
        ("xinghe", "/decisions/1"),
        ("clerk", "/reconcile/1/2026-13"),
        ("clerk", "/reconcile/1/2025-01"),
        ("clerk", "/payments/ZF-2026-0009"),
    ],
)
def test_what_is_anothers_or_absent_is_not_there(site: Site, reader: str, path: str) -> None:
    assert site.client(reader).get(path).status_code == 404


@pytest.mark.parametrize("reader", ["auditor", "clerk", "finance", "approver"])
def test_only_finance_may_pay(site: Site, reader: str) -> None:
    assert ("导入回单" in see(site, reader, "/payments")) == (reader == "finance")


@pytest.mark.parametrize(
    ("reader", "buttons"),
    [
        ("clerk", ["return", "accept", "reject", "withdraw"]),
        ("approver", ["refuse"]),
        ("yunqi", ["withdraw"]),
        ("auditor", []),
    ],
)
def test_a_claim_has_the_buttons_of_the_reader_s_role(
    site: Site, reader: str, buttons: list[str]
) -> None:
    page = see(site, reader, "/claims/DF-2026-0002")
    assert attributes(parse(page), "[name=action]", "value") == buttons


def test_a_claim_s_way_says_where_it_is(site: Site) -> None:
    page = see(site, "xinghe", "/claims/DF-2026-0004")
    steps = attributes(parse(page), "li[class]", "class")
    assert steps == ["done", "done", "done", "now", "ahead", "ahead", "ahead"]
    assert "至 2026-04-15" in page
    last = see(site, "xinghe", "/claims/DF-2026-0007")
    assert attributes(parse(last), "li[class]", "class") == ["done"] * 7


def test_publications_are_open_and_tell_no_account(site: Site) -> None:
    page = site.client().get("/publications").text
    assert "3 个工作日" in page  # Sunday 12 April: Monday, Tuesday and Wednesday are left
    assert "肆拾万元整" in page
    assert "6400123456789" not in page
    assert "周九" not in page


def test_differences_stand_by_money(site: Site) -> None:
    page = see(site, "clerk", "/reconcile/1/2026-03")
    (form,) = [form for form in parse(page).css("form") if "差异" in texts(form, "h2")]
    sums = [cell for cell in texts(form, "td.n") if "¥" in cell]
    fen = [int(amount.lstrip("−¥").replace(",", "").replace(".", "")) for amount in sums]
    assert len(fen) > 2
    assert fen == sorted(fen, reverse=True)


def test_an_opened_difference_shows_its_own_lines(site: Site) -> None:
    page = see(site, "clerk", "/reconcile/1/2026-03")
    links = parse(page).css("a[href*='show='][href$='#detail']")
    path = next(attribute(link, "href") for link in links if text(link).startswith("R18"))
    detail = text(one(parse(see(site, "clerk", path)), "#detail"))
    assert "25642000000000000003" in detail
    assert "25642000000000000001" not in detail


def test_a_centre_reads_why_and_chooses_nothing(site: Site) -> None:
    page = see(site, "other", "/reconcile/1/2026-03")
    assert "R18" in page
    assert 'name="treatment' not in page
    assert "提出决定" not in page
    assert "发票卡时多于计量" in see(site, "other", "/centre")
    assert "发票卡时多于计量" not in see(site, "operator", "/centre")


def test_wrong_papers_are_told_place_by_place(site: Site) -> None:
    page = site.client("clerk").post(
        "/documents",
        data={"how": "file"},
        files={"file": ("a.pdf", b"%PDF-1.4")},
        headers={"Referer": "http://testserver/documents"},
    )
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    keyed = {"kind": "internal_settlement", "number": "N-9", "gross": "12.345"}
    page = site.client("clerk").post(
        "/documents/new", data=keyed, files={"file": ("a.pdf", b"%PDF-1.4")}
    )
    assert page.status_code == 422
    assert page.text.count("<code>") >= 3
    assert 'value="N-9"' in page.text  # what was typed is still there


@pytest.mark.parametrize(("reader", "is_whole"), [("clerk", False), ("xinghe", True)])
def test_a_claim_s_account_is_whole_to_its_owner_alone(
    site: Site, reader: str, *, is_whole: bool
) -> None:
    page = see(site, reader, "/claims/DF-2026-0007")
    assert ("6400123456789" in page) is is_whole
    assert "6789" in page
