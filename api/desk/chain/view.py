"""How the books' own words are told: kinds of moves, roles, and where a cause leads."""

from typing import Any
from urllib.parse import quote

from api.language.i18n import gettext as _
from api.language.labels import labels
from ledger.reconciliation.codes import DifferenceCode


def kinds() -> dict[str, str]:
    """The kinds of moves, as `legal_moves` of the database has them."""
    return {
        "eligible": _("认定"), "issue": _("开券"), "reserve": _("预留"), "release": _("释放"),
        "accrue": _("计提"), "unaccrue": _("冲回计提"), "match": _("核定"),
        "unmatch": _("冲回核定"),
        "list": _("列入清单"), "pay": _("到账"), "bounce": _("退回"), "recall": _("转应追缴"),
        "set_off": _("抵扣"), "refund": _("退款"), "forfeit": _("没收"), "lapse": _("失效"),
        "withdraw": _("收回额度"), "reduce": _("调低额度"), "late": _("晚到的到账"),
        "overpay": _("多付"), "unpay": _("撤销到账"), "appropriate": _("下达"), "cut": _("调减"),
        "commit": _("占用指标"), "uncommit": _("释放指标"), "spend": _("支出"),
        "unspend": _("冲回支出"),
        "surrender": _("交回"), "remit": _("上缴"), "late_spend": _("晚到的支出"),
        "reopen": _("重新占用"), "meter": _("计量"), "unmeter": _("冲回计量"),
        "invoice": _("开票"), "uninvoice": _("冲回开票"), "explain": _("说明差异"),
        "draw": _("占用年度额度"), "undraw": _("释放年度额度"),
    }  # fmt: skip


def roles() -> dict[str, str]:
    """The roles of accounts in a book."""
    return {
        "clause": _("政策条款"), "entitlement": _("资格额度"), "available": _("可用额度"),
        "reserved": _("预留"), "accrued": _("预计"), "payable": _("待兑付"), "sent": _("支付中"),
        "paid": _("已兑付"), "recoverable": _("应追缴"), "lapsed": _("已失效"),
        "appropriation": _("下达"), "free": _("可用"), "committed": _("已列清单"),
        "spent": _("已支出"), "returned": _("已交回"), "clearing": _("待对账"),
        "metered": _("已计量"), "invoiced": _("已开票"),
        "ceiling": _("年度限额"), "drawn": _("已占用"),
        **{code: f"{code} {word}" for code, word in labels(DifferenceCode).items()},
    }  # fmt: skip


def cause_place(row: Any) -> tuple[str, str]:  # noqa: ANN401 - a row of the books
    """What a cause names, and the page of that; "" where there is none."""
    if row.claim:
        name = _("清单 %(list)s 第 %(line)s 行，申请 %(claim)s") % _payment(row)
        return name, f"/payments/{quote(row.payment_list, safe='')}"
    if row.decision:
        return _("决定 %s") % row.decision, f"/decisions/{row.decision}"
    return row.cause, ""


def _payment(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the books
    """The names of a payment line."""
    return {"list": row.payment_list, "line": row.line, "claim": row.claim}


def book_place(row: Any) -> tuple[str, str]:  # noqa: ANN401 - a row of the books
    """Whose a book is, and the page of that."""
    if row.project:
        return row.project, f"/projects/{quote(row.project, safe='')}"
    if row.month:
        return row.month, f"/reconcile/{row.month.replace('-', '/', 1)}"
    return row.indicator or f"#{row.book}", "/payments#indicators"
