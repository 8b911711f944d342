"""Environment variables of a relay, with one clear error for each that is wrong.

| variable                 | meaning                                           | if unset          |
|--------------------------|---------------------------------------------------|-------------------|
| SUANQUAN_URL             | the server; without it a courier carries all      | no line           |
| SUANQUAN_NODE            | what the server calls this relay                  | the host's name   |
| SUANQUAN_AGENT_DATA      | folder of the queue; it must last                 | as for the agent  |
| SUANQUAN_RELAY_LISTEN    | address and port for the nodes                    | 0.0.0.0:9481      |
| SUANQUAN_RELAY_MIB       | the queue's size on the disk, in MiB              | 1024              |
| SUANQUAN_RELAY_CERT      | this relay's certificate (PEM, with its chain)    | plain HTTP        |
| SUANQUAN_RELAY_KEY       | its key, where it is not in the same file         | in the same file  |
| SUANQUAN_RELAY_CLIENT_CA | authorities of the nodes' certificates: a node    | every node may    |
|                          | must show one                                     |                   |
| SUANQUAN_HEALTH_PORT     | port of /healthz and /metrics on 127.0.0.1        | 9480; 0: any free |

The way to the server (proxy, own certificate) is read by agents/reporting/line.py.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

from agents.errors import SettingsError
from agents.reporting.line import load_certificate
from agents.settings import Settings

_PORT_MAX = 65_535
_log = logging.getLogger(__name__)
_MIB_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Settings of a relay."""

    url: str | None
    name: str
    data: Path
    host: str
    port: int
    bytes_max: int
    certificate: str | None
    key: str | None
    client_ca: str | None
    health_port: int
    health_host: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read the environment; an empty variable counts as unset. Raises SettingsError."""
        values = {name: value.strip() for name, value in environ.items() if value.strip()}
        agent = Settings.read(environ)
        host, port = _listen(values.get("SUANQUAN_RELAY_LISTEN", "0.0.0.0:9481"))
        certificate, client_ca = (
            values.get(f"SUANQUAN_RELAY_{name}") for name in ("CERT", "CLIENT_CA")
        )
        if client_ca is not None and certificate is None:
            raise SettingsError(
                "SUANQUAN_RELAY_CLIENT_CA 要有 SUANQUAN_RELAY_CERT：没有 TLS，节点出示不了证书",
                "SUANQUAN_RELAY_CLIENT_CA needs SUANQUAN_RELAY_CERT: without TLS no node can show "
                "a certificate",
            )
        return cls(
            url=agent.url,
            name=_name(agent.node),
            data=agent.data,
            host=host,
            port=port,
            bytes_max=_mib(values.get("SUANQUAN_RELAY_MIB", "1024")) * 2**20,
            certificate=certificate,
            key=values.get("SUANQUAN_RELAY_KEY"),
            client_ca=client_ca,
            health_port=agent.health_port,
            health_host=agent.health_host,
        )

    @property
    def queue(self) -> Path:
        """The queue's file."""
        return queue_path(self.data)

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS of the nodes' door; None is plain HTTP. Raises SettingsError."""
        if self.certificate is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        load_certificate(context, self.certificate, self.key, "SUANQUAN_RELAY_CERT")
        if self.client_ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            try:
                context.load_verify_locations(self.client_ca)
            except (OSError, ssl.SSLError) as error:
                raise SettingsError(
                    f"SUANQUAN_RELAY_CLIENT_CA：{self.client_ca} 不能用（{error}）",
                    f"SUANQUAN_RELAY_CLIENT_CA: {self.client_ca} cannot be used ({error})",
                ) from error
        return context

    def renew(self, context: ssl.SSLContext | None) -> None:
        """Read certificate and key again: new connections get them. A bad pair changes nothing."""
        if context is None or self.certificate is None:
            return
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key)
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            _log.error("the relay keeps its old certificate: %s: %s", self.certificate, error)


def queue_path(data: Path) -> Path:
    """Return the file of a relay's queue in its data folder."""
    return data / "relay.db"


def relay_id(data: Path) -> UUID:
    """Return what tells this relay from others of its name: chosen once, kept beside the queue."""
    path = data / "relay.id"
    try:
        return UUID(path.read_text(encoding="ascii").strip())
    except (FileNotFoundError, ValueError):  # none yet, or one that a crash cut off
        relay = uuid4()
        path.write_text(f"{relay}\n", encoding="ascii")
        return relay


def _listen(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _PORT_MAX:
        raise SettingsError(
            f"SUANQUAN_RELAY_LISTEN「{value}」应形如 0.0.0.0:9481",
            f"SUANQUAN_RELAY_LISTEN {value!r} must be like 0.0.0.0:9481",
        )
    return host.strip("[]"), int(port)


def _name(node: str) -> str:
    """Return the name as a header can carry it: other characters become dashes."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", node)[:63]


def _mib(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= _MIB_MAX:
        raise SettingsError(
            f"SUANQUAN_RELAY_MIB「{value}」应为 1 至 {_MIB_MAX} 的整数（MiB）",
            f"SUANQUAN_RELAY_MIB {value!r} must be a whole number of MiB from 1 to {_MIB_MAX}",
        )
    return int(value)
