"""Lines of every kind share a project's usage: each millisecond in one place, and nothing lost."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.charging.rules.billing import Item, PackageUsage, bill, owed_items
from ledger.charging.rules.charges import ChargeKey, ChargeSum, charges
from ledger.charging.rules.delivery import DAY_MS, DevicePresence
from ledger.registry.codes import LineKind, Market
from ledger.registry.rules.pricing import PricedUsage, PriceLine, Share, UnpricedUsage, Usage
from ledger.units import HOUR_MS, round_half_up

DAY, TODAY = date(2026, 3, 1), date(2026, 4, 10)
H100 = 1
CATALOGUE = {("H100", ""): H100, ("H100", "1g.10gb"): H100}
PER_HOUR = Fraction(1000, HOUR_MS)  # ten yuan

METERED = PriceLine(1, 5, 7, 3, None, None, date(2026, 1, 1), None, PER_HOUR)
PACKAGE = replace(METERED, price=2, kind=LineKind.PACKAGE, quantity_ms=Fraction(2 * HOUR_MS),
                  expires=date(2026, 6, 30), fen_per_ms=PER_HOUR / 2)  # fmt: skip
RESERVED = replace(METERED, price=3, kind=LineKind.RESERVED, devices=1, since=DAY,
                   until=DAY + timedelta(days=2))  # fmt: skip
FEE = replace(METERED, price=4, kind=LineKind.FIXED, fen_per_ms=Fraction(0),
              fen_per_month=Fraction(310_00), counts=False, since=DAY)  # fmt: skip


def use(hours: Fraction | int = 1, days: int = 0, **more: object) -> Usage:
    plain = Usage(7, 3, "H100", "", DAY + timedelta(days=days), Fraction(hours) * HOUR_MS)
    return replace(plain, **more)  # type: ignore[arg-type]


def presence_of(hours: int, foreign: Fraction | int = 0, day: date = DAY) -> DevicePresence:
    return DevicePresence(3, day, "nvml", hours * HOUR_MS, 60_000, Fraction(foreign) * HOUR_MS)


def bills_of(
    usage: list[Usage], *lines: PriceLine, presences: tuple[DevicePresence, ...] = ()
) -> list[Item]:
    return bill(usage, lines, CATALOGUE, presences, TODAY)


def hours(items: list[Item], price: int) -> Fraction | int:
    of_it = [i.usage for i in items if isinstance(i, PricedUsage) and i.line.price == price]
    return sum((u.device_ms for u in of_it), Fraction(0)) / HOUR_MS


def figures(total: ChargeSum) -> tuple[Fraction | int, int, int | None]:
    return total.device_ms, total.cost_fen, total.promised_ms


def cost(items: list[Item], price: int) -> list[int]:
    cost_lines = charges(owed_items(items), {})
    return [
        total.cost_fen for key, total in sorted(cost_lines.items(), key=str) if key.price == price
    ]


def test_a_package_is_drawn_before_the_metered_line_and_splits_exactly() -> None:
    items = bills_of([use(days=d) for d in range(4)], METERED, PACKAGE)
    assert (hours(items, 2), hours(items, 1)) == (2, 2)
    third = bills_of([use(Fraction(5, 3), days=d) for d in range(2)], METERED, PACKAGE)
    assert (hours(third, 2), hours(third, 1)) == (2, Fraction(4, 3))
    assert (cost(third, 2), cost(third, 1)) == ([1000], [1333])


def test_the_package_that_expires_first_is_drawn_first() -> None:
    soon = replace(PACKAGE, price=8, name="soon", expires=DAY, until=DAY + timedelta(days=1),
                   quantity_ms=Fraction(HOUR_MS, 2))  # fmt: skip
    items = bills_of([use(), use(days=1)], PACKAGE, soon)
    assert (hours(items, 8), hours(items, 2)) == (Fraction(1, 2), Fraction(3, 2))


def test_an_expired_package_gives_nothing() -> None:
    old = replace(PACKAGE, expires=DAY, until=DAY + timedelta(days=1))
    items = bills_of([use(days=1)], METERED, old)
    assert (hours(items, 2), hours(items, 1)) == (0, 1)


def test_a_package_of_another_device_is_left_alone() -> None:
    sliced = replace(PACKAGE, model=H100, mig_profile="1g.10gb")
    items = bills_of([use(), use(mig_profile="1g.10gb")], METERED, sliced)
    assert (hours(items, 2), hours(items, 1)) == (1, 1)


def test_a_package_may_be_for_a_partition() -> None:
    urgent = replace(PACKAGE, partition="urgent")
    items = bills_of([use(partition="urgent"), use()], METERED, urgent)
    assert (hours(items, 2), hours(items, 1)) == (1, 1)


def test_packages_that_select_otherwise_are_not_one_package() -> None:
    urgent, spot = (
        replace(PACKAGE, partition="urgent"),
        replace(PACKAGE, price=8, market=Market.SPOT),
    )
    items = bills_of([use(2, partition="urgent"), use(2, market="spot")], METERED, urgent, spot)
    assert (hours(items, 2), hours(items, 8), hours(items, 1)) == (2, 2, 0)


def test_a_corrected_package_does_not_fill_up_again() -> None:
    """The price fell on the second day: two rows of one package."""
    second = DAY + timedelta(days=1)
    before = replace(PACKAGE, until=second)
    after = replace(PACKAGE, price=9, since=second, fen_per_ms=PER_HOUR / 4)
    items = bills_of([use(Fraction(3, 2)), use(days=1)], METERED, before, after)
    assert (hours(items, 2), hours(items, 9), hours(items, 1)) == (
        Fraction(3, 2), Fraction(1, 2), Fraction(1, 2)
    )  # fmt: skip


def test_the_turn_within_a_day_does_not_depend_on_the_order_of_reading() -> None:
    usage = [use(device=d, mig_profile=p) for d in "ab" for p in ("", "1g.10gb")]
    forth, back = (bills_of(order, METERED, PACKAGE) for order in (usage, list(reversed(usage))))
    assert charges(owed_items(forth), {}) == charges(owed_items(back), {})
    usages = [i.usage for i in forth if isinstance(i, PricedUsage) and i.line is PACKAGE]
    assert [(u.mig_profile, u.device) for u in usages] == [("", "a"), ("", "b")]


def test_usage_on_a_reserved_device_is_paid_for_by_delivery_alone() -> None:
    items = bills_of(
        [use(reserved_line=3), use()], METERED, PACKAGE, RESERVED, presences=(presence_of(20),)
    )
    assert [i.usage.device_ms for i in items if isinstance(i, PackageUsage)] == [HOUR_MS]
    assert (hours(items, 2), hours(items, 1)) == (1, 0)
    total = next(t for k, t in charges(owed_items(items), {}).items() if k.price == 3)
    assert figures(total) == (
        20 * HOUR_MS, 20_000, 2 * DAY_MS
    )  # fmt: skip


@pytest.mark.parametrize(
    ("foreign", "fraction"), [(0, 20), (Fraction(1, 3), Fraction(59, 3)), (20, 0), (25, 0)]
)
def test_what_others_held_was_not_delivered(foreign: Fraction, fraction: Fraction) -> None:
    (share, _) = bills_of([], RESERVED, presences=(presence_of(20, foreign),))
    assert isinstance(share, Share)
    assert share.delivered_ms == fraction * HOUR_MS


def test_a_reserved_device_that_nobody_saw_was_promised_and_not_delivered() -> None:
    shares = bills_of([], RESERVED)
    (total,) = charges(owed_items(shares), {}).values()
    assert figures(total) == (0, 0, 2 * DAY_MS)


BY_MONTH = replace(RESERVED, devices=2, since=date(2026, 1, 1), until=None, fen_per_ms=Fraction(0),
                   fen_per_month=Fraction(3_725_00))  # fmt: skip


def presence(month: int, days: int, hours: int = 48) -> list[DevicePresence]:
    return [
        DevicePresence(3, date(2026, month, day), "nvml", hours * HOUR_MS, 0, Fraction(0))
        for day in range(1, days + 1)
    ]


def by_month(*rows: DevicePresence) -> dict[int, int]:
    items = owed_items(bills_of([], BY_MONTH, presences=rows))
    return {key.month.month: total.cost_fen for key, total in charges(items, {}).items()}


def test_a_whole_month_is_one_months_price_whatever_its_days() -> None:
    cost_fen = by_month(*presence(1, 31), *presence(2, 28), *presence(3, 31))
    assert cost_fen == {1: 2 * 3_725_00, 2: 2 * 3_725_00, 3: 2 * 3_725_00, 4: 0}


@given(st.integers(1, 3), st.integers(0, 28), st.integers(0, 48))
def test_a_part_of_a_month_is_the_part_of_its_own_days(month: int, days: int, hours: int) -> None:
    length = {1: 31, 2: 28, 3: 31}[month]
    part = Fraction(days * hours, length * 24)
    assert by_month(*presence(month, days, hours))[month] == round_half_up(part * 3_725_00)


def test_nothing_is_promised_before_its_day_has_come() -> None:
    later = replace(RESERVED, since=TODAY, until=None)
    assert len(bills_of([], later)) == 1
    assert bills_of([], replace(later, since=TODAY + timedelta(days=1))) == []


@pytest.mark.parametrize(
    ("since", "until", "fen"),
    [
        (date(2026, 3, 1), None, [310_00, 310_00]),  # April has begun: whole
        (date(2026, 3, 17), None, [150_00, 310_00]),
        (date(2026, 3, 1), date(2026, 3, 11), [100_00]),
        (date(2026, 3, 1), date(2026, 4, 4), [310_00, 31_00]),
        (date(2026, 4, 11), None, []),
    ],
)
def test_a_fee_is_owed_for_each_month_that_has_begun(
    since: date, until: date | None, fen: list[int]
) -> None:
    assert cost(bills_of([], replace(FEE, since=since, until=until)), 4) == fen


def test_a_fee_earns_only_where_it_is_compute_cost() -> None:
    policies = {7: [("drill", date(2026, 1, 1), None)]}
    for counts, policy in ((False, ""), (True, "drill")):
        charge_lines = charges(owed_items(bills_of([], replace(FEE, counts=counts))), policies)
        assert {key.policy for key in charge_lines} == {policy}


selectors = st.fixed_dictionaries({}, optional={
    "partition": st.sampled_from(["gpu", "urgent"]),
    "qos": st.just("high"),
    "market": st.sampled_from(["on-demand", "spot"]),
})  # fmt: skip
metered = st.lists(
    st.builds(
        lambda model, choice: replace(METERED, model=model, **choice),
        st.sampled_from([None, H100]),
        selectors,
    ),
    max_size=6,
    unique_by=lambda line: (line.model, line.partition, line.qos, line.market),
).map(lambda results: [replace(line, price=100 + n) for n, line in enumerate(results)])
lines = st.lists(
    st.builds(
        lambda price, hours, first, days, choice: replace(
            PACKAGE,
            **choice,
            price=price,
            name=f"package {price}",
            quantity_ms=hours * HOUR_MS,
            since=DAY + timedelta(days=first),
            until=DAY + timedelta(days=first + days),
            expires=DAY + timedelta(days=first + days - 1),
        ),
        st.integers(10, 99),
        st.fractions(0, 20, max_denominator=7),
        st.integers(0, 10),
        st.integers(1, 10),
        selectors,
    ),
    max_size=4,
    unique_by=lambda line: line.price,
)
usages = st.lists(
    st.builds(
        use,
        st.fractions(0, 24, max_denominator=6),
        st.integers(0, 12),
        nvml_name=st.sampled_from(["H100", "unknown"]),
        mig_profile=st.sampled_from(["", "1g.10gb"]),
        device=st.sampled_from(["g1", "g2"]),
        partition=st.sampled_from(["", "gpu", "urgent"]),
        qos=st.sampled_from(["", "high"]),
        market=st.sampled_from(["on-demand", "spot"]),
        reserved_line=st.sampled_from([None, None, 3]),
    ),
    max_size=20,
)


@settings(deadline=None)
@given(usages, lines, metered)
def test_usage_is_conserved_and_a_package_never_gives_more_than_it_has(
    usage: list[Usage], packages: list[PriceLine], meters: list[PriceLine]
) -> None:
    items = bills_of(usage, *packages, *meters)
    pieces = [i.usage for i in items if not isinstance(i, Share)]
    for ceiling in (None, 3):
        for day in {u.day for u in usage}:
            whole = [u.device_ms for u in usage if (u.day, u.reserved_line) == (day, ceiling)]
            parts = [u.device_ms for u in pieces if (u.day, u.reserved_line) == (day, ceiling)]
            assert sum(parts) == sum(whole)
    assert by_selection(pieces) == by_selection(usage)
    assert all(isinstance(i, PackageUsage) == (i.usage.reserved_line == 3) for i in items
               if not isinstance(i, Share))  # fmt: skip
    for line in packages:
        usages = [i.usage for i in items if isinstance(i, PricedUsage) and i.line is line]
        assert sum(u.device_ms for u in usages) <= line.quantity_ms
        assert all(line.applies(u, H100) for u in usages)
    for item in items:
        if isinstance(item, UnpricedUsage) and item.usage.nvml_name == "H100":
            assert not any(line.applies(item.usage, H100) for line in meters)
        if isinstance(item, PricedUsage) and item.line.kind == "metered":
            fitting = [line for line in meters if line.applies(item.usage, H100)]
            assert max(fitting, key=description) == item.line
            assert [description(line) for line in fitting].count(description(item.line)) == 1


def by_selection(usage: list[Usage]) -> dict[tuple[str, ...], Fraction]:
    """Device-milliseconds by all that a line may select."""
    sums: dict[tuple[str, ...], Fraction] = {}
    for u in usage:
        key = (u.nvml_name, u.mig_profile, u.partition, u.qos, u.market)
        sums[key] = sums.get(key, Fraction(0)) + u.device_ms
    return {key: total for key, total in sums.items() if total}


def description(line: PriceLine) -> str:
    """Which selectors a line names, as a number written in twos: the model's place is the first."""
    selectors = (line.model, line.mig_profile, line.partition, line.qos, line.market)
    return "".join("0" if selector is None else "1" for selector in selectors)


@settings(deadline=None)
@given(usages, lines)
def test_what_lines_get_does_not_depend_on_how_finely_usage_is_told(
    usage: list[Usage], packages: list[PriceLine]
) -> None:
    """The charge is made from sums, the evidence of a statement from single devices."""
    open_ = [replace(u, reserved_line=None) for u in usage]
    sums: dict[Usage, Fraction] = {}
    for u in open_:
        key = replace(u, device="", device_ms=Fraction(0))
        sums[key] = sums.get(key, Fraction(0)) + u.device_ms
    coarse = [replace(key, device_ms=total) for key, total in sums.items()]
    urgent = replace(METERED, price=7, partition="urgent")
    fine, summed = (
        charges(owed_items(bills_of(usage, METERED, urgent, *packages)), {})
        for usage in (open_, coarse)
    )
    assert fine.keys() - summed.keys() <= {
        key for key, total in fine.items() if not total.device_ms
    }
    assert {key: fine[key] for key in summed} == summed


@settings(deadline=None)
@given(usages, lines)
def test_a_charge_is_its_exact_cost_rounded_once(
    usage: list[Usage], packages: list[PriceLine]
) -> None:
    """What costs the same is rounded together: two packages at one price are one sum."""
    items = owed_items(
        bills_of(usage, METERED, RESERVED, FEE, *packages, presences=(presence_of(23, 1),))
    )
    together: dict[tuple[object, ...], dict[ChargeKey, Fraction]] = {}
    for item in items:
        (key,) = charges([item], {})
        line = item.line
        price = (line.kind, line.fen_per_ms, line.fen_per_month, key.model, key.mig_profile)
        exact = together.setdefault((key.month, *price), {})
        exact[key] = exact.get(key, Fraction(0)) + item.cost
    fen = {key: total.cost_fen for key, total in charges(items, {}).items()}
    assert fen.keys() == {key for exact in together.values() for key in exact}
    for exact in together.values():
        assert sum(fen[key] for key in exact) == round_half_up(sum(exact.values(), Fraction(0)))
        assert all(abs(fen[key] - cost) < 1 for key, cost in exact.items())
