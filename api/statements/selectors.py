"""Which usage a line of a contract or statement is for."""

from api.language.i18n import gettext as _
from api.language.labels import label_of
from ledger.registry.codes import Market


def selectors(partition: str | None, qos: str | None, market: str | None) -> str:
    """What the usage must have beyond its device; "" is any."""
    texts = [f"{_('分区')} {partition}"] if partition else []
    texts += [f"QOS {qos}"] if qos else []
    texts += [label_of(Market, market)] if market else []
    return " · ".join(texts)
