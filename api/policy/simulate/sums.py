"""A simulation as tables on a screen: what it costs, who gains and loses, who answers for it.

What to look at before deciding (pools, cliffs, exposure, open questions) is in
`cli_simulate_edges`.
"""

from typing import Any

from api.cli.client import say
from api.cli.screen import ABSENT, called, heading, money, pairs, table
from api.policy.simulate import edges as cli_simulate_edges
from ledger.policy.codes import Result

_RESULTS = ("eligible", "ineligible", "insufficient", "judgement")


def show(told: dict[str, Any], top: int) -> None:
    """All tables."""
    first, *others = told["versions"]
    last = others[0] if others else first
    _summary(told)
    if others:
        _compared(first, last)
        _movers(told["changes"], top)
        _moved(told["moved"])
    else:
        _clauses(first)
        _largest(told["changes"], top)
    _departments(last)
    cli_simulate_edges.show(last, top)


def _summary(told: dict[str, Any]) -> None:
    tried = " ".join(f"{question}={reading}" for question, reading in told["readings"].items())
    against = f"{told['against']} {tried}".strip() if told["against"] else None
    rows = [
        (say("版本", "version"), told["policy"]),
        (say("比较", "against"), against),
        (say("申请", "applications"), f"{told['applicants']:,}"),
        (say("认定", "decisions"), f"{told['decisions']:,}"),
        (say("有错未计的行", "rows left out"), f"{told['bad_rows']:,}"),
    ]
    pairs([(name, value) for name, value in rows if value is not None])


def _clauses(version: dict[str, Any]) -> None:
    heading("按条款", "By clause")
    titles = say(
        "条款 名称 符合 不符合 材料不足 需人工认定 应给 实给 上限之内 岗位",
        "clause title eligible ineligible insufficient judgement asked paid up-to posts",
    ).split()
    rows = [
        [
            one["id"],
            one["title"],
            *(f"{one['results'].get(result, 0):,}" for result in _RESULTS),
            *_given(one, "asked_fen", "paid_fen", "ceiling_fen"),
        ]
        for one in version["clauses"]
        if one["kind"] != "support"
    ]
    total = version["total"]
    rows.append(
        [
            say("本名册合计", "this register"),
            *[""] * 5,
            *_given(total, "asked_fen", "paid_fen", "ceiling_fen"),
        ]
    )
    table(titles, rows, right="llrrrrrrrr")


def _given(one: dict[str, Any], *sums: str) -> list[object]:
    return [*(money(one[name]) if one[name] else ABSENT for name in sums), one["posts"] or ABSENT]


def _compared(first: dict[str, Any], last: dict[str, Any]) -> None:
    heading("按条款比较", "By clause, compared")
    titles = say(
        "条款 名称 实给 改后 差 上限之内 改后 岗位 改后",
        "clause title paid then change up-to then posts then",
    ).split()
    before = {one["id"]: one for one in first["clauses"]}
    after = {one["id"]: one for one in last["clauses"]}
    rows = []
    for clause in {**before, **after}:
        was, then = before.get(clause), after.get(clause)
        told = was or then or {}
        if told["kind"] != "support" or (then and then["kind"] != "support"):
            rows.append([clause, told["title"], *_difference(was, then)])
    total = _difference(first["total"], last["total"])
    table(titles, [*rows, [say("本名册合计", "this register"), "", *total]], right="llrrrrrrr")


def _difference(was: dict[str, Any] | None, then: dict[str, Any] | None) -> list[object]:
    sums = [
        [one[name] if one else 0 for one in (was, then)]
        for name in ("paid_fen", "ceiling_fen", "posts")
    ]
    (paid, paid_then), ceilings, posts = sums
    change = paid_then - paid
    return [
        *(money(fen) if paid or paid_then else ABSENT for fen in (paid, paid_then)),
        _signed(change),
        *(money(fen) if fen else ABSENT for fen in ceilings), *(n or ABSENT for n in posts),
    ]  # fmt: skip


def _signed(fen: int) -> str:
    return f"+{money(fen)}" if fen > 0 else str(money(fen)) if fen else ABSENT


def _measures() -> dict[str, str]:
    return {
        "fen": say("实给", "paid"),
        "ceiling_fen": say("上限之内", "up to"),
        "posts": say("岗位", "posts"),
    }


def _shown(measure: str, value: int) -> str:
    if measure != "posts":
        return _signed(value)
    return f"{value:+,}" if value else ABSENT


def _movers(changes: dict[str, Any], top: int) -> None:
    heading("谁得谁失", "Who gains and who loses")
    rows = []
    for measure, name in _measures().items():
        up, down = changes[measure]["gains"], changes[measure]["losses"]
        if up["applicants"] or down["applicants"]:
            sums = (_shown(measure, one["sum"]) for one in (up, down))
            gained, lost = sums
            rows.append([name, f"{up['applicants']:,}", gained, f"{down['applicants']:,}", lost])
    titles = say("项目 受益 共多得 受损 共少得", "measure gain in-all lose in-all").split()
    table(titles, rows, right="lrrrr")
    for side, chinese, english in (
        ("winners", "多得最多", "Gain most"),
        ("losers", "少得最多", "Lose most"),
    ):
        _named(changes, side, say(chinese, english), top)


def _moved(moved: list[dict[str, Any]]) -> None:
    """Decisions that became others."""
    if moved:
        heading("结论变了的认定", "Decisions that changed")
        titles = say("条款 原来 改后 认定", "clause before after decisions").split()
        rows = [
            [
                one["clause"],
                called(Result, one["before"]),
                called(Result, one["after"]),
                f"{one['decisions']:,}",
            ]
            for one in moved
        ]
        table(titles, rows, right="lllr")


def _largest(changes: dict[str, Any], top: int) -> None:
    heading("得到最多的申请", "Those who get most")
    _named(changes, "winners", "", top)


def _named(changes: dict[str, Any], side: str, titled: str, top: int) -> None:
    for measure, name in _measures().items():
        if found := changes[measure][side][:top]:
            print(f"\n{titled} {name}" if titled else f"\n{name}")
            rows = [
                [one["number"], _shown(measure, one["change"]), _by(measure, one["by"])]
                for one in found
            ]
            table(say("申请 变化 条款", "application change clauses").split(), rows, right="lrl")


def _by(measure: str, by: dict[str, int]) -> str:
    return "  ".join(f"{clause} {_shown(measure, value)}" for clause, value in by.items())


def _departments(version: dict[str, Any]) -> None:
    heading("按部门", "By department")
    print(
        say(
            "一个条款列有几个责任单位，「列名」各算一次，不能相加；「列首」只算第一个，加起来是总数。",
            "A clause names several departments: «named» counts each and does not add up,"
            " «first» only the first and does.",
        )
    )
    titles = say(
        "部门 条款 列首实给 列首上限之内 列名实给 列名上限之内",
        "department clauses first:paid first:up-to named:paid named:up-to",
    ).split()
    rows = [
        [
            one["name"],
            one["clauses"],
            *(
                money(one[part][name]) if one[part][name] else ABSENT
                for part in ("named_first", "named")
                for name in ("paid_fen", "ceiling_fen")
            ),
        ]
        for one in version["departments"]
    ]
    table(titles, rows, right="lrrrrr")
