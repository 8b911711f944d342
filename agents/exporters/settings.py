"""Environment variables of `suanquan-agent dcgm`, beside those in agents/settings.py.

| variable              | meaning                                              | if unset        |
|-----------------------|------------------------------------------------------|-----------------|
| SUANQUAN_EXPORTERS    | addresses of exporters, with blanks or commas; a name| one of both is  |
|                       | stands for all its addresses (a headless Service)    | needed          |
| SUANQUAN_PROMETHEUS   | instead: a Prometheus server, like                   |                 |
|                       | http://prometheus.monitoring:9090                    |                 |
| SUANQUAN_SCRAPE_S     | seconds from one scrape to the next, 5 to 60         | 15              |
| SUANQUAN_SCRAPE_CA    | file of the authorities that sign their certificates | the system's    |
| SUANQUAN_SCRAPE_TOKEN | file with the bearer token; read before each scrape  | none            |
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from agents.errors import SettingsError

_SECONDS = range(5, 61)


class Address(NamedTuple):
    """Where to ask: scheme, host, port and path."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class ScrapeSettings:
    """What is scraped, and how."""

    exporters: tuple[Address, ...]
    prometheus: Address | None
    every_s: int
    context: ssl.SSLContext
    token: Path | None

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read the environment; an empty variable counts as unset. Raises SettingsError."""
        values = {name: value.strip() for name, value in environ.items() if value.strip()}
        listing = values.get("SUANQUAN_EXPORTERS", "").replace(",", " ").split()
        server = values.get("SUANQUAN_PROMETHEUS")
        if bool(listing) == bool(server):
            raise SettingsError(
                "请设置 SUANQUAN_EXPORTERS（导出器的地址）或 SUANQUAN_PROMETHEUS，两者取一",
                "set one of SUANQUAN_EXPORTERS (addresses of exporters) and SUANQUAN_PROMETHEUS",
            )
        token = values.get("SUANQUAN_SCRAPE_TOKEN")
        result = cls(
            exporters=tuple(_address("SUANQUAN_EXPORTERS", url, "/metrics") for url in listing),
            prometheus=None if server is None else _address("SUANQUAN_PROMETHEUS", server, ""),
            every_s=_seconds(values.get("SUANQUAN_SCRAPE_S", "15")),
            context=_context(values.get("SUANQUAN_SCRAPE_CA")),
            token=None if token is None else Path(token),
        )
        result.bearer()
        return result

    def bearer(self) -> str:
        """Return the token as it is now, or an empty text. Raises SettingsError."""
        if self.token is None:
            return ""
        try:
            token = self.token.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"SUANQUAN_SCRAPE_TOKEN：读不了 {self.token}（{error}）",
                f"SUANQUAN_SCRAPE_TOKEN: cannot read {self.token} ({error})",
            ) from error
        if not token or not token.isprintable() or " " in token:
            raise SettingsError(
                f"SUANQUAN_SCRAPE_TOKEN：{self.token} 里不是一个令牌",
                f"SUANQUAN_SCRAPE_TOKEN: {self.token} does not hold a token",
            )
        return token


def _address(variable: str, url: str, default_path: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if (
        not host
        or parts.scheme not in ("http", "https")
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        raise SettingsError(
            f"{variable}「{url}」不是地址：应形如 http://dcgm-exporter.gpu-operator:9400/metrics",
            f"{variable} {url!r} is no address: write it like"
            " http://dcgm-exporter.gpu-operator:9400/metrics",
        )
    path = parts.path.rstrip("/") or default_path
    return Address(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def _seconds(value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) in _SECONDS):
        raise SettingsError(
            f"SUANQUAN_SCRAPE_S「{value}」应为 5 至 60 的整数（秒）",
            f"SUANQUAN_SCRAPE_S {value!r} must be a whole number of seconds from 5 to 60",
        )
    return int(value)


def _context(path: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"SUANQUAN_SCRAPE_CA：{path} 不是证书文件（{error}）",
            f"SUANQUAN_SCRAPE_CA: {path} holds no certificate ({error})",
        ) from error
