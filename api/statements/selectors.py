"""Which usage a line of a contract or statement is for."""

from api.language.i18n import gettext as _
from api.language.labels import label_of
from ledger.registry.codes import Market


def selectors(partition: str | None, qos: str | None, market: str | None) -> str:
    """What the usage must have beyond its device; "" is any."""
    chosen = [f"{_('分区')} {partition}"] if partition else []
    chosen += [f"QOS {qos}"] if qos else []
    chosen += [label_of(Market, market)] if market else []
    return " · ".join(chosen)
