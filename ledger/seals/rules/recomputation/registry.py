"""What the registry says now of whose use is whose, and what it costs; from its sealed rows.

The joins of `owned_usage`, `price_lines`, `device_presence` and `voucher_spans`, made a second time
in Python.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from types import SimpleNamespace
from typing import NamedTuple, TypeVar

from ledger.charging.rules.delivery import DevicePresence
from ledger.charging.rules.segments import Span
from ledger.registry.codes import Market
from ledger.registry.rules.price_lines import price_line
from ledger.registry.rules.pricing import PriceLine, Usage
from ledger.seals.rules.recomputation.evidence import Evidence, days, moment, text, whole
from ledger.seals.rules.recomputation.windows import CoverageKey, TotalKey

_NAMED = frozenset({"pod", "slurm", "static", "label", "owner"})
_FIRST, _LAST = "", "~"  # before and after every day that ISO writes

T = TypeVar("T")


class DayRange(NamedTuple):
    """A range of days, half-open, as ISO writes them, so that they compare as texts."""

    since: str
    until: str

    @classmethod
    def of(cls, valid: str | None) -> "DayRange":
        """Read a range of dates."""
        since, until = days(valid)
        return cls(since.isoformat() if since else _FIRST, until.isoformat() if until else _LAST)

    def has(self, day: str) -> bool:
        """Whether the day is one of them."""
        return self.since <= day < self.until

    def within(self, limit: "DayRange") -> "DayRange":
        """The days that both have."""
        return DayRange(max(self.since, limit.since), min(self.until, limit.until))


class Binding(NamedTuple):
    """Whose a holder is."""

    project: int
    market: Market
    contract: int | None


class Reservation(NamedTuple):
    """For which line, project and centre a device is reserved."""

    price: int
    project: int
    centre: int


UseByKey = Mapping[TotalKey, int]


@dataclass
class Registry:
    """The facts that are believed now."""

    centres: dict[int, int]
    sources: dict[int, list[tuple[DayRange, str]]]
    bindings: dict[tuple[int, str, str], list[tuple[DayRange, Binding]]]
    reserved: dict[str, list[tuple[DayRange, Reservation]]]
    catalogue: dict[tuple[str, str], int]
    lines: dict[int, list[PriceLine]]  # by project
    contracts: dict[int, int]  # whose project
    stated_at: dict[int, datetime]  # by project, when something of it was last stated

    def usage_of(self, held_ms: UseByKey) -> dict[int, list[Usage]]:
        """Share use among projects, as `owned_usage` does."""
        sums: dict[tuple[object, ...], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for key, ms in held_ms.items():
            binding = self._binding_of(key)
            if binding is None:
                continue
            centre = self.centres[key.cluster]
            line = self._reservation(key, binding.project, centre)
            where = (
                binding.project, centre, key.model, key.mig_profile, date.fromisoformat(key.day),
                key.partition, key.qos, binding.market, line, binding.contract,
            )  # fmt: skip
            sums[where][key.den] += ms
        usage_of: dict[int, list[Usage]] = defaultdict(list)
        for whose in sorted(sums, key=lambda key: tuple(map(str, key))):
            by_den = {den: ms for den, ms in sums[whose].items() if ms > 0}
            if by_den:
                usage = _usage(whose, by_den)
                usage_of[usage.project].append(usage)
        return usage_of

    def _binding_of(self, key: TotalKey) -> Binding | None:
        """Whose use this is; nobody's where the day's billing source is another one."""
        if _on(self.sources.get(key.cluster, ()), key.day) != key.source:
            return None
        return _on(self.bindings.get((key.cluster, key.holder_kind, key.holder), ()), key.day)

    def _reservation(self, key: TotalKey, project: int, centre: int) -> int | None:
        of_device = self.reserved.get(key.gpu)
        device = _on(of_device, key.day) if of_device else None
        return (
            device.price
            if device and (device.project, device.centre) == (project, centre)
            else None
        )

    def presence(
        self, held_ms: UseByKey, coverage: Mapping[CoverageKey, tuple[int, int, int]]
    ) -> dict[int, list[DevicePresence]]:
        """Return the presence of reserved devices by project, as `device_presence` does."""
        foreign = self._foreign(held_ms)
        presence: dict[int, list[DevicePresence]] = defaultdict(list)
        for key, (_, window_ms, gap_ms) in coverage.items():
            device = _on(self.reserved.get(key.gpu, ()), key.day)
            is_billed = _on(self.sources.get(key.cluster, ()), key.day) == key.source
            if device and is_billed and self.centres[key.cluster] == device.centre:
                presence[device.project].append(
                    DevicePresence(
                        device.price, date.fromisoformat(key.day), key.source,
                        window_ms - gap_ms, gap_ms, foreign.get(key, Fraction(0)),
                    )
                )  # fmt: skip
        return presence

    def _foreign(self, held_ms: UseByKey) -> dict[CoverageKey, Fraction]:
        """What others held of reserved devices; of each denominator what is above nothing."""
        sums: dict[tuple[CoverageKey, int], int] = defaultdict(int)
        for key, ms in held_ms.items():
            device = (
                _on(self.reserved.get(key.gpu, ()), key.day) if key.gpu in self.reserved else None
            )
            if device is None or key.holder_kind not in _NAMED:
                continue
            binding = _on(
                self.bindings.get((key.cluster, key.holder_kind, key.holder), ()), key.day
            )
            if binding is None or binding.project != device.project:
                sums[CoverageKey(key.gpu, key.day, key.cluster, key.source), key.den] += ms
        foreign: dict[CoverageKey, Fraction] = defaultdict(Fraction)
        for (device_day, den), ms in sums.items():
            if ms > 0:
                foreign[device_day] += Fraction(ms, den)
        return foreign


def _on(spans: Iterable[tuple[DayRange, T]], day: str) -> T | None:
    return next((value for span, value in spans if span.has(day)), None)


def _usage(where: tuple[object, ...], by_den: Mapping[int, int]) -> Usage:
    project, centre, model, profile, day, partition, qos, market, line, contract = where
    device_ms = sum((Fraction(ms, den) for den, ms in by_den.items()), Fraction(0))
    return Usage(
        project, centre, model, profile, day, device_ms, partition=partition, qos=qos,  # type: ignore[arg-type]
        market=market, reserved_line=line, contract=contract,  # type: ignore[arg-type]
    )  # fmt: skip


def read_registry(evidence: Evidence) -> Registry:
    """Read the facts that are believed now."""
    stated_at: dict[int, datetime] = {}
    centres = {
        whole(key): whole(centre) for key, centre in evidence.rows("clusters", "id", "centre_id")
    }
    sources: dict[int, list[tuple[DayRange, str]]] = defaultdict(list)
    for cluster, source, valid, superseded in evidence.rows(
        "billing_sources", "cluster_id", "source", "valid", "superseded_at"
    ):
        if superseded is None:
            sources[whole(cluster)].append((DayRange.of(valid), text(source)))
    bindings: dict[tuple[int, str, str], list[tuple[DayRange, Binding]]] = defaultdict(list)
    columns = ("cluster_id", "holder_kind", "holder", "project_id", "market", "contract_id")
    for cluster, kind, holder, project, market, contract, valid, *row in evidence.rows(
        "bindings", *columns, "valid", "recorded_at", "superseded_at"
    ):
        _note_stated(stated_at, whole(project), row)
        if row[1] is None:
            binding = Binding(
                whole(project), Market(text(market)), int(contract) if contract else None
            )
            bindings[whole(cluster), text(kind), text(holder)].append((DayRange.of(valid), binding))
    reserved: dict[str, list[tuple[DayRange, Reservation]]] = defaultdict(list)
    for price, gpu, project, centre, valid in evidence.rows(
        "reserved_devices", "price_id", "gpu", "project_id", "centre_id", "valid"
    ):
        device = Reservation(whole(price), whole(project), whole(centre))
        reserved[text(gpu)].append((DayRange.of(valid), device))
    catalogue = {
        (text(name), text(profile)): whole(model)
        for name, profile, model in evidence.rows(
            "catalogue_names", "nvml_name", "mig_profile", "model_id"
        )
    }
    contracts: dict[int, int] = {}
    lines = _lines(evidence, contracts, stated_at)
    return Registry(centres, sources, bindings, reserved, catalogue, lines, contracts, stated_at)


def _note_stated(
    stated_at: dict[int, datetime], project: int, moments: Iterable[str | None]
) -> None:
    for at in moments:
        if at is not None:
            stated_at[project] = max(stated_at.get(project, moment(at)), moment(at))


def _lines(
    evidence: Evidence, contracts: dict[int, int], stated_at: dict[int, datetime]
) -> dict[int, list[PriceLine]]:
    terms: dict[int, tuple[int, int, DayRange]] = {}
    for key, project, centre, valid in evidence.rows(
        "contracts", "id", "project_id", "centre_id", "valid"
    ):
        terms[whole(key)] = whole(project), whole(centre), DayRange.of(valid)
        contracts[whole(key)] = whole(project)
    columns = (
        "id", "contract_id", "kind", "name", "model_id", "mig_profile", "partition", "qos",
        "market", "unit", "yuan", "gpus", "hours", "tax_included", "tax_rate", "rounding",
        "session_price", "devices", "quantity", "expires", "counts", "valid", "recorded_at",
        "superseded_at",
    )  # fmt: skip
    lines: dict[int, list[PriceLine]] = defaultdict(list)
    for values in evidence.rows("prices", *columns):
        row = SimpleNamespace(**dict(zip(columns, values, strict=True)))
        row.project, row.centre, term = terms[whole(row.contract_id)]
        _note_stated(stated_at, row.project, (row.recorded_at, row.superseded_at))
        span = DayRange.of(row.valid).within(term)
        if row.superseded_at is None and span.since < span.until:
            lines[row.project].append(_line(row, span))
    for of_project in lines.values():
        of_project.sort(key=lambda line: line.price)
    return lines


def _line(row: SimpleNamespace, span: DayRange) -> PriceLine:
    """A line from its texts."""
    row.id, row.contract = whole(row.id), whole(row.contract_id)
    row.model = int(row.model_id) if row.model_id else None
    row.gpus, row.hours = whole(row.gpus), whole(row.hours)
    row.tax_included = row.tax_included == "t"
    row.devices = len(row.devices.split(",")) if row.devices else 0
    row.expires = date.fromisoformat(row.expires) if row.expires else None
    row.counts = None if row.counts is None else row.counts == "t"
    since = date.fromisoformat(span.since) if span.since != _FIRST else None
    until = date.fromisoformat(span.until) if span.until != _LAST else None
    return price_line(row, since, until)


class _Rate(NamedTuple):
    """A rate of a voucher under a version, from a day on."""

    since: str
    decision: int
    num: int
    den: int


def read_spans(evidence: Evidence) -> dict[int, list[Span]]:
    """Return under which versions each project's use is, the newest first (`voucher_spans`)."""
    in_force = dict(_payable(evidence))
    ends: dict[str, tuple[int, str]] = {}
    for decision, policy, until in evidence.rows("policy_ends", "decision_id", "policy", "until"):
        ends[text(policy)] = max(ends.get(text(policy), (0, "")), (whole(decision), text(until)))
    changes: dict[tuple[str, str], list[_Rate]] = defaultdict(list)
    for voucher, policy, since, decision, num, den in evidence.rows(
        "voucher_rates", "voucher_id", "policy", "since", "decision_id", "rate_num", "rate_den"
    ):
        rate = _Rate(text(since), whole(decision), whole(num), whole(den))
        changes[text(voucher), text(policy)].append(rate)
    vouchers = {
        text(key): (whole(project), DayRange.of(valid))
        for key, project, valid in evidence.rows("vouchers", "id", "project_id", "valid")
    }
    device: dict[int, list[tuple[str, str, str, DayRange]]] = defaultdict(list)
    columns = ("voucher_id", "policy", "clause", "rate_num", "rate_den")
    for voucher, policy, clause, num, den in evidence.rows("voucher_versions", *columns):
        effective = in_force.get((text(policy), text(clause)))
        if effective is None or effective.since == _FIRST:
            continue
        project, valid = vouchers[text(voucher)]
        whole_span = effective.within(valid).within(
            DayRange(_FIRST, ends[text(policy)][1] if policy in ends else _LAST)
        )
        own = Fraction(whole(num), whole(den))
        for label, span in _labels(text(policy), own, changes[text(voucher), text(policy)]):
            if (common := span.within(whole_span)).since < common.until:
                device[project].append((effective.since, text(policy), label, common))
    return {project: [*_in_order(spans)] for project, spans in device.items()}


def _in_order(spans: Sequence[tuple[str, str, str, DayRange]]) -> Iterator[Span]:
    by_policy = sorted(spans, key=lambda span: (span[1], span[3].since))
    for _, _, label, (since, until) in sorted(by_policy, key=lambda span: span[0], reverse=True):
        yield (
            label,
            date.fromisoformat(since) if since != _FIRST else None,
            date.fromisoformat(until) if until != _LAST else None,
        )


def _labels(policy: str, own: Fraction, changes: Sequence[_Rate]) -> Iterator[tuple[str, DayRange]]:
    """A version's days by its rates: a change holds until a newer one that begins no later."""
    standing_rates = sorted(
        rate
        for rate in changes
        if not any(o.decision > rate.decision and o.since <= rate.since for o in changes)
    )
    yield policy, DayRange(_FIRST, standing_rates[0].since if standing_rates else _LAST)
    for place, rate in enumerate(standing_rates):
        until = standing_rates[place + 1].since if place + 1 < len(standing_rates) else _LAST
        is_own = Fraction(rate.num, rate.den) == own
        label = policy if is_own else f"{policy} {rate.num}/{rate.den}"
        yield label, DayRange(rate.since, until)


def _payable(evidence: Evidence) -> Iterator[tuple[tuple[str, str], DayRange]]:
    """The clauses of versions that two persons made payable as they are, and when in force."""
    digests_by_decision = {
        text(key): json.loads(text(content)).get("digests", {})
        for key, kind, content in evidence.rows("decisions", "id", "kind", "content")
        if kind == "policy_payable"
    }
    digests: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for policy, decision in evidence.rows("payable_versions", "policy", "decision_id"):
        digests[text(policy)].append(digests_by_decision.get(text(decision), {}))
    columns = ("policy", "clause", "digest", "complete", "effective")
    for policy, clause, digest, complete, effective in evidence.rows("clauses", *columns):
        is_decided = any(of.get(text(clause)) == digest for of in digests[text(policy)])
        if complete == "t" and is_decided and effective is not None:
            yield (text(policy), text(clause)), DayRange.of(effective)
