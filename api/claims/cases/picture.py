"""The picture of a course: its stages in their order, and who takes a case to each."""

from collections.abc import Sequence

from markupsafe import Markup

from api.language.i18n import gettext as _
from api.language.labels import label
from api.web import charts
from ledger.claims.codes import ClaimStage
from ledger.claims.rules.courses import FIRST, STEPS
from ledger.people.codes import Role

ROW = 7  # boxes side by side; a longer course goes on below


def course_pictures(course: Sequence[str], behind: Sequence[str]) -> list[Markup]:
    """Draw the stages of a course, a picture for each row; those `behind` are filled."""
    boxes = [(label(ClaimStage(stage)), _whose(stage), stage in behind) for stage in course]
    rows = [boxes[at : at + ROW] for at in range(0, len(boxes), ROW)]
    return [charts.flow(row, _title([name for name, _does, _there in row])) for row in rows]


def _whose(stage: str) -> str:
    if stage == FIRST:
        return label(Role.BUILDER)
    reaches = (roles for roles, states, following in STEPS.values()
               if following == stage and (states == f"< {stage}" or stage == "paid"))  # fmt: skip
    return label(Role(next(reaches).split()[0]))


def _title(names: Sequence[str]) -> str:
    return _("办理的环节：%s") % " → ".join(names)
