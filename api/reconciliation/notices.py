"""What the reconcile desk says after an act: the page that follows shows it as a notice."""

from enum import StrEnum

from api.language.i18n import gettext as _


class Act(StrEnum):
    """An act that is done; it travels in the address, as `?act=`."""

    MATCHED = "matched"
    PROPOSED = "proposed"
    PROPOSED_NEXT = "proposed-next"
    TOLERABLE = "tolerable"
    FALL = "fall"
    FALL_NEXT = "fall-next"
    EXTRA = "extra"
    RED = "red"
    MOVED = "moved"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CONFIRMED_NEXT = "confirmed-next"
    REFUSED_NEXT = "refused-next"


def notice(act: Act | None) -> str:
    """The act in words; "" where none was done."""
    if act is None:
        return ""
    return {
        Act.MATCHED: _("已匹配未分配的单据。"),
        Act.PROPOSED: _("已提出对账结论，等另一人确认。"),
        Act.PROPOSED_NEXT: _("刚才的对账结论已提出，等另一人确认；这是下一个月份。"),
        Act.TOLERABLE: _("容差以内的月份已一次提出，等另一人确认；其余留给人。"),
        Act.FALL: _("已提出调减，等另一人确认；此前账不变。"),
        Act.FALL_NEXT: _("刚才的调减已提出，等另一人确认，此前账不变；这是下一个月份。"),
        Act.EXTRA: _("已提出补认用量，等另一人确认。"),
        Act.RED: _("已提出红字发票冲回哪几行，等另一人确认。"),
        Act.MOVED: _("已改分配。"),
        Act.ASKED: _("问题已发给中心。"),
        Act.CONFIRMED: _("已确认。"),
        Act.REFUSED: _("已退回。"),
        Act.WITHDRAWN: _("已撤回。"),
        Act.CONFIRMED_NEXT: _("刚才的决定已确认；这是下一项。"),
        Act.REFUSED_NEXT: _("刚才的决定已退回；这是下一项。"),
    }[act]
