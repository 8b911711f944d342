"""The outermost layer: every request passes it before a route, and every answer afterwards.

It numbers the request, settles the reader's language, turns away forms that another web site sent,
and turns every error into a problem. Each answer has the headers that keep a browser from running
anything that is not ours. One line of the log says who asked for what and how it ended; no secret
and no query stands in it.
"""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit
from uuid import uuid4

import structlog
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.door.disk import Disk
from api.door.events.bound import Bound
from api.door.events.record import record_refusal, route_path
from api.door.problems import Problem, problem_of, respond
from api.door.route_table import SAFE
from api.language import i18n

METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE"}
SESSION_COOKIE = "suanquan_session"
DEVICE_COOKIE = "suanquan_device"
YEAR_S = 365 * 24 * 3600
CONTENT_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",  # static files say otherwise for themselves
    }
)

_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

log = structlog.get_logger("suanquan.request")


class Gate:
    """The outermost layer of the application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        registry: CollectorRegistry,
        disk: Disk,
        elsewhere: Callable[[str, str], bool] = lambda *_: False,
    ) -> None:
        self.app, self._disk, self._bound = app, disk, Bound()
        self._is_elsewhere = elsewhere
        self._seconds = Histogram(
            "suanquan_request_seconds", "Time to answer", ["method", "route"], registry=registry
        )
        self._answers = Counter(
            "suanquan_requests", "Requests answered", ["method", "route", "status"],
            registry=registry,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        request.state.id = uuid4().hex
        language = i18n.choose(
            request.query_params.get("lang") if scope["query_string"] else None,
            request.cookies.get(i18n.COOKIE),
            request.headers.get("accept-language"),
        )
        passage = _Passage(request, send, language)
        began = time.monotonic()
        with i18n.speaking(language):
            await self._pass(request, receive, passage)
        if passage.status >= 400:  # noqa: PLR2004
            await run_in_threadpool(record_refusal, request, passage.status, self._bound)
        self._tell(request, passage.status, time.monotonic() - began)

    async def _pass(self, request: Request, receive: Receive, passage: "_Passage") -> None:
        try:
            if foreign(request):
                refusal = respond(request, Problem(403, "cross_site"))
                await refusal(request.scope, receive, passage.send)
                return
            if self._is_elsewhere(request.method, request.scope["path"]):
                refusal = respond(request, Problem(421, "other_server"))
                await refusal(request.scope, receive, passage.send)
                return
            await self.app(request.scope, receive, passage.send)
        except Exception as error:
            problem = problem_of(error)
            self._disk.note(error)
            if problem.status >= 500:  # noqa: PLR2004
                log.exception("failed", request=request.state.id, path=request.url.path)
            if passage.status:  # half an answer is out; the server cuts the connection
                raise
            if problem.code == "internal":
                problem = Problem(500, "internal", {"request": request.state.id})
            await respond(request, problem)(request.scope, receive, passage.send)

    def _tell(self, request: Request, status: int, seconds: float) -> None:
        route = route_path(request)
        method = request.method if request.method in METHODS else "-"  # anybody's word is no label
        self._seconds.labels(method, route).observe(seconds)
        self._answers.labels(method, route, str(status)).inc()
        viewer = getattr(request.state, "viewer", None)
        log.info(
            "answered",
            request=request.state.id,
            method=request.method,
            path=request.scope["path"],
            status=status,
            ms=round(seconds * 1000),
            actor=viewer.actor if viewer else None,
            client=request.client.host if request.client else None,
        )


def foreign(request: Request) -> bool:
    """Whether a browser says that another site sent this change (Sec-Fetch-Site, else Origin).

    Programs say neither, and come with a token that no other site can make a browser send. The
    rule is that of Go's `http.CrossOriginProtection`.
    """
    if request.method in SAFE:
        return False
    if site := request.headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


class _Passage:
    """The way out: puts our headers on the answer and remembers its status."""

    def __init__(self, request: Request, send: Send, language: str) -> None:
        self._request, self._send, self._language = request, send, language
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own_names = {name for name, _ in message["headers"]}
            missing = [pair for pair in _RAW_HEADERS if pair[0] not in own_names]
            message["headers"] = [*message["headers"], *missing]
            headers = MutableHeaders(scope=message)
            headers["Content-Language"] = self._language
            headers["X-Request-Id"] = self._request.state.id
            headers.add_vary_header("Accept-Language, Cookie")
            if self._request.scope["scheme"] == "https":
                headers.setdefault("Strict-Transport-Security", f"max-age={YEAR_S}")
            if cookie := self._language_cookie():
                headers.append("Set-Cookie", cookie)
        await self._send(message)

    def _language_cookie(self) -> str:
        """A language chosen on a page stays chosen."""
        request = self._request
        is_page = request.scope["query_string"] and not request.scope["path"].startswith("/api/")
        is_choice = is_page and "lang" in request.query_params
        if not is_choice or request.cookies.get(i18n.COOKIE) == self._language:
            return ""
        return f"{i18n.COOKIE}={self._language}; Path=/; Max-Age={YEAR_S}; SameSite=Lax"
