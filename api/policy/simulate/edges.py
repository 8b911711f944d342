"""What to look at in a simulation before deciding: the pool, the list, cliffs, exposure, questions.

Every table is one question: what does sharing leave, who has a place, where does one step matter,
what has no bound, what rests on what nobody has decided.
"""

from fractions import Fraction
from typing import Any

from api.cli.client import say
from api.cli.screen import ABSENT, called, heading, money, pairs, table
from ledger.policy.codes import PoolRule

_NEAREST = 3
_SIGNS = {">=": "≥", ">": ">", "<=": "≤", "<": "<"}


def show(version: dict[str, Any], top: int) -> None:
    """All of them, of one version."""
    _pools(version)
    _lists(version)
    _cliffs(version)
    _exposure(version)
    _questions(version, top)


def _pools(version: dict[str, Any]) -> None:
    for pool in version["pools"]:
        name = pool["pool"]
        heading(f"总额 {name} 的摊薄", f"Pool {name}: dilution")
        factor = Fraction(pool["factor"])
        share = f"{int(factor * 1_000_000) / 10_000:.4f}%"
        pairs(
            [
                (say("总额", "pool"), money(pool["fen"])),
                (say("应给", "asked"), money(pool["asked_fen"])),
                (say("实给", "paid"), money(pool["paid_fen"])),
                (say("系数", "factor"), share),
            ]
        )
        print()
        titles = say(
            "办法 足额 部分 没有 最多少得", "rule in-full in-part nothing most-lost"
        ).split()
        rows = [
            _rule(rule, called(PoolRule, rule["rule"]) or "", pool["rule"])
            for rule in pool["rules"]
        ]
        table(titles, rows, right="lrrrr")


def _rule(rule: dict[str, Any], name: str, held: str) -> list[object]:
    chosen = say("（现行）", " (held)") if rule["rule"] == held else ""
    if not rule["ranked"]:
        return [name + chosen + say("：名册没有名次", ": no ranks given"), *[ABSENT] * 4]
    counts = (f"{rule[key]:,}" for key in ("full", "part", "nothing"))
    return [name + chosen, *counts, money(rule["most_lost_fen"])]


def _lists(version: dict[str, Any]) -> None:
    if version["lists"]:
        heading("名额", "Places on a list")
        titles = say("条款 名额 符合 应给 实给", "clause places eligible asked paid").split()
        rows = [
            [
                one["clause"],
                one["limit"],
                f"{one['eligible']:,}",
                money(one["asked_fen"]),
                money(one["paid_fen"]),
            ]
            for one in version["lists"]
        ]
        table(titles, rows, right="lrrrr")


def _cliffs(version: dict[str, Any]) -> None:
    heading("悬崖：差一步差多少，谁站在旁边（相差百分之一以内）", "Cliffs, and who is within 1 %")
    titles = say(
        "条款 事实 门槛 之前 之后 多得 差一点 刚过 最近的申请",
        "clause fact threshold before after adds short past nearest",
    ).split()
    rows = [
        [
            one["clause"],
            say(one["words"], one["fact"]),
            f"{_SIGNS[one['op']]} {_value(one, one['threshold'])}",
            *_sums(one),
            f"{one['short']:,}",
            f"{one['past']:,}",
            "  ".join(near["number"] for near in one["nearest"][:_NEAREST]),
        ]
        for one in version["cliffs"]
    ]
    table(titles, rows, right="lllrrrrrl")


def _value(one: dict[str, Any], value: int | str) -> str:
    if one["money"]:
        return str(money(int(value)))
    exact = Fraction(value)
    return f"{int(exact):,}" if exact.denominator == 1 else f"{float(exact):g}"


def _sums(one: dict[str, Any]) -> list[str]:
    """What is got before and after, and the difference."""
    if one["after"] is None:
        return [ABSENT, say("整项", "all of it"), say("整项", "all of it")]
    return [_sum(one, one[name]) for name in ("before", "after", "adds")]


def _sum(one: dict[str, Any], value: int) -> str:
    if one["gives"] == "posts":
        return say(f"{value} 岗", f"{value} posts")
    return ("≤ " if one["gives"] == "ceiling_fen" and value else "") + str(money(value))


def _exposure(version: dict[str, Any]) -> None:
    heading("敞口：一年最多要多少钱", "Exposure: the most that a year can cost")
    found = version["exposure"]
    rows = [
        [one["clause"], _why(one), _bound(one), money(one["each_fen"] or None)]
        for one in found["clauses"]
        if one["why"] != "support"
    ]
    titles = say(
        "条款 依据 一年至多 单笔至多", "clause because at-most-a-year at-most-each"
    ).split()
    table(titles, rows, right="llrr")
    total = found["total_fen"]
    if total is not None:
        pairs([(say("合计至多", "at most in all"), money(total))])
        return
    clauses, sure = "、".join(found["unbounded"]), money(found["bounded_fen"])
    print(
        say(
            f"\n没有合计：{clauses} 没有上限。有上限的各条合计至多 {sure}。",
            f"\nThere is no total: {clauses} have no upper bound. Those that have one: {sure}.",
        )
    )
    for one in found["clauses"]:
        if one["example_fen"] is not None:
            each = money(one["example_fen"])
            print(
                say(
                    f"{one['clause']} 单笔也没有上限：一个 100 兆瓦、PUE 1.15 的中心，一年就是"
                    f" {each}。",
                    f"{one['clause']}: not even one award has a cap. A site of 100 MW at PUE 1.15"
                    f" is {each} a year.",
                )
            )


def _bound(one: dict[str, Any]) -> str:
    if one["why"] == "in_kind":
        return say("不付钱", "no money")
    return str(money(one["bound_fen"])) if one["bound_fen"] is not None else say("无上限", "none")


def _why(one: dict[str, Any]) -> str:
    return {
        "pool": say(f"总额 {one['pool']}", f"pool {one['pool']}"),
        "selection": say(f"至多 {one['limit']} 个", f"{one['limit']} places"),
        "in_kind": say("给岗位", "posts"),
        "winners": say("得主不限人数", "any number of winners"),
        "no_cap": say("单笔无上限", "no cap at all"),
        "negotiated": say("一事一议", "negotiated"),
    }[one["why"]]


def _questions(version: dict[str, Any], top: int) -> None:
    """What rests on each; those that every clause rests on are told in one line."""
    resting = [one for one in version["questions"] if one["awards"]]
    always = [one["question"] for one in resting if one["clauses"] == len(version["clauses"])]
    found = [one for one in resting if one["question"] not in always]
    heading("依赖未裁定问题的金额", "What rests on open questions")
    titles = say("问题 认定 实给 上限之内 问", "question awards paid up-to asks").split()
    rows = [
        [
            one["question"],
            f"{one['awards']:,}",
            money(one["fen"]),
            money(one["ceiling_fen"]),
            one["asks"],
        ]
        for one in found[:top]
    ]
    table(titles, rows, right="lrrrl")
    if always:
        all_ = " ".join(always)
        print(say(f"各条都涉及：{all_}", f"every clause rests on: {all_}"))
    if len(found) > top:
        more = len(found) - top
        print(say(f"另有 {more} 个，见 --json", f"{more} more: see --json"))
