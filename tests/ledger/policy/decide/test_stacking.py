"""Several awards together: A16 of the articles."""

from datetime import date

import pytest

from ledger.policy.decide.stacking import Award, Level, OtherAward, beside, together
from ledger.policy.text.clauses import SimilarAward
from ledger.policy.text.published import load

DRAFT = load("yinchuan-2024-draft")
SCENE = Award("S-1", "10-1", "p", 50_000_000, 250_000_000)
TABLE = [
    SimilarAward.model_construct(
        clause="10-1", award="市级示范场景奖", signed_by="虚构", signed_on=date(2026, 11, 1)
    )
]


@pytest.mark.parametrize(
    ("fen", "level", "reading", "payable"),
    [
        (80_000_000, "city", "difference", 0),
        (30_000_000, "city", "difference", 20_000_000),
        (30_000_000, "city", "choose_one", 50_000_000),
        (80_000_000, "city", "choose_one", 0),
        (50_000_000, "city", "choose_one", 0),
        (30_000_000, "region", "difference", 50_000_000),
        (30_000_000, "state", "difference", 50_000_000),
        (30_000_000, "district", "difference", 50_000_000),
    ],
)
def test_beside_a_similar_award(fen: int, level: Level, reading: str, payable: int) -> None:
    policy = load("yinchuan-2024-draft", {"Q16-3": reading})
    assert beside(policy, SCENE, [OtherAward("市级示范场景奖", level, fen)], TABLE).fen == payable


def test_a_district_award_as_the_citys() -> None:
    policy = load("yinchuan-2024-draft", {"Q16-4": "city"})
    assert (
        beside(policy, SCENE, [OtherAward("市级示范场景奖", "district", 30_000_000)], TABLE).fen
        == 20_000_000
    )


def test_what_is_not_in_the_signed_table_is_not_similar() -> None:
    other_award = OtherAward("市级示范场景奖", "city", 80_000_000)
    assert beside(DRAFT, SCENE, [other_award]).fen == 50_000_000
    assert beside(DRAFT, SCENE._replace(clause="11-1"), [other_award], TABLE).fen == 50_000_000


def test_public_support_never_exceeds_the_cost() -> None:
    much = OtherAward("自治区场景奖", "region", 230_000_000)
    payable = beside(DRAFT, SCENE, [much])
    assert (payable.fen, payable.rule, payable.by) == (20_000_000, "support", "自治区场景奖")
    assert beside(DRAFT, SCENE, [much._replace(fen=250_000_000)]).fen == 0
    assert beside(DRAFT, SCENE._replace(cost_fen=None), [much]).fen == 50_000_000


def fen(awards: list[Award], **readings: str) -> list[int]:
    policy = load("yinchuan-2024-draft", {k.replace("_", "-"): v for k, v in readings.items()})
    return [award.fen for award in together(policy, awards)]


def test_awards_of_one_firm_add_up() -> None:
    awards = [
        Award("1", "04-1", "f", 300),
        Award("2", "12-1", "f", 200),
        Award("3", "10-1", "g", 50),
    ]
    assert fen(awards) == [300, 200, 50]


INVOICE = frozenset({"26642000000000000001/1"})
MODEL = Award("M-1", "09-1", "m", 300, 1000, INVOICE)
TEAM = Award("T-1", "14-1", "t", 300, 1000, INVOICE)


def test_one_invoice_is_used_once_and_the_second_is_told_the_first() -> None:
    _, second = together(DRAFT, [MODEL, TEAM])
    assert (second.fen, second.rule, second.by) == (0, "same_cost", "M-1")
    assert fen([TEAM, MODEL]) == [300, 0]
    assert fen([MODEL, TEAM._replace(lines=frozenset({"26642000000000000001/2"}))]) == [300, 300]


def test_both_clauses_must_allow_one_cost_twice() -> None:
    assert fen([MODEL, TEAM], Q9_7="both") == [300, 0]
    assert fen([MODEL, TEAM], Q9_7="both", Q14_5="both") == [300, 300]
    assert fen([MODEL, TEAM], Q16_5="twice") == [300, 0]
    chip = TEAM._replace(clause="11-1")
    scene = MODEL._replace(clause="10-1")
    assert fen([scene, chip]) == [300, 0]
    assert fen([scene, chip], Q16_5="twice") == [300, 300]


def test_two_classes_of_one_project_take_the_higher() -> None:
    industrial, service = Award("1", "03-1", "p", 1000), Award("2", "03-3", "p", 700)
    assert fen([industrial, service]) == [1000, 0]
    assert fen([service, industrial]) == [0, 1000]
    assert fen([industrial, service._replace(fen=1000)]) == [1000, 0]
    assert fen([industrial, service._replace(project="q")]) == [1000, 700]


def test_what_was_agreed_is_less_what_the_rate_gave() -> None:
    rate, award = Award("1", "03-1", "p", 50), Award("2", "03-2", "p", 80)
    assert fen([rate, award]) == [50, 30]
    assert fen([rate, award], Q3_5="on_top") == [50, 80]


def test_programmes_of_article_13_where_only_one_may_be_had() -> None:
    three = [Award(str(i), f"13-{i}", "p", i) for i in (1, 2, 3)]
    assert fen(three) == [1, 2, 3]
    assert fen(three, Q13_3="one") == [0, 0, 3]
