"""The made-up people of the demo, and the days on which they do what they do.

Each has a token of her own and asks the server as of a day of the drill (ADR 0007). Another person
always looks at what she confirms. `suanquan up` makes them (`api/server/first_people.py`), and
whoever opens the drill's pages may play them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from api.cli.client import Client, Door, token_of
from api.cli.failures import Failure
from api.demo import drill
from api.language.i18n import gettext as _

PERSONS = {
    "clerk": {"person": "演练经办甲", "role": "clerk"},
    "second": {"person": "演练经办乙", "role": "clerk"},
    "approver": {"person": "演练审批", "role": "approver"},
    "finance": {"person": "演练财务", "role": "finance"},
    "auditor": {"person": "演练审计", "role": "auditor"},
    "system": {"person": "演练系统管理员", "role": "systemadmin"},
    "security": {"person": "演练安全管理员甲", "role": "securityadmin"},
    "security2": {"person": "演练安全管理员乙", "role": "securityadmin"},
    "audit": {"person": "演练审计管理员", "role": "auditadmin"},
    "centre": {"person": "演练中心对账员", "role": "operator", "centre": drill.DEMO_CENTRE},
    "builder": {"person": "演练企业联系人", "role": "builder", "project": "helan"},
}
SCOPED = ("centre", "builder")  # who get their tokens when what they belong to is registered
_SETTLED_BY = 18  # from this day of a month on, all of the drill lies in the past


@dataclass(frozen=True)
class Days:
    """The days of the drill: the month, and when what was done after it."""

    month: date
    today: date

    @classmethod
    def before(cls, today: date) -> "Days":
        """The newest month whose whole way to the bank lies in the past."""
        first = today.replace(day=1)
        last = (first - timedelta(days=1)).replace(day=1)
        if today.day < _SETTLED_BY:
            last = (last - timedelta(days=1)).replace(day=1)
        return cls(last, today)

    def after(self, days: int) -> date:
        """So many days after the month."""
        return (self.month + timedelta(days=31)).replace(day=1) + timedelta(days=days - 1)

    @property
    def name(self) -> str:
        """`2026-10`."""
        return f"{self.month:%Y-%m}"


def drill_token(name: str) -> str:
    """The token of one of them who has no scope; a Failure where no drill runs on this machine."""
    token = token_of(name)
    if token is None:
        raise Failure(_("这里没有演练的人：请用 suanquan up --drill 启动服务器"))
    return token


@contextmanager
def as_part(name: str) -> Iterator[Client]:
    """One of them who has no scope, today."""
    with Client(Door(Door.find().url, drill_token(name))) as client:
        yield client


class Office:
    """The made-up people, each of whom asks the server as of a day."""

    def __init__(self, door: Door, days: Days) -> None:
        self._url, self.days = door.url, days
        self._tokens: dict[str, str] = {}

    def hire(self) -> None:
        """Find everybody's token; those of the centre and the builder are made here."""
        for name, person in PERSONS.items():
            if name in SCOPED:
                with as_part("security") as client:
                    self._tokens[name] = client.ask("POST", "tokens", body=person)["secret"]
            else:
                self._tokens[name] = drill_token(name)

    @contextmanager
    def on(self, person: str, day: date) -> Iterator[Client]:
        """Somebody at ten in the morning of a day."""
        moment = f"{day}T10:00:00+08:00"
        with Client(Door(self._url, self._tokens[person]), drill_now=moment) as client:
            yield client

    def confirm(self, person: str, day: date, decision: int) -> None:
        """Look at what another one decided, and confirm it."""
        with self.on(person, day) as client:
            digest = client.ask("GET", f"decisions/{decision}")["digest"]
            answer = {"answer": "confirmed", "seen": digest}
            client.ask("POST", f"decisions/{decision}/answer", body=answer)
