"""What is sealed: every table of the database, and why it is or is not.

SEALED are relations whose rows prove something and follow from nothing else. DERIVED are those that
follow from sealed ones: `verify` computes them again, or does not do so yet. FREE prove nothing. A
table that stands nowhere here is refused by a test; the database's triggers watch every table that
is not DERIVED or FREE (`ledger/migrations/sql/99_sealed.sql`), whatever is forgotten here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Sealed:
    """A relation whose rows are sealed.

    Attributes:
        changes: whether its rows may change or go by themselves; those of the others are written
            once, and a second content is a fault.
        secrets: columns of which only the SHA-256 is sealed.
        without: columns that prove nothing, which are left out.
        by_number: whether what is new is found by the numbers of postings, and not by triggers.
        view: by which its rows are read, where they are kept in more than one form.
    """

    changes: bool = False
    secrets: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    by_number: bool = False
    view: str | None = None


_ONCE = Sealed()
_CHANGES = Sealed(changes=True)
_NUMBERED = Sealed(by_number=True)

SEALED: Mapping[str, Sealed] = MappingProxyType(
    {
        # What agents sent, byte for byte, and who they are.
        "batches": Sealed(view="kept_batches"),
        "archives": _ONCE,
        "agents": _CHANGES,
        "conflicts": _ONCE,
        "corrections": _ONCE,
        "courier_files": _ONCE,
        "enrolment_codes": Sealed(changes=True, secrets=("hash",)),
        "forks": _ONCE,
        "incident_rulings": _ONCE,
        "incidents": _CHANGES,
        "quarantine": _CHANGES,
        # The registry, with what it said before.
        "assignments": _ONCE,
        "billing_sources": _CHANGES,
        "bindings": _CHANGES,
        "capacities": _ONCE,
        "catalogue_models": _ONCE,
        "catalogue_names": _ONCE,
        "centres": _ONCE,
        "clusters": _ONCE,
        "contract_terms": _ONCE,
        "contracts": _CHANGES,
        "controllers": _CHANGES,
        "gpus": _CHANGES,
        "organisation_names": _CHANGES,
        "organisations": _CHANGES,
        "other_support": _CHANGES,
        "price_bands": _CHANGES,
        "prices": _CHANGES,
        "projects": _ONCE,
        "registry_acts": _ONCE,
        "relations": _CHANGES,
        "reserved_devices": _CHANGES,
        "witness_requirements": _CHANGES,
        # The policy as it was carried out; its files' digests stand in each head.
        "barred_steps": _CHANGES,
        "case_courses": _ONCE,
        "case_moves": _CHANGES,
        "case_steps": _CHANGES,
        "cause_kinds": _CHANGES,
        "clause_rates": _CHANGES,
        "clauses": _CHANGES,
        "decision_kinds": _CHANGES,
        "hold_kinds": _CHANGES,
        "legal_moves": _CHANGES,
        "payable_versions": _ONCE,
        "policy_ends": _ONCE,
        "roles": _CHANGES,
        "working_days": _CHANGES,
        # Documents, statements and what was decided of a month.
        "allocations": _CHANGES,
        "charges": _CHANGES,
        "cost_books": _ONCE,
        "cost_documents": _CHANGES,
        "decisions": _CHANGES,
        "deductions": _CHANGES,
        "differences": _ONCE,
        "document_lines": _ONCE,
        "excluded_months": _CHANGES,
        "freezes": _CHANGES,
        "history": _ONCE,
        "lookups": _ONCE,
        "match_lines": _CHANGES,
        "match_usage": _CHANGES,
        "matches": _CHANGES,
        "messages": _CHANGES,
        "originals": _ONCE,
        "receipts": _CHANGES,
        "reconciliations": _ONCE,
        "red_parts": _ONCE,
        "stated_periods": _ONCE,
        "statement_answers": _ONCE,
        "statement_lines": _ONCE,
        "statements": _ONCE,
        "trusted_certificates": _CHANGES,
        # Claims and payment.
        "bank_accounts": _CHANGES,
        "bank_returns": _CHANGES,
        "case_holds": _CHANGES,
        "claim_cells": _CHANGES,
        "claim_events": _ONCE,
        "claim_files": _ONCE,
        "claims": _CHANGES,
        "indicator_shares": _ONCE,
        "indicators": _ONCE,
        "event_links": _ONCE,
        "events": _ONCE,
        "number_reads": _ONCE,
        "objections": _CHANGES,
        "payment_lines": _CHANGES,
        "payment_lists": _CHANGES,
        "publications": _ONCE,
        "recoveries": _CHANGES,
        "refunds": _ONCE,
        "series": _CHANGES,
        # The books.
        "accruals": _ONCE,
        "books": _ONCE,
        "closes": _ONCE,
        "movements": _NUMBERED,
        "pool_clauses": _ONCE,
        "pools": _ONCE,
        "postings": _NUMBERED,
        "reservations": _CHANGES,
        "voucher_rates": _ONCE,
        "voucher_versions": _ONCE,
        "voucher_years": _ONCE,
        "vouchers": _CHANGES,
        "year_caps": _ONCE,
        "year_waits": _CHANGES,
        # Who could act.
        "authenticators": Sealed(secrets=("secret",)),
        "code_steps": _ONCE,
        "drill": _CHANGES,
        "failed_sign_ins": _ONCE,
        "invitations": Sealed(changes=True, secrets=("hash",)),
        "logins": _CHANGES,
        "passwords": Sealed(secrets=("hash",)),
        "persons": _ONCE,
        "recovery_codes": Sealed(changes=True, secrets=("hash",)),
        "certificates": _ONCE,
        "seal_stamps": _ONCE,
        "restorations": _ONCE,
        "seal_keys": _CHANGES,
        "server_key": Sealed(secrets=("seed",)),
        "sessions": Sealed(changes=True, secrets=("hash", "device"), without=("seen_at",)),
        "sign_in_links": Sealed(changes=True, secrets=("hash",)),
        "subjects": _CHANGES,
        "tokens": Sealed(changes=True, secrets=("hash",)),
    }
)

DERIVED: Mapping[str, str] = MappingProxyType(
    {
        "batch_rolls": "its batches, which are sealed and verified as such",
        "roll_spans": "the rolls, of which batches they are",
        "archived_rolls": "the files of archives, whose manifests are sealed",
        "lent_rolls": "the files of archives, by their digests",
        "accounts": "the sum of their entries, and none below its floor",
        "coverage": "windows, a day",
        "day_totals": "windows, a day and holder",
        "entries": "two of each movement, numbered by account",
        "evidence": "windows beside what the witnesses saw",
        "evidence_changes": "a queue of what is to be compared again",
        "evidence_days": "windows, a cluster and day",
        "hold_days": "how far windows were read",
        "holds": "windows and what witnesses saw, as stretches",
        "hour_coverage": "windows, an hour",
        "hour_totals": "windows, an hour and holder",
        "incident_spans": "evidence under an incident",
        "job_users": "windows, who is said to have run a job",
        "numbering": "the last number of the postings, and the last months that were closed",
        "streams": "the last batch of each stream",
        "past_hours": "windows, an hour and holder, of days that are over",
        "partition_gpus": "the bytes of witnesses' batches",
        "stretch_days": "how far windows were read",
        "stretches": "windows, as sessions",
        "window_counts": "windows, a batch that is a row yet",
        "window_days": "which days are packed",
        "window_hours": "where in the bytes of the batches windows stand",
        "windows": "the bytes of the batches",
        "witness_nodes": "the bytes of witnesses' batches",
        "witness_pods": "the bytes of witnesses' batches",
        "witness_watches": "the bytes of witnesses' batches",
        "xid_events": "windows, the errors in them",
    }
)

RECOMPUTED = frozenset({"accounts", "coverage", "day_totals", "entries", "numbering"})
"""Those of DERIVED that `verify` computes again."""

FREE: Mapping[str, str] = MappingProxyType(
    {
        "agent_shares": "how much each agent took today; nothing but «not more today» rests on it",
        "alembic_version": "which schema this is: the program's own",
        "backup_progress": "how far the backups are; they prove themselves by their manifests",
        "event_bookmarks": "up to which event each receiver has them",
        "relays": "what a relay said last, for the eye",
        "rounds": "when the last round was, for the eye",
        "sealed_rows": "the leaves themselves; their roots stand in the heads",
        "seals": "the heads themselves; each is named by the next",
        "unsealed_rows": "what waits to be sealed",
    }
)
