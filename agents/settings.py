"""Every environment variable of the agent, read once, each fault named.

| variable             | meaning                                          | if unset               |
|----------------------|--------------------------------------------------|------------------------|
| SUANQUAN_URL         | the server, like https://suanquan.example.cn     | node does not start    |
| SUANQUAN_AGENT_DATA  | folder of key and spool; it must last            | /var/lib/suanquan-agent|
| SUANQUAN_ENROL_CODE  | the one-time code, while the node is not known   | none                   |
| SUANQUAN_NODE        | this node's name                                 | the host's name        |
| SUANQUAN_HOLDERS     | `kubelet`, or the map file: device, holder, share| the kubelet if there is|
|                      |                                                  | one; else unattributed |
| SUANQUAN_KUBELET     | the socket of the kubelet's pod-resources        | /var/lib/kubelet/pod-re|
|                      |                                                  | sources/kubelet.sock   |
| SUANQUAN_SHARES      | how slots share a device, as the contract says:  | held                   |
|                      | of those `held`, or of all `replicas`            |                        |
| SUANQUAN_HEALTH_PORT | port of /healthz and /metrics on 127.0.0.1       | 9480; 0: any free one  |

SSL_CERT_FILE names further certificate authorities, as everywhere with OpenSSL.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from agents.errors import SettingsError
from agents.observations import Shares

_PORT_MAX = 65_535
_KUBELET = "/var/lib/kubelet/pod-resources/kubelet.sock"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the administrator of this node decided."""

    url: str | None
    data: Path
    enrol_code: str | None
    node: str
    holders: Path | None  # the map file
    kubelet: Path | None  # the socket, where the kubelet is the source
    shares: Shares
    health_port: int

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """From the environment. Raises SettingsError. An empty variable counts as unset."""
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        holders = given.get("SUANQUAN_HOLDERS")
        socket_path = Path(given.get("SUANQUAN_KUBELET", _KUBELET))
        found = holders is None and ("SUANQUAN_KUBELET" in given or _is_there(socket_path.parent))
        return cls(
            url=given.get("SUANQUAN_URL"),
            data=Path(given.get("SUANQUAN_AGENT_DATA", "/var/lib/suanquan-agent")),
            enrol_code=given.get("SUANQUAN_ENROL_CODE"),
            node=given.get("SUANQUAN_NODE", socket.gethostname()),
            holders=Path(holders) if holders and holders != "kubelet" else None,
            kubelet=socket_path if holders == "kubelet" or found else None,
            shares=_shares(given.get("SUANQUAN_SHARES", "held")),
            health_port=_port(given.get("SUANQUAN_HEALTH_PORT", "9480")),
        )

    @property
    def server(self) -> str:
        """The server's address. Raises SettingsError when none is set."""
        if self.url is None:
            raise SettingsError(
                "未设置服务器地址：请设置环境变量 SUANQUAN_URL",
                "no server is set: set the environment variable SUANQUAN_URL",
            )
        return self.url

    @property
    def spool(self) -> Path:
        """The spool's file."""
        return self.data / "spool.db"


def _is_there(folder: Path) -> bool:
    """The folder outlives the socket, which is gone while the kubelet restarts."""
    try:
        return folder.is_dir()
    except PermissionError:  # it cannot be looked at, so it is there: reading will say why
        return True


def _shares(said: str) -> Shares:
    try:
        return Shares(said)
    except ValueError as error:
        raise SettingsError(
            f"SUANQUAN_SHARES「{said}」应为 held（按已占份数）或 replicas（按全部份数）",
            f"SUANQUAN_SHARES {said!r} must be held or replicas",
        ) from error


def _port(said: str) -> int:
    if not said.isdecimal() or int(said) > _PORT_MAX:
        raise SettingsError(
            f"SUANQUAN_HEALTH_PORT「{said}」应为 0 至 {_PORT_MAX} 的整数",
            f"SUANQUAN_HEALTH_PORT {said!r} must be a whole number from 0 to {_PORT_MAX}",
        )
    return int(said)
