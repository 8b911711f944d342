from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.registry.rules.effective_dating import Fact, Plan, Span, plan

ZERO = date(2026, 1, 1)


def day(number: int) -> date:
    return ZERO + timedelta(days=number)


def span(start: int, end: int | None) -> Span:
    return Span(day(start), None if end is None else day(end))


def fact(value: str, start: int, end: int | None = None) -> Fact[str]:
    return Fact(value, span(start, end))


def test_a_span_is_written_with_both_ends_included() -> None:
    assert Span.through(date(2026, 1, 1), date(2026, 1, 1)) == span(0, 1)
    assert str(span(0, 31)) == "2026-01-01 ~ 2026-01-31"
    assert str(span(0, None)) == "2026-01-01 ~"


def test_same_fact_again_changes_nothing() -> None:
    assert plan([fact("a", 0)], [fact("a", 0)]) == Plan((fact("a", 0),), (), (), (), ())


def test_free_days_are_filled_also_in_the_past() -> None:
    new_plan = plan([fact("a", 10)], [fact("b", 0, 10)])
    assert new_plan.created == (fact("b", 0, 10),)
    assert not new_plan.superseded


def test_another_content_takes_its_days_and_the_rest_remains() -> None:
    new_plan = plan([fact("a", 0)], [fact("b", 10, 20)])
    assert new_plan.contradictions == ((fact("b", 10, 20), fact("a", 0)),)
    assert new_plan.superseded == (fact("a", 0),)
    assert new_plan.remainders == (fact("a", 0, 10), fact("a", 20))
    assert new_plan.created == (fact("b", 10, 20),)


@pytest.mark.parametrize("new", [fact("a", 0, 10), fact("a", 5), fact("a", 3, 7)])
def test_the_same_content_on_other_days_is_the_fact_with_new_dates(new: Fact[str]) -> None:
    new_plan = plan([fact("a", 0)], [new])
    assert new_plan.contradictions == ((new, fact("a", 0)),)
    assert new_plan.superseded == (fact("a", 0),)
    assert new_plan.remainders == ()
    assert new_plan.created == (new,)


def test_what_follows_without_a_gap_is_one_fact() -> None:
    pieces = [fact("a", 0, 10), fact("a", 10, 20), fact("a", 20)]
    assert plan(pieces, [fact("a", 0)]).unchanged == (fact("a", 0),)
    ended_plan = plan(pieces, [fact("a", 0, 5)])
    assert ended_plan.superseded == tuple(pieces)
    assert ended_plan.created == (fact("a", 0, 5),)


def test_what_is_stated_as_it_is_stays_beside_new_dates() -> None:
    new_plan = plan([fact("a", 0, 10), fact("a", 10)], [fact("a", 0, 10), fact("a", 10, 20)])
    assert new_plan.unchanged == (fact("a", 0, 10),)
    assert new_plan.superseded == (fact("a", 10),)
    assert new_plan.created == (fact("a", 10, 20),)


def test_neighbours_are_left_alone() -> None:
    new_plan = plan([fact("a", 0, 10), fact("a", 10)], [fact("b", 20, 30)])
    assert new_plan.superseded == (fact("a", 10),)
    assert new_plan.remainders == (fact("a", 10, 20), fact("a", 30))


spans = st.builds(
    lambda start, length: span(start, length and start + length),
    st.integers(0, 30),
    st.none() | st.integers(1, 12),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact[str]]:
    """Facts about one thing that do not overlap."""
    facts: list[Fact[str]] = []
    for span in draw(st.lists(spans, max_size=5)):
        if not any(span.overlaps(second.span) for second in facts):
            facts.append(Fact(draw(st.sampled_from("abc")), span))
    return facts


def by_day(facts: list[Fact[str]]) -> dict[int, list[str]]:
    """What holds on each of sixty days."""
    return {d: [f.value for f in facts if f.span.overlaps(span(d, d + 1))] for d in range(60)}


def given_anew(d: int, days_before: dict[int, list[str]], facts: tuple[Fact[str], ...]) -> bool:
    """Whether the run of one content around a day has got new dates."""
    first = last = d
    while days_before.get(first - 1) == days_before[d]:
        first -= 1
    while days_before.get(last + 1) == days_before[d]:
        last += 1
    run = span(first, last + 1)
    return any([new.value] == days_before[d] and new.span.overlaps(run) for new in facts)


@given(current=histories(), wish=histories())
@settings(deadline=None)
def test_planning(current: list[Fact[str]], wish: list[Fact[str]]) -> None:
    new_plan = plan(current, wish)
    after = [f for f in current if f not in new_plan.superseded]
    after += [*new_plan.remainders, *new_plan.created]
    before, then, now = by_day(current), by_day(wish), by_day(after)

    assert set(new_plan.superseded) <= set(current)
    assert all(len(values) <= 1 for values in now.values()), "one fact a day"
    assert all(now[d] == then[d] for d in now if then[d]), "what was wanted holds"
    for d, values in now.items():  # the rest stays, but for facts whose dates were given anew
        if not then[d]:
            assert values == ([] if given_anew(d, before, new_plan.created) else before[d])
    assert len(new_plan.unchanged) + len(new_plan.created) == len(wish)
    assert plan(after, wish) == Plan(tuple(wish), (), (), (), ()), "stated again: no change"


@given(item=spans, holes=st.lists(spans, max_size=4))
@settings(deadline=None)
def test_taking_days_out_of_a_span(item: Span, holes: list[Span]) -> None:
    days = by_day([Fact("x", s) for s in item.without(holes)])
    for d, values in days.items():
        today = span(d, d + 1)
        free = item.overlaps(today) and not any(o.overlaps(today) for o in holes)
        assert values == (["x"] if free else [])
