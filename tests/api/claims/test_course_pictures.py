"""The picture of a course, on a page and in the documents, is drawn of the table of steps."""

import pytest

from api.claims.cases.picture import course_pictures
from api.language.i18n import speaking
from tests.support.cases.courses import COURSES
from tests.support.paths import DOCS

STYLE = (
    "<style>.step{fill:#eef4ff;stroke:#1f5fbf;stroke-width:3}.arrow{stroke:#667;stroke-width:3}"
    ".head{fill:#667}text{font:26px sans-serif;text-anchor:middle;fill:#223}"
    "text.name{font-size:32px;font-weight:600}</style>"
)
IN_DOCUMENTS = ("voucher", "dongxihu", "zhongshan")


def pictures_of(course: tuple[str, ...]) -> list[str]:
    """A course as files: with the style and the name space that a page has for all pictures."""
    with speaking("zh-CN"):
        pictures = course_pictures(course, course)
    return [
        str(picture)
        .replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        .replace(">", f">{STYLE}", 1)
        for picture in pictures
    ]


@pytest.mark.parametrize("name", IN_DOCUMENTS)
def test_the_documents_show_the_course_as_it_is(name: str, pytestconfig: pytest.Config) -> None:
    for number, picture in enumerate(pictures_of(COURSES[name]), start=1):
        file = DOCS / "awards" / f"{name}-{number}.svg"
        if pytestconfig.getoption("--renew-pictures"):
            file.write_text(picture + "\n", encoding="utf-8")
        assert file.read_text(encoding="utf-8") == picture + "\n"


def test_what_a_case_has_not_reached_is_dashed() -> None:
    (picture,) = course_pictures(COURSES["voucher"], COURSES["voucher"][:3])
    assert str(picture).count('class="step later"') == 4
