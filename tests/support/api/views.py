"""What each reader sees of a site: pages found by their links, and which of them differ in form.

Readers of different roles often see a page alike but for its figures. A page is looked at once in
each form, so that a browser opens few of them.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urljoin, urlsplit

from fastapi.routing import APIRoute
from selectolax.lexbor import LexborHTMLParser

from api.app import ROUTERS
from tests.support.api.city import Site
from tests.support.api.html import parse

OWN = ("/sessions", "/tokens", "/rights", "/mark")  # they stand at the foot, or under the name
_CHOICES = {"lang", "type"}  # of language and size: on every page
_ROUTES = [
    route
    for prefix, router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and not prefix and "GET" in (route.methods or ())
]

View = tuple[str, str]  # a reader and an address


def views(site: Site, readers: Iterable[str]) -> list[View]:
    """Every page that a link leads these readers to, once in each form that it has."""
    forms: dict[tuple[str, frozenset[str]], View] = {}
    for reader in readers:
        for route, address, page in _pages(site, reader):
            forms.setdefault((route, _form(page)), (reader, address))
    return list(forms.values())


def _pages(site: Site, reader: str) -> Iterator[tuple[str, str, LexborHTMLParser]]:
    """The pages of a reader, the first of each route and of each set of parameters."""
    queue, kinds = ["/", *OWN], set[tuple[str, frozenset[str]]]()
    with site.client(reader) as client:
        while queue:
            address = queue.pop(0)
            parts = urlsplit(address)
            route = _route(parts.path)
            kind = route, frozenset(name for name, _ in parse_qsl(parts.query))
            if route == "" or kind in kinds or kind[1] & _CHOICES:
                continue
            kinds.add(kind)
            answer = client.get(address)
            if answer.status_code != 200 or "html" not in answer.headers["content-type"]:
                continue
            page = parse(answer.text)
            yield route, address, page
            links = (link.attributes.get("href") or "" for link in page.css("a[href]"))
            queue += [urljoin(address, link) for link in links if "://" not in link]


def _route(path: str) -> str:
    """The route of a page at this address; "" if none is there."""
    return next((route.path for route in _ROUTES if route.path_regex.match(path)), "")


def _form(page: LexborHTMLParser) -> frozenset[str]:
    """The kinds of elements that a page has, each with its place in the next and what it is."""
    return frozenset(
        " ".join(
            (
                node.parent.tag or "" if node.parent else "", node.tag or "",
                node.attributes.get("class") or "", node.attributes.get("role") or "",
                node.attributes.get("type") or "",
            )
        )
        for node in page.css("main *")
    )  # fmt: skip
