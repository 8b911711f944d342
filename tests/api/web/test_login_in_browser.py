"""A login in a real browser: set up by an invitation, and used, on a desk and on a phone."""

import pytest
from playwright.sync_api import Browser

from tests.support.api.browsers import CHROMIUM, MODES, look_at, no_violation, stranger
from tests.support.api.city import NOW, Site
from tests.support.api.logins import PASSWORD, digits_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.mark.parametrize("mode", ["light", "phone-large-english"])
def test_a_login_is_set_up_and_used(browser: Browser, site: Site, mode: str) -> None:
    """With axe on the way, because each of these pages is there once."""
    wish = {"role": "auditor", "person": f"孙{mode}"}
    path = site.client("securityadmin").post("/api/v1/invitations", json=wish).json()["path"]
    visit = stranger(browser, **MODES[mode])
    page, name = visit.page, f"sun-{mode}"
    look_at(site, visit, path)
    no_violation(page)
    secret = page.locator("input[name=authenticator]").input_value()
    for field_name, value in (
        ("name", name), ("password", PASSWORD), ("again", PASSWORD),
        ("digits", digits_of(secret, NOW)),
    ):  # fmt: skip
        page.locator(f"input[name={field_name}]").fill(value)
    page.locator("main button").click()
    page.locator("ol code").first.wait_for()
    no_violation(page)
    recovery_code = page.locator("ol code").first.inner_text()
    page.locator("main a.button").click()
    for path in ("/password", "/sessions"):
        look_at(site, visit, path)
        no_violation(page)
    page.locator("form[action='/sign-out'] button").click()
    page.goto(f"{site.url}/sign-in")
    for field_name, value in (("name", name), ("password", PASSWORD), ("digits", recovery_code)):
        page.locator(f"input[name={field_name}]").fill(value)
    page.locator("form[action='/sign-in/password'] button").click()
    page.wait_for_url(f"{site.url}/desk")
    visit.context.close()
