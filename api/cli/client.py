"""The command line's way to the server: where it is, what opens it, and what went wrong.

It needs nothing of the server's libraries. `SUANQUAN_URL` and `SUANQUAN_TOKEN` say where to and
with what; without an address, a server that `suanquan up` runs on this machine is found by the
files that it keeps in its data folder, with the tokens of the people whom it made; `SUANQUAN_AS`
says as whom of them. A local token never goes to another machine's server.
"""

import errno
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from api.cli.failures import Failure
from api.language.i18n import SOURCE, language
from api.language.i18n import gettext as _

TIMEOUT_S = 60.0
SERVER_FILE = "server.json"  # {"url", "pid"} of the server that runs beside us
TOKENS_FOLDER = "tokens"  # the tokens that a server on this machine made: a file for each holder
FIRST_TOKENS = ("auditor", "securityadmin")  # whose is taken unless `SUANQUAN_AS` names another
CLOCK_FILE = "drill.clock"  # the secret of the drill's clock (ADR 0007)
ENGLISH = "en"
_ANSWERS = (200, 400, 401, 409, 413, 422)  # to a batch: repeating it changes nothing
_SHARE_SPENT = "agent_share"  # an answer too: today it is not taken


def readers_language() -> str:
    """English where the environment says so, else Chinese."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return ENGLISH if (locale or "").lower().startswith("en") else SOURCE


def data_folder() -> Path:
    """Where a server on this machine keeps its files."""
    return Path(os.environ.get("SUANQUAN_DATA") or ".suanquan")


@dataclass(frozen=True)
class Door:
    """Where the server is, and the token to come in with."""

    url: str
    token: str

    @classmethod
    def find(cls) -> Self:
        """From the environment, else from the files of a server on this machine."""
        url, token = os.environ.get("SUANQUAN_URL"), os.environ.get("SUANQUAN_TOKEN")
        local = local_address()
        if url is None and local is None:
            raise Failure(
                _(
                    "找不到服务器：请设置 SUANQUAN_URL 与 SUANQUAN_TOKEN，"
                    "或在运行 suanquan up 的目录中、以同样的 SUANQUAN_DATA 执行"
                )
            )
        address = _checked((url or local or "").rstrip("/"))
        if not token and address == (local or "").rstrip("/"):
            token = machine_token()
        if not token:
            raise Failure(_("请设置 SUANQUAN_TOKEN"))
        if not (token.isascii() and token.isprintable()):
            raise Failure(_("SUANQUAN_TOKEN 写法有误"))
        return cls(address, token)


def machine_token() -> str | None:
    """The token of who asks beside a server on this machine: `SUANQUAN_AS`, else who reads."""
    named = os.environ.get("SUANQUAN_AS")
    holders = (named,) if named else FIRST_TOKENS
    return next(filter(None, (token_of(holder) for holder in holders)), None)


def token_of(holder: str) -> str | None:
    """The token of one of those whom a server on this machine made, if she is there."""
    return _text(data_folder() / TOKENS_FOLDER / Path(holder).name)


def roles_hint(token: str) -> str:
    """How to ask as somebody else, where this token is one that a server on this machine made."""
    folder = data_folder() / TOKENS_FOLDER
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    own = [name for name in names if token_of(name) == token]
    if not own:
        return ""
    return _("现在以本机的 {own} 办理；换一个人：SUANQUAN_AS=名字，可用 {names}").format(
        own=own[0], names=_("、").join(names)
    )


class Client:
    """Asks the server; whatever is not a yes is a `Failure`.

    With `SUANQUAN_DRILL_NOW` it asks as of that moment, where the server runs a drill.
    """

    def __init__(self, door: Door | None = None, *, drill_now: str | None = None) -> None:
        door = door or Door.find()
        headers = {"Authorization": f"Bearer {door.token}", "Accept-Language": language()}
        if when := drill_now or os.environ.get("SUANQUAN_DRILL_NOW"):
            headers["X-Drill-Clock"] = f"{_drill_clock()} {when}"
        self._url, self._token = door.url, door.token
        self._http = httpx2.Client(
            base_url=door.url + "/api/v1/", headers=headers, timeout=TIMEOUT_S
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: object = None,
        content: bytes | None = None,
        form: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever JSON the server answers
        """The server's answer as plain values; None for an empty one.

        `form` names the parts of a form: a file is its name and content.
        """
        answer = self._send(method, path, query, json=body, content=content, files=form)
        try:
            return answer.json() if answer.content else None
        except ValueError as error:
            raise Failure(_("{url} 不是算券服务器").format(url=self._url)) from error

    def fetch(
        self, path: str, *, query: dict[str, Any] | None = None, method: str = "GET"
    ) -> bytes:
        """A file of the server's, as it is."""
        return self._send(method, path, query).content

    def pass_batch(self, agent: str, signature: str, body: bytes) -> tuple[int, bytes, str]:
        """Pass an agent's signed batch on; the server's answer, yes or no, and its signature.

        Whatever is no answer to a batch (a fault, a proxy's page) is a `Failure`.
        """
        headers = {
            "Suanquan-Agent": agent,
            "Suanquan-Signature": signature,
            "Content-Type": "application/json",
        }
        try:
            answer = self._http.post("batches", content=body, headers=headers)
        except httpx2.HTTPError as error:
            message = _("连不上服务器 {url}：{why}").format(url=self._url, why=_why(error))
            raise Failure(message) from error
        failure = None if answer.is_success else self._failure(answer)
        is_spent = failure is not None and failure.code == _SHARE_SPENT
        if (answer.status_code not in _ANSWERS and not is_spent) or (failure and not failure.code):
            raise failure or self._failure(answer)
        return answer.status_code, answer.content, answer.headers.get("Suanquan-Receipt", "")

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None,
        **request: Any,  # noqa: ANN401 - httpx's own
    ) -> httpx2.Response:
        params = {key: value for key, value in (query or {}).items() if value is not None}
        try:
            answer = self._http.request(method, path, params=params, **request)
        except httpx2.HTTPError as error:
            message = _("连不上服务器 {url}：{why}").format(url=self._url, why=_why(error))
            raise Failure(message) from error
        if not answer.is_success:
            raise self._failure(answer)
        return answer

    def _failure(self, answer: httpx2.Response) -> Failure:
        from api.messages.sentences import fault_lines  # noqa: PLC0415 - loaded when it is used

        try:
            problem = answer.json()
            message, code = problem["detail"], problem["code"]  # a problem of ours has both
            findings = problem.get("findings", [])
            lines = fault_lines(findings)
            if code == "not_your_role" and (hint := roles_hint(self._token)):
                lines = (*lines, hint)
        except (ValueError, KeyError, TypeError):
            status = answer.status_code
            return Failure(_("{url} 回答 HTTP {status}").format(url=self._url, status=status))
        return Failure(message, lines, tuple(findings), code)


def ask(method: str, path: str, **request: Any) -> Any:  # noqa: ANN401 - as Client.ask
    """Ask the server once; see `Client.ask`."""
    with Client() as client:
        return client.ask(method, path, **request)


def _checked(url: str) -> str:
    """An address that can be one; it is repeated without a password."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isascii()
        usable = usable and url.isprintable() and " " not in url and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Failure(_("SUANQUAN_URL 应写成 http://主机:端口 或 https://主机"))
    return url


def _why(error: Exception) -> str:
    """Why there was no answer, in the reader's language."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return _("找不到这台主机")
        if isinstance(cause, httpx2.TimeoutException | TimeoutError):
            return _("{seconds} 秒内没有应答").format(seconds=int(TIMEOUT_S))
        if getattr(cause, "errno", None) == errno.ECONNREFUSED:
            return _("那里没有程序在应答，服务器可能没有启动")
        cause = cause.__cause__ or cause.__context__
    return _("连接中断（{why}）").format(why=error)


def local_address() -> str | None:
    """The address of a server on this machine, if its program still lives."""
    try:
        server = json.loads((data_folder() / SERVER_FILE).read_text(encoding="utf-8"))
        os.kill(int(server["pid"]), 0)
        return str(server["url"])
    except PermissionError:  # it lives, and is somebody else's
        return str(server["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _drill_clock() -> str:
    """The secret of the drill's clock, of the environment or of the server beside us."""
    return os.environ.get("SUANQUAN_DRILL_CLOCK") or _text(data_folder() / CLOCK_FILE) or "-"


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
