"""The annex as a page, in Markdown.

How the page came about and how it is to be read stands first, so that a lawyer needs nothing else.
"""

from collections.abc import Iterator

from api.language.i18n import gettext as _
from api.language.labels import label_of
from api.policy.explain.annex import Annex, titles
from ledger.policy.codes import RoundingUnit
from ledger.policy.text.clauses import Policy


def as_markdown(report: Annex) -> Iterator[str]:
    """The annex line by line."""
    policy = report.policy
    yield "# " + _("政策边界核对")
    yield f"\n{_cell(policy.title)}（`{policy.version}`）"
    for line in (*_preface(policy), f"**{summary(report)}**"):
        yield f"\n{line}"
    for section in report.sections:
        yield f"\n## {_cell(section.title)}"
        for quotation in section.quotations:
            yield f"\n> {_cell(quotation)}"
        if section.rows:
            yield "\n| " + " | ".join(titles()) + " |"
            yield "|" + "---|" * len(titles())
        for row in section.rows:
            yield "| " + " | ".join(_cell(cell) for cell in row) + " |"
        if section.notes:
            yield ""
        yield from (f"- {_cell(note)}" for note in section.notes)


def summary(report: Annex) -> str:
    """How many edges and cases there are, and whether all is as it must be."""
    edges, cases = (sum(getattr(s, of) for s in report.sections) for of in ("edges", "cases"))
    right = _("全部相符")
    wrong = _("{wrong} 处不符").format(wrong=report.wrong)
    result = wrong if report.wrong else right
    return _("共 {edges} 处边界、{cases} 个案例，{told}。").format(
        edges=edges, cases=cases, told=result
    )


def _preface(policy: Policy) -> Iterator[str]:
    yield _(
        "本页由 `suanquan policy boundaries` 从政策文件生成：文件里"
        "的每一个数字，取低一步、正好、高一步三种情形，由认定引擎逐一算出，再用另一种算法（区间与"
        "精确分数）核对。"
    )
    yield _(
        "一步是最小的差：金额一分，件数一个，其他数量是小数点后第十二位的一。其余事实都取不妨碍结"
        "果的值，写在各条之下；它们也是从文件里找出来的，没有一个是手写的。"
    )
    bounds = _(
        "含不含本数：民法典第一千二百五十九条，{included}包括本数，{excluded}不包括本数。"
        "{ordinary}该条没有列出，按通常含义包括本数。"
    )
    yield bounds.format(
        included="「以上」「以下」「以内」「届满」",
        excluded="「不满」「超过」「以外」",
        ordinary="「达到」「不低于」「不少于」",
    )
    rounding = _rounding(policy)
    yield _(
        "每笔金额只舍入一次，{rounded}，然后才与上限相比，所以上限可能在略低于「上限÷比例」的基数上首次达到。"
    ).format(rounded=rounding)


def _rounding(policy: Policy) -> str:
    unit = label_of(RoundingUnit, policy.rounding.unit)
    if policy.rounding.mode == "down":
        return _("舍去尾数到{unit}").format(unit=unit)
    return _("四舍五入到{unit}").format(unit=unit)


def _cell(text: str) -> str:
    """A text that means nothing to Markdown but itself."""
    return "".join(f"\\{c}" if c in r"\|*_`<>[]" else c for c in text)
