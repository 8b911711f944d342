"""Put what somebody typed back into a form of a page, and what is wrong beside the fields.

The page is taken as its template made it, and only the form changes: values, choices, ticks, the
faults at their fields and above them. A browser gives no file twice, so files are chosen again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from starlette.datastructures import FormData

from api.door.files import PAGE_FIELD
from api.language.i18n import gettext as _

_TEXTS = {"text", "date", "month", "number", "search", "email", "tel", "url", ""}
_TICKS = {"checkbox", "radio"}
_Edit = tuple[int, int, str]  # what stands from here to there becomes this


@dataclass(frozen=True)
class FormFaults:
    """Why a form was not taken: a sentence, faults by field, and those that belong to no field."""

    detail: str
    by_field: Mapping[str, str]
    general: Sequence[str] = ()


@dataclass
class _Control:
    """A control of a form, and where it stands in the page."""

    tag: str
    attributes: dict[str, str]
    start: int
    end: int  # of its start tag
    inner_end: int = 0  # of what stands in it
    options: "list[_Control]" = field(default_factory=list)
    details: "list[_Control]" = field(default_factory=list)  # around it

    @property
    def name(self) -> str:
        return self.attributes.get("name", "")

    @property
    def kind(self) -> str:
        return self.attributes.get("type", "") if self.tag == "input" else self.tag

    @property
    def after(self) -> int:
        """Where it is over."""
        return self.end if self.tag == "input" else self.inner_end + len(f"</{self.tag}>")


@dataclass
class _Form:
    """A form, the details around it, and its controls in their order."""

    attributes: dict[str, str]
    end: int  # of its start tag
    details: list[_Control]
    controls: list[_Control] = field(default_factory=list)

    def fits(self, data: FormData) -> bool:
        """Whether this is the form that was sent: its hidden fields say the same."""
        return all(
            c.attributes.get("value", "") == data.get(c.name)
            for c in self.controls
            if c.kind == "hidden" and c.name != PAGE_FIELD
        )


class _Reader(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [0]
        for line in html.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self.forms: list[_Form] = []
        self._form: _Form | None = None
        self._open: _Control | None = None
        self._details: list[_Control] = []
        self.feed(html)
        self.close()

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start, text = self._at(), self.get_starttag_text() or ""
        attributes = {name: value or "" for name, value in attrs}
        control = _Control(tag, attributes, start, start + len(text))
        if tag == "details":
            self._details.append(control)
        elif tag == "form":
            self._form = _Form(attributes, control.end, list(self._details))
            self.forms.append(self._form)
        elif self._form is not None and tag in ("input", "select", "textarea"):
            control.details = list(self._details)
            self._form.controls.append(control)
            self._open = control if tag != "input" else None
        elif tag == "option" and self._open is not None:
            self._open.options.append(control)

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._open.options:
            option = self._open.options[-1]
            option.attributes.setdefault("value", data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag == "details" and self._details:
            self._details.pop()
        elif tag == "form":
            self._form = None
        elif self._open is not None and tag == self._open.tag:
            self._open.inner_end = self._at()
            self._open = None


def refill(html: str, action: str, data: FormData, page: str, faults: FormFaults | None) -> str:
    """Return the page with its form as it was sent; unchanged where it has no such form.

    Args:
        html: the page.
        action: where the form is sent to.
        data: what was sent.
        page: the page's address, which goes along when the form is sent again.
        faults: what is wrong, if anything.
    """
    forms = [form for form in _Reader(html).forms if form.attributes.get("action") == action]
    form = next((form for form in forms if form.fits(data)), None)
    if form is None:
        return ""
    by_field = dict(faults.by_field) if faults else {}
    around = [*form.details]
    edits: list[_Edit] = []
    first = True
    for control in form.controls:
        fault = by_field.pop(control.name, None)
        edits += _fill(control, data, fault, first=first)
        around += control.details if fault is not None else ()
        first = first and fault is None
    closed = {part.end for part in around if "open" not in part.attributes}
    edits += [(end - 1, end, " open>") for end in closed]
    head = f'<input type="hidden" name="{PAGE_FIELD}" value="{escape(page)}">'
    if faults is not None:
        head = _notice(faults, [*faults.general, *by_field.values()], first=first) + head
    return _edited(html, [(form.end, form.end, head), *edits])


def _fill(control: _Control, data: FormData, fault: str | None, *, first: bool) -> Iterator[_Edit]:
    """The edits that give a control what was sent, and what is wrong with it right after it."""
    values = [value for value in data.getlist(control.name) if isinstance(value, str)]
    attributes = dict(control.attributes)
    if control.kind in _TICKS:
        attributes.pop("checked", None)
        attributes |= {"checked": ""} if attributes.get("value", "on") in values else {}
    elif control.kind in _TEXTS and values:
        attributes["value"] = values[0]
    elif control.tag == "textarea":
        yield control.end, control.inner_end, "\n" + escape(values[0] if values else "")
    elif control.tag == "select":
        yield from (_option(option, values) for option in control.options)
    if fault is not None:
        name = f"fault-{control.name}"
        attributes |= {"aria-invalid": "true", "aria-describedby": name}
        attributes |= {"autofocus": ""} if first else {}
        yield (
            control.after, control.after,
            f'<span class="state warm" role="alert" id="{escape(name)}">▲ {escape(fault)}</span>',
        )  # fmt: skip
    if attributes != control.attributes:
        yield control.start, control.end, _tag(control.tag, attributes)


def _option(option: _Control, values: Sequence[str]) -> _Edit:
    attributes = {k: v for k, v in option.attributes.items() if k != "selected"}
    if attributes.get("value", "") in values:
        attributes["selected"] = ""
    return (option.start, option.end, _tag("option", attributes))


def _notice(faults: FormFaults, general: Sequence[str], *, first: bool) -> str:
    rows = "".join(f"<li>{escape(text)}</li>" for text in general)
    listing = f'<ul class="steps">{rows}</ul>' if rows else ""
    focus = ' tabindex="-1" autofocus' if first else ""
    words = escape(_("没有收下：{detail}").format(detail=faults.detail))
    return f'<div class="notice" role="alert"{focus}><p>{words}</p>{listing}</div>'


def _tag(tag: str, attributes: Mapping[str, str]) -> str:
    texts = (f'{name}="{escape(value)}"' if value else name for name, value in attributes.items())
    return f"<{' '.join((tag, *texts))}>"


def _edited(html: str, edits: Sequence[_Edit]) -> str:
    """The page after the edits; of two at one place the first stands before the second."""
    parts, at = [], 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        parts += [html[at:start], text]
        at = max(at, end)
    return "".join((*parts, html[at:]))
