"""Every page that a link leads somebody to can be used by everybody, as each role sees it.

By axe: in light, in dark, on a phone, and there in large type. In short each view is looked at in
one of these, the same at every run; the long form looks at each in all of them.
"""

from collections import defaultdict
from zlib import crc32

import pytest
from playwright.sync_api import Browser

from ledger.people.codes import Role
from tests.support.api.browsers import CHROMIUM, MODES, Watched, no_violation, watched
from tests.support.api.city import Site
from tests.support.api.views import views

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

BUILDER = "xinghe"
READERS = [BUILDER if role is Role.BUILDER else role.value for role in Role]
LOOKS = ("light", "dark", "phone", "phone-large-english")


@pytest.fixture(scope="module")
def addresses(site: Site) -> dict[str, list[str]]:
    """By reader the pages that nobody before saw in that form."""
    by_reader = defaultdict[str, list[str]](list)
    for reader, address in views(site, READERS):
        by_reader[reader].append(address)
    return by_reader


def look(site: Site, visit: Watched, address: str, look_: str) -> None:
    mode = MODES[look_]
    visit.page.set_viewport_size(mode["viewport"])
    visit.page.emulate_media(color_scheme=mode["color_scheme"])
    size, language = ("large", "en") if "large" in look_ else ("normal", "zh-CN")
    visit.page.goto(f"{site.url}/rights?type={size}&lang={language}")
    visit.page.goto(f"{site.url}{address}")
    no_violation(visit.page)


@pytest.mark.parametrize("reader", READERS)
def test_axe_finds_nothing_in_what_a_role_sees(
    browser: Browser, site: Site, addresses: dict[str, list[str]], reader: str
) -> None:
    visit = watched(browser, site, reader)
    for address in addresses[reader]:
        look(site, visit, address, LOOKS[crc32(f"{reader} {address}".encode()) % len(LOOKS)])
    visit.context.close()


@pytest.mark.torture
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("look_", LOOKS)
def test_axe_finds_nothing_in_any_look(
    browser: Browser, site: Site, reader: str, look_: str
) -> None:
    visit = watched(browser, site, reader)
    for _, address in views(site, [reader]):
        look(site, visit, address, look_)
    visit.context.close()
