"""What the month's codes are called on the pages: decisions, claims, documents, differences."""

from collections.abc import Mapping

from api.language.i18n import gettext as _
from api.web.mark import Mark


def said(words: Mapping[str, str], code: str) -> str:
    """The word for a code; a code without a word as it is."""
    return words.get(code, code)


def decision_kinds() -> dict[str, str]:
    """What is decided by one person and confirmed by another."""
    return {
        "document": _("录入单据"),
        "reconciliation": _("对账"),
        "extra": _("补认用量"),
        "claim": _("批准兑付"),
        "account": _("收款账户"),
        "indicator": _("预算指标"),
        "payment_list": _("付款清单"),
        "refund": _("退款入账"),
        "recovery": _("立案追缴"),
        "cap": _("调整上限"),
        "lapse": _("额度失效"),
        "year_end": _("年终结转"),
    }


def answer(code: str | None) -> Mark:
    """Whether a decision is confirmed."""
    return {
        None: Mark("◔", _("待确认"), warm=True),
        "confirmed": Mark("●", _("已确认")),
        "refused": Mark("■", _("已退回"), warm=True),
        "withdrawn": Mark("○", _("已撤回")),
    }[code]


def claim_states() -> dict[str, str]:
    """Where a claim stands."""
    return {
        "draft": _("草稿"),
        "submitted": _("已提交"),
        "accepted": _("已受理"),
        "published": _("公示中"),
        "objected": _("有异议"),
        "approved": _("已批准"),
        "listed": _("银行处理中"),
        "paid": _("已到账"),
        "refused": _("不予兑付"),
        "withdrawn": _("已撤回"),
    }


def claim_mark(state: str) -> Mark:
    """A claim's state as a shape and a word."""
    shapes = {"draft": "○", "paid": "●", "objected": "▲", "refused": "■", "withdrawn": "◇"}
    word = said(claim_states(), state)
    return Mark(shapes.get(state, "◔"), word, warm=state in {"objected", "refused"})


def claim_actions() -> dict[str, str]:
    """What can be done with a claim."""
    return {
        "submit": _("提交"),
        "return": _("退回补正"),
        "accept": _("受理"),
        "publish": _("发布公示"),
        "object": _("登记异议"),
        "dismiss": _("异议不成立"),
        "uphold": _("异议成立"),
        "propose": _("提出批准"),
        "approve": _("批准"),
        "refuse": _("决定不付"),
        "withdraw": _("撤回"),
        "list": _("列入清单"),
        "bounce": _("退票"),
        "pay": _("到账"),
    }


def file_roles() -> dict[str, str]:
    """What a claim's files are for."""
    return {
        "application": _("兑付申请表"),
        "commitment": _("承诺书"),
        "receipt": _("付款凭证"),
        "account": _("收款账户证明"),
        "contract": _("合同文本"),
        "result": _("成果材料"),
        "other": _("其他材料"),
    }


def document_kinds() -> dict[str, str]:
    """What kind of paper a cost document is."""
    return {
        "digital_invoice": _("数电票"),
        "electronic_invoice": _("增值税电子发票"),
        "paper_invoice": _("纸质发票"),
        "internal_settlement": _("校内结算"),
        "other": _("其他凭证"),
    }


def document_states() -> dict[str, str]:
    """Whether a document may be relied on."""
    return {
        "standing": _("有效"),
        "to_confirm": _("待确认"),
        "frozen": _("冻结"),
        "refused": _("已退回"),
        "dropped": _("已重录"),
    }


def document_filters() -> dict[str, str]:
    """What a list of documents can be narrowed to."""
    wanted = {k: v for k, v in document_states().items() if k in ("to_confirm", "frozen")}
    return wanted | {"unallocated": _("未分配完"), "refused": _("已退回")}


def document_mark(state: str, *, red: bool) -> Mark:
    """A document's state as a shape and a word; a red one says so."""
    word = said(document_states(), state)
    if red and state == "standing":
        return Mark("▼", _("红字"), warm=True)
    shapes = {"standing": "●", "to_confirm": "◔", "frozen": "■", "refused": "◇"}
    return Mark(shapes.get(state, "○"), word, warm=state in {"to_confirm", "frozen"})


def sources() -> dict[str, str]:
    """How a cost document came in."""
    return {"xml": "XML", "ofd": "OFD", "keyed": _("手工录入")}


def treatments() -> dict[str, str]:
    """What is decided of a difference."""
    return {
        "exclude": _("剔除"),
        "carry_over": _("结转"),
        "close": _("不再开票"),
        "note": _("计入，仅记录"),
    }


def project_kinds() -> dict[str, str]:
    """The two kinds of projects, in a word."""
    return {"model": _("大模型"), "team": _("人才团队")}


def line_kinds() -> dict[str, str]:
    """The kinds of contract lines."""
    return {
        "metered": _("按用量"),
        "reserved": _("包占"),
        "package": _("套餐"),
        "fixed": _("固定费"),
    }


def markets() -> dict[str, str]:
    """Whether a holder runs on demand or spot."""
    return {"on-demand": _("按需"), "spot": _("竞价")}


def selectors(partition: str | None, qos: str | None, market: str | None) -> str:
    """Which usage a contract line is for beyond its device; "" is any."""
    told = [f"{_('分区')} {partition}"] if partition else []
    told += [f"QOS {qos}"] if qos else []
    told += [said(markets(), market)] if market else []
    return " · ".join(told)


def standings() -> dict[str, Mark]:
    """What a party says of a whole statement."""
    return {
        "confirmed": Mark("●", _("已确认")),
        "contested": Mark("▲", _("有出入"), warm=True),
        "open": Mark("○", _("未答完")),
    }


def parties() -> dict[str, str]:
    """Who answers a statement."""
    return {"centre": _("智算中心"), "builder": _("模型企业")}


def line_answers() -> dict[str, str]:
    """A party's word on a line of a statement."""
    return {"confirmed": _("确认"), "contested": _("有出入")}


def exceptions() -> dict[str, str]:
    """The kinds of differences of a reconciliation."""
    return {
        "R01": _("重复发票"),
        "R02": _("红冲或作废"),
        "R03": _("购方不符"),
        "R04": _("销方不符"),
        "R05": _("付款不符"),
        "R06": _("超出合同"),
        "R07": _("用量不支持"),
        "R08": _("产能不可能"),
        "R09": _("单价异常"),
        "R10": _("票面不平"),
        "R11": _("品目不符"),
        "R12": _("税率提示"),
        "R13": _("关联方"),
        "R14": _("期外"),
        "R15": _("重复支持"),
        "R16": _("缺件"),
        "R17": _("少于计量"),
        "R18": _("红字确认在途"),
        "R19": _("计税口径不一"),
        "R20": _("证据等级不足"),
    }
