"""What belongs to another centre and another project is nowhere to be read, on no page, in no file.

The builder and the operator of one town ask for everything of another, by its very keys.
"""

import psycopg
import pytest

from ledger.people.codes import Role
from tests.support.api.asks import a_statement, an_invoice
from tests.support.api.town import Town
from tests.support.claims import draft
from tests.support.people import place_token

SCOPED = [Role.BUILDER, Role.OPERATOR]
LISTS = [
    "projects", "usage", "agents", "findings?kind=unowned", "cost-documents", "reconciliations",
    "statements", "claims", "bank-accounts", "decisions", "payables", "payment-lists", "refunds",
    "recoveries", "indicators", "tokens",
]  # fmt: skip
PAGES = [
    "/", "/projects", "/findings", "/desk", "/decisions", "/reconcile", "/reconcile?show=all",
    "/statements", "/centre", "/documents", "/claims", "/payments",
]  # fmt: skip


def key_of(owner: psycopg.Connection, query: str, *values: object) -> int:
    row = owner.execute(query.encode(), values).fetchone()
    assert row
    return int(row[0])


@pytest.fixture
def foreign_places(town: Town, owner: psycopg.Connection) -> tuple[list[str], list[str]]:
    """Where the things of the other town are, and the words by which they are known."""
    statement, document = a_statement(town, "theirs"), an_invoice(town, "theirs")
    claim = draft(town.app.state.engine, "p-theirs")
    owner.execute("UPDATE centres SET organisation_id = 1")
    contract = key_of(owner, "SELECT id FROM contracts WHERE number = 'k-theirs'")
    owner.execute(
        "WITH r AS (INSERT INTO reconciliations (contract_id, month, opened_at, opened_by)"
        " VALUES (%s, '2026-02-01', now(), 'x') RETURNING id) INSERT INTO messages"
        " (reconciliation_id, code, body, answer_by, sent_at, sent_by)"
        " SELECT id, 'R07', '不给别人看', '2026-04-17', now(), 'x' FROM r",
        (contract,),
    )
    decision = key_of(
        owner,
        "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)"
        " VALUES ('cap', 'p-theirs', '{}', repeat('0', 64), '', %s, now())"
        " RETURNING id",
        place_token(owner, "clerk", "某builder"),
    )
    file = owner.execute("SELECT original FROM claim_files").fetchone()
    assert file
    api = [
        "projects/p-theirs", "projects/p-theirs/quota", "projects/p-theirs/days",
        "projects/p-theirs/days/2026-03-01/windows", "projects/p-theirs/reservations",
        f"cost-documents/{document}", f"cost-documents/{document}/original",
        f"reconciliations/{contract}-2026-02", f"statements/{statement}",
        f"statements/{statement}.csv", f"claims/{claim}", f"claims/{claim}/files/{file[0]}",
        f"decisions/{decision}",
    ]  # fmt: skip
    pages = [
        "/projects/p-theirs", "/projects/p-theirs/days/2026-03-01", f"/decisions/{decision}",
        f"/reconcile/{contract}/2026-02", f"/statements/{statement}", f"/documents/{document}",
        f"/claims/{claim}", f"/centre?centre={contract}",
    ]  # fmt: skip
    places = [f"/api/v1/{path}" for path in api] + pages
    return places, ["k-theirs", "p-theirs", statement, claim, "别家", "他家", "不给别人看"]


@pytest.mark.parametrize("role", SCOPED)
def test_nothing_of_others_is_read(
    town: Town, foreign_places: tuple[list[str], list[str]], role: Role
) -> None:
    places, words = foreign_places
    for url in (*places, *(f"/api/v1/{path}" for path in LISTS), *PAGES):
        answer = town.client.get(url, headers=town.headers(role) | {"Accept": "*/*"})
        body = answer.text.replace(url, "")
        assert answer.status_code < 500, (url, body)
        assert not [word for word in words if word in body and word not in url], (url, body)
        if url in places and not url.startswith("/centre"):
            assert answer.status_code in (403, 404), (url, body)
            theirs_too = town.client.get(url, headers=town.headers(Role.AUDITOR))
            assert theirs_too.status_code == 200, url


@pytest.mark.parametrize("role", SCOPED)
def test_nothing_of_others_is_changed(
    town: Town, owner: psycopg.Connection, foreign_places: tuple[list[str], list[str]], role: Role
) -> None:
    _, words = foreign_places
    statement, claim = words[2:4]
    message = key_of(owner, "SELECT id FROM messages")
    decision = key_of(owner, "SELECT max(id) FROM decisions")
    phrases = {"answer": "withdrawn", "seen": "0" * 64, "reason": ""}
    asks = [
        (f"statements/{statement}/answers", {"lines": "all", "answer": "confirmed"}),
        (f"messages/{message}/answer", {"body": "好"}),
        (f"claims/{claim}/actions", {"action": "withdraw"}),
        (f"claims/{claim}/approval", {}),
        ("claims", {"project": "p-theirs"}),
        (f"decisions/{decision}/answer", phrases),
    ]
    for path, body in asks:
        answer = town.client.post(f"/api/v1/{path}", json=body, headers=town.headers(role))
        assert answer.status_code in (403, 404), (path, answer.text)
        assert not [w for w in words if w in answer.text and w not in path and w not in str(body)]
