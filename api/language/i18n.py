"""The reader's language: Chinese is the source, English stands beside it in `locale/en.po`.

A text that people read is written in Chinese where it is used: `_("…")` translates it there and
then; in a table of a module, which is read before any reader is known, `msgid("…")` only names it
for the catalogue, and whoever shows it calls `_(text)`. The language is that of `?lang=`, else of
the cookie `lang`, else what the browser prefers, else Chinese.

`make messages` brings new texts into `locale/en.po`; the build compiles it (`hatch_build.py`), so
that running needs the standard library alone. Figures are written the same in both languages
(`api/language/format.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
SOURCE = "zh-CN"
LANGUAGES = (SOURCE, "en")
COOKIE = "lang"

_current: ContextVar[str] = ContextVar("language", default=SOURCE)


def language() -> str:
    """The language of the request being answered: `zh-CN` or `en`."""
    return _current.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Show every text inside in this language."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def choose(query: str | None, cookie: str | None, accept: str | None) -> str:
    """The reader's language, from `?lang=`, the cookie and Accept-Language, in that order."""
    for tag in (query, cookie):
        if tag_language := _supported(tag or ""):
            return tag_language
    weighed = sorted((_weight(item) for item in (accept or "").split(",")), reverse=True)
    return next((tag_language for _, _, tag_language in weighed if tag_language), SOURCE)


def gettext(message: str) -> str:
    """The message in the reader's language; one that the catalogue lacks as it is written."""
    return _translations(language()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """As `gettext`, where English tells one from many (Chinese does not)."""
    return _translations(language()).ngettext(singular, plural, n)


def msgid(message: str) -> str:
    """The message as it is: only its name for the catalogue. Show it through `gettext`."""
    return message


def _supported(tag: str) -> str:
    """`en-GB` → `en`, `zh` → `zh-CN`; empty for a language that we don't speak."""
    main = tag.strip().lower().split("-")[0]
    return {"zh": SOURCE, "en": "en"}.get(main, "")


def _weight(item: str) -> tuple[float, bool, str]:
    """One item of Accept-Language by its preference; among equals the source language leads."""
    tag, _, rest = item.partition(";")
    tag_language = _supported(tag)
    try:
        weight = float(rest.strip().removeprefix("q=") or 1)
    except ValueError:
        weight = 0.0
    return weight, tag_language == SOURCE, tag_language if weight > 0 else ""


@cache
def _translations(language: str) -> NullTranslations:
    if language == SOURCE:
        return NullTranslations()
    path = LOCALE / f"{language}.mo"
    try:
        with path.open("rb") as file:
            return GNUTranslations(file)
    except FileNotFoundError as error:
        raise RuntimeError(f"{path} is missing: `make install` compiles it from the .po") from error
