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
from api.registry.routes import Clerk
from api.web import forms
from api.web.forms import SentForm, text
from api.web.layout import Frame, Framed
from ledger.desk.queries.registry_entries import RegistryEntry, RegistryReader
from ledger.desk.steps.take_registry import RegistryPreview, preview_registry
from ledger.errors import Finding, NotFound
from ledger.formats.findings import bounded
from ledger.registry.codes import EntryState, RegistrySection
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
            file=content, viewer=self.viewer, db=self.db, now=self.now,
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
    return _file_page(frame, "", {})


@router.post("/registry/file")
@limited(body=FORM_MAX)
def take_file(*, data: SentForm, frame: Framed, desk: Registering) -> Response:
    """Preview a file, or register it; its text stays in the form, where it can be mended."""
    content, typed = _content(data), _typed(data)
    preview = desk.preview(content, supersede=bool(typed["supersede"]))
    faults = preview.report.findings
    if faults or text(data, "act") != "register":
        return _file_page(frame, content, typed, preview, faults)
    return desk.register(content, "/registry", **_how(typed))


def _content(data: FormData) -> str:
    """The file that was chosen, or else the text in the form."""
    file = forms.file(data)
    if file is None:
        content = data.get("content")
        return content.replace("\r\n", "\n") if isinstance(content, str) else ""
    try:
        return file.content.decode()
    except UnicodeDecodeError as error:
        raise Refusal(422, "not_utf8", {"byte": error.start}) from error


def _typed(data: FormData) -> dict[str, str]:
    return {name: text(data, name) for name in ("supersede", "reason")}


def _how(typed: Mapping[str, str]) -> dict[str, Any]:
    return {"supersede": bool(typed["supersede"]), "reason": typed["reason"]}


def _file_page(
    frame: Frame,
    content: str,
    typed: Mapping[str, str],
    preview: RegistryPreview | None = None,
    faults: Sequence[Finding] = (),
) -> HTMLResponse:
    lines = content.split("\n")
    rows = findings(bounded(faults))
    return frame.page(
        "registry/file.html",
        {
            "content": content,
            "typed": typed,
            "faults": [{**row, "line": _line(row["where"], lines)} for row in rows],
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
    content = entry_form.file_of(section, fields, _parent(registry, section, fields))
    preview = desk.preview(content, supersede=bool(typed["supersede"]))
    if faults := preview.report.findings:
        raise _refusal(*at_fields(faults))
    if text(data, "act") != "register":
        return _entry_page(frame, section, {**fields, **typed}, preview)
    return desk.register(content, f"/registry/{section}", **_how(typed))


def _parent(
    registry: RegistryReader, section: RegistrySection, fields: Mapping[str, str]
) -> dict[str, Any]:
    """What an entry hangs on, as it is registered: a line's contract, a fact's cluster."""
    if section is RegistrySection.PRICES:
        number = fields.get("contract", "")
        contract = _current(registry, RegistrySection.CONTRACTS, "number", number)
        if contract is None:
            params = (("name", number),)
            raise _refusal(Finding("contract", "unknown_contract", params))
        return prefilled(RegistrySection.CONTRACTS, contract, {})
    if section in (RegistrySection.BILLING, RegistrySection.WITNESSES):
        name = fields.get("cluster", "")
        cluster = _current(registry, RegistrySection.CLUSTERS, "name", name)
        if cluster is None:
            params = (("name", name),)
            raise _refusal(Finding("cluster", "unknown_cluster", params))
        return {"name": name, "centre": cluster.values["centre"]}
    return {}


def _current(
    registry: RegistryReader, section: RegistrySection, column: str, name: str
) -> RegistryEntry | None:
    return next(
        (
            entry
            for entry in registry.entries(section)
            if entry.values[column] == name and entry.state is not EntryState.SUPERSEDED
        ),
        None,
    )


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
