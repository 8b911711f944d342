"""Environment variables of the agent, with one clear error for each that is wrong.

| variable             | meaning                                          | if unset               |
|----------------------|--------------------------------------------------|------------------------|
| SUANQUAN_URL         | the server, like https://suanquan.example.cn, or | node does not start    |
|                      | `courier`: there is no line to it                |                        |
| SUANQUAN_AGENT_DATA  | folder of key and spool; it must last            | /var/lib/suanquan-agent|
| SUANQUAN_ENROL_CODE  | the one-time code, while the node is not known   | none                   |
| SUANQUAN_NODE        | this node's name                                 | the host's name        |
| SUANQUAN_HOLDERS     | `kubelet`, or the map file: device, holder, share| the kubelet if there is|
|                      |                                                  | one; else unattributed |
| SUANQUAN_KUBELET     | the socket of the kubelet's pod-resources        | /var/lib/kubelet/pod-re|
|                      |                                                  | sources/kubelet.sock   |
| SUANQUAN_SHARES      | how slots share a device, as the contract says:  | held                   |
|                      | of those `held`, or of all `replicas`            |                        |
| POD_NAME,            | the agent's own pod, from the downward API: the  | the agent is a service |
| POD_NAMESPACE        | kubelet is believed when it names this pod       | of the host            |
| SUANQUAN_HEALTH_PORT | port of /healthz and /metrics                    | 9480; 0: any free one  |
| SUANQUAN_HEALTH_HOST | the address of both pages: 0.0.0.0 or :: for a   | 127.0.0.1              |
|                      | Prometheus that scrapes from elsewhere           |                        |
| SUANQUAN_READINGS    | `on`: /metrics also has utilisation, memory and  | on                     |
|                      | power by GPU, slice and holder; or `off`         |                        |
| SUANQUAN_LABELS      | labels of pods and nodes that the cluster agent  | none                   |
|                      | reports: their keys, separated by commas         |                        |

SUANQUAN_PROXY, SUANQUAN_CLIENT_CERT and SUANQUAN_CLIENT_KEY are read by agents/reporting/line.py,
SUANQUAN_SERVER_KEY by agents/reporting/server_key.py, those of a relay by agents/relay/settings.py.
SUANQUAN_ENROL_CODE_FILE names a file with the code instead; it is read whenever the code is needed,
and may be absent. SSL_CERT_FILE names further certificate authorities, as everywhere with OpenSSL.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from agents.errors import SettingsError
from agents.observations import ShareRule

_PORT_MAX = 65_535
_LABELS_MAX = 50
_LABEL = re.compile(  # a domain, a slash, a name; the API server's own rule
    r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_COURIER = "courier"
_KUBELET = "/var/lib/kubelet/pod-resources/kubelet.sock"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of this node's agent."""

    url: str | None
    data: Path
    enrol_code: str | None
    node: str
    holders: Path | None  # the map file
    kubelet: Path | None  # the socket, where the kubelet is the source
    shares: ShareRule
    own_pod: tuple[str, str] | None  # namespace, name
    health_port: int
    readings: bool  # on /metrics
    labels: tuple[str, ...]  # keys
    code_file: Path | None = None
    by_courier: bool = False  # there is no line
    health_host: str = "127.0.0.1"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read the environment; an empty variable counts as unset. Raises SettingsError."""
        values = {name: value.strip() for name, value in environ.items() if value.strip()}
        holders, url = values.get("SUANQUAN_HOLDERS"), values.get("SUANQUAN_URL")
        socket_path = Path(values.get("SUANQUAN_KUBELET", _KUBELET))
        use_kubelet = holders is None and (
            "SUANQUAN_KUBELET" in values or _exists(socket_path.parent)
        )
        return cls(
            url=None if url == _COURIER else url,
            by_courier=url == _COURIER,
            data=Path(values.get("SUANQUAN_AGENT_DATA", "/var/lib/suanquan-agent")),
            enrol_code=values.get("SUANQUAN_ENROL_CODE"),
            node=values.get("SUANQUAN_NODE", socket.gethostname()),
            holders=Path(holders) if holders and holders != "kubelet" else None,
            kubelet=socket_path if holders == "kubelet" or use_kubelet else None,
            shares=_shares(values.get("SUANQUAN_SHARES", "held")),
            own_pod=_own_pod(values.get("POD_NAMESPACE"), values.get("POD_NAME")),
            health_port=_port(values.get("SUANQUAN_HEALTH_PORT", "9480")),
            readings=_readings(values.get("SUANQUAN_READINGS", "on")),
            labels=_labels(values.get("SUANQUAN_LABELS", "")),
            code_file=_path(values.get("SUANQUAN_ENROL_CODE_FILE")),
            health_host=_host(values.get("SUANQUAN_HEALTH_HOST", "127.0.0.1")),
        )

    @property
    def server(self) -> str:
        """The server's address. Raises SettingsError if it is not set, or there is no line."""
        if self.by_courier:
            raise SettingsError(
                "SUANQUAN_URL=courier：没有线路，请用 enrol --offline、export、import-receipt",
                "SUANQUAN_URL=courier: there is no line; use enrol --offline, export, "
                "import-receipt",
            )
        if self.url is None:
            raise SettingsError(
                "未设置服务器地址：请设置环境变量 SUANQUAN_URL",
                "no server is set: set the environment variable SUANQUAN_URL",
            )
        return self.url

    def read_code(self) -> str | None:
        """Return the one-time code, from the environment or its file; None if there is none.

        Raises SettingsError when the file is there and cannot be read.
        """
        if self.enrol_code is not None or self.code_file is None:
            return self.enrol_code
        try:
            return self.code_file.read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None  # a known node needs none
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"SUANQUAN_ENROL_CODE_FILE 所指的 {self.code_file} 读不了（{error}）",
                f"{self.code_file}, which SUANQUAN_ENROL_CODE_FILE names, cannot be read ({error})",
            ) from error

    @property
    def spool(self) -> Path:
        """The spool's file."""
        return self.data / "spool.db"


def _exists(folder: Path) -> bool:
    """Look for the folder: the socket itself is absent while the kubelet restarts."""
    try:
        return folder.is_dir()
    except PermissionError:  # so it exists; reading it will report the reason
        return True


def _own_pod(namespace: str | None, name: str | None) -> tuple[str, str] | None:
    if namespace is None and name is None:
        return None
    if namespace is None or name is None:
        raise SettingsError(
            "POD_NAME 与 POD_NAMESPACE 须一并设置（downward API）",
            "set POD_NAME and POD_NAMESPACE together (from the downward API)",
        )
    return namespace, name


def _shares(value: str) -> ShareRule:
    try:
        return ShareRule(value)
    except ValueError as error:
        raise SettingsError(
            f"SUANQUAN_SHARES「{value}」应为 held（按已占份数）或 replicas（按全部份数）",
            f"SUANQUAN_SHARES {value!r} must be held or replicas",
        ) from error


def _readings(value: str) -> bool:
    if value not in ("on", "off"):
        raise SettingsError(
            f"SUANQUAN_READINGS「{value}」应为 on 或 off",
            f"SUANQUAN_READINGS {value!r} must be on or off",
        )
    return value == "on"


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _host(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise SettingsError(
            f"SUANQUAN_HEALTH_HOST「{value}」应为一个 IP 地址",
            f"SUANQUAN_HEALTH_HOST {value!r} must be an IP address",
        ) from error


def _labels(value: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in value.split(",") if key.strip())
    for key in keys:
        if _LABEL.fullmatch(key) is None:
            raise SettingsError(
                f"SUANQUAN_LABELS 中的「{key}」不是标签的键：请写如 team,example.cn/project",
                f"SUANQUAN_LABELS has {key!r}, no label's key: write team,example.cn/project",
            )
    if len(keys) > _LABELS_MAX:
        raise SettingsError(
            f"SUANQUAN_LABELS 至多 {_LABELS_MAX} 个标签，现有 {len(keys)} 个",
            f"SUANQUAN_LABELS may have {_LABELS_MAX} labels, not {len(keys)}",
        )
    return keys


def _port(value: str) -> int:
    if not value.isdecimal() or int(value) > _PORT_MAX:
        raise SettingsError(
            f"SUANQUAN_HEALTH_PORT「{value}」应为 0 至 {_PORT_MAX} 的整数",
            f"SUANQUAN_HEALTH_PORT {value!r} must be a whole number from 0 to {_PORT_MAX}",
        )
    return int(value)
