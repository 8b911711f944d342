"""The columns of the sheet of vouchers: its terms, and the facts that policies ask for.

A fact's column is known by its name in the policies (`parameters`) or by their words for it. Sums
are yuan, as people type them («500万» too).
"""

from collections.abc import Iterator, Mapping
from functools import partial

from api.language.i18n import gettext as _
from api.policy.explain import wording
from api.vouchers.routes import OF_THE_BOOKS
from api.web.sheets import SheetColumn, names_of
from ledger.policy.decide.explain import FactName, fact_name
from ledger.policy.decide.fact_checks import names
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import load, versions
from ledger.units import yuan

TERMS = (
    SheetColumn("project", lambda: _("项目编号")),
    SheetColumn("name", lambda: _("项目名称")),
    SheetColumn("policy", lambda: _("政策版本")),
    SheetColumn("clause", lambda: _("条款")),
    SheetColumn("face_yuan", lambda: _("面额（元）")),
    SheetColumn("valid_from", lambda: _("有效期起")),
    SheetColumn("valid_until", lambda: _("有效期止（不含此日）")),
)


def sheet_title() -> str:
    """The sheet that is read back."""
    return _("算力券")


def figures_title() -> str:
    """The sheet of what came of them, which nobody reads back."""
    return _("额度")


def sheet_names() -> list[str]:
    """Every name of the sheet that is read."""
    return list(names_of("vouchers", sheet_title))


def figures_names() -> list[str]:
    """Every name of the sheet that is not."""
    return list(names_of("quotas", figures_title))


def columns() -> list[SheetColumn]:
    """All columns, in their order."""
    return [*TERMS, *(_column(fact) for fact in _facts().values())]


def typed(policy: Policy, facts: Mapping[str, object]) -> dict[str, str]:
    """The facts of a voucher as somebody would type them."""
    return {
        name: _typed(policy.facts[name].kind, value)
        for name, value in facts.items()
        if name in policy.facts and name not in OF_THE_BOOKS
    }


def _facts() -> dict[str, FactName]:
    """The facts that clauses with vouchers use, of every version, the newest version's words."""
    return {fact.name: fact for version in versions() for fact in _of_policy(load(version))}


def _of_policy(policy: Policy) -> Iterator[FactName]:
    for clause in policy.clauses:
        if clause.voucher:
            for name in names(policy, clause):
                if name not in OF_THE_BOOKS:
                    yield fact_name(policy, name)


def _column(fact: FactName) -> SheetColumn:
    choices = partial(_choices, fact)
    return SheetColumn(fact.name, partial(wording.fact_label, fact), choices)


def _choices(fact: FactName) -> dict[str, str]:
    if fact.kind == "yes_no":
        return {"yes": _("是"), "no": _("否")}
    return {choice: wording.value(fact, choice) for choice in fact.choices}


def _typed(kind: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return yuan(value) if kind == "money" and isinstance(value, int) else str(value)
