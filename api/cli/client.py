"""The command line's way to the server: where it is, what opens it, and what went wrong.

It needs nothing of the server's libraries. `SUANQUAN_URL` and `SUANQUAN_TOKEN` say where to and
with what; without an address, a server that `suanquan up` runs on this machine is found by the
files that it keeps in its data folder. A local token never goes to another machine's server.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx2

TIMEOUT_S = 60.0
SERVER_FILE = "server.json"  # {"url", "pid"} of the server that runs beside us
TOKEN_FILE = "admin.token"  # noqa: S105 - a file's name
CLOCK_FILE = "drill.clock"  # the secret of the drill's clock (ADR 0007)
ENGLISH = "en"
CHINESE = "zh-CN"


class Failure(Exception):
    """What a person is told, in one line; `lines` name single faults, where there are such.

    `findings` are the same faults as the server told them: `where`, `code` and `message`; `code` is
    that of the whole, where the server gave one.
    """

    def __init__(
        self,
        message: str,
        lines: tuple[str, ...] = (),
        findings: tuple[dict[str, str], ...] = (),
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.lines, self.findings, self.code = lines, findings, code


def language() -> str:
    """English where the environment says so, else Chinese."""
    said = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return ENGLISH if said.lower().startswith("en") else CHINESE


def say(chinese: str, english: str) -> str:
    """The one of the two that the reader reads; the server's own texts come translated."""
    return english if language() == ENGLISH else chinese


@dataclass(frozen=True)
class Door:
    """Where the server is, and the token to come in with."""

    url: str
    token: str

    @classmethod
    def find(cls) -> Self:
        """From the environment, else from the files of a server on this machine."""
        url, token = os.environ.get("SUANQUAN_URL"), os.environ.get("SUANQUAN_TOKEN")
        data = Path(os.environ.get("SUANQUAN_DATA") or ".suanquan")
        local = _running(data / SERVER_FILE)
        if url is None and local is None:
            raise Failure(
                say(
                    "找不到服务器：请设置 SUANQUAN_URL 与 SUANQUAN_TOKEN，"
                    "或在运行 suanquan up 的目录中执行",
                    "no server found: set SUANQUAN_URL and SUANQUAN_TOKEN, "
                    "or work in the folder where suanquan up runs",
                )
            )
        at = (url or local or "").rstrip("/")
        if not token and at == (local or "").rstrip("/"):
            token = _text(data / TOKEN_FILE)
        if not token:
            raise Failure(say("请设置 SUANQUAN_TOKEN", "set SUANQUAN_TOKEN"))
        return cls(at, token)


class Client:
    """Asks the server; whatever is not a yes is a `Failure`.

    With `SUANQUAN_DRILL_NOW` it asks as of that moment, where the server runs a drill.
    """

    def __init__(self, door: Door | None = None, *, drill_now: str | None = None) -> None:
        door = door or Door.find()
        headers = {"Authorization": f"Bearer {door.token}", "Accept-Language": language()}
        if when := drill_now or os.environ.get("SUANQUAN_DRILL_NOW"):
            headers["X-Drill-Clock"] = f"{_drill_clock()} {when}"
        self._url = door.url
        try:
            self._http = httpx2.Client(
                base_url=door.url + "/api/v1/", headers=headers, timeout=TIMEOUT_S
            )
        except (httpx2.InvalidURL, UnicodeEncodeError, ValueError) as error:
            raise Failure(
                say(
                    "SUANQUAN_URL 或 SUANQUAN_TOKEN 写法有误",
                    "SUANQUAN_URL or SUANQUAN_TOKEN is malformed",
                )
            ) from error

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
            raise Failure(
                say(f"{self._url} 不是算券服务器", f"{self._url} is not a suanquan server")
            ) from error

    def fetch(self, path: str, *, query: dict[str, Any] | None = None) -> bytes:
        """A file of the server's, as it is."""
        return self._send("GET", path, query).content

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None,
        **sent: Any,  # noqa: ANN401 - httpx's own
    ) -> httpx2.Response:
        given = {key: value for key, value in (query or {}).items() if value is not None}
        try:
            answer = self._http.request(method, path, params=given, **sent)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Failure(
                say(f"连不上服务器 {self._url}：{error}", f"cannot reach {self._url}: {error}")
            ) from error
        if not answer.is_success:
            raise self._failure(answer)
        return answer

    def _failure(self, answer: httpx2.Response) -> Failure:
        try:
            problem = answer.json()
            message, findings = problem["detail"], problem.get("findings", [])
            lines = tuple(f"{f['where']}: {f['message']}" for f in findings)
        except (ValueError, KeyError, TypeError):
            told = f"HTTP {answer.status_code}"
            return Failure(say(f"{self._url} 回答 {told}", f"{self._url} answered {told}"))
        return Failure(message, lines, tuple(findings), str(problem.get("code", "")))


def _running(path: Path) -> str | None:
    """The address of a server on this machine, if its program still lives."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        os.kill(int(said["pid"]), 0)
        return str(said["url"])
    except PermissionError:  # it lives, and is somebody else's
        return str(said["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _drill_clock() -> str:
    """The secret of the drill's clock, of the environment or of the server beside us."""
    data = Path(os.environ.get("SUANQUAN_DATA") or ".suanquan")
    return os.environ.get("SUANQUAN_DRILL_CLOCK") or _text(data / CLOCK_FILE) or "-"


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
