"""Every text of the pages has its English, and an English page has no Chinese but names."""

import re
from functools import cache

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from api.language.i18n import LOCALE
from ledger.desk.queries.findings import KINDS
from tests.support.api.city import TEAMS, Site
from tests.support.api.html import parse, text
from tests.support.api.month_pages import NAMES
from tests.support.paths import ROOT

API = ROOT / "api"
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff01-\uff5e]")
FIELD = re.compile(r"%\(\w+\)s|%s|\{\w+\}")
PAGES = [
    "/",
    "/sign-in",
    "/eligibility",
    "/eligibility?subject_kind=sole_trader&legal_person=no&seats=1.5",
    "/eligibility?subject_kind=enterprise&legal_person=yes&seats=499&business=annotation",
    *(
        f"/eligibility/{clause}?subject_kind=park&newly_introduced=no&seats=499&total_investment_fen=1"
        for clause in ("03-1", "05-1", "06-1", "07-1", "09-3", "10-1", "12-1", "13-4", "14-1")
    ),
    "/projects",
    *(f"/projects/{team.code}" for team in TEAMS),
    "/projects/xinghe/days/2026-04-12",
    "/projects/xinghe/days/2025-01-01",
    *(f"/findings?kind={kind}" for kind in KINDS),
    "/nodes",
    "/nodes?cluster=helan-slurm",
    "/nodes/helan-gpu/n1?days=7",
    "/nodes/helan-gpu/n1/2026-04-12",
    "/nodes/helan-gpu/n1/2026-04-11",
    "/nodes/helan-gpu/nowhere",
    "/desk",
    "/decisions",
    "/decisions/1",
    "/statements",
    "/statements/DZ-202603-0001",
    "/reconcile?show=all",
    "/reconcile/1/2026-03?show=0",
    "/documents",
    "/documents/new",
    *(f"/documents/{n}" for n in range(1, 6)),
    "/claims",
    *(f"/claims/DF-2026-{n:04d}" for n in range(1, 8)),
    "/payments",
    "/payments/ZF-2026-0001",
    "/publications",
    "/nowhere",
    "/projects?offset=x",
]


def texts() -> list[str]:
    """Every text in `_(...)` of the pages and their templates."""
    sources = [*API.rglob("*.py"), *API.rglob("*.html")]
    assert len(sources) > 10
    return [
        str(message)
        for path in sources
        for _, message, _, _ in extract_from_file(
            "python" if path.suffix == ".py" else "jinja2.ext:babel_extract", path, {"_": None}
        )
    ]


@cache
def english() -> dict[str, str]:
    with (LOCALE / "en.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


def test_every_text_has_its_english() -> None:
    translations = {original: english().get(original, "") for original in texts()}
    assert [key for key, words in translations.items() if not words] == []
    assert [key for key, words in translations.items() if CHINESE.search(words)] == []
    for key, words in translations.items():
        assert sorted(FIELD.findall(words)) == sorted(FIELD.findall(key)), key


def without_quotations(page: str) -> str:
    """The page's HTML without what stands in another's words."""
    document = parse(page)
    for node in document.css("[lang=zh-CN]"):
        node.decompose()
    assert document.html
    return document.html


@pytest.mark.parametrize("path", PAGES)
def test_an_english_page_is_english(site: Site, path: str) -> None:
    page = site.client("clerk").get(path, headers={"Accept-Language": "en"}).text
    assert '<html lang="en">' in page
    page = without_quotations(page)
    people = ("李四", "周九", "王五", "吴八", "张三", "中文")
    for name in sorted((*people, *NAMES, *(team.name for team in TEAMS)), key=len, reverse=True):
        page = page.replace(name, "")
    assert not CHINESE.search(page), CHINESE.findall(page)


@pytest.mark.parametrize("path", ["/", "/projects/xinghe", "/findings?kind=gaps"])
def test_the_source_language_is_chinese(site: Site, path: str) -> None:
    page = site.client("clerk").get(path).text
    assert '<html lang="zh-CN">' in page
    root = parse(page).root
    assert root is not None
    words = {text(node) for node in root.traverse(include_text=True) if node.tag == "-text"}
    assert len(words) > 10
    assert not set(english().values()) & {s for s in words if re.fullmatch(r"[A-Z][a-z ]{4,}", s)}
