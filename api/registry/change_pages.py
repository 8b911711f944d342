"""Change the registry in a browser: by a file or by one entry, with a preview of what will change.

A form of one entry is a file with one entry, so both follow the rules of `docs/registry.md`. What
touches charged usage becomes a decision, which another person answers on its page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session, select
from starlette.datastructures import FormData

from api.door.dependencies import Db, LateAfter, Now, ReadDb
from api.door.problems import Refusal
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import LINE_MAX, TEXT_MAX
from api.language.labels import label, label_of
from api.messages.sentences import findings
from api.registry import entry_form, routes
from api.registry.entry_form import CORRECTED, at_fields, has_form, prefilled, typed_fields
from api.registry.entry_routes import Registry
from api.registry.parents import Parents
from api.registry.routes import Clerk
from api.registry.workbook.reading import RegistryFile
from api.web import forms
from api.web.forms import SentForm, text
from api.web.layout import Frame, Framed
from ledger.desk.queries.registry_entries import RegistryEntry
from ledger.desk.steps.take_registry import RegistryPreview, preview_registry
from ledger.errors import Finding, NotFound
from ledger.formats.findings import bounded
from ledger.registry.codes import RegistrySection
from ledger.registry.tables import Organisation

router = APIRouter(include_in_schema=False)

SHOWN = 200  # changes of a preview; of more the number is told
UNPROCESSABLE = 422


@dataclass(frozen=True)
class Desk:
    """Who registers now, and what a request has for it."""

    db: Db
    viewer: Clerk
    now: Now
    late_after: LateAfter

    def preview(self, content: str, *, supersede: bool) -> RegistryPreview:
        """Tell what a file would change; nothing is kept."""
        actor = self.viewer.actor
        return preview_registry(self.db, content, actor=actor, now=self.now, supersede=supersede)

    def register(self, content: str, way_on: str, *, supersede: bool, reason: str) -> Response:
        """Register a file, and lead on: to the decision that something waits for, or back."""
        outcome = routes.register_file(
            file=RegistryFile(content), viewer=self.viewer, db=self.db, now=self.now,
            late_after=self.late_after, supersede=supersede, reason=reason[:TEXT_MAX],
        )  # fmt: skip
        if outcome.decision is not None:
            return RedirectResponse(f"/decisions/{outcome.decision}", 303)
        act = "registered" if outcome.created or outcome.superseded else "unchanged"
        return RedirectResponse(f"{way_on}?act={act}", 303)


Registering = Annotated[Desk, Depends()]


@router.get("/registry/file")
def file_form(*, frame: Framed, viewer: Clerk) -> HTMLResponse:
    """The empty form of a registry file."""
    del viewer
    return _file_page(frame, RegistryFile(""), {})


@router.post("/registry/file")
@limited(body=FORM_MAX)
def take_file(*, data: SentForm, frame: Framed, desk: Registering) -> Response:
    """Preview a file, or register it; its text stays in the form, where it can be mended."""
    file, typed = _file(data, desk), _typed(data)
    preview = desk.preview(file.text, supersede=bool(typed["supersede"]))
    faults = preview.report.findings
    if faults or text(data, "act") != "register":
        return _file_page(frame, file, typed, preview, faults)
    return desk.register(file.text, "/registry", **_how(typed))


def _file(data: FormData, desk: Desk) -> RegistryFile:
    """The file that was chosen, or else the text in the form."""
    file = forms.file(data)
    if file is None:
        content = data.get("content")
        return RegistryFile(content.replace("\r\n", "\n") if isinstance(content, str) else "")
    return routes.file_of(file.content, desk.db, desk.now)


def _typed(data: FormData) -> dict[str, str]:
    return {name: text(data, name) for name in ("supersede", "reason")}


def _how(typed: Mapping[str, str]) -> dict[str, Any]:
    return {"supersede": bool(typed["supersede"]), "reason": typed["reason"]}


def _file_page(
    frame: Frame,
    file: RegistryFile,
    typed: Mapping[str, str],
    preview: RegistryPreview | None = None,
    faults: Sequence[Finding] = (),
) -> HTMLResponse:
    lines = file.text.split("\n")
    shown = bounded(faults)
    rows = zip(shown, findings(file.at_rows(shown)), strict=True)
    return frame.page(
        "registry/file.html",
        {
            "content": file.text,
            "typed": typed,
            "faults": [{**row, "line": _line(fault.where, lines)} for fault, row in rows],
            "preview": preview_view(preview) if preview and not faults else None,
        },
        UNPROCESSABLE if faults else 200,
    )


def _line(where: str, lines: Sequence[str]) -> str:
    """The line of the file that a fault is in."""
    number = where.partition(":")[0].removeprefix("line ")
    at = int(number) if number.isdecimal() else 0
    return lines[at - 1].strip()[:LINE_MAX] if 0 < at <= len(lines) else ""


@router.get("/registry/{section}/new")
def new_entry(
    section: RegistrySection,
    *,
    frame: Framed,
    viewer: Clerk,
    registry: Registry,
    db: ReadDb,
    like: Annotated[str, Query(max_length=LINE_MAX)] = "",
) -> HTMLResponse:
    """The form of one entry; `like` another one, which is then values anew."""
    del viewer
    _refuse_unknown(section)
    if not like:
        return _entry_page(frame, section, {})
    if section not in CORRECTED:
        raise NotFound("registry_entry", key=like)
    entry, _history = registry.entry(section, like)
    values = prefilled(section, entry, _codes(db, entry))
    return _entry_page(frame, section, {**values, "supersede": "true"})


def _refuse_unknown(section: RegistrySection) -> None:
    if not has_form(section):
        raise NotFound("registry_entry", key=section.value)


def _entry_page(
    frame: Frame,
    section: RegistrySection,
    typed: Mapping[str, str],
    preview: RegistryPreview | None = None,
) -> HTMLResponse:
    return frame.page(
        "registry/new.html",
        {
            "section": section,
            "name": label(section),
            "fields": entry_form.fields(section, typed),
            "typed": typed,
            "preview": preview_view(preview) if preview else None,
        },
    )


def _codes(db: Session, entry: RegistryEntry) -> dict[str, str]:
    """The codes of the organisations that an entry names."""
    columns = [column for column in ("organisation", "other") if column in entry.keys]
    return {
        column: db.exec(
            select(Organisation.uscc).where(Organisation.id == int(entry.keys[column]))
        ).one()
        for column in columns
    }


@router.post("/registry/{section}/new")
def take_entry(
    section: RegistrySection, *, data: SentForm, frame: Framed, registry: Registry,
    desk: Registering,
) -> Response:  # fmt: skip
    """Preview one entry, or register it; what is wrong stands at its field."""
    _refuse_unknown(section)
    fields, typed = typed_fields(section, data), _typed(data)
    parent = Parents(registry).parent(section, fields)
    if isinstance(parent, Finding):
        raise _refusal(parent)
    content = entry_form.file_of(section, fields, parent)
    preview = desk.preview(content, supersede=bool(typed["supersede"]))
    if faults := preview.report.findings:
        raise _refusal(*at_fields(faults))
    if text(data, "act") != "register":
        return _entry_page(frame, section, {**fields, **typed}, preview)
    return desk.register(content, f"/registry/{section}", **_how(typed))


def _refusal(*faults: Finding) -> Refusal:
    return Refusal.with_faults("registry", faults)


def preview_view(preview: RegistryPreview) -> dict[str, Any]:
    """What a file would do, as a page shows it."""
    content = preview.content or {}
    at_once = [{**change, "section": _section(change["section"])} for change in preview.at_once]
    return {
        "at_once": at_once[:SHOWN],
        "count": len(at_once),
        "waiting": content.get("changes", [])[:SHOWN],
        "waiting_count": len(content.get("changes", [])),
        "months": content.get("months", []),
        "unchanged": sum(preview.report.unchanged.values()),
    }


def _section(name: str) -> str:
    """A section of the file by its label."""
    return label_of(RegistrySection, "catalogue" if name == "catalogue_names" else name)
