"""The doors of people, sessions and tokens."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    a_token,
    at,
    spare_token,
)
from tests.support.api.doors.door import (
    AUDIT,
    EVERYBODY,
    SECURITY,
    Door,
)

LETTING_IN = {SECURITY, AUDIT, Role.AUDITOR}

PEOPLE = {
    "POST /api/v1/tokens": Door({SECURITY}, a_token, yes=201),
    "POST /api/v1/tokens/renew": Door(EVERYBODY, at("/api/v1/tokens/renew", json={}), yes=201),
    "GET /api/v1/own/tokens": Door(EVERYBODY, at("/api/v1/own/tokens")),
    "DELETE /api/v1/own/tokens/{token}": Door(EVERYBODY, at("/api/v1/own/tokens/999999"), yes=404),
    "GET /tokens": Door(EVERYBODY, at("/tokens")),
    "POST /tokens/renewal": Door(EVERYBODY, at("/tokens/renewal", data={"overlap_hours": "1"})),
    "POST /tokens/{token}/end": Door(EVERYBODY, at("/tokens/999999/end"), yes=404),
    "GET /api/v1/tokens": Door(LETTING_IN, at("/api/v1/tokens")),
    "GET /api/v1/tokens.{form}": Door(LETTING_IN, at("/api/v1/tokens.csv")),
    "GET /api/v1/persons.xlsx": Door(LETTING_IN, at("/api/v1/persons.xlsx")),
    "POST /api/v1/persons": Door({SECURITY}, at("/api/v1/persons", content=b"x"), yes=422),
    "POST /people/workbook": Door(
        {SECURITY}, at("/people/workbook", files={"file": ("p.xlsx", b"x")}), yes=422
    ),
    "GET /api/v1/persons/{person}": Door(LETTING_IN, at("/api/v1/persons/1")),
    "DELETE /api/v1/persons/{person}/sessions": Door(
        {SECURITY}, at("/api/v1/persons/999999/sessions"), yes=404
    ),
    "GET /people/{person}": Door(LETTING_IN, at("/people/1")),
    "POST /people/{person}/sign-out": Door({SECURITY}, at("/people/999999/sign-out"), yes=404),
    "POST /api/v1/tokens/{token}/confirmation": Door(
        {SECURITY}, at("/api/v1/tokens/999999/confirmation"), yes=404
    ),
    "POST /api/v1/invitations": Door(
        {SECURITY}, at("/api/v1/invitations", json={"role": "auditor", "person": "某人"}), yes=201
    ),
    "DELETE /api/v1/tokens/{token}": Door({SECURITY}, spare_token, yes=204),
    "GET /api/v1/sign-ins": Door({AUDIT, Role.AUDITOR}, at("/api/v1/sign-ins")),
    "GET /api/v1/sign-ins/failed": Door({AUDIT, Role.AUDITOR}, at("/api/v1/sign-ins/failed")),
    "GET /api/v1/sessions/failed": Door(EVERYBODY, at("/api/v1/sessions/failed")),
    "GET /api/v1/sessions": Door(EVERYBODY, at("/api/v1/sessions")),
    "DELETE /api/v1/sessions/{session}": Door(EVERYBODY, at("/api/v1/sessions/9"), yes=404),
    "GET /": Door(None, at("/")),
    "GET /sign-in": Door(None, at("/sign-in")),
    "POST /sign-in": Door(None, at("/sign-in", data={"token": "sq_wrong"}), yes=403),
    "POST /sign-in/password": Door(
        None, at("/sign-in/password", data={"name": "x", "password": "x"}), yes=403
    ),
    "GET /invitation": Door(None, at("/invitation?code=x"), yes=422),
    "POST /invitation": Door(None, at("/invitation", data={"code": "x"}), yes=422),
    "GET /password": Door(EVERYBODY, at("/password")),
    "POST /password": Door(EVERYBODY, at("/password", data={"old": "x"}), yes=404),
    "GET /sign-in/once": Door(None, at("/sign-in/once?code=x")),
    "POST /sign-in/once": Door(None, at("/sign-in/once", data={"code": "x"}), yes=403),
    "POST /sign-in/drill": Door(None, at("/sign-in/drill", data={"part": "1"}), yes=403),
    "GET /sign-in/oidc": Door(None, at("/sign-in/oidc"), yes=404),
    "GET /sign-in/oidc/callback": Door(None, at("/sign-in/oidc/callback?code=x"), yes=404),
    "POST /sign-in/oidc/logout": Door(None, at("/sign-in/oidc/logout"), yes=404),
    "POST /sessions/oidc": Door(EVERYBODY, at("/sessions/oidc"), yes=404),
    "POST /sessions/oidc/end": Door(EVERYBODY, at("/sessions/oidc/end"), yes=303),
    "POST /sign-out": Door(None, at("/sign-out"), yes=303),
    "GET /rights": Door(EVERYBODY, at("/rights")),
    "GET /api/v1/rights": Door(EVERYBODY, at("/api/v1/rights")),
    "GET /events": Door({AUDIT, Role.AUDITOR}, at("/events")),
    "GET /api/v1/events": Door({AUDIT, Role.AUDITOR}, at("/api/v1/events")),
    "GET /api/v1/events.csv": Door({AUDIT, Role.AUDITOR}, at("/api/v1/events.csv")),
    "GET /api/v1/events.xlsx": Door({AUDIT, Role.AUDITOR}, at("/api/v1/events.xlsx")),
    "GET /api/v1/events/chain": Door({AUDIT, Role.AUDITOR}, at("/api/v1/events/chain")),
    "GET /sign-ins": Door({AUDIT, Role.AUDITOR}, at("/sign-ins")),
    "GET /people": Door(LETTING_IN, at("/people")),
    "POST /people/tokens": Door(
        {SECURITY}, at("/people/tokens", data={"role": "auditor", "person": "某人"})
    ),
    "POST /people/tokens/{token}/confirmation": Door(
        {SECURITY}, at("/people/tokens/999999/confirmation"), yes=404
    ),
    "POST /people/invitations": Door(
        {SECURITY}, at("/people/invitations", data={"role": "auditor", "person": "某人"})
    ),
    "POST /people/tokens/{token}/end": Door({SECURITY}, at("/people/tokens/999999/end"), yes=404),
    "GET /sessions": Door(EVERYBODY, at("/sessions")),
    "POST /sessions/{session}/end": Door(EVERYBODY, at("/sessions/9/end"), yes=404),
    "POST /sessions/end-others": Door(EVERYBODY, at("/sessions/end-others"), yes=303),
}
