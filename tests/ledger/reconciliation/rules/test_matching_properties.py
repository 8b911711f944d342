"""Whatever the lines and the cells: each proposal ties to the fen, and goes where it may."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.reconciliation.rules.matching import (
    OpenLine,
    Package,
    Share,
    propose,
)
from tests.support.months.cells import DECEMBER, NOVEMBER, OCTOBER, cell, line

CELLS = st.lists(
    st.builds(
        cell,
        st.sampled_from([OCTOBER, NOVEMBER, DECEMBER]),
        st.integers(0, 200),
        st.sampled_from(Part),
        kind=st.sampled_from(["model", "team"]),
        carried=st.booleans(),
    ).map(lambda c: replace(c, contract=1 if c.kind == "model" else 2)),
    max_size=8,
    unique_by=lambda c: c.key,
)
LINES = st.lists(
    st.builds(
        line,
        st.integers(1, 300),
        st.integers(1, 50),
        since=st.sampled_from([OCTOBER, NOVEMBER]),
        until=st.sampled_from([date(2026, 11, 30), date(2026, 12, 31)]),
        statement_month=st.sampled_from([None, None, (1, NOVEMBER)]),
        net_fen=st.sampled_from([100, 300, 301]),
    ).map(lambda item: replace(item, net_fen=max(item.net_fen, item.left_fen))),
    max_size=8,
    unique_by=lambda open_line: open_line.document,
)
PACKAGES = st.lists(
    st.builds(
        Package,
        st.sampled_from([1, 2]),
        st.sampled_from([OCTOBER, date(2026, 11, 15)]),
        st.sampled_from([date(2026, 11, 30), date(2026, 12, 31)]),
        st.sampled_from([100, 300]),
    ),
    max_size=3,
)
TODAY = st.sampled_from([NOVEMBER, date(2026, 12, 15), date(2027, 1, 1)])


def paid(shares: list[Share]) -> Counter[int]:
    counter: Counter[int] = Counter()
    for share in shares:
        counter[share.document] += share.fen
    return counter


def apply(
    lines: list[OpenLine], cells: list[Cell], shares: list[Share]
) -> tuple[list[OpenLine], list[Cell]]:
    """What is left, and what has room, once the shares are allocated."""
    sums: Counter[Key] = Counter()
    for share in shares:
        sums[share.cell] += share.fen
    spent = paid(shares)
    kinds = {c.key: c.kind for c in cells}
    kind_of = {share.document: kinds[share.cell] for share in shares}
    return (
        [
            replace(
                open_line,
                left_fen=open_line.left_fen - spent[open_line.document],
                kind=kind_of.get(open_line.document),
            )
            for open_line in lines
        ],
        [replace(c, invoiced_fen=c.invoiced_fen + sums[c.key]) for c in cells],
    )


def own_months(line: OpenLine) -> tuple[date, date]:
    return (line.statement_month[1],) * 2 if line.statement_month else (line.since, line.until)


def bought(line: OpenLine, packages: list[Package]) -> list[Package]:
    """The packages whose price a line is, to the fen."""
    if line.statement_month:
        return []
    running = [p for p in packages if p.since <= line.until and line.since <= p.until]
    return [p for p in running if p.net_fen == line.net_fen]


def draws(cell_paid: Cell, line: OpenLine, packages: list[Package]) -> bool:
    """Whether it draws on a package of the days of a line: of one it bought, all there is."""
    return cell_paid.part is Part.PACKAGE and any(
        p.contract == cell_paid.contract
        and p.since <= line.until
        and line.since <= p.until
        and (
            p.since.replace(day=1)
            if p.net_fen == line.net_fen
            else max(p.since.replace(day=1), line.since)
        )
        <= cell_paid.month
        <= p.until
        for p in packages
    )


@settings(deadline=None)
@given(LINES, CELLS, PACKAGES, TODAY, st.randoms(use_true_random=False))
def test_every_proposal_ties(
    lines: list[OpenLine],
    cells: list[Cell],
    packages: list[Package],
    today: date,
    chance: random.Random,
) -> None:
    shares = propose(lines, cells, packages, today)
    kinds = {c.key: c.kind for c in cells}
    whole = {open_line.document: open_line.left_fen for open_line in lines}
    assert all(share.fen > 0 for share in shares)
    # Never beyond a line, and only for one kind of project.
    assert all(fen <= whole[document] for document, fen in paid(shares).items())
    assert all(
        len({kinds[s.cell] for s in shares if s.document == document}) == 1
        for document in paid(shares)
    )
    # In any order the same; and once it is done there is nothing more to do.
    mixed_lines, mixed_cells, mixed_packages = list(lines), list(cells), list(packages)
    chance.shuffle(mixed_lines)
    chance.shuffle(mixed_cells)
    chance.shuffle(mixed_packages)
    assert propose(mixed_lines, mixed_cells, mixed_packages, today) == shares
    assert propose(*apply(lines, cells, shares), packages, today) == []


@settings(deadline=None)
@given(LINES, CELLS, PACKAGES)
def test_once_its_days_are_over_a_line_waits_only_where_it_has_no_cell(
    lines: list[OpenLine], cells: list[Cell], packages: list[Package]
) -> None:
    after, _ = apply(lines, cells, propose(lines, cells, packages))
    for open_line in after:
        first, last = own_months(open_line)
        own = [c for c in cells if first <= c.month <= last and open_line.kind in (None, c.kind)]
        if open_line.statement_month:
            own = [c for c in own if c.contract == open_line.statement_month[0]]
        assert not (open_line.left_fen and own)


@settings(deadline=None)
@given(LINES, CELLS, PACKAGES, TODAY)
def test_a_line_pays_its_months_its_packages_and_what_was_carried_over(
    lines: list[OpenLine], cells: list[Cell], packages: list[Package], today: date
) -> None:
    by_document = {open_line.document: open_line for open_line in lines}
    by_key = {c.key: c for c in cells}
    for share in propose(lines, cells, packages, today):
        line, (contract, month, _) = by_document[share.document], share.cell
        first, last = own_months(line)
        statement = line.statement_month
        if statement:
            assert (contract, month) == statement
        else:
            earlier = month < first and by_key[share.cell].carried
            assert first <= month <= last or earlier or draws(by_key[share.cell], line, packages)


@settings(deadline=None)
@given(LINES, CELLS, PACKAGES, TODAY)
def test_the_price_of_a_package_never_pays_for_anything_else_while_it_runs(
    lines: list[OpenLine], cells: list[Cell], packages: list[Package], today: date
) -> None:
    prices = {item.document: bought(item, packages) for item in lines}
    for share in propose(lines, cells, packages, today):
        if any(p.until >= today for p in prices[share.document]):
            assert share.cell[2] is Part.PACKAGE
            assert share.cell[0] in {p.contract for p in prices[share.document]}


@settings(deadline=None)
@given(LINES.filter(bool), CELLS, PACKAGES, TODAY)
def test_nothing_goes_beyond_a_cell_while_another_has_room(
    lines: list[OpenLine], cells: list[Cell], packages: list[Package], today: date
) -> None:
    line = lines[0]
    shares = propose([line], cells, packages, today)
    after = {c.key: c for c in apply([line], cells, shares)[1]}
    if any(after[s.cell].invoiced_fen > after[s.cell].metered_fen for s in shares):
        first, last = own_months(line)
        kind = after[shares[0].cell].kind
        may = [c for c in after.values() if c.kind == kind]
        if bought(line, packages):
            may = [c for c in may if draws(c, line, bought(line, packages))]
        else:
            may = [
                c
                for c in may
                if first <= c.month <= last
                or (not line.statement_month and (c.carried and c.month < first))
                or (not line.statement_month and draws(c, line, packages))
            ]
        assert all(c.invoiced_fen >= c.metered_fen for c in may)


@settings(deadline=None)
@given(LINES, CELLS, PACKAGES, TODAY)
def test_nothing_goes_beyond_a_cell_while_the_days_of_its_line_last(
    lines: list[OpenLine], cells: list[Cell], packages: list[Package], today: date
) -> None:
    long_lines = [replace(item, statement_month=None, until=date(2027, 1, 31)) for item in lines]
    shares = propose(long_lines, cells, packages, today)
    _, after = apply(long_lines, cells, shares)
    assert all(c.invoiced_fen <= c.metered_fen for c in after)
