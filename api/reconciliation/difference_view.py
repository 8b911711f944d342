"""The differences of a contract's month as the reconcile desk shows them, and what was chosen.

The greatest sums stand first. Each difference says what becomes of it by default, and what a person
may choose instead; only what differs from the default, or has a reason, is sent as a choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from api.language.i18n import gettext as _
from api.language.labels import label, label_of
from api.reconciliation.difference_words import words
from api.statements.selectors import selectors
from api.web.forms import text
from ledger.reconciliation.codes import DifferenceCode, Treatment
from ledger.reconciliation.queries.decided import Treated
from ledger.reconciliation.queries.months import ChargedLine
from ledger.reconciliation.rules.choices import Choice, allowed_treatments, treatment
from ledger.reconciliation.rules.difference_codes import Difference
from ledger.registry.codes import LineKind, PriceUnit


@dataclass(frozen=True)
class Row:
    """A difference with its words. `default` is "" where a person must choose."""

    place: int  # in the order of the page
    key: str  # what it is about: its fields are named by it, so no choice slips to another one
    difference: Difference
    name: str
    means: str
    facts: list[str]  # what it rests on
    handling: str
    asks: bool
    number: str  # the document's
    cell: str
    default: str
    options: tuple[tuple[str, str], ...]
    reason: str = ""
    treated: Treated | None = None  # as two persons decided, where that still holds

    def with_choice(self, option: str, reason: str) -> "Row":
        """The row with what somebody typed, or decided before."""
        codes = {code for code, _word in self.options}
        return replace(self, default=option if option in codes else "", reason=reason)


def by_money(differences: Sequence[Difference]) -> list[Difference]:
    """By money, the greatest first; then as they were found."""
    return sorted(differences, key=lambda difference: -abs(difference.fen))


def rows(
    differences: Sequence[Difference],
    numbers: Mapping[int, str],
) -> list[Row]:
    """The differences for the page, with the names of documents and of parts of the cost."""
    return [
        Row(
            place=place,
            key=key_of(difference),
            difference=difference,
            name=label(DifferenceCode(difference.code)),
            means=means()[difference.code],
            facts=words(difference),
            handling=label(difference.handling),
            asks=difference.handling == "person",
            number=numbers.get(difference.document, f"#{difference.document}")
            if difference.document
            else "",
            cell=label(difference.cell[2]) if difference.cell else "",
            default=treatment(difference, ()) or "",
            options=options(difference),
        )
        for place, difference in enumerate(by_money(differences))
    ]


def decided_rows(found_rows: Sequence[Row], treatments: Sequence[Treated]) -> list[Row]:
    """The rows of a decided month: nobody is asked, and what was chosen stays to be seen."""
    result = []
    for row in found_rows:
        treated = next((t for t in treatments if t.is_about(row.difference)), None)
        if treated is None:
            result.append(row)
            continue
        settled_row = replace(row, asks=False, treated=treated)
        result.append(settled_row.with_choice(treated.treatment, treated.reason))
    return result


def typed_rows(found_rows: Sequence[Row], data: FormData) -> list[Row]:
    """The rows with what stands in a form."""
    return [
        row.with_choice(text(data, f"treatment {row.key}"), text(data, f"reason {row.key}"))
        for row in found_rows
    ]


def choices_in(found_rows: Sequence[Row]) -> list[Choice]:
    """What the rows choose; a row that says nothing new is none."""
    choices = []
    for row in found_rows:
        difference = row.difference
        if not row.default or (row.default == treatment(difference, ()) and not row.reason):
            continue
        part = difference.cell[2] if difference.cell else None
        choices.append(
            Choice(
                difference.code, row.default, row.reason, difference.document, difference.line, part
            )
        )
    return choices


def key_of(difference: Difference) -> str:
    """What a difference is about, in a word."""
    part = difference.cell[2] if difference.cell else ""
    return f"{difference.code}:{difference.document or ''}:{difference.line or ''}:{part}"


def options(difference: Difference) -> tuple[tuple[str, str], ...]:
    """What may be chosen of a difference."""
    return tuple((code, label(Treatment(code))) for code in allowed_treatments(difference))


def means() -> dict[str, str]:
    """What each kind of difference means, in a sentence."""
    return {
        "R01": _("同一号码换个写法又来一次。"),
        "R02": _("这张发票已被红字冲掉一部分或全部。"),
        "R03": _("购方不是项目一方。"),
        "R04": _("销方不是中心一方。"),
        "R05": _("付款人、收款人或金额与发票不一致。"),
        "R06": _("服务期有一部分不在合同期内。"),
        "R07": _("开票多于计量，多出的不计入。"),
        "R08": _("用量大于已登记的设备乘以时间。"),
        "R09": _("数量乘以合同单价，与这一行的金额不符。"),
        "R10": _("各行、合计、价税合计不平，或代码校验不过。"),
        "R11": _("这一行不是算力。"),
        "R12": _("这一行的税率不常见。"),
        "R13": _("销方与购方有关联。"),
        "R14": _("不在合同期、服务期或政策有效期之内。"),
        "R15": _("另一条款下有同样的一行。"),
        "R16": _("政策没有列出这种单据。"),
        "R17": _("开票少于计量：折扣、优惠券，或者还没开票。"),
        "R18": _("红字确认单已开，红字发票还没到。"),
        "R19": _("税率与合同不同，或在含税单价上又加了税。"),
        "R20": _("用量的证据等级不在可付之列。"),
    }


def choices_of(differences: Sequence[Difference], data: FormData) -> list[Choice]:
    """The choices of a form; a row that says nothing new is none."""
    return choices_in(typed_rows(rows(differences, {}), data))


def line_name(line: ChargedLine) -> str:
    """A contract line in a few words: kind, model, what else it is for, price."""
    model = " ".join(part for part in (line.model, line.mig_profile) if part)
    price = f"{line.yuan.normalize():f} / {label_of(PriceUnit, line.unit)}"
    kind = label_of(LineKind, line.kind)
    selection = selectors(line.partition, line.qos, line.market)
    return " · ".join(part for part in (kind, line.name, model, selection, price) if part)
