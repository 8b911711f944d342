"""Which rows a claim rests on, from its application to the bank's row.

Each relation has the condition that its rows (`t`) fulfil; `{claim}` stands for the claim's key.
"""

from collections.abc import Mapping
from types import MappingProxyType

_CELLS = "SELECT contract_id, month FROM claim_cells WHERE claim_id = {claim}"
_CONTRACTS = "SELECT contract_id FROM claim_cells WHERE claim_id = {claim}"
_VOUCHER = "SELECT voucher_id FROM claims WHERE id = {claim}"
_PROJECT = f"SELECT project_id FROM vouchers WHERE id = ({_VOUCHER})"
_PAYEE = "SELECT payee_id FROM claims WHERE id = {claim}"
_CENTRES = f"SELECT centre_id FROM contracts WHERE id IN ({_CONTRACTS})"
_CLUSTERS = f"SELECT id FROM clusters WHERE centre_id IN ({_CENTRES})"
_MONTHS = f"SELECT id FROM reconciliations WHERE (contract_id, month) IN ({_CELLS})"
_STATEMENTS = f"SELECT id FROM statements WHERE (contract_id, month) IN ({_CELLS})"
_ALLOCATED = f"SELECT document_id FROM allocations WHERE (contract_id, month) IN ({_CELLS})"
_DOCUMENTS = f"""
    SELECT id FROM cost_documents WHERE id IN ({_ALLOCATED}) OR reverses_id IN ({_ALLOCATED})
    UNION SELECT reverses_id FROM cost_documents WHERE id IN ({_ALLOCATED})
"""
_LISTS = "SELECT list_id FROM payment_lines WHERE claim_id = {claim}"
_LINES = "SELECT list_id, line FROM payment_lines WHERE claim_id = {claim}"
_PUBLICATIONS = "SELECT id FROM publications WHERE claim_id = {claim}"
_ACCOUNTS = f"""
    SELECT account_id FROM payment_lines WHERE claim_id = {{claim}}
    UNION SELECT id FROM bank_accounts WHERE organisation_id = ({_PAYEE}) AND superseded_at IS NULL
"""
_ORGANISATIONS = f"""
    {_PAYEE} UNION SELECT organisation_id FROM projects WHERE id = ({_PROJECT})
    UNION SELECT organisation_id FROM centres WHERE id IN ({_CENTRES})
"""
_BOOKS = f"""
    SELECT book_id FROM vouchers WHERE id = ({_VOUCHER})
    UNION SELECT book_id FROM cost_books WHERE reconciliation_id IN ({_MONTHS})
"""
# Of the voucher and of the months all; of the indicators what the claim's own lines moved.
_POSTINGS = f"""
    SELECT posting_id FROM movements WHERE book_id IN ({_BOOKS})
    UNION SELECT p.id FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id
    JOIN postings p ON p.cause = 'pay/' || s.number || '/' || l.line OR p.cause IN (
        SELECT 'bank/' || r.reference FROM bank_returns r
        WHERE (r.list_id, r.line) = (l.list_id, l.line))
    WHERE l.claim_id = {{claim}}
"""
_DECISIONS = f"""
    SELECT id FROM decisions
    WHERE subject = 'claim ' || (SELECT number FROM claims WHERE id = {{claim}})
    UNION SELECT decision_id FROM payment_lists WHERE id IN ({_LISTS})
    UNION SELECT decision_id FROM bank_accounts WHERE id IN ({_ACCOUNTS})
    UNION SELECT decision_id FROM bank_returns WHERE (list_id, line) IN ({_LINES})
    UNION SELECT decision_id FROM matches WHERE reconciliation_id IN ({_MONTHS})
    UNION SELECT extra_decision_id FROM matches WHERE reconciliation_id IN ({_MONTHS})
    UNION SELECT fall_decision_id FROM matches WHERE reconciliation_id IN ({_MONTHS})
    UNION SELECT decision_id FROM differences WHERE reconciliation_id IN ({_MONTHS})
    UNION SELECT decision_id FROM cost_documents WHERE id IN ({_DOCUMENTS})
    UNION SELECT decision_id FROM prices WHERE contract_id IN ({_CONTRACTS})
    UNION SELECT decision_id FROM voucher_rates WHERE voucher_id = ({_VOUCHER})
    UNION SELECT substring(cause FROM '^[a-z]+/([0-9]{{{{1,18}}}})$')::bigint FROM postings
        WHERE id IN ({_POSTINGS}) AND split_part(cause, '/', 1) IN ('decision', 'reconcile')
"""
_ORIGINALS = f"""
    SELECT original FROM claim_files WHERE claim_id = {{claim}}
    UNION SELECT original FROM cost_documents WHERE id IN ({_DOCUMENTS})
    UNION SELECT original FROM receipts WHERE document_id IN ({_DOCUMENTS})
    UNION SELECT original FROM bank_returns WHERE (list_id, line) IN ({_LINES})
"""

CLAIM_ROWS: Mapping[str, str] = MappingProxyType(
    {
        # The application, what was decided of it, and what the public saw.
        "claims": "t.id = {claim}",
        "claim_cells": "t.claim_id = {claim}",
        "claim_events": "t.claim_id = {claim}",
        "claim_files": "t.claim_id = {claim}",
        "publications": "t.claim_id = {claim}",
        "objections": f"t.publication_id IN ({_PUBLICATIONS})",
        "decisions": f"t.id IN ({_DECISIONS})",
        # For whom, and by which rule.
        "vouchers": f"t.id = ({_VOUCHER})",
        "voucher_versions": f"t.voucher_id = ({_VOUCHER})",
        "voucher_rates": f"t.voucher_id = ({_VOUCHER})",
        "accruals": f"t.voucher_id = ({_VOUCHER})",
        "clauses": f"""(t.policy, t.clause) IN (SELECT policy, clause FROM voucher_versions
            WHERE voucher_id = ({_VOUCHER}))""",
        "projects": f"t.id = ({_PROJECT})",
        "organisations": f"t.id IN ({_ORGANISATIONS})",
        "organisation_names": f"t.organisation_id IN ({_ORGANISATIONS})",
        # The months: contracts, prices, who held what, and what it came to.
        "centres": f"t.id IN ({_CENTRES})",
        "clusters": f"t.id IN ({_CLUSTERS})",
        "billing_sources": f"t.cluster_id IN ({_CLUSTERS})",
        "bindings": f"t.project_id = ({_PROJECT}) AND t.cluster_id IN ({_CLUSTERS})",
        "contracts": f"t.id IN ({_CONTRACTS})",
        "contract_terms": f"t.contract_id IN ({_CONTRACTS})",
        "prices": f"t.contract_id IN ({_CONTRACTS})",
        "charges": f"(t.contract_id, t.month) IN ({_CELLS})",
        "statements": f"(t.contract_id, t.month) IN ({_CELLS})",
        "statement_lines": f"t.statement_id IN ({_STATEMENTS})",
        "statement_answers": f"t.statement_id IN ({_STATEMENTS})",
        "reconciliations": f"(t.contract_id, t.month) IN ({_CELLS})",
        "matches": f"t.reconciliation_id IN ({_MONTHS})",
        "match_lines": f"t.reconciliation_id IN ({_MONTHS})",
        "match_usage": f"t.reconciliation_id IN ({_MONTHS})",
        "differences": f"t.reconciliation_id IN ({_MONTHS})",
        # Documents and receipts.
        "allocations": f"(t.contract_id, t.month) IN ({_CELLS})",
        "cost_documents": f"t.id IN ({_DOCUMENTS})",
        "document_lines": f"t.document_id IN ({_DOCUMENTS})",
        "receipts": f"t.document_id IN ({_DOCUMENTS})",
        "originals": f"t.hash IN ({_ORIGINALS})",
        # The list, the bank's rows, and the books.
        "bank_accounts": f"t.id IN ({_ACCOUNTS})",
        "payment_lists": f"t.id IN ({_LISTS})",
        "payment_lines": "t.claim_id = {claim}",
        "bank_returns": f"(t.list_id, t.line) IN ({_LINES})",
        "indicators": f"t.id IN (SELECT indicator_id FROM payment_lists WHERE id IN ({_LISTS}))",
        "cost_books": f"t.reconciliation_id IN ({_MONTHS})",
        "postings": f"t.id IN ({_POSTINGS})",
        "movements": f"t.posting_id IN ({_POSTINGS})",
    }
)
