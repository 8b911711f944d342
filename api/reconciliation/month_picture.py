"""The picture of a contract's month: what was metered, invoiced and decided, part by part."""

from collections.abc import Sequence

from markupsafe import Markup

from api.language.format import money
from api.language.i18n import gettext as _
from api.language.labels import label
from api.web.charts import Bar, bars
from ledger.charging.rules.cells import Cell


def picture(cells: Sequence[Cell]) -> Markup:
    """Bars of one scale; the table beside it has the same figures."""
    groups = [(label(cell.part), _bars(cell)) for cell in cells]
    return bars(groups, _("各部分的计量、开票、核定"))


def _bars(cell: Cell) -> list[Bar]:
    rows = [
        Bar("accrued", _("计量"), cell.metered_fen, money(cell.metered_fen)),
        Bar("payable", _("开票"), cell.invoiced_fen, money(cell.invoiced_fen)),
        Bar("paid", _("核定"), cell.booked_fen, money(cell.booked_fen)),
    ]
    if cell.fall_fen:
        rows.append(Bar("lost", _("待调减"), cell.fall_fen, money(cell.fall_fen)))
    return rows
