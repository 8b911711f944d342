"""Every environment variable of the agent, read once, each fault named.

| variable             | meaning                                          | if unset               |
|----------------------|--------------------------------------------------|------------------------|
| SUANQUAN_URL         | the server, like https://suanquan.example.cn     | node does not start    |
| SUANQUAN_AGENT_DATA  | folder of key and spool; it must last            | /var/lib/suanquan-agent|
| SUANQUAN_ENROL_CODE  | the one-time code, while the node is not known   | none                   |
| SUANQUAN_NODE        | this node's name                                 | the host's name        |
| SUANQUAN_HOLDERS     | the map file: device, holder, share              | use is unattributed    |
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

_PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class Settings:
    """What the administrator of this node decided."""

    url: str | None
    data: Path
    enrol_code: str | None
    node: str
    holders: Path | None
    health_port: int

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """From the environment. Raises SettingsError. An empty variable counts as unset."""
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        return cls(
            url=given.get("SUANQUAN_URL"),
            data=Path(given.get("SUANQUAN_AGENT_DATA", "/var/lib/suanquan-agent")),
            enrol_code=given.get("SUANQUAN_ENROL_CODE"),
            node=given.get("SUANQUAN_NODE", socket.gethostname()),
            holders=Path(given["SUANQUAN_HOLDERS"]) if "SUANQUAN_HOLDERS" in given else None,
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


def _port(said: str) -> int:
    if not said.isdecimal() or int(said) > _PORT_MAX:
        raise SettingsError(
            f"SUANQUAN_HEALTH_PORT「{said}」应为 0 至 {_PORT_MAX} 的整数",
            f"SUANQUAN_HEALTH_PORT {said!r} must be a whole number from 0 to {_PORT_MAX}",
        )
    return int(said)
