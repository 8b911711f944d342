"""Pages as Chromium shows them: what they fetch, complain of, overflow, and who can read them."""

import shutil
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.api.city import Site

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MODES: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light"},
    "phone-large-english": {"viewport": PHONE, "color_scheme": "dark", "locale": "en"},
}

# Every text against what is painted under it, by WCAG 2: 4.5, or 3 for large type. Colours are
# read back from a canvas, so that every notation of CSS is understood.
CONTRAST = """() => {
  const ink = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    ink.clearRect(0, 0, 1, 1); ink.fillStyle = colour; ink.fillRect(0, 0, 1, 1);
    return [...ink.getImageData(0, 0, 1, 1).data];
  };
  const light = rgb => rgb.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const under = node => {
    for (; node; node = node.parentElement) {
      const below = rgba(getComputedStyle(node).backgroundColor);
      if (below[3] === 255) return below;
      if (below[3] !== 0) throw new Error('a half-transparent background under a text');
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const holder = walker.currentNode.parentElement, style = getComputedStyle(holder);
    if (!walker.currentNode.data.trim() || !holder.checkVisibility()) continue;
    if (holder.closest('title')) continue;
    const svg = holder.closest('svg');
    let ground = under(holder);
    const box = holder.closest('svg.flow') && holder.matches('.name')
      ? holder.previousElementSibling : null;
    if (box && getComputedStyle(box).fill !== 'none') ground = rgba(getComputedStyle(box).fill);
    const [a, b] = [light(rgba(svg ? style.fill : style.color)), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), bold = parseInt(style.fontWeight) >= 700;
    count += 1;
    if (ratio < (size >= 24 || (bold && size >= 18.66) ? 3 : 4.5))
      found.push([walker.currentNode.data.trim(), ratio.toFixed(2)]);
  }
  return [count, found];
}"""

# What overflows sideways without being in a part that scrolls by itself.
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  return [...document.body.querySelectorAll('*')]
    .filter(e => !e.closest('.wide, pre, .skip') && e.getBoundingClientRect().right > wide + 1)
    .map(e => e.outerHTML.slice(0, 120));
}"""


@dataclass
class Watched:
    """A signed-in browser whose fetches and complaints are kept."""

    context: BrowserContext
    page: Page
    fetched: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def watched(browser: Browser, site: Site, reader: str, **options: Any) -> Watched:
    """A browser in which this reader is signed in."""
    visit = stranger(browser, **options)
    visit.page.goto(f"{site.url}/sign-in")
    visit.page.locator("input[name=token]").fill(site.tokens[reader])
    visit.page.locator("form[action='/sign-in'] button").click()
    visit.page.wait_for_url(lambda url: "/sign-in" not in url)
    return visit


def stranger(browser: Browser, **options: Any) -> Watched:
    """A browser that is not signed in."""
    context = browser.new_context(**{"locale": "zh-CN", **options})
    visit = Watched(context, context.new_page())
    visit.page.on("request", lambda request: visit.fetched.append(request.url))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on(
        "console",
        lambda words: (
            visit.complaints.append(words.text) if words.type in {"error", "warning"} else None
        ),
    )
    return visit


def look_at(site: Site, visit: Watched, path: str) -> None:
    """Open a page, which fetches and needs nothing foreign, fits, and can be read."""
    visit.fetched.clear()
    visit.complaints.clear()
    answer = visit.page.goto(f"{site.url}{path}")
    assert answer
    assert answer.ok
    assert visit.complaints == []
    assert visit.fetched
    assert [url for url in visit.fetched if not url.startswith(f"{site.url}/")] == []
    assert visit.page.evaluate(OVERFLOW) == []
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width == visit.page.evaluate("document.documentElement.clientWidth")
    count, unreadable = visit.page.evaluate(CONTRAST)
    assert count > 10
    assert unreadable == []


def no_violation(page: Page) -> None:
    """The page as it is, by axe."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    results = axe.Axe().run(page)
    assert len(results.response["passes"]) > 20
    assert results.violations_count == 0, results.generate_report()
