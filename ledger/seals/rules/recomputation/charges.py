"""Day totals from batches, and charges from day totals, held to those that stand.

What counts as right is worked out from the signed bytes. Of a charge it is enough to follow from
what was worked out or from what the day totals say: in the second case it is the day total that is
wrong, and named. The sharing of use among lines, prices and the one rounding are the product's own
rules (`ledger/charging/rules/`); use, bindings, prices and versions are joined here anew.

A charge is as old as the round that computed it. What came since then may or may not be in it: such
a charge is held to both bounds, and listed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from operator import sub
from typing import NamedTuple

from ledger.charging.rules.billing import bill, owed_items
from ledger.charging.rules.charges import ChargeKey, ChargeSum, charges
from ledger.charging.rules.delivery import DevicePresence
from ledger.charging.rules.segments import Span
from ledger.registry.rules.pricing import Usage
from ledger.seals.codes import FaultCode, UnprovedReason
from ledger.seals.rules.recomputation.evidence import Evidence, moment, text, whole
from ledger.seals.rules.recomputation.notes import Key, Notes
from ledger.seals.rules.recomputation.registry import Registry, UseByKey, read_registry, read_spans
from ledger.seals.rules.recomputation.windows import (
    Coverage,
    CoverageKey,
    TotalKey,
    Totals,
    fold,
)
from ledger.units import beijing_day

_SLACK = timedelta(seconds=10)
"""A batch that came so short before a round may have been committed after it."""

_TOTAL = (
    "gpu", "day", "cluster_id", "source", "model", "holder_kind", "holder", "mig_profile",
    "partition", "qos", "den",
)  # fmt: skip


class StandingCharge(NamedTuple):
    """A charge as it stands."""

    id: int
    total: ChargeSum


@dataclass(frozen=True)
class _Use:
    """One reading of what was used: as it was worked out, or as the day totals say."""

    usage: Mapping[int, list[Usage]]
    presence: Mapping[int, list[DevicePresence]]


def check_charges(evidence: Evidence, notes: Notes) -> None:
    """Work out day totals and charges, and hold those that stand to them.

    Where batches cannot be read, what rests on them is not worked out.
    """
    if notes.lacks_batches():
        notes.unproved(UnprovedReason.NO_BATCHES, "day_totals", ())
        return
    stated_charges, charged_at = _read_charges(evidence)
    late_from = charged_at - _SLACK if charged_at else None
    totals = fold(evidence, notes.faulty_batches(), late_from)
    notes.look(notes.tally)
    differing = _check_totals(evidence, notes, totals)
    _check_coverage(evidence, notes, totals)
    if charged_at is None:
        return
    corrections = _corrections(evidence, notes)
    registry, spans = read_registry(evidence), read_spans(evidence)
    check = _Check(registry, spans, beijing_day(charged_at), charged_at, notes)
    right = lower = _use(registry, totals.held_ms, totals.coverage, corrections)
    if totals.late:
        lower = _use(registry, *_early(totals), corrections)
    by_stated = right
    if differing:
        by_stated = _use(registry, {**totals.held_ms, **differing}, totals.coverage, corrections)
    by_project: dict[int, dict[ChargeKey, StandingCharge]] = defaultdict(dict)
    for key, row in stated_charges.items():
        by_project[registry.contracts.get(key.contract, 0)][key] = row
    for project in sorted({*by_project, *registry.lines}):
        check.project(project, by_project[project], right, lower, by_stated)
        notes.look(notes.tally)


def _read_charges(evidence: Evidence) -> tuple[dict[ChargeKey, StandingCharge], datetime | None]:
    """The charges as they stand, and when the last one was computed."""
    stated_charges: dict[ChargeKey, StandingCharge] = {}
    charged_at: datetime | None = None
    columns = (
        "id", "contract_id", "price_id", "month", "policy", "model_id", "mig_profile", "ms_num",
        "ms_den", "cost_fen", "promised_ms", "computed_at",
    )  # fmt: skip
    for row in evidence.rows("charges", *columns):
        number, contract, price, month, policy, model, profile, num, den, fen, promised_ms, at = row
        key = ChargeKey(
            whole(contract), whole(price), date.fromisoformat(text(month)), text(policy),
            int(model) if model else None, text(profile),
        )  # fmt: skip
        total = ChargeSum(
            Fraction(whole(num), whole(den)), whole(fen), int(promised_ms) if promised_ms else None
        )
        stated_charges[key] = StandingCharge(whole(number), total)
        charged_at = max(moment(at), charged_at or moment(at))
    return stated_charges, charged_at


def _check_totals(evidence: Evidence, notes: Notes, totals: Totals) -> dict[TotalKey, int]:
    """Hold the day totals to the windows; return those that say another thing."""
    differing: dict[TotalKey, int] = {}
    missing = {key for key, held_ms in totals.held_ms.items() if held_ms}
    is_there = False
    for *rest, held_ms in evidence.rows("day_totals", *_TOTAL, "held"):
        is_there = True
        key = total_key(rest)
        if key not in missing and totals.held_ms.get(key):
            notes.differs(FaultCode.DAY_TOTAL, "day_totals", tuple(key), "rows=2", "rows=1")
        missing.discard(key)
        right = totals.held_ms.get(key, 0)
        if whole(held_ms) != right:
            differing[key] = whole(held_ms)
        _hold_total(notes, totals, key, whole(held_ms), right)
    if not is_there:
        return {}  # an export of an earlier program has none
    for key in sorted(missing):
        differing[key] = 0
        _hold_total(notes, totals, key, None, totals.held_ms[key])
    return differing


def _hold_total(
    notes: Notes, totals: Totals, key: TotalKey, held_ms: int | None, right: int
) -> None:
    gpu_day = key.gpu, key.day
    if gpu_day in totals.unclear:
        notes.unproved(UnprovedReason.TWO_SOURCES, "day_totals", tuple(key))
    elif gpu_day in totals.explained_days:
        notes.count()
    else:
        pairs = {"held": ("" if held_ms is None else held_ms, right)}
        rests_on = totals.batches_of(gpu_day)
        notes.hold(FaultCode.DAY_TOTAL, "day_totals", tuple(key), pairs, rests_on)


def total_key(row: Sequence[str | None]) -> TotalKey:
    """Return the key of a day total from its columns. Raises ValueError."""
    gpu, day, cluster, source, *names, den = row
    model, kind, holder, profile, partition, qos = map(text, names)
    return TotalKey(
        text(gpu), text(day), whole(cluster), text(source), model, kind, holder, profile,
        partition, qos, whole(den),
    )  # fmt: skip


def _check_coverage(evidence: Evidence, notes: Notes, totals: Totals) -> None:
    """Hold what was seen of each GPU's days to the windows."""
    missing = set(totals.coverage)
    columns = ("gpu", "day", "cluster_id", "source", "windows", "window_ms", "gap_ms")
    is_there = False
    for gpu, day, cluster, source, *says in evidence.rows("coverage", *columns):
        is_there = True
        key = CoverageKey(text(gpu), text(day), whole(cluster), text(source))
        if key not in missing and key in totals.coverage:
            notes.differs(FaultCode.DAY_TOTAL, "coverage", tuple(key), "rows=2", "rows=1")
        missing.discard(key)
        _hold_coverage(notes, totals, key, tuple(map(whole, says)))
    for key in sorted(missing) if is_there else ():
        _hold_coverage(notes, totals, key, (0, 0, 0))


def _hold_coverage(notes: Notes, totals: Totals, key: CoverageKey, says: Iterable[int]) -> None:
    gpu_day = key.gpu, key.day
    if gpu_day in totals.unclear or gpu_day in totals.explained_days:
        notes.count()
        return
    right = totals.coverage.get(key, (0, 0, 0))
    columns = ("windows", "window_ms", "gap_ms")
    pairs = {name: pair for name, *pair in zip(columns, says, right, strict=True)}
    rests_on = totals.batches_of(gpu_day)
    notes.hold(FaultCode.DAY_TOTAL, "coverage", tuple(key), pairs, rests_on)


def _corrections(evidence: Evidence, notes: Notes) -> dict[TotalKey, int]:
    """What witnesses and users' bindings add to the day totals: taken as it stands, and listed."""
    sums: dict[TotalKey, int] = defaultdict(int)
    for *rest, held_ms in evidence.rows("use_corrections", *_TOTAL, "held"):
        key = total_key(rest)
        sums[key] += whole(held_ms)
    for cluster in sorted({key.cluster for key in sums}):
        notes.unproved(UnprovedReason.WITNESSED, "use_corrections", (cluster,))
    return sums


def _use(
    registry: Registry,
    held_ms: UseByKey,
    coverage: Mapping[CoverageKey, Coverage],
    corrections: Mapping[TotalKey, int],
) -> _Use:
    all_use: UseByKey = held_ms
    if corrections:
        all_use = dict(held_ms)
        for key, ms in corrections.items():
            all_use[key] = all_use.get(key, 0) + ms
    return _Use(registry.usage_of(all_use), registry.presence(all_use, coverage))


def _early(totals: Totals) -> tuple[UseByKey, Mapping[CoverageKey, Coverage]]:
    """What surely came before the charges."""
    held_ms = {key: ms - totals.late.get(key, 0) for key, ms in totals.held_ms.items()}
    coverage = {
        key: tuple(map(sub, coverage_ms, totals.late_coverage.get(key, (0, 0, 0))))
        for key, coverage_ms in totals.coverage.items()
    }
    return held_ms, coverage


@dataclass(frozen=True)
class _Check:
    """Charges that are looked at, project by project."""

    registry: Registry
    spans: Mapping[int, list[Span]]
    today: date
    charged_at: datetime
    notes: Notes

    def project(
        self,
        project: int,
        stated_charges: Mapping[ChargeKey, StandingCharge],
        right: _Use,
        lower: _Use,
        by_stated: _Use,
    ) -> None:
        """Hold a project's charges to its use."""
        lines = self.registry.lines.get(project, [])
        if any(line.rounding != "ms" for line in lines):
            for charge in stated_charges.values():
                self.notes.unproved(UnprovedReason.ROUNDS_SESSIONS, "charges", (charge.id,))
            return
        worked_out, least = self._charges(project, right), self._charges(project, lower)
        by_totals = worked_out if by_stated is right else self._charges(project, by_stated)
        for key in sorted({*stated_charges, *worked_out}, key=str):
            row = stated_charges.get(key)
            total = row.total if row else None
            if total == worked_out.get(key) or total == by_totals.get(key):
                self.notes.count()
            elif self._may_be_behind(project, total, least.get(key), worked_out.get(key)):
                number = row.id if row else str(key)
                self.notes.unproved(UnprovedReason.BEHIND, "charges", (number,))
            else:
                self._differs(key, row, worked_out.get(key))

    def _charges(self, project: int, use: _Use) -> dict[ChargeKey, ChargeSum]:
        items = bill(
            use.usage.get(project, []), self.registry.lines.get(project, []),
            self.registry.catalogue, use.presence.get(project, []), self.today,
        )  # fmt: skip
        return charges(owed_items(items), self.spans)

    def _may_be_behind(
        self, project: int, total: ChargeSum | None, low: ChargeSum | None, high: ChargeSum | None
    ) -> bool:
        """Whether facts are newer than the charges, or the charge is between both bounds."""
        stated_at = self.registry.stated_at.get(project)
        if stated_at is not None and stated_at > self.charged_at:
            return True
        no_charge = ChargeSum(Fraction(0), 0)
        by_stated, least, most = (total or no_charge, low or no_charge, high or no_charge)
        return (
            least != most
            and least.device_ms <= by_stated.device_ms <= most.device_ms
            and least.cost_fen - 1 <= by_stated.cost_fen <= most.cost_fen + 1
        )

    def _differs(self, key: ChargeKey, row: StandingCharge | None, right: ChargeSum | None) -> None:
        says, worked_out = _words(row.total if row else None), _words(right)
        pairs = {name: (says[name], worked_out[name]) for name in says}
        number: Key = (row.id,) if row else (key.contract, key.price, str(key.month), key.policy)
        rests_on = f"day_totals, bindings, prices [{key.price}], {key.month:%Y-%m}"
        self.notes.hold(FaultCode.CHARGE, "charges", number, pairs, rests_on)


def _words(total: ChargeSum | None) -> dict[str, object]:
    if total is None:
        return {"device_ms": "", "cost_fen": "", "promised_ms": ""}
    return {
        "device_ms": total.device_ms, "cost_fen": total.cost_fen, "promised_ms": total.promised_ms,
    }  # fmt: skip
