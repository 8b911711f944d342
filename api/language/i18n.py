"""The reader's language: Chinese is the source, English stands beside it in `locale/en.po`.

Every text that a person reads is written in Chinese where it is used, in `_(...)`, and translated
when it is shown: by `?lang=`, else the cookie `lang`, else what the browser prefers, else Chinese.
The .po file is read at the start, so there is no compile step to forget; a test fails on a text
without its English. Figures are written the same in both languages (`api/language/format.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LOCALE = Path(__file__).parent / "locale"
SOURCE = "zh-CN"
LANGUAGES = (SOURCE, "en")
COOKIE = "lang"

_current: ContextVar[str] = ContextVar("language", default=SOURCE)


def language() -> str:
    """The language of the request being answered: `zh-CN` or `en`."""
    return _current.get()


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """Everything inside is said in this language."""
    token = _current.set(wanted)
    try:
        yield
    finally:
        _current.reset(token)


def choose(query: str | None, cookie: str | None, accept: str | None) -> str:
    """The reader's language, from `?lang=`, the cookie and Accept-Language, in that order."""
    for said in (query, cookie):
        if found := _known(said or ""):
            return found
    weighed = sorted((_weight(item) for item in (accept or "").split(",")), reverse=True)
    return next((found for _, _, found in weighed if found), SOURCE)


def gettext(message: str) -> str:
    """The message in the reader's language; an unknown one as it is written."""
    return _translations(language()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """As `gettext`, where English tells one from many (Chinese does not)."""
    return _translations(language()).ngettext(singular, plural, n)


def _known(tag: str) -> str:
    """`en-GB` → `en`, `zh` → `zh-CN`; empty for a language that we don't speak."""
    main = tag.strip().lower().split("-")[0]
    return {"zh": SOURCE, "en": "en"}.get(main, "")


def _weight(item: str) -> tuple[float, bool, str]:
    """One item of Accept-Language by its preference; among equals the source language leads."""
    tag, _, rest = item.partition(";")
    found = _known(tag)
    try:
        weight = float(rest.strip().removeprefix("q=") or 1)
    except ValueError:
        weight = 0.0
    return weight, found == SOURCE, found if weight > 0 else ""


@cache
def _translations(wanted: str) -> NullTranslations:
    if wanted == SOURCE:
        return NullTranslations()
    with (LOCALE / f"{wanted}.po").open("rb") as file:
        catalogue = read_po(file, locale=wanted)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
