"""Settings from the environment: every variable, typed, read once at the start.

The command line for people does not come here: it needs only `SUANQUAN_URL` and `SUANQUAN_TOKEN`,
and runs without the server's libraries (`api/cli/client.py`).
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import (
    DirectoryPath,
    Field,
    FilePath,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.errors import Unusable
from ledger.postgres.embedded import place_for
from ledger.seals.codes import Algorithm

MIB = 1024 * 1024


_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_safe(url: str) -> bool:
    """Whether an address is one of https, or on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


class Door(StrEnum):
    """Which part of the application a server is (api/door/outer.py)."""

    ALL = "all"
    PEOPLE = "people"
    AGENTS = "agents"
    OUTER = "outer"


class Settings(BaseSettings):
    """One field a variable: `data` is `SUANQUAN_DATA`. An empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_prefix="SUANQUAN_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data: Path = Path(".suanquan")
    """The folder of the embedded database and of what belongs to this machine alone."""

    database_url: str | None = Field(default=None, repr=False)
    """Any PostgreSQL 15+, as the application. Unset: the embedded one in `data`."""

    database_owner_url: str | None = Field(default=None, repr=False)
    """The same database as its owner, for migrations. Unset: `database_url` is the owner's."""

    database_pooled: bool = False
    """`database_url` is a pooler's in transaction mode (PgBouncer); the owner's goes directly."""

    database_replica_url: str | None = Field(default=None, repr=False)
    """A replica of it, as the application: who only looks reads it. Pooled as `database_url` is."""

    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)
    """Where the server listens; port 0 takes any free one."""

    door: Door = Door.ALL
    """Which routes this server has."""

    workers: int | None = Field(default=None, ge=1, le=64)
    """How many processes answer. Unset: one; of `up` two, where there are two processors."""

    url: str | None = None
    """The address people use, where it is another one: `https://suanquan.example.cn`."""

    late_days: int = Field(default=7, ge=1, le=36_500)
    """How many days after its minute a window counts by itself; older ones wait for the bureau."""

    usage_close_day: int = Field(default=5, ge=1, le=28)
    """From which day of the next month a month's usage may be closed."""

    agent_mib: int = Field(default=256, ge=1, le=1_048_576)
    agent_aside: int = Field(default=200_000, ge=1, le=10**9)
    agent_conflicts: int = Field(default=20_000, ge=1, le=10**9)
    """What an agent of up to 64 GPUs may take of a day: MiB of batches, windows, conflicts."""

    token_days: int = Field(default=366, ge=1, le=36_500)
    """How many days a token is good at most, and where nobody says otherwise."""

    session_idle_minutes: int = Field(default=15, ge=1, le=1440)
    session_hours: int = Field(default=8, ge=1, le=24)
    """A browser's session ends when it was unused for so long, and after so many hours."""

    step_up_minutes: int | None = Field(default=None, ge=1, le=15)
    """Who confirms what money hangs on is asked for a code again, and how long one stands in a
    browser's session. Unset: 5, and in a drill nobody is asked."""

    password_length: int = Field(default=12, ge=8, le=64)
    password_kinds: int = Field(default=3, ge=1, le=4)
    password_history: int = Field(default=5, ge=0, le=50)
    """The shortest password; how many of small letters, capitals, digits and others it has; and how
    many past ones may not come again."""

    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = Field(default=None, min_length=16, repr=False)
    oidc_name: str = "统一认证"
    """The site's provider of identities (OpenID Connect), how it knows us, and what people call it.
    Unset: nobody signs in by one."""

    invitation_hours: int = Field(default=72, ge=1, le=720)
    """How long the link of an invitation is good."""

    proxies: str = ""
    """Addresses or networks, with commas, of proxies whose X-Forwarded-For is believed."""

    reserve_mib: int = Field(default=128, ge=0, le=1_048_576)
    """MiB of the embedded database's disk that stay free: below it nothing is written."""

    log_mib: int = Field(default=64, ge=1, le=102_400)
    log_days: int = Field(default=366, ge=180, le=36_500)
    """The size at which the log begins anew, and how many days its older parts stay."""

    policies: DirectoryPath | None = None
    """A folder with the site's own policies, beside those of the program; read where they are
    loaded (`ledger/policy/text/published.py`)."""

    invoice_roots: DirectoryPath | None = None
    """A folder with the certificates that the seals of OFD invoices are traced to. Unset: none."""

    events_to: str | None = None
    events_ca: FilePath | None = None
    """Where events are sent (`syslog+tls://host`), and by which authorities it is trusted."""

    seal_key: Path | None = None
    """The file of the key that signs seals. Unset: `seal.key` in `data`, and only `up` seals."""

    seal_minutes: int = Field(default=60, ge=1, le=1440)
    """How often the server seals what is new."""

    seal_hash: Algorithm = Algorithm.SHA256
    """What hashes rows and heads."""

    tsa: str | None = None
    tsa_roots: FilePath | None = None
    """Who stamps heads (RFC 3161), at which address, and to which certificates (PEM) its answers
    are traced. Unset: nobody."""

    archive: str | None = None
    archive_months: int = Field(default=6, ge=1, le=1_200)
    """Where evidence of old months goes (a folder, or `s3://bucket/prefix`), and how many months
    after a month is over. Unset: the server archives nothing by itself."""

    backup: str | None = None
    """Where backups go (a folder of another machine, or `s3://bucket/prefix`). Unset: nowhere."""

    backup_key: Path | None = None
    """The file of the key that backups are written with. Unset: `backup.key` in `data`."""

    backup_database_url: str | None = Field(default=None, repr=False)
    """`database_url` by a login that may replicate, which copies the server and its WAL."""

    backup_read_key: Path | None = None
    """The file of the key that backups are read with, where this server is to try restorations."""

    backup_seconds: int = Field(default=60, ge=10, le=3600)
    backup_hours: int = Field(default=24, ge=1, le=720)
    backup_drill_days: int = Field(default=7, ge=1, le=366)
    """How often WAL is stored, a base is made, and a restoration is tried."""

    backup_days: int = Field(default=35, ge=1, le=36_500)
    backup_bases: int = Field(default=2, ge=1, le=1_000)
    """How many days back any moment can be restored, and how many base backups stay at least."""

    metrics_token: str | None = Field(default=None, min_length=16, repr=False)
    """Opens `/metrics` and nothing else, for Prometheus. Unset: by rights alone."""

    drill_clock: str | None = Field(default=None, min_length=16, repr=False)
    """For drills: who sends this secret with a moment is answered as of that moment (ADR 0007)."""

    @field_validator("url", "tsa")
    @classmethod
    def _http_only(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("http:// or https:// is wanted")
        return url.rstrip("/") if url else url

    @field_validator("events_to")
    @classmethod
    def _receivers_only(cls, url: str | None) -> str | None:
        if url is None:
            return url
        parts = urlsplit(url)
        if parts.scheme not in ("syslog+tls", "syslog+tcp", "json+tls", "json+tcp"):
            raise ValueError("syslog+tls:// or json+tls:// is wanted")
        if not parts.hostname:
            raise ValueError("a host is wanted")
        return url

    @field_validator("oidc_issuer")
    @classmethod
    def _https_only(cls, issuer: str | None) -> str | None:
        if issuer is not None and not is_safe(issuer):
            raise ValueError("https:// is wanted, or an address of this machine")
        return issuer

    @model_validator(mode="after")
    def _provider_whole(self) -> Self:
        fields = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(fields) and not all(fields):
            raise ValueError("issuer, client id and client secret are wanted together")
        return self

    @model_validator(mode="after")
    def _authority_with_roots(self) -> Self:
        if (self.tsa is None) != (self.tsa_roots is None):
            raise ValueError("tsa and tsa_roots are wanted together")
        return self

    @field_validator("proxies")
    @classmethod
    def _networks_only(cls, proxies: str) -> str:
        for network in filter(None, proxies.replace(" ", "").split(",")):
            ip_network(network)
        return proxies.replace(" ", "")

    @property
    def postgres(self) -> Path:
        """The folder of the embedded database."""
        return place_for(self.data)

    @property
    def bureau_key(self) -> Path:
        """The file of the key that signs seals."""
        return self.seal_key or self.data / "seal.key"

    @property
    def backup_write_key(self) -> Path:
        """The file of the key that backups are written with."""
        return self.backup_key or self.data / "backup.key"

    @property
    def backup_reader(self) -> Path:
        """The file of the key that backups are read with; without one, where none is."""
        return self.backup_read_key or self.data / "backup-read.key"

    @property
    def address(self) -> str:
        """The address to open in a browser."""
        return self.url or f"http://{self.host}:{self.port}"


SECRET_FILES: Mapping[str, str] = MappingProxyType(
    {f"SUANQUAN_{n.upper()}_FILE": n for n, f in Settings.model_fields.items() if not f.repr}
)
"""Each secret may lie in a file instead, and its variable with `_FILE` names that file."""


def read_settings(**changes: object) -> Settings:
    """The settings of this process; Unusable names the variable that is wrong.

    What a command `changes` counts before its variable; None: it does not.
    """
    rest = {name: value for name, value in changes.items() if value is not None}
    try:
        return Settings(**{**_secrets_in_files(), **rest})
    except ValidationError as error:
        first = error.errors()[0]
        name = "SUANQUAN_" + "_".join(str(part) for part in first["loc"]).upper()
        raise Unusable("settings", variable=name, detail=first["msg"]) from error


def _secrets_in_files() -> dict[str, Any]:
    secrets = {}
    for variable, field in SECRET_FILES.items():
        if path := os.environ.get(variable):
            try:
                secrets[field] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise Unusable("settings", variable=variable, detail=str(error)) from error
            if not secrets[field]:
                raise Unusable("settings", variable=variable, detail=f"{path} is empty")
            if os.environ.get(variable.removesuffix("_FILE")):
                detail = f"{variable.removesuffix('_FILE')} is set too; one of them is wanted"
                raise Unusable("settings", variable=variable, detail=detail)
    return secrets
