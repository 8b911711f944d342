"""Who decided and who answered: as their tokens say, in a role that may, and two identities.

The database's triggers hold decisions to the same (`decided_by_actors`, 06_tokens). They are held
to it here from the sealed tokens, persons and kinds alone, because whoever owns a database can
switch its triggers off. What depends on the device at which somebody sat is left to the triggers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ledger.people.rules.persons import plain
from ledger.seals.codes import FaultCode
from ledger.seals.rules.recomputation.evidence import Evidence, moment, text, whole
from ledger.seals.rules.recomputation.notes import Notes, row_name

_ACTOR = re.compile(r"([a-z]+):(.*)#([0-9]{1,18})", re.DOTALL)
_NEVER_DECIDE = re.compile(r"([a-z]+admin|auditor):")


@dataclass(frozen=True)
class _Token:
    """What a token lets somebody be; `makers` are the actors who made and confirmed it."""

    actor: str
    person: int
    name: str
    is_service: bool
    rights: str | None
    revoked_at: datetime | None
    makers: tuple[str | None, ...]


class _People:
    """All tokens by number."""

    def __init__(self, evidence: Evidence) -> None:
        persons = {
            number: (name, service == "t")
            for number, name, service in evidence.rows("persons", "id", "name", "service")
        }
        self._tokens: dict[int, _Token] = {}
        columns = ("id", "role", "person_id", "rights", "revoked_at", "created_by", "confirmed_by")
        for number, role, person, rights, revoked_at, *makers in evidence.rows("tokens", *columns):
            name, is_service = persons.get(person, ("", False))
            self._tokens[whole(number)] = _Token(
                f"{role}:{name}#{number}", whole(person), text(name), is_service, rights,
                moment(revoked_at) if revoked_at else None, tuple(makers),
            )  # fmt: skip

    def of(self, actor: str | None) -> _Token | None:
        """Return an actor's token; None where the actor is no other than its token says."""
        match = _ACTOR.fullmatch(actor or "")
        token = self._tokens.get(int(match[3])) if match else None
        return token if token and token.actor == actor else None

    def issuers(self, token: _Token) -> Iterator[int]:
        """Return the identities that made this token, and the tokens of those."""
        makers_seen: set[str] = set()
        queue = list(token.makers)
        while queue:
            maker = queue.pop()
            issuer = self.of(maker)
            if maker is not None and issuer is not None and maker not in makers_seen:
                makers_seen.add(maker)
                yield issuer.person
                queue += issuer.makers


def check_actors(evidence: Evidence, notes: Notes) -> None:
    """Hold every decision to the tokens of who decided it and who answered it."""
    people = _People(evidence)
    roles = {
        kind: set(text(own).strip("{}").split(","))
        for kind, own in evidence.rows("decision_kinds", "kind", "roles")
    }
    columns = (
        "id", "kind", "digest", "decided_by", "decided_at", "answer", "answered_by",
        "answered_at", "answered_digest",
    )  # fmt: skip
    for number, kind, digest, decided_by, decided_at, answer, *rest in evidence.rows(
        "decisions", *columns
    ):
        answered_by, answered_at, answered_digest = rest
        notes.count()
        key = (whole(number),)
        first = _token(people, notes, key, ("decided_by", decided_by, decided_at))
        if answer is None:
            continue
        second = _token(people, notes, key, ("answered_by", answered_by, answered_at))
        if answer == "confirmed" and answered_digest != digest:
            says, worked_out = f"answered_digest={answered_digest}", f"answered_digest={digest}"
            notes.differs(FaultCode.ACTOR, "decisions", key, says, worked_out)
        if first and second and (why := _why_not(people, first, second, answer, roles.get(kind))):
            says = f"decided_by={decided_by}, answered_by={answered_by}"
            notes.differs(
                FaultCode.ACTOR, "decisions", key, says, why, rests_on=_tokens(first, second)
            )


def _token(
    people: _People, notes: Notes, key: tuple[int], act: tuple[str, str | None, str | None]
) -> _Token | None:
    """Return the token of who acted (column, actor, moment); what it did not allow is noted."""
    column, actor, at = act
    token = people.of(actor)
    is_late = token is not None and token.revoked_at is not None and token.revoked_at < moment(at)
    if token is not None and not is_late and not _NEVER_DECIDE.match(token.actor):
        return token
    worked_out = f"revoked_at={token.revoked_at}" if token and is_late else ""
    says = f"{column}={actor}"
    notes.differs(FaultCode.ACTOR, "decisions", key, says, worked_out, rests_on="tokens")
    return None


def _why_not(
    people: _People, first: _Token, second: _Token, answer: str, roles: set[str] | None
) -> str:
    """Return what keeps the second from answering; nothing where nothing does."""
    is_same = first.person == second.person or plain(first.name) == plain(second.name)
    if answer == "withdrawn":
        return "" if is_same else f"answered_by={first.actor}"
    if is_same:
        return f"person={first.person}, person={second.person}"
    if first.person in people.issuers(second) or second.person in people.issuers(first):
        return "created_by"
    if second.is_service:
        return "service=t"
    may = second.rights is None or "answer_decisions" in second.rights.strip("{}").split(",")
    if second.actor.partition(":")[0] not in (roles or ()) or not may:
        return f"roles={','.join(sorted(roles or ()))}"
    return ""


def _tokens(*tokens: _Token) -> str:
    return ", ".join(row_name("tokens", int(token.actor.rpartition("#")[2])) for token in tokens)
