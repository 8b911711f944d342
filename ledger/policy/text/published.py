"""The published versions of the policy, and the digest of what each promises.

A version is a file in `ledger/policies`, or in the folder of the site's own (`SUANQUAN_POLICIES`):
another city's programme is a file there. Its promise under a clause is its binding terms:
sentences, conditions, formula and cap, dates, decided readings, and the process by which it is
paid (tolerances, publication, payable grades). Notes, departments, evidence and open questions may
be added without changing the promise.
"""

import json
import os
from collections.abc import Mapping
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from ledger.errors import Finding, NotFound, Refused, Unusable
from ledger.formats.findings import printable
from ledger.policy.text import file
from ledger.policy.text.clauses import Clause, Policy

FOLDER = Path(str(files("ledger") / "policies"))
OWN_FOLDER = "SUANQUAN_POLICIES"
"""Asked of the environment here, because commands without a server load policies, too."""

DIGEST_FORMAT = 3
"""1 was over the record as it was written, 2 left the process out."""


def folders() -> tuple[Path, ...]:
    """Return where the versions are: those of the program, then the site's own."""
    own = os.environ.get(OWN_FOLDER)
    return (FOLDER, Path(own)) if own else (FOLDER,)


def versions() -> list[str]:
    """Return the names of all versions.

    Raises:
        Unusable: the site's folder cannot be read, or has a version of the program's own name.
    """
    names: list[str] = []
    for folder in folders():
        try:
            stems = {entry.stem for entry in folder.iterdir() if entry.suffix == ".yaml"}
        except OSError as error:
            raise Unusable("policies_unreadable", folder=str(folder)) from error
        if doubles := sorted(stems.intersection(names)):
            raise Unusable("policy_name_taken", folder=str(folder), policy=doubles[0])
        names += stems
    return sorted(names)


def beside(name: str) -> Path | None:
    """Return the file of this name in the folders of policies; None if there is none."""
    return next((folder / name for folder in folders() if (folder / name).is_file()), None)


def source(version: str) -> str:
    """Return the text of a version's file.

    Raises:
        NotFound: there is no such version.
    """
    path = beside(f"{version}.yaml") if version in versions() else None
    if path is None:
        raise NotFound("policy", version=version)
    return path.read_text(encoding="utf-8")


def load(version: str, readings: Mapping[str, str] | None = None) -> Policy:
    """Load a version; `readings` are tried instead of the chosen ones, by question.

    Raises:
        NotFound: there is no such version.
        Refused: its file contradicts itself (the first fault is named), or it has no such question
            (`no_such_question`) or reading (`no_such_reading`).
    """
    as_chosen = _as_chosen(version)
    trial = _trial(as_chosen, version, readings or {})
    return _load_trial(version, trial) if trial else as_chosen


def load_from(text_of: file.Source, version: str, readings: Mapping[str, str]) -> Policy:
    """Load a version as files say that are not this program's own; as `load`."""
    as_chosen = _read_from(text_of, version, ())
    trial = _trial(as_chosen, version, readings)
    return _read_from(text_of, version, trial) if trial else as_chosen


def _trial(
    as_chosen: Policy, version: str, readings: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the readings that are not the chosen ones."""
    trial = []
    for key, reading in sorted(readings.items()):
        question = as_chosen.questions.get(key)
        if question is None:
            raise Refused("no_such_question", version=version, question=printable(key))
        if reading not in question.readings:
            choices = ", ".join(question.readings)
            raise Refused("no_such_reading", question=key, choices=choices)
        if reading != question.chosen:
            trial.append((key, reading))
    return tuple(trial)


@cache
def _as_chosen(version: str) -> Policy:
    return _read(version, ())


@lru_cache(maxsize=32)  # what may be tried has no end
def _load_trial(version: str, readings: tuple[tuple[str, str], ...]) -> Policy:
    return _read(version, readings)


def _read(version: str, readings: tuple[tuple[str, str], ...]) -> Policy:
    return _read_from(source, version, readings)


def _read_from(text_of: file.Source, version: str, readings: tuple[tuple[str, str], ...]) -> Policy:
    policy, findings = file.read(text_of(version), text_of, dict(readings))
    if policy is None or policy.version != version:
        first = findings[0] if findings else Finding("line 1: version", "bad_id")
        raise Refused("policy_file", version=version, where=first.where, fault=first.code)
    return policy


def law(policy: Policy) -> str | None:
    """Return the text of the law that the version quotes; None if it names none."""
    if policy.law is None:
        return None
    path = beside(policy.law)
    return path.read_text(encoding="utf-8") if path else None


def digest(policy: Policy, clause: Clause) -> str:
    """Return the SHA-256, in hexadecimal, of the binding terms of an award under the clause."""
    text = json.dumps(terms(policy, clause), sort_keys=True, ensure_ascii=False, default=str)
    return sha256(text.encode()).hexdigest()


def terms(policy: Policy, clause: Clause) -> dict[str, Any]:
    """Return the binding terms, without explanations."""
    amount = clause.amount.model_dump()
    if amount["rates"] is None:  # versions were published before a rate could depend on facts
        del amount["rates"]
    if amount["cap_per_year"] is None:  # or there could be a cap for each year
        del amount["cap_per_year"]
    conditions = (*clause.require, *clause.amount.rate_conditions)
    inputs = {amount["base"], amount["limit"], *(c.fact for c in conditions)}
    questions = {key: policy.questions[key] for key in policy.questions_of(clause)}
    pool = policy.pools.get(clause.pool or "")
    return {
        "format": DIGEST_FORMAT,
        "version": policy.version,
        "effective": policy.effective.model_dump(),
        "rounding": policy.rounding.model_dump(),
        "cost_basis": clause.cost_basis or policy.cost_basis,
        "scope": [policy.scope.text, [c.model_dump() for c in policy.scope.require]],
        "clause": [clause.id, clause.text, [c.model_dump() for c in clause.require]],
        "payee": clause.payee,
        "amount": amount,
        "derived": {n: policy.derived[n].inputs for n in policy.derived if n in inputs},
        "pool": pool and [pool.text, pool.fen, pool.period, pool.rule, pool.applicant_fen],
        "selection": clause.selection and clause.selection.model_dump(),
        "closing": policy.closing.text,
        "stacking": policy.stacking.model_dump(exclude={"table"}),
        "same_cost": clause.same_cost or policy.stacking.same_cost,
        "decided": {k: q.chosen for k, q in questions.items() if q.decided_by is not None},
        "process": policy.process.model_dump(),
    }
