"""The annex as a page, in Markdown.

How the page came about and how it is to be read stands first, so that a lawyer needs nothing else.
"""

from collections.abc import Iterator

from api.cli.client import say
from api.cli.screen import called
from api.policy.explain.annex import Annex, titles
from ledger.policy.codes import RoundingUnit
from ledger.policy.text.clauses import Policy


def as_markdown(made: Annex) -> Iterator[str]:
    """The annex line by line."""
    policy = made.policy
    yield "# " + say("政策边界核对", "The policy at its edges")
    yield f"\n{_cell(policy.title)}（`{policy.version}`）"
    for one in (*_preface(policy), f"**{summary(made)}**"):
        yield f"\n{one}"
    for section in made.sections:
        yield f"\n## {_cell(section.title)}"
        for quoted in section.quotations:
            yield f"\n> {_cell(quoted)}"
        if section.rows:
            yield "\n| " + " | ".join(titles()) + " |"
            yield "|" + "---|" * len(titles())
        for row in section.rows:
            yield "| " + " | ".join(_cell(cell) for cell in row) + " |"
        if section.notes:
            yield ""
        yield from (f"- {_cell(note)}" for note in section.notes)


def summary(made: Annex) -> str:
    """How many edges and cases there are, and whether all is as it must be."""
    edges, cases = (sum(getattr(s, of) for s in made.sections) for of in ("edges", "cases"))
    right = say("全部相符", "all as they must be")
    wrong = say(f"{made.wrong} 处不符", f"{made.wrong} not as they must be")
    told = wrong if made.wrong else right
    return say(
        f"共 {edges} 处边界、{cases} 个案例，{told}。", f"{edges} edges, {cases} cases: {told}."
    )


def _preface(policy: Policy) -> Iterator[str]:
    yield say(
        "本页由 `suanquan policy boundaries` 从政策文件生成：文件里的每一个数字，取低一步、正好、"
        "高一步三种情形，由认定引擎逐一算出，再用另一种算法（区间与精确分数）核对。",
        "This page is generated from the policy's file by `suanquan policy boundaries`: every"
        " figure in it just below, at and just above, decided by the engine and held against"
        " another way of working it out (intervals and exact fractions).",
    )
    yield say(
        "一步是最小的差：金额一分，件数一个，其他数量是小数点后第十二位的一。其余事实都取不妨碍结果的值，"
        "写在各条之下；它们也是从文件里找出来的，没有一个是手写的。",
        "A step is the smallest difference: one fen, one piece, one in the twelfth decimal of any"
        " other quantity. All other facts are such that nothing else stands in the way; they are"
        " named under each clause, and were found from the file too.",
    )
    yield say(
        "含不含本数：民法典第一千二百五十九条，「以上」「以下」「以内」「届满」包括本数，「不满」「超过」"
        "「以外」不包括本数。「达到」「不低于」「不少于」该条没有列出，按通常含义包括本数。",
        "Bounds, by article 1259 of the Civil Code: 以上, 以下, 以内, 届满 include the number;"
        " 不满, 超过, 以外 do not. 达到, 不低于, 不少于 are not in it and include the number by"
        " ordinary use.",
    )
    rounded = _rounding(policy)
    yield say(
        f"每笔金额只舍入一次，{rounded}，然后才与上限相比，所以上限可能在略低于「上限÷比例」的基数上"
        "首次达到。",
        f"Each sum is rounded once, {rounded}, and only then held against its cap; so a cap may be"
        " first reached a little below cap ÷ rate.",
    )


def _rounding(policy: Policy) -> str:
    unit = called(RoundingUnit, policy.rounding.unit)
    if policy.rounding.mode == "down":
        return say(f"舍去尾数到{unit}", f"down to the {unit}")
    return say(f"四舍五入到{unit}", f"half up to the {unit}")


def _cell(text: str) -> str:
    """A text that means nothing to Markdown but itself."""
    return "".join(f"\\{c}" if c in r"\|*_`<>[]" else c for c in text)
