"""What is tried, each on one mechanism: the rows that it needs, the SQL, and how it is refused.

`refusal` is the name of the constraint that PostgreSQL reports, or the SQLSTATE where it has none.
An attempt that is refused for another reason has not met its mechanism, so that is not held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.postgres.codes import Guarantee, MechanismKind
from ledger.postgres.guarantees import scene
from ledger.postgres.guarantees.mechanisms import Mechanism, constraint, right, trigger

DENIED, RESTRICTED = "42501", "23001"


@dataclass(frozen=True)
class Attempt:
    """One way to break a guarantee."""

    guarantee: Guarantee
    mechanism: Mechanism
    refusal: str
    attack: str
    scene: str = ""
    as_owner: bool = False
    real_only: bool = False
    """Whether a drill is let through, by design."""


def attempts() -> Sequence[Attempt]:
    """Return all that is tried, in the order in which it is reported."""
    return [
        *_two_persons(),
        *_people(),
        *_books(),
        *_decisions(),
        *_centre(),
        *_logs(),
        *_rights(),
    ]


def _decide(
    by: str, *, kind: str = "cap", digest: str = "digest_of('{}')", at: str = "now()"
) -> str:
    return (
        "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)"
        f" VALUES ('{kind}', '{scene.NAME}', '{{}}', {digest}, '', '{by}', {at});"
    )


def _answer(by: str, word: str = "confirmed") -> str:
    return (
        f"UPDATE decisions SET answer = '{word}', answered_by = '{by}', answered_at = now(),"
        f" answered_digest = digest WHERE id = {scene.DECISION};"
    )


def _answered_by(by: str, digest: str) -> str:
    """As no statement of the application can: written with its answer at once."""
    return (
        "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at,"
        " answer, answered_by, answered_at, answered_digest) VALUES ('cap', 'x', '{}',"
        f" digest_of('{{}}'), '', '{scene.CLERK}', now(), 'confirmed', '{by}', now(), {digest})"
    )


def _two_persons() -> Iterator[Attempt]:
    g, decides = Guarantee, trigger("decisions", "actors_decide")
    answers, people = trigger("decisions", "actors_answer"), scene.PEOPLE
    decision = scene.DECISION_ROW
    two_persons, digest = Guarantee.TWO_PERSONS, "digest_of('{}')"
    yield Attempt(g.REAL_ACTORS, decides, "actor_acts", _decide(scene.NOBODY), people)
    yield Attempt(g.REAL_ACTORS, answers, "actor_acts", _answer(scene.FORMER), decision)
    yield Attempt(g.REAL_ACTORS, answers, "role_answers", _answer(scene.SECOND), decision)
    yield Attempt(two_persons, answers, "two_identities", _answer(scene.CLERK), decision)
    two = constraint("decisions", "two_persons")
    attack = _answered_by(scene.CLERK, digest)
    yield Attempt(two_persons, two, two.name, attack, people, as_owner=True)
    code = trigger("decisions", "with_code")
    yield Attempt(
        g.SHOWN_CODE, code, "confirmed_with_code", _answer(scene.APPROVER), decision, real_only=True
    )
    digests = constraint("decisions", "confirms_what_was_decided")
    attack = _answered_by(scene.APPROVER, "repeat('0', 64)")
    yield Attempt(g.DECIDED_AS_SHOWN, digests, digests.name, attack, people, as_owner=True)
    content = constraint("decisions", "digest_of_content")
    attack = _decide(scene.CLERK, digest="repeat('1', 64)")
    yield Attempt(g.DECIDED_AS_SHOWN, content, content.name, attack, people)
    keep = trigger("decisions", "keep")
    attack = f"UPDATE decisions SET answer_reason = 'x' WHERE id = {scene.OLD_DECISION}"
    yield Attempt(g.ANSWERED_ONCE, keep, RESTRICTED, attack, scene.ANSWER_ROW)
    once = Mechanism(MechanismKind.INDEX, "decisions", "decisions_open")
    yield Attempt(g.ANSWERED_ONCE, once, once.name, _decide(scene.CLERK), decision)
    clock = trigger("decisions", "clock_decided_at")
    attack = _decide(scene.CLERK, at="now() - interval '1 day'")
    yield Attempt(g.BY_THE_CLOCK, clock, "by_the_clock", attack, people, real_only=True)


def _person(name: str, by: str) -> str:
    return f"INSERT INTO persons (name, created_at, created_by) VALUES ({name}, now(), '{by}')"


def _token(role: str, person: int, by: str) -> str:
    return (
        "INSERT INTO tokens (hash, role, person_id, created_at, created_by, expires_at) VALUES"
        f" (sha256('x'), '{role}', {person}, now(), '{by}', now() + interval '1 day')"
    )


def _people() -> Iterator[Attempt]:
    g, people, invention = Guarantee, scene.PEOPLE, Guarantee.NO_INVENTED_PERSON
    makes, issues = trigger("persons", "made"), trigger("tokens", "issued")
    first = scene.NUMBER + 1
    attack = _person("'x'", scene.CLERK)
    yield Attempt(invention, makes, "made_by_administrator", attack, people)
    attack = _token("approver", first, scene.CLERK)
    yield Attempt(invention, issues, "made_by_administrator", attack, people)
    ends = trigger("tokens", "who_changes")
    attack = (
        f"UPDATE tokens SET revoked_at = now(), revoked_by = '{scene.SECOND}' WHERE id = {first}"
    )
    yield Attempt(invention, ends, "token_ended", attack, people)
    names = Mechanism(MechanismKind.INDEX, "persons", "persons_by_name")
    attack = _person(f"upper('{scene.NAME}　1')", "machine:check")
    yield Attempt(g.NO_LOOKALIKE, names, names.name, attack, people, as_owner=True)
    visible = constraint("persons", "name_is_visible")
    attack = _person("U&'x\\FE0F'", "machine:check")
    yield Attempt(g.NO_LOOKALIKE, visible, visible.name, attack, as_owner=True)
    duty = constraint("tokens", "one_duty")
    attack = _token("approver", scene.NUMBER + 5, "machine:check")
    yield Attempt(g.SEPARATE_DUTIES, duty, duty.name, attack, people, as_owner=True)
    once = trigger("tokens", "once")
    attack = f"UPDATE tokens SET revoked_at = NULL WHERE id = {scene.NUMBER + 6}"
    yield Attempt(g.HAPPENS_ONCE, once, "once", attack, people)


def _books() -> Iterator[Attempt]:
    g, move, budget = Guarantee, scene.move, scene.BUDGET
    floor = constraint("accounts", "balance_at_least_floor")
    post, number = trigger("movements", "post"), trigger("postings", "number")
    spend = move("commit", "free", "committed", 1)
    yield Attempt(g.NO_OVERDRAFT, floor, floor.name, spend, budget)
    on_the_way = [("commit", "free", "committed", 5), ("appropriate", "appropriation", "free", 5)]
    attack = scene.moves(on_the_way)
    yield Attempt(g.NO_OVERDRAFT, post, floor.name, attack, budget)
    attack = move("eligible", "clause", "entitlement", 101)
    yield Attempt(g.CAP, floor, floor.name, attack, scene.RIGHTS)
    legal = constraint("movements", "legal_move")
    attack = move("commit", "appropriation", "spent", 1)
    yield Attempt(g.LEGAL_MOVES, legal, legal.name, attack, budget)
    above = constraint("movements", "amount_above_zero")
    attack = move("cut", "free", "appropriation", -1)
    yield Attempt(g.LEGAL_MOVES, above, above.name, attack, budget)
    attack = (
        "INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount) VALUES"
        f" ({scene.POSTING}, {scene.BOOK}, 'appropriate', 'appropriation', 'free', 1)"
    )
    yield Attempt(g.BOOKS_STAY, post, "posting_open", attack, scene.NUMBERED_POSTING)
    posting = move("appropriate", "appropriation", "free", 1, "decision/0")
    ask = "SET CONSTRAINTS ALL IMMEDIATE"
    yield Attempt(g.CAUSED, number, "posting_caused", posting + ask, budget)
    empty = (
        "INSERT INTO postings (cause, used, booked, actor)"
        f" VALUES ('{scene.NAME}', '2026-01-01', '2026-01-01', 'x');"
    )
    yield Attempt(g.CAUSED, number, "posting_moves", empty + ask)
    again = constraint("postings", "postings_cause_key")
    yield Attempt(g.CAUSED, again, again.name, empty, scene.NUMBERED_POSTING)
    by_two, two = scene.RIGHTS, "two_persons_decided"
    attack = move("lapse", "available", "lapsed", 1)
    yield Attempt(g.PROMISE_STANDS, trigger("movements", "lower"), two, attack, by_two)
    attack = move("unpay", "paid", "payable", 1)
    yield Attempt(g.PROMISE_STANDS, trigger("movements", "reverse"), two, attack, by_two)
    cap = Mechanism(MechanismKind.FUNCTION, "", "set_cap(of_decision bigint)")
    yield Attempt(g.CAP, cap, two, "SELECT set_cap(0)")


_FEN = (
    "reconciliation_id, metered_fen, invoiced_fen, matched_fen, extra_fen, extra_over_fen,"
    " closed_fen, held_fen, decision_id"
)
# A row that names no decision of two persons: table, trigger, refusal, columns, values; below one
# that names no actor, line or payee.
_BY_TWO = (
    ("bank_accounts", "decided", "account_decided", "decision_id", "0"),
    ("capacities", "decided", RESTRICTED, "decision_id", "0"),
    ("indicator_shares", "decided", "shares_decided", "scheme, place", "0, 1"),
    ("payable_versions", "decided", "payable_decided", "decision_id, policy", "0, 'x'"),
    ("policy_ends", "decided", "policy_end_decided", "decision_id, policy", "0, 'x'"),
    ("recoveries", "decided", "payback_decided", "decision_id, fen", "0, 1"),
    ("refunds", "decided", "payback_decided", "decision_id, fen", "0, 1"),
    ("voucher_versions", "decided", "voucher_decided", "voucher_id, policy", "0, 'x'"),
    ("vouchers", "decided", "voucher_decided", "project_id, policy, clause", "0, 'x', 'x'"),
    ("matches", "decided", "match_decided", f"{_FEN}, part", "0, 1, 1, 1, 0, 0, 0, 1, 0, 'fee'"),
)
_OTHERS = (
    (Guarantee.BANK_ROWS, "bank_returns", "brought", "actor_acts", "received_by", "'x'"),
    (Guarantee.PAYEE, "claims", "payee", "paid_to_payee", "payee_id", "0"),
    (Guarantee.PAYEE, "payment_lines", "fits", "line_of_claim", "claim_id", "0"),
    (Guarantee.CASE_STEPS, "claim_events", "move", "case_state", "claim_id, state", "0, 'x'"),
    (Guarantee.DOCUMENTS, "receipts", "brought", "actor_acts", "entered_by", "'x'"),
    (Guarantee.DOCUMENTS, "cost_documents", "confirmed", "document_waits", "decision_id", "0"),
    (Guarantee.REGISTERED, "prices", "registered", "registered_by_actor", "recorded_by", "'x'"),
    (Guarantee.REGISTERED, "contracts", "registered", "registered_by_actor", "recorded_by", "'x'"),
    (Guarantee.SIGNED_BATCHES, "batches", "follows", "batch_follows", "number", "2"),
    (Guarantee.SIGNED_BATCHES, "enrolment_codes", "issued", "code_issued", "created_by", "'x'"),
)


def _insert(table: str, columns: str, values: str) -> str:
    return f"INSERT INTO {table} ({columns}) VALUES ({values})"


def _decisions() -> Iterator[Attempt]:
    for table, name, refusal, columns, values in _BY_TWO:
        attack = _insert(table, columns, values)
        yield Attempt(Guarantee.DECIDED_BY_TWO, trigger(table, name), refusal, attack)
    for guarantee, table, name, refusal, columns, values in _OTHERS:
        attack = _insert(table, columns, values)
        yield Attempt(guarantee, trigger(table, name), refusal, attack)
    bank_row = _insert("bank_returns", "received_by, received_at", f"'{scene.FINANCE}', now()")
    yield Attempt(
        Guarantee.BANK_ROWS,
        trigger("bank_returns", "fits"),
        "return_of_line",
        bank_row,
        scene.PEOPLE,
    )
    lasts, today = trigger("publications", "lasts"), "since, until, published_at"
    attack = _insert("publications", today, "now()::date, now()::date, now()")
    yield Attempt(Guarantee.PUBLISHED, lasts, "publication_lasts", attack)


def _centre() -> Iterator[Attempt]:
    twice = constraint("windows", "windows_pkey")
    yield Attempt(
        Guarantee.ONE_WINDOW,
        twice,
        "23505",
        scene.WINDOW,
        scene.MONTH + scene.WINDOW,
        as_owner=True,
    )
    first = trigger("windows", "first")
    yield Attempt(
        Guarantee.ONE_WINDOW, first, "window_is_first", scene.WINDOW, scene.PACK, as_owner=True
    )
    whole = trigger("windows", "fold")
    attack = scene.WINDOW.replace("60000", "0")
    yield Attempt(Guarantee.TOTALS, whole, "window_is_whole", attack, scene.MONTH, as_owner=True)


def _logs() -> Iterator[Attempt]:
    for table, change in (("events", "act = act"), ("event_links", "hash = hash")):
        stays = trigger(table, "stays")
        for attack in (f"UPDATE {table} SET {change}", f"DELETE FROM {table}"):
            yield Attempt(Guarantee.EVENTS_STAY, stays, RESTRICTED, attack, as_owner=True)
    follows, leaves = trigger("seals", "follows"), trigger("sealed_rows", "leaves")
    attack = _insert("seals", "number", "0")
    yield Attempt(Guarantee.SEALS_FOLLOW, follows, "seal_follows", attack)
    attack = _insert("sealed_rows", "seal, relation, key", "0, 'x', '[]'")
    yield Attempt(Guarantee.SEALS_FOLLOW, leaves, "leaves_before_head", attack)
    drill = trigger("drill", "stays")
    yield Attempt(Guarantee.DRILL_STAYS, drill, "drill_stays", "DELETE FROM drill", as_owner=True)


# What the application has no right to: table, and the columns that it would edit. Not of tables
# that may stand on other machines (docs/adr/0018-citus.md): their rights are compared alone.
_STAYS = {
    Guarantee.BOOKS_STAY: {
        "accounts": "balance floor", "entries": "amount", "movements": "amount",
        "postings": "cause", "numbering": "last", "legal_moves": "kind",
    },
    Guarantee.ANSWERED_ONCE: {"decisions": "content digest"},
    Guarantee.NO_INVENTED_PERSON: {"tokens": "role person_id", "persons": "name"},
    Guarantee.DOCUMENTS: {"originals": "hash", "document_lines": "net_fen"},
    Guarantee.TOTALS: {"day_totals": "held", "hour_totals": "held", "coverage": "windows"},
    Guarantee.ONE_WINDOW: {"windows": "body"},
    Guarantee.EVENTS_STAY: {"events": "act", "event_links": "hash", "number_reads": "actor"},
    Guarantee.SEALS_FOLLOW: {"seals": "head", "sealed_rows": "hash"},
    Guarantee.DRILL_STAYS: {"drill": "is_drill"},
}  # fmt: skip
_NEVER_ADDED = {
    Guarantee.BOOKS_STAY: ("accounts", "entries", "legal_moves"),
    Guarantee.TOTALS: ("day_totals", "hour_totals", "coverage"),
    Guarantee.PUBLISHED: ("working_days",),
    Guarantee.DOCUMENTS: ("trusted_certificates",),
}


def _rights() -> Iterator[Attempt]:
    for guarantee, tables in _STAYS.items():
        for table, columns in tables.items():
            for column in columns.split():
                attack = f"UPDATE {table} SET {column} = {column} WHERE false"
                yield Attempt(guarantee, right(table, f"UPDATE ({column})"), DENIED, attack)
            attack = f"DELETE FROM {table} WHERE false"
            yield Attempt(guarantee, right(table, "DELETE"), DENIED, attack)
    for guarantee, names in _NEVER_ADDED.items():
        for table in names:
            attack = f"INSERT INTO {table} SELECT * FROM {table} WHERE false"
            yield Attempt(guarantee, right(table, "INSERT"), DENIED, attack)
