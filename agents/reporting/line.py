"""The way to the server: authorities, an own certificate, a proxy.

Every command that reports takes it from the environment, beside OpenSSL's own `SSL_CERT_FILE`.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from agents.errors import SettingsError

_PROXY_PORT = 3128


@dataclass(frozen=True, slots=True)
class Line:
    """How to reach the server.

    | variable             | meaning                                                        |
    |----------------------|----------------------------------------------------------------|
    | SUANQUAN_PROXY       | the HTTP proxy, like http://proxy.example:3128                 |
    | SUANQUAN_CLIENT_CERT | the certificate that we show (PEM, with its chain)             |
    | SUANQUAN_CLIENT_KEY  | its key, where it is not in the same file                      |
    """

    proxy: str | None = None
    certificate: str | None = None
    key: str | None = None

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the environment. Raises SettingsError."""
        values = os.environ if environ is None else environ
        line = cls(
            values.get("SUANQUAN_PROXY", "").strip() or None,
            values.get("SUANQUAN_CLIENT_CERT", "").strip() or None,
            values.get("SUANQUAN_CLIENT_KEY", "").strip() or None,
        )
        if line.proxy is not None:
            _proxy(line.proxy)
        if line.key is not None and line.certificate is None:
            raise SettingsError(
                "设置了 SUANQUAN_CLIENT_KEY 而没有 SUANQUAN_CLIENT_CERT",
                "SUANQUAN_CLIENT_KEY is set without SUANQUAN_CLIENT_CERT",
            )
        return line

    def connect(
        self, scheme: str, host: str, port: int | None, timeout_s: float
    ) -> http.client.HTTPConnection:
        """Return a connection to the server, not open yet. Raises SettingsError."""
        first, first_port, headers = (host, port, {}) if self.proxy is None else _proxy(self.proxy)
        if scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                first, first_port, timeout=timeout_s, context=self._context()
            )
        else:
            connection = http.client.HTTPConnection(first, first_port, timeout=timeout_s)
        if self.proxy is not None:
            connection.set_tunnel(host, port or (443 if scheme == "https" else 80), headers)
        return connection

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.certificate is not None:
            load_certificate(context, self.certificate, self.key, "SUANQUAN_CLIENT_CERT")
        return context


def load_certificate(
    context: ssl.SSLContext, certificate: str, key: str | None, variable: str
) -> None:
    """Load our certificate and its key; `variable` named it. Raises SettingsError."""
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{variable}：证书 {certificate} 或其私钥不能用（{error}）",
            f"{variable}: the certificate {certificate} or its key cannot be used ({error})",
        ) from error


def _proxy(url: str) -> tuple[str, int, dict[str, str]]:
    """Return the proxy's host, port and the headers of CONNECT. Raises SettingsError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme != "http":
        raise SettingsError(
            "SUANQUAN_PROXY 不对：应形如 http://proxy.example:3128",
            "SUANQUAN_PROXY is wrong: write it like http://proxy.example:3128",
        )
    if parts.username is None:
        return host, port or _PROXY_PORT, {}
    credential = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return (
        host,
        port or _PROXY_PORT,
        {"Proxy-Authorization": "Basic " + base64.b64encode(credential).decode()},
    )
