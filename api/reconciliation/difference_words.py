"""What a difference rests on, in words: one short sentence for each fact.

The one place where `ledger.reconciliation.rules.facts` is put into words, for the page, the JSON
and the command.
"""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from api.language.format import exact_money, gpu_hours, money, percent
from api.language.i18n import gettext as _
from api.language.labels import label_of
from ledger.documents.codes import DocumentKind
from ledger.documents.rules.cost_document import Party
from ledger.reconciliation.rules.difference_codes import Difference
from ledger.reconciliation.rules.facts import Facts, Spell

MILLION = 1_000_000


def words(difference: Difference) -> list[str]:
    """The dates, figures and names, a sentence each; none where the code says it all."""
    facts = difference.facts
    return [
        *_of_days(facts), *_of_amounts(facts), *_of_payments(facts), *_of_prices(facts),
        *_of_names(facts), *_of_metering(facts),
    ]  # fmt: skip


def _of_days(facts: Facts) -> Iterator[str]:
    if "service" in facts:
        first, last = facts["service"]
        yield _("服务期 {first} 至 {last}").format(first=first, last=last)
    if "contracts" in facts:
        spells = facts["contracts"]
        if spells:
            yield _("合同期 {spells}").format(spells="、".join(map(_spell, spells)))
        else:
            yield _("双方之间没有登记的合同期")
    if "month" in facts:
        yield _("计入账期 {month}").format(month=f"{facts['month']:%Y-%m}")


def _of_amounts(facts: Facts) -> Iterator[str]:
    if "metered_fen" in facts:
        yield _("计量 {metered}，已开票 {invoiced}").format(
            metered=money(facts["metered_fen"]), invoiced=money(facts["invoiced_fen"])
        )
    if facts.get("left_out_fen"):
        yield _("其中因别的差异不计入 {amount}").format(amount=money(facts["left_out_fen"]))
    if facts.get("extra_fen"):
        yield _("补认用量 {amount}").format(amount=money(facts["extra_fen"]))
    if facts.get("closed_fen"):
        yield _("已了结 {amount}").format(amount=money(facts["closed_fen"]))
    if "red_fen" in facts:
        yield _("蓝字 {net}，红字冲回 {red}").format(
            net=money(facts["net_fen"]), red=money(-facts["red_fen"])
        )
    if "line_sum_fen" in facts:
        yield _("各行合计 {lines}，票面 {net}，税额 {tax}，价税合计 {gross}").format(
            lines=money(facts["line_sum_fen"]), net=money(facts["net_fen"]),
            tax=money(facts["tax_fen"]), gross=money(facts["gross_fen"]),
        )  # fmt: skip
    if "billed_gross_fen" in facts:
        total = facts["total_gross_fen"]
        yield _("合同总额 {total}，累计开票 {billed}（含税）").format(
            total="—" if total is None else money(total), billed=money(facts["billed_gross_fen"])
        )


def _of_payments(facts: Facts) -> Iterator[str]:
    if "receipts" not in facts:
        return
    gross, proven = facts["gross_fen"], facts["receipts_gross_fen"]
    if not facts["receipts"]:
        yield _("价税合计 {gross}，没有付款凭证").format(gross=money(gross))
        return
    yield _("价税合计 {gross}，凭证合计 {receipts}，还缺 {missing}").format(
        gross=money(gross), receipts=money(proven), missing=money(max(gross - proven, 0))
    )
    for payer, payee, fen in facts["receipts"]:
        yield _("{payer} 付 {payee} {amount}").format(payer=payer, payee=payee, amount=money(fen))


def _of_prices(facts: Facts) -> Iterator[str]:
    if "unit_price_fen" in facts:
        yield _("发票单价 {price}，合同单价 {contract}（不含税）").format(
            price=_price(facts["unit_price_fen"]), contract=_price(facts["contract_price_fen"])
        )
    if facts.get("with_tax"):
        yield _("恰好是合同单价再加税")
    if "band" in facts:
        low, high = facts["band"]
        yield _("合同单价每卡时 {price}，参考价 {low} 至 {high}（不含税）").format(
            price=_price(facts["contract_price_fen"]), low=_price(low), high=_price(high)
        )
    if "item" in facts:
        yield _("项目名称 {item}").format(item=facts["item"])
    if "contract_tax_rates" in facts:
        rates = "、".join(map(_tax_rate, facts["contract_tax_rates"]))
        yield _("发票税率 {rate}，合同税率 {contract}").format(
            rate=facts["tax_rate"] or "—", contract=rates
        )
    elif "tax_rate" in facts:
        yield _("税率 {rate}").format(rate=facts["tax_rate"] or "—")


def _tax_rate(rate: Fraction) -> str:
    """As an invoice has it: `6%`."""
    return percent(int(rate * MILLION)).replace(".0%", "%")


def _of_names(facts: Facts) -> Iterator[str]:
    if "party" in facts:
        yield _("发票上是 {party}").format(party=_party(facts["party"]))
        names = "、".join(map(_party, facts["parties"])) or "—"
        yield _("登记的是 {parties}").format(parties=names)
    elif "parties" in facts:
        seller, buyer = facts["parties"]
        yield _("销方 {seller}，购方 {buyer}").format(seller=seller.name, buyer=buyer.name)
    if "persons" in facts:
        if facts["persons"]:
            yield _("双方都由 {persons} 控制").format(persons="、".join(facts["persons"]))
        elif facts["parties"][0].uscc == facts["parties"][1].uscc:
            yield _("双方是同一单位")
        else:
            yield _("登记为关联方")
    if "documents" in facts:
        yield _("另一张：{numbers}").format(numbers="、".join(facts["documents"]))
    if "kind" in facts:
        yield _("单据种类 {kind}").format(kind=label_of(DocumentKind, facts["kind"]))


def _of_metering(facts: Facts) -> Iterator[str]:
    if facts.get("without_proof"):
        yield _("作业占用超过登记或认定的容量")
    if "capacity_ms" in facts:
        yield _("用了 {used} 卡时，最多可有 {capacity}").format(
            used=gpu_hours(facts["used_ms"]), capacity=gpu_hours(facts["capacity_ms"])
        )
    for grade, fen in facts.get("grades", {}).items():
        yield _("证据等级 {grade}：{amount}").format(grade=grade, amount=money(fen))


def _spell(spell: Spell) -> str:
    since, until = spell
    last = until - timedelta(days=1) if until else None
    if since is None and last is None:
        return _("一直")
    if last is None:
        return _("{day} 起").format(day=since)
    if since is None:
        return _("至 {day}").format(day=last)
    return _("{first} 至 {last}").format(first=since, last=last)


def _party(party: Party) -> str:
    return f"{party.name} {party.uscc}".strip()


def _price(fen: Fraction) -> str:
    return exact_money(fen)
