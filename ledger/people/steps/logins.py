"""Coming in by a login: a name, its password and a one-time code open a token in a browser.

After some wrong ones the next one waits, longer each time, and only for whoever tries from the same
network, or at the same device that the holder used before. So a stranger who guesses slows himself
down and locks nobody out: her own device has a count of its own. Who has the password and guesses
the code is counted whatever network he comes from. Whether the name is there, and whether it was
too soon, nobody is told. Each failure is kept, and shown to the holder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import TextClause, text
from sqlmodel import Session, select

from ledger.errors import NotFound
from ledger.people.codes import SignInFault
from ledger.people.rules.passwords import PasswordRules, wait_after
from ledger.people.steps.authenticators import take_code
from ledger.people.steps.credentials import Viewer, digest, holder
from ledger.people.steps.invitations import login_by_name
from ledger.people.steps.passwords import is_password, set_password
from ledger.people.steps.sessions import BROWSER_MAX, Place
from ledger.people.tables import FailedSignIn, Login
from ledger.postgres.columns import key

REMEMBERED = timedelta(days=1)  # how long a wrong one makes the next ones wait longer

_KNOWN_DEVICE = text("""
    SELECT EXISTS (SELECT FROM sessions s JOIN tokens t ON t.id = s.token_id
        JOIN tokens own ON own.person_id = t.person_id
        WHERE s.device = :device AND own.id = :token)
""")
_TURN = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:what, 0))")
_FAILURES = text("""
    SELECT count(*) AS number, max(at) AS last FROM failed_sign_ins
    WHERE login_id = :login AND at > :since
        AND (source = :source OR fault = 'code' AND NOT :known)
""")
_END_SESSIONS = text("""
    UPDATE sessions SET ended_at = :now WHERE token_id = :token AND ended_at IS NULL
""")
_FAILED = """
    SELECT f.id, i.name AS person, t.role, l.name AS login, f.address, f.browser, f.fault, f.at
    FROM failed_sign_ins f JOIN logins l ON l.id = f.login_id JOIN tokens t ON t.id = l.token_id
    JOIN persons i ON i.id = t.person_id
"""
_FAILED_OF_ALL = text(f"{_FAILED} ORDER BY f.id DESC LIMIT :limit")
_FAILED_OF_PERSON = text(f"""{_FAILED}
    WHERE t.person_id = coalesce(:person, (SELECT person_id FROM tokens WHERE id = :token))
    ORDER BY f.id DESC LIMIT :limit
""")


@dataclass(frozen=True)
class Proof:
    """What somebody typed in order to show who she is."""

    password: str
    code: str


@dataclass(frozen=True)
class FailureRecord:
    """A sign-in that did not succeed, as people see it."""

    id: int
    person: str
    role: str
    login: str
    address: str
    browser: str
    fault: SignInFault
    at: datetime


@dataclass(frozen=True)
class _Source:
    """From where somebody tries: a digest, and whether it is a device that the holder used."""

    digest: bytes
    is_known: bool


def enter(db: Session, name: str, proof: Proof, place: Place, now: datetime) -> Viewer | None:
    """Return who comes in by the login of this name.

    Returns:
        The holder; or None: the name, the password or the code is wrong, it is too soon after a
        wrong one, or what the login opens has ended. The caller commits: the failure is kept.
    """
    login = login_by_name(db, name)
    if login is None:
        is_password(db, None, proof.password)
        return None
    return _prove(db, login, proof, place, now)


def change_password(
    db: Session,
    viewer: Viewer,
    proof: Proof,
    new: str,
    *,
    rules: PasswordRules,
    place: Place,
    now: datetime,
) -> bool:
    """Set another password, by whoever has the old one and a code; all of her sessions end.

    Returns:
        Whether it is set; not, and the failure is kept, where what was typed is wrong or too soon.

    Raises:
        NotFound: she has no login (`login`).
        Refused: the new password does not keep the rules (`password_…`).
    """
    login = login_of(db, viewer)
    if login is None:
        raise NotFound("login", id=viewer.token)
    if _prove(db, login, proof, place, now) is None:
        return False
    set_password(db, login, new, person=viewer.person, rules=rules, now=now)
    db.execute(_END_SESSIONS, {"token": viewer.token, "now": now})
    return True


def login_of(db: Session, viewer: Viewer) -> Login | None:
    """Return the login that opens the viewer's token too, if there is one."""
    return db.exec(select(Login).where(Login.token_id == viewer.token)).one_or_none()


def failures_of(db: Session, viewer: Viewer, limit: int) -> list[FailureRecord]:
    """Return the newest failures by the logins of the viewer's person."""
    facts = {"person": None, "token": viewer.token, "limit": limit}
    return _failures(db, _FAILED_OF_PERSON, facts)


def failures_of_person(db: Session, person: int, limit: int) -> list[FailureRecord]:
    """Return the newest failures by the logins of the person of this number."""
    return _failures(db, _FAILED_OF_PERSON, {"person": person, "token": None, "limit": limit})


def failures(db: Session, limit: int) -> list[FailureRecord]:
    """Return everybody's newest failures."""
    return _failures(db, _FAILED_OF_ALL, {"limit": limit})


def _failures(
    db: Session, query: TextClause, facts: Mapping[str, int | None]
) -> list[FailureRecord]:
    rows = db.execute(query, facts).mappings()
    return [FailureRecord(**{**row, "fault": SignInFault(row["fault"])}) for row in rows]


def network_of(address: str) -> str:
    """Return the network from which somebody comes: 256 addresses of IPv4, a /64 of IPv6."""
    try:
        length = 24 if ip_address(address).version == 4 else 64  # noqa: PLR2004 - IPv4
    except ValueError:
        return address
    return str(ip_network(f"{address}/{length}", strict=False))


def _prove(db: Session, login: Login, proof: Proof, place: Place, now: datetime) -> Viewer | None:
    """Return whom a login lets in by this proof; a failure is kept. None: nobody, or too soon."""
    source = _source(db, login, place)
    if not _may_try(db, login, source, now):
        is_password(db, None, proof.password)  # takes as long, and says nothing
        return None
    viewer, fault = None, SignInFault.TOKEN
    if not is_password(db, login, proof.password):
        fault = SignInFault.PASSWORD
    elif not take_code(db, login.token_id, proof.code, now):
        fault = SignInFault.CODE
    else:
        viewer = holder(db, login.token_id, now)
    if viewer is None:
        _record(db, login, source, place, fault=fault, now=now)
    return viewer


def _source(db: Session, login: Login, place: Place) -> _Source:
    device = digest(place.device)
    is_known = db.execute(_KNOWN_DEVICE, {"device": device, "token": login.token_id}).scalar_one()
    return _Source(device if is_known else digest(network_of(place.address)), is_known)


def _may_try(db: Session, login: Login, source: _Source, now: datetime) -> bool:
    """Whether the wait is over, and nobody else tries from there in this moment."""
    what = f"sign-in {key(login)} {source.digest.hex()}"
    if not db.execute(_TURN, {"what": what}).scalar_one():
        return False
    facts = {
        "login": key(login), "source": source.digest, "known": source.is_known,
        "since": now - REMEMBERED,
    }  # fmt: skip
    number, last = db.execute(_FAILURES, facts).one()
    return last is None or last + wait_after(number) <= now


def _record(
    db: Session, login: Login, source: _Source, place: Place, *, fault: SignInFault, now: datetime
) -> None:
    failure = FailedSignIn(
        login_id=key(login), source=source.digest, address=place.address,
        browser=place.browser[:BROWSER_MAX], fault=fault, at=now,
    )  # fmt: skip
    db.add(failure)
    db.flush()
