"""The pages in a real browser: light, dark and on a phone, by keyboard, and with nothing foreign.

Each page is opened as people open it (signed in through the form) and watched: what it fetches,
what the browser complains about, how wide it is, whether its texts can be read.
"""

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser

from api.app import ROUTERS
from api.language import format as formats
from api.web.layout import places
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from tests.support.api.browsers import CHROMIUM, MODES, Watched, look_at, no_violation, watched
from tests.support.api.city import Site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

PAGES = [
    "/",
    "/sign-in",
    "/sessions",
    "/tokens",
    "/eligibility",
    "/eligibility?subject_kind=enterprise&legal_person=yes&seats=499&facility_kwh=x",
    "/eligibility?subject_kind=enterprise&legal_person=yes&seats=499&annual_revenue_fen=19999999.99",
    "/eligibility/07-1?subject_kind=enterprise&legal_person=yes&business=annotation&seats=499",
    "/projects",
    "/projects/xinghe",
    "/projects/yunqi",
    "/projects/liupan",
    "/projects/qingtong",
    "/projects/xinghe/days/2026-04-12",
    "/findings?kind=quarantine",
    "/findings?kind=forks",
    "/nodes?cluster=helan-gpu",
    "/nodes/helan-gpu/n1?days=1",
    "/nodes/helan-gpu/n1/2026-04-12",
]
ADMINISTRATORS = ["systemadmin", "securityadmin", "auditadmin"]
OF_CENTRE = ["/courier", "/inventory", "/sources", "/evidence", "/findings"]
MONTH = [
    "/desk",
    "/decisions",
    "/decisions/1",
    "/statements",
    "/statements/DZ-202603-0001",
    "/reconcile?show=all",
    "/reconcile/reds",
    "/months/2026-03",
    "/reconcile/1/2026-03?show=0",
    "/documents",
    "/documents/1",
    "/documents/new",
    "/claims",
    "/claims/DF-2026-0002",
    "/payments",
    "/payments/ZF-2026-0001",
    "/publications",
    "/number-reads",
    "/registry",
    "/registry/prices?sort=-yuan",
    "/registry/contracts/1",
    "/registry/accounts",
    "/registry/file",
    "/registry/prices/new?like=1",
]


@pytest.fixture(scope="module", params=MODES)
def clerk(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Watched]:
    visit = watched(browser, site, "clerk", **MODES[request.param])
    if "large" in request.param:
        visit.page.goto(f"{site.url}/?type=large")
    yield visit
    visit.context.close()


@pytest.mark.parametrize("path", [*PAGES, *MONTH])
def test_a_page_is_whole_readable_and_on_its_own(site: Site, clerk: Watched, path: str) -> None:
    look_at(site, clerk, path)


@pytest.mark.parametrize("mode", ["light", "phone-large-english"])
def test_a_centre_s_pages_are_so_too(browser: Browser, site: Site, mode: str) -> None:
    visit = watched(browser, site, "operator", **MODES[mode])
    ways = visit.page.locator("nav a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    for path in OF_CENTRE:
        assert path in ways
        look_at(site, visit, path)
    visit.context.close()


@pytest.mark.parametrize("mode", ["dark", "phone"])
@pytest.mark.parametrize("reader", ADMINISTRATORS)
def test_an_administrator_s_pages_are_so_too(
    browser: Browser, site: Site, reader: str, mode: str
) -> None:
    visit = watched(browser, site, reader, **MODES[mode])
    ways = visit.page.locator("nav a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    persons = ["/people/1"] if "/people" in ways else []
    for path in [*ways, *persons, "/sessions", "/tokens", "/rights"]:
        look_at(site, visit, path)
    visit.context.close()


def test_pictures_can_be_read_on_a_phone(browser: Browser, site: Site) -> None:
    visit = watched(browser, site, "xinghe", **MODES["phone"])
    sizes = visit.page.evaluate(
        "[...document.querySelectorAll('.wide svg text')].map(t => t.getScreenCTM().a"
        " * parseFloat(getComputedStyle(t).fontSize))"
    )
    assert sizes
    assert min(sizes) >= 11.5
    scrolls = visit.page.locator(".wide:has(.burn-up)").evaluate(
        "e => e.scrollWidth > e.clientWidth"
    )
    assert scrolls
    visit.context.close()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    browser: Browser, site: Site
) -> None:
    visit = watched(browser, site, "xinghe", **MODES["light"])
    stops = []
    for _ in range(14):
        visit.page.keyboard.press("Tab")
        stops.append(
            visit.page.evaluate(
                "(() => { const e = document.activeElement, s = getComputedStyle(e);"
                " const r = e.getBoundingClientRect();"
                " return [e.tagName, s.outlineStyle, parseFloat(s.outlineWidth),"
                " r.right > 0 && r.bottom > 0 && r.top < innerHeight]; })()"
            )
        )
    assert stops[0][0] == "A"
    assert {"BUTTON", "DIV", "SUMMARY"} <= {tag for tag, *_ in stops}
    for tag, style, width, visible in stops:
        assert style == "solid", tag
        assert width >= 2
        assert visible
    visit.context.close()


def test_the_builder_s_figures_are_the_api_s(browser: Browser, site: Site) -> None:
    visit = watched(browser, site, "xinghe", **MODES["light"])
    quota = visit.context.request.get(f"{site.url}/api/v1/projects/xinghe/quota").json()
    assert visit.page.url == f"{site.url}/projects/xinghe"
    assert visit.page.locator(".big").inner_text() == formats.money(quota["left_fen"])
    visit.page.locator("#days tbody a").first.click()
    visit.page.wait_for_url("**/projects/xinghe/days/2026-04-12")
    total = visit.page.locator("tfoot tr").nth(1).locator("td").first.inner_text()
    days = visit.context.request.get(f"{site.url}/api/v1/projects/xinghe/days").json()
    assert total == formats.quantity(days[-1]["device_ms"])
    visit.context.close()


def test_language_type_and_sign_out_are_one_click(browser: Browser, site: Site) -> None:
    visit = watched(browser, site, "xinghe", **MODES["light"])
    page = visit.page
    page.get_by_text("English", exact=True).click()
    page.locator("html[lang=en]").wait_for(state="attached")
    page.get_by_text("Large type").click()
    page.locator("html.large").wait_for(state="attached")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    page.get_by_text("Sign out").click()
    page.wait_for_url(f"{site.url}/")
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto(f"{site.url}/projects/xinghe")
    assert page.locator("input[name=token]").is_visible()
    visit.context.close()


def test_paper_has_the_figures_and_no_controls(browser: Browser, site: Site) -> None:
    visit = watched(browser, site, "xinghe", **MODES["dark"])
    visit.page.emulate_media(media="print")
    for hidden_part in ("nav", ".tools", "details", ".skip"):
        assert not visit.page.locator(hidden_part).first.is_visible(), hidden_part
    for paper_part in (".banner", ".big", ".burn-up", "#days table", "footer"):
        assert visit.page.locator(paper_part).is_visible(), paper_part
    paper = visit.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    assert visit.page.pdf(format="A4").startswith(b"%PDF")
    visit.context.close()


def test_the_desk_goes_by_keyboard_and_keeps_what_was_typed(browser: Browser, site: Site) -> None:
    visit = watched(browser, site, "clerk", **MODES["light"])
    page = visit.page
    page.goto(f"{site.url}/reconcile/1/2026-03")
    at = "document.activeElement.textContent"
    page.keyboard.press("j")
    first = page.evaluate(at)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    second = page.evaluate(at)
    assert first != second
    page.keyboard.press("k")
    assert page.evaluate(at) == first
    page.locator("input[name^=reason]").first.fill("jk is typed, not obeyed")
    page.locator("[data-step]").nth(1).focus()
    page.keyboard.press("Enter")
    page.locator("#detail h2", has_text=second).wait_for()
    assert page.locator("input[name^=reason]").first.input_value() == "jk is typed, not obeyed"
    assert visit.complaints == []
    visit.context.close()


def test_the_desk_says_at_once_what_a_choice_would_mean(browser: Browser, site: Site) -> None:
    visit = watched(browser, site, "clerk", **MODES["light"])
    page = visit.page
    page.goto(f"{site.url}/reconcile/1/2026-03")
    choice = page.locator("select[name^='treatment R05']").first
    with page.expect_response("**/reconcile/1/2026-03/preview") as answer:
        choice.select_option("exclude")
    assert answer.value.ok
    page.locator("#preview strong", has_text="¥").wait_for()
    assert choice.input_value() == "exclude"
    assert visit.complaints == []
    visit.context.close()


def test_the_desk_needs_no_script(browser: Browser, site: Site) -> None:
    visit = watched(browser, site, "clerk", **MODES["phone"], java_script_enabled=False)
    visit.page.goto(f"{site.url}/reconcile/1/2026-03")
    name = visit.page.locator("[data-step]").nth(1).inner_text()
    visit.page.locator("[data-step]").nth(1).click()
    assert "show=1" in visit.page.url
    assert visit.page.locator("#detail h2").inner_text() == name
    visit.context.close()


@pytest.mark.parametrize("clerk", ["light", "phone-large-english"], indirect=True)
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(site: Site, clerk: Watched, path: str) -> None:
    clerk.page.goto(f"{site.url}{path}")
    no_violation(clerk.page)


@pytest.mark.parametrize("clerk", ["phone-large-english"], indirect=True)
@pytest.mark.parametrize("path", MONTH)
def test_axe_finds_nothing_in_the_month(site: Site, clerk: Watched, path: str) -> None:
    test_axe_finds_nothing(site, clerk, path)


ELSEWHERE = [
    "/postings",
    "/postings/1",
    "/mark",
    "/seals",
    "/seals/1",
    "/certificates",
    "/closes",
    "/closes/usage/2026-03",
    "/closes/books/2026-03",
    "/deductions",
    "/pools",
    "/policies",
    "/hours/helan-gpu",
    "/rights",
    "/inventory",
    "/sources",
    "/evidence",
    "/sign-in/once?code=x",
]
# Answers that are no page of ours, and pages that hang on something this site has not.
NO_PAGES = frozenset(
    {
        "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json",
        "/sign-in/oidc", "/sign-in/oidc/callback",
        "/claims/{number}/print/{paper}", "/incidents/{incident}/file", "/courier/{number}",
        "/courier/{number}/answer", "/deductions/{deduction}/consent", "/invitation",
        "/batches/{stream}/{number}", "/hours/{cluster}/{gpu}", "/certificates/{number}",
    }
)  # fmt: skip


@pytest.mark.parametrize("reader", ["clerk", "operator", *ADMINISTRATORS])
def test_axe_finds_nothing_on_any_other_page(browser: Browser, site: Site, reader: str) -> None:
    visit = watched(browser, site, reader, **MODES["light"])
    ways = visit.page.locator("nav a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    persons = ["/people/1"] if "/people" in ways else []
    for path in ELSEWHERE if reader == "clerk" else [*ways, *persons]:
        visit.page.goto(f"{site.url}{path}")
        no_violation(visit.page)
    visit.context.close()


def test_every_page_is_looked_at() -> None:
    paths = {path.partition("?")[0] for path in (*PAGES, *MONTH, *ELSEWHERE)}
    for reader in (Role.OPERATOR, *ADMINISTRATORS):
        paths |= {place.url for place in places(Viewer(1, "x", Role(reader)), "")}
    paths |= {"/people/1", "/password"}  # of administrators, and in test_login_in_browser.py
    unseen = {
        route.path
        for prefix, router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and not prefix and "GET" in (route.methods or ())
        and not any(route.path_regex.match(path) for path in paths)
    }  # fmt: skip
    assert unseen == NO_PAGES


@pytest.mark.parametrize("mode", ["light", "dark", "phone"])
def test_the_reference_of_the_api_runs_from_our_own_files(
    browser: Browser, site: Site, mode: str
) -> None:
    visit = watched(browser, site, "clerk", **MODES[mode])
    visit.page.goto(f"{site.url}/docs")
    visit.page.locator("#reference .opblock-tag", has_text="payment").click()
    summary = visit.page.locator("#reference .opblock-summary-path", has_text="/payment-lists")
    summary.first.wait_for()
    assert visit.complaints == []
    assert [url for url in visit.fetched if not url.startswith(f"{site.url}/")] == []
    assert any(url.endswith("/openapi.json") for url in visit.fetched)
    visit.context.close()
