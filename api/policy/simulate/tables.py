"""A simulation as tables: what it costs, who gains and loses, who answers for it.

What to look at before deciding (pools, cliffs, exposure, open questions) is in `edges`.
"""

from collections.abc import Iterator
from typing import Any

from api.cli.answer import Block, Column, Heading, Pairs, Table
from api.cli.values import ABSENT, COUNT, NUMBER, Format, coded, money
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.language.labels import LABELS
from api.policy.simulate.edges import edges
from ledger.policy.codes import Result

Values = dict[str, Any]

MEASURES = {"fen": msgid("实给"), "ceiling_fen": msgid("上限之内"), "posts": msgid("岗位")}
SIDES = {"winners": msgid("多得最多：{measure}"), "losers": msgid("少得最多：{measure}")}
PAID = Format(lambda fen: money(fen) if fen else None, right=True)  # a nought is no payment
POSTS = Format(lambda posts: posts or None, right=True)


def _compared_with(values: Values) -> str | None:
    readings = " ".join(f"{question}={reading}" for question, reading in values["readings"].items())
    return f"{values['against']} {readings}".strip() if values["against"] else None


def _with_sign(fen: int) -> str:
    return f"+{money(fen)}" if fen > 0 else money(fen) if fen else ABSENT


def _change(measure: str, value: int) -> str:
    if measure != "posts":
        return _with_sign(value)
    return f"{value:+,}" if value else ABSENT


SUMMARY = (
    Column(msgid("版本"), "policy"),
    Column(msgid("比较"), _compared_with),
    Column(msgid("申请"), "applicants", COUNT),
    Column(msgid("认定"), "decisions", COUNT),
    Column(msgid("有错未计的行"), "bad_rows", COUNT),
)


def _results(result: Result) -> Column:
    return Column(LABELS[Result][result], lambda clause: _count(clause, result), NUMBER)


def _count(clause: Values, result: str) -> str:
    """How many decisions came out so; a total has none."""
    return f"{clause['results'].get(result, 0):,}" if "results" in clause else ""


def _of(pair: Values, side: str, name: str) -> int:
    clause = pair[side]
    return int(clause[name]) if clause else 0


def _difference(pair: Values) -> int:
    return _of(pair, "after", "paid_fen") - _of(pair, "before", "paid_fen")


CLAUSES = (
    Column(msgid("条款"), "id"),
    Column(msgid("名称"), "title"),
    *map(_results, (Result.ELIGIBLE, Result.INELIGIBLE, Result.INSUFFICIENT, Result.JUDGEMENT)),
    Column(msgid("应给"), "asked_fen", PAID),
    Column(msgid("实给"), "paid_fen", PAID),
    Column(msgid("上限之内"), "ceiling_fen", PAID),
    Column(msgid("岗位"), "posts", POSTS),
)
COMPARED = (
    Column(msgid("条款"), "id"),
    Column(msgid("名称"), "title"),
    Column(msgid("实给"), lambda c: _of(c, "before", "paid_fen"), PAID),
    Column(msgid("改后"), lambda c: _of(c, "after", "paid_fen"), PAID),
    Column(msgid("差"), _difference, Format(_with_sign, right=True)),
    Column(msgid("上限之内"), lambda c: _of(c, "before", "ceiling_fen"), PAID),
    Column(msgid("改后"), lambda c: _of(c, "after", "ceiling_fen"), PAID),
    Column(msgid("岗位"), lambda c: _of(c, "before", "posts"), POSTS),
    Column(msgid("改后"), lambda c: _of(c, "after", "posts"), POSTS),
)


DEPARTMENTS = (
    Column(msgid("部门"), "name"),
    Column(msgid("条款"), "clauses", NUMBER),
    Column(msgid("列首实给"), lambda d: d["named_first"]["paid_fen"], PAID),
    Column(msgid("列首上限之内"), lambda d: d["named_first"]["ceiling_fen"], PAID),
    Column(msgid("列名实给"), lambda d: d["named"]["paid_fen"], PAID),
    Column(msgid("列名上限之内"), lambda d: d["named"]["ceiling_fen"], PAID),
)
MOVED = (
    Column(msgid("条款"), "clause"),
    Column(msgid("原来"), "before", coded(Result)),
    Column(msgid("改后"), "after", coded(Result)),
    Column(msgid("认定"), "decisions", COUNT),
)
MOVERS = (
    Column(msgid("项目"), 0),
    Column(msgid("受益"), 1, COUNT),
    Column(msgid("共多得"), 2, NUMBER),
    Column(msgid("受损"), 3, COUNT),
    Column(msgid("共少得"), 4, NUMBER),
)


def tables(values: Values, top: int) -> Iterator[Block]:
    """All tables; of each list the first `top`."""
    first, *rest = values["versions"]
    last = rest[0] if rest else first
    yield Pairs(SUMMARY, values, short=True)
    if rest:
        yield from _comparison(first, last)
        yield from _movers(values["changes"], top)
        yield from _changed_results(values["moved"])
    else:
        yield from _clauses(first)
        yield Heading(_("得到最多的申请"))
        yield from _list_movers(values["changes"], "winners", "{measure}", top)
    yield from _departments(last)
    yield from edges(last, top)


def _clauses(version: Values) -> Iterator[Block]:
    yield Heading(_("按条款"))
    paying = [clause for clause in version["clauses"] if clause["kind"] != "support"]
    total = {"id": _("本名册合计"), "title": "", **version["total"]}
    yield Table(CLAUSES, [*paying, total])


def _comparison(first: Values, last: Values) -> Iterator[Block]:
    yield Heading(_("按条款比较"))
    before = {row["id"]: row for row in first["clauses"]}
    after = {row["id"]: row for row in last["clauses"]}
    rows = []
    for clause in before | after:
        sides = [side for side in (before.get(clause), after.get(clause)) if side]
        if any(side["kind"] != "support" for side in sides):
            both = {"before": before.get(clause), "after": after.get(clause)}
            rows.append({"id": clause, "title": sides[0]["title"], **both})
    totals = {"before": first["total"], "after": last["total"]}
    yield Table(COMPARED, [*rows, {"id": _("本名册合计"), "title": "", **totals}])


def _movers(changes: Values, top: int) -> Iterator[Block]:
    yield Heading(_("谁得谁失"))
    rows = []
    for measure, name in MEASURES.items():
        up, down = changes[measure]["gains"], changes[measure]["losses"]
        if up["applicants"] or down["applicants"]:
            gained, lost = (_change(measure, mover["sum"]) for mover in (up, down))
            rows.append([_(name), up["applicants"], gained, down["applicants"], lost])
    yield Table(MOVERS, rows, msgid("没有谁得也没有谁失"))
    for side, title in SIDES.items():
        yield from _list_movers(changes, side, _(title), top)


def _changed_results(rows: list[Values]) -> Iterator[Block]:
    """Decisions that became others."""
    if rows:
        yield Heading(_("结论变了的认定"))
        yield Table(MOVED, rows)


def _list_movers(changes: Values, side: str, title: str, top: int) -> Iterator[Block]:
    for measure, name in MEASURES.items():
        if movers := changes[measure][side][:top]:
            yield "\n" + title.format(measure=_(name))
            yield Table(_mover_columns(measure), movers)


def _mover_columns(measure: str) -> tuple[Column, ...]:
    change = Format(lambda value: _change(measure, value), right=True)
    clauses = Format(
        lambda by: "  ".join(f"{clause} {_change(measure, value)}" for clause, value in by.items())
    )
    return (
        Column(msgid("申请编号"), "number"),
        Column(msgid("变化"), "change", change),
        Column(msgid("条款"), "by", clauses),
    )


def _departments(version: Values) -> Iterator[Block]:
    yield Heading(_("按部门"))
    yield _(
        "一个条款列有几个责任单位，「列名」各算一次，不能相加；「列首」只算第一个，加起来是总数。"
    )
    yield Table(DEPARTMENTS, version["departments"])
