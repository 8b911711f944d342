"""An event in the reader's language: who, what, to what, and why it was refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.language.i18n import gettext as _
from api.language.labels import label_of
from api.messages.messages import SENTENCES, TITLES
from api.people.events.acts import act_words, noun_words
from ledger.people.codes import EventResult, Role
from ledger.people.steps import event_log
from ledger.people.steps.event_log import EventQuery, EventView
from ledger.people.steps.events import NUMBER_READ
from ledger.registry.codes import RegistrySection

_FIELD = re.compile(r"\{[^{}]*\}")
_DECISION = "decision "
_MACHINE = "machine:"


@dataclass(frozen=True)
class EventRead(EventView):
    """An event, and the same in words: who did what to what, how it ended and why."""

    actor_name: str
    act_name: str
    thing: str
    outcome: str
    reason: str


def events(db: Session, query: EventQuery, *, limit: int, offset: int = 0) -> Sequence[EventRead]:
    """The events that were asked for, newest first, with their words."""
    rows = event_log.events(db, query, limit=limit, offset=offset)
    return [_in_words(row) for row in rows]


def _in_words(event: EventView) -> EventRead:
    return EventRead(
        **vars(event),
        actor_name=_actor_name(event),
        act_name=act_words(event.act),
        thing=f"{noun_words(event.noun)} {_number(event)}".strip(),
        outcome=label_of(EventResult, event.result),
        reason=_reason(event.code),
    )


def _actor_name(event: EventView) -> str:
    """A person with her role, the server itself, an account of its machine, or nobody known."""
    if event.person and event.role:
        role = label_of(Role, event.role)
        return _("{name}（{role}）").format(name=event.person, role=role)
    if event.actor and event.actor.startswith(_MACHINE):
        return _("本机的 {account}").format(account=event.actor.removeprefix(_MACHINE))
    return _("服务器") if event.actor else ""


def _number(event: EventView) -> str:
    """The number of a thing; of what was proposed, that of the decision."""
    number = event.number
    if number.startswith(_DECISION):
        return _("决定 {number}").format(number=number.removeprefix(_DECISION))
    first, space, rest = number.partition(" ")
    if event.noun == "registry" and first in set(RegistrySection):
        return label_of(RegistrySection, first) + space + rest
    return number


def _reason(code: str) -> str:
    """The sentence of a refusal, without what it was about; of a reading, what was read."""
    if code == NUMBER_READ:
        return _("看了完整的账号")
    if code.isdigit():
        return _(TITLES.get(int(code), TITLES[400]))
    return _FIELD.sub("…", _(SENTENCES[code])) if code in SENTENCES else code
