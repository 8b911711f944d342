"""A month of the small city, as its pages should show it: invoices, claims, payments, decisions.

What the books keep is written straight into them, so that every state a page can show is there at
once; how these states come about is tested with the steps.
"""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from ledger.formats.digest import digest
from tests.support.documents import let_stand, waiting_decision
from tests.support.vouchers import uncaused

MARCH = date(2026, 3, 1)
AT = datetime(2026, 4, 3, 2, 0, tzinfo=UTC)
PUBLISHED_AT = datetime(2026, 4, 8, 2, 0, tzinfo=UTC)
TOLD = {
    "number": "DF-2026-0004",
    "project": "星河大模型",
    "organisation": "测试单位",
    "policy": "银川市支持算力发展的若干措施",
    "article": "第九条",
    "award": "算力券",
    "words": "肆拾万元整",
    "drill": True,
    "channel": "电话 0951-0000000",
}
NAMES = (
    "测试单位", "银川市支持算力发展的若干措施", "第九条", "算力券", "电话", "按合同核对",
    "星河模型有限公司", "宁夏银行", "银财〔2026〕12号", "一般公共预算", "兑付", "信息技术服务",
    "算力服务", "卡时", "少计了一台", "发票卡时多于计量，请说明。",
)  # fmt: skip
"""What stands in Chinese on every page, as people wrote it."""
CLERK, SECOND = "clerk:李四#1", "approver:周九#2"


def month(owner: psycopg.Connection) -> None:
    """Fill in everything; called once, after the city's money is there."""
    original = _original(owner)
    documents = _documents(owner, original)
    _statement(owner)
    _reconciliation(owner, documents)
    _claims(owner, original)
    _payments(owner, original)
    decision(owner, "document", "25642000000000000005", {"number": "25642000000000000005"})
    decision(owner, "cap", "xinghe", {"voucher": 1, "cap_fen": 600_000_000}, by=SECOND)


def decision(
    owner: psycopg.Connection,
    kind: str,
    subject: str,
    content: dict[str, Any],
    *,
    by: str = CLERK,
    confirmed: bool = False,
) -> int:
    """A decision, open or confirmed."""
    content_digest = digest(content)
    row_id = one(
        owner,
        "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)"
        " VALUES (%s, %s, %s, %s, '按合同核对', %s, %s) RETURNING id",
        kind, subject, json.dumps(content), content_digest, by, AT,
    )  # fmt: skip
    if confirmed:
        owner.execute(
            "UPDATE decisions SET answer = 'confirmed', answered_by = %s, answered_at = %s,"
            " answered_digest = digest WHERE id = %s",
            (SECOND if by == CLERK else CLERK, AT, row_id),
        )
    return int(row_id)


def one(owner: psycopg.Connection, query: str, *values: object) -> Any:
    """The one value that a statement returns."""
    row = owner.execute(query.encode(), values).fetchone()
    assert row
    return row[0]


def _original(owner: psycopg.Connection) -> str:
    content = b"a scan"
    content_hash = hashlib.sha256(content).hexdigest()
    owner.execute(
        "INSERT INTO originals (hash, name, media, content, received_at, received_by)"
        " VALUES (%s, 'scan.pdf', 'application/pdf', %s, %s, %s)",
        (content_hash, content, AT, CLERK),
    )
    return content_hash


def _documents(owner: psycopg.Connection, original: str) -> list[int]:
    """A blue one, a red one on it, a frozen one, one that is keyed and not confirmed."""
    with owner.transaction():
        blue = _document(owner, original, 1, 3_000_000_00)
        red = _document(owner, original, 2, -500_000_00, reverses=blue)
        frozen = _document(owner, original, 3, 800_000_00)
        keyed = _document(owner, original, 4, 120_000_00, source="keyed")
        settlement_id = _document(owner, original, 5, 90_000_00, kind="internal_settlement")
    owner.execute(
        "INSERT INTO red_parts (document_id, line, fen) SELECT id, 1, net_fen FROM cost_documents"
        " WHERE id = %s",
        (red,),
    )
    owner.execute(
        "INSERT INTO freezes (document_id, confirmation, frozen_at, frozen_by)"
        " VALUES (%s, '64012604000000001', %s, %s)",
        (frozen, AT, CLERK),
    )
    return [blue, red, frozen, keyed, settlement_id]


def _document(
    owner: psycopg.Connection,
    original: str,
    number: int,
    net: int,
    *,
    kind: str = "digital_invoice",
    source: str = "xml",
    reverses: int | None = None,
) -> int:
    tax = net * 6 // 100
    seller, buyer = (
        one(
            owner,
            f"SELECT o.uscc FROM contracts k JOIN centres e ON e.id = k.centre_id JOIN projects p"
            f" ON p.id = k.project_id JOIN organisations o ON o.id = {of}.organisation_id"
            " ORDER BY k.id LIMIT 1",
        )
        for of in "ep"
    )
    decision_id = waiting_decision(
        owner, number=f"2564200000000000000{number}", net=net, gross=net + tax,
        issued_on="2026-04-02", original=original, seller=seller, buyer=buyer, by=CLERK, at=AT,
    )  # fmt: skip
    row_id = one(
        owner,
        "INSERT INTO cost_documents (kind, number, issued_on, seller_uscc, seller_name,"
        " buyer_uscc, buyer_name, net_fen, tax_fen, gross_fen, since, until, reverses_id, source,"
        " original, received_at, received_by, decision_id)"
        " SELECT %s, %s, '2026-04-02', c.uscc, c.name, o.uscc, o.name, %s, %s, %s,"
        " '2026-03-01', '2026-03-31', %s, %s, %s, %s, %s, %s FROM contracts k"
        " JOIN centres e ON e.id = k.centre_id JOIN organisations c ON c.id = e.organisation_id"
        " JOIN projects p ON p.id = k.project_id JOIN organisations o ON o.id = p.organisation_id"
        " ORDER BY k.id LIMIT 1 RETURNING id",
        kind, f"2564200000000000000{number}", net, tax, net + tax, reverses, source, original,
        AT, CLERK, decision_id,
    )  # fmt: skip
    owner.execute(
        "INSERT INTO document_lines (document_id, line, item, unit, quantity, unit_price, net_fen,"
        " tax_rate, tax_fen) VALUES (%s, 1, '*信息技术服务*算力服务', '卡时', '', '', %s,"
        " '6%%', %s)",
        (row_id, net, tax),
    )
    if source == "xml":
        let_stand(owner, row_id, SECOND)
    return int(row_id)


def _statement(owner: psycopg.Connection) -> None:
    row_id = one(
        owner,
        "INSERT INTO statements (number, contract_id, month, revision, total_fen, digest,"
        " issued_at,"
        " issued_by) SELECT 'DZ-202603-0001', contract_id, month, 1, sum(cost_fen)::bigint, %s,"
        " %s, %s"
        " FROM charges WHERE month = %s GROUP BY contract_id, month ORDER BY contract_id LIMIT 1"
        " RETURNING id",
        "0" * 64, AT, CLERK, MARCH,
    )  # fmt: skip
    owner.execute(
        "INSERT INTO statement_lines (statement_id, line, price_id, policy, model_id,"
        " mig_profile, ms_num,"
        " ms_den, cost_fen, grade, gap_ms) SELECT s.id, row_number() OVER (), c.price_id, c.policy,"
        " c.model_id, c.mig_profile, c.ms_num, c.ms_den, c.cost_fen, 'C', 60000 FROM statements s"
        " JOIN charges c USING (contract_id, month)"
    )
    owner.execute(
        "INSERT INTO statement_answers (statement_id, line, party, answer, reason, answered_at,"
        " answered_by) VALUES (%s, 1, 'centre', 'contested', '少计了一台', %s, 'operator:王五#2')",
        (row_id, AT),
    )


def _reconciliation(owner: psycopg.Connection, documents: list[int]) -> None:
    for document, fen in ((documents[0], 2_500_000_00), (documents[2], 300_000_00)):
        owner.execute(
            "INSERT INTO allocations (document_id, line, contract_id, month, part, kind, fen,"
            " allocated_at, allocated_by) SELECT %s, 1, contract_id, month, 'compute', 'model',"
            " %s, %s, %s FROM charges WHERE month = %s ORDER BY contract_id LIMIT 1",
            (document, fen, AT, CLERK, MARCH),
        )
    row_id = one(
        owner,
        "INSERT INTO reconciliations (contract_id, month, opened_at, opened_by)"
        " SELECT contract_id, month, %s, %s FROM statements RETURNING id",
        AT, CLERK,
    )  # fmt: skip
    owner.execute(
        "INSERT INTO messages (reconciliation_id, document_id, code, body, answer_by, sent_at,"
        " sent_by)"
        " VALUES (%s, %s, 'R07', '发票卡时多于计量，请说明。', '2026-04-17', %s, %s)",
        (row_id, documents[0], AT, CLERK),
    )


def _claims(owner: psycopg.Connection, original: str) -> None:
    states = ("draft", "submitted", "accepted", "published", "approved", "listed", "paid")
    for n, state in enumerate(states, start=1):
        claim = one(
            owner,
            "INSERT INTO claims (number, voucher_id, payee_id, fen, state, opened_at, opened_by)"
            " VALUES (%s, %s, 1, %s, %s, %s, 'builder:张三#4') RETURNING id",
            f"DF-2026-{n:04d}", 1 if n != 2 else 2, n * 100_000_00, state, AT,
        )  # fmt: skip
        owner.execute(
            "INSERT INTO claim_files (claim_id, role, original, added_at, added_by)"
            " VALUES (%s, 'application', %s, %s, %s)",
            (claim, original, AT, CLERK),
        )
        if state == "published":
            owner.execute(
                "INSERT INTO publications (claim_id, since, until, days, content, published_at,"
                " published_by) VALUES (%s, '2026-04-09', '2026-04-15', 5, %s, %s, %s)",
                (claim, json.dumps(TOLD | {"fen": n * 100_000_00}), PUBLISHED_AT, CLERK),
            )


def _payments(owner: psycopg.Connection, original: str) -> None:
    book = one(
        owner,
        "INSERT INTO indicators (number, year, project_name, fund_kind, classification, opened_at,"
        " opened_by) VALUES ('银财〔2026〕12号', 2026, '算力券兑付', '一般公共预算', '2060404',"
        " %s, %s) RETURNING book_id",
        AT, CLERK,
    )  # fmt: skip
    with uncaused(owner), owner.transaction():
        _post(owner, book)
    holdings = {"organisation": 1, "holder": "星河模型有限公司", "bank": "宁夏银行"}
    holdings |= {"bank_code": "313871000007", "number": "6400123456789"}
    account = one(
        owner,
        "INSERT INTO bank_accounts (organisation_id, holder, bank, bank_code, number, decision_id,"
        " confirmed_at) VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
        *holdings.values(), decision(owner, "account", "1", holdings, confirmed=True), AT,
    )  # fmt: skip
    row_id = one(
        owner,
        "INSERT INTO payment_lists (number, indicator_id, total_fen, words, digest, decision_id,"
        " made_at,"
        " made_by, sent_at) VALUES ('ZF-2026-0001', 1, 130000000, '壹佰叁拾万元整', %s, %s, %s,"
        " 'finance:吴八#7', %s) RETURNING id",
        "1" * 64,
        decision(owner, "payment_list", "ZF-2026-0001", {"total_fen": 130000000}, confirmed=True),
        AT, AT,
    )  # fmt: skip
    owner.execute("ALTER TABLE payment_lines DISABLE TRIGGER fits")  # the list is sent already
    for line, claim in enumerate((7, 6), start=1):
        owner.execute(
            "INSERT INTO payment_lines (list_id, line, claim_id, voucher_id, account_id, payee,"
            " uscc, bank,"
            " bank_code, number, fen) SELECT %s, %s, c.id,"
            " c.voucher_id, %s, o.name, o.uscc, '宁夏银行', '313871000007', '6400123456789',"
            " c.fen FROM claims c JOIN organisations o ON o.id = c.payee_id WHERE c.id = %s",
            (row_id, line, account, claim),
        )
    owner.execute("ALTER TABLE payment_lines ENABLE TRIGGER fits")  # else a server writes nothing
    owner.execute(
        "INSERT INTO bank_returns (reference, list_id, line, result, fen, on_day, reason, original,"
        " place, received_at, received_by, state, paid_fen) VALUES ('N1', %s, 1, 'paid', 70000000,"
        " '2026-04-10', '', %s, 'row 2', %s, 'finance:吴八#7', 'booked', 70000000)",
        (row_id, original, AT),
    )


def _post(owner: psycopg.Connection, book: int) -> None:
    posting = one(
        owner,
        "INSERT INTO postings (cause, used, booked, actor)"
        " VALUES ('test-indicator', %s, %s, 'test') RETURNING id",
        MARCH, MARCH,
    )  # fmt: skip
    for kind, from_role, to_role, fen in (
        ("appropriate", "appropriation", "free", 2_000_000_00),
        ("commit", "free", "committed", 1_300_000_00),
        ("spend", "committed", "spent", 700_000_00),
    ):
        owner.execute(
            "INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (posting, book, kind, from_role, to_role, fen),
        )
