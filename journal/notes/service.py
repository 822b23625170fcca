"""Notes: what the rest of the journal may ask about, or do to, a patient's notes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from journal.access import Drawers
from journal.notes import rules
from journal.notes.models import DraftRow, NoteVersion
from journal.permissions import Permission
from journal.platform.entries import ShownEntry, folded, lock_entry, mark_in_error, shown
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service, on_patient, on_patients
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts

_OWN = Statement(sa.text("SELECT * FROM notes.written_by_oneself(:ids)"))


@dataclass(frozen=True)
class Text:
    """What is written: a kind (rules.KINDS), a title (the name of the kind when empty), the text, and when it was so.

    *sensitive* (rules.SENSITIVE): why it is laid in the drawer; empty for what everybody with the chart may read.
    """

    kind: str
    body: str
    title: str = ""
    effective_at: datetime | None = None
    sensitive: str = ""


@dataclass(frozen=True, kw_only=True)
class Note(ShownEntry):
    """A version of a note as shown."""

    kind: str
    title: str
    body: str
    effective_at: datetime
    recorded_by: UUID
    sensitive: str | None


@dataclass(frozen=True)
class Recent:
    """The newest notes, and whether there are others beside them: sensitive ones in the drawer, in *rest* what the purpose of
    the reader's ground does not need, *closed* what the patient has closed to her."""

    notes: list[Any]
    drawer: bool
    rest: bool
    closed: bool


@dataclass(frozen=True)
class Draft:
    """What the reader has begun to write. *entry_id* and *version*: the note it corrects, and the version it was begun from."""

    patient_id: UUID
    id: UUID
    entry_id: UUID | None
    version: int | None
    kind: str
    title: str
    body: str
    effective_at: datetime | None
    change_reason: str
    saved_at: datetime
    sensitive: str


class OwnNote(NamedTuple):
    """A note that the reader signed."""

    patient_id: UUID
    effective_at: datetime
    recorded_at: datetime
    title: str
    text: str


class Notes(Service):
    """A patient's notes, and the reader's own drafts."""

    @on_patients(Permission.CHART_OWN)
    def own(self, patient_ids: Collection[UUID]) -> list[OwnNote]:
        """What the reader signed herself of these patients, in no drawer. One statement."""
        rows = _OWN.rows(self.db, ids=self.work.ids(*patient_ids))
        return [
            OwnNote(r.patient_id, r.effective_at, r.recorded_at, r.title or rules.KINDS[r.kind], r.body) for r in rows
        ]

    @on_patient(Permission.NOTES_READ)
    def recent(self, patient_id: UUID, *, limit: int = 20) -> list[Any]:
        """The notes that hold, newest first, each with effective_at, body, erased, recorded_by_name and recorded_role.

        One statement.
        """
        return self.ask_recent(patient_id, limit=limit).answer().notes

    @on_patient(Permission.NOTES_READ)
    def ask_recent(self, patient_id: UUID, *, limit: int = 20) -> Asked[Recent]:
        """As recent, with whether the drawer holds anything, for together()."""
        narrowed = self.work.narrowed(patient_id, "notes")
        return _recent(narrowed).ask(self.db, _with_drawer, ids=self.work.ids(patient_id), most=limit)

    @on_patient(Permission.NOTES_READ)
    def entries(self, patient_id: UUID, *, words: str = "", limit: int = 50) -> list[Note]:
        """The notes with all their versions and those entered in error, newest first; only those with *words*. One statement."""
        chart = self.work.chart(patient_id, NoteVersion)
        newest = sa.select(NoteVersion.entry_id, sa.func.max(NoteVersion.effective_at).label("at")).where(chart)
        if words:
            newest = newest.where(NoteVersion.search.op("@@")(sa.func.websearch_to_tsquery("norwegian", words)))
        wanted = newest.group_by(NoteVersion.entry_id).order_by(sa.text("at DESC")).limit(limit).subquery()
        query = (
            sa.select(NoteVersion)
            .join(wanted, wanted.c.entry_id == NoteVersion.entry_id)
            .where(chart)
            .order_by(wanted.c.at.desc(), NoteVersion.entry_id, NoteVersion.version.desc())
        )
        return folded(_note(row) for row in self.db.scalars(query))

    @on_patient(Permission.NOTES_READ)
    def some_closed(self, patient_id: UUID) -> bool:
        """Whether the patient has closed single notes to the reader: not how many, nor which. One statement."""
        return bool(self.db.scalar(sa.select(_closed())))

    @on_patient(Permission.NOTES_READ)
    def drawer_holds(self, patient_id: UUID) -> bool:
        """Whether there are sensitive notes: not how many, nor of what kind. One statement."""
        return bool(self.db.scalar(sa.select(_holds(self.work.ids(patient_id)))))

    @on_patient(Permission.NOTES_READ)
    def rest_holds(self, patient_id: UUID) -> bool:
        """Whether there are notes that the purpose of the reader's ground leaves in a drawer. One statement; none where it leaves
        nothing."""
        narrowed = self.work.narrowed(patient_id, "notes")
        return narrowed and bool(self.db.scalar(sa.select(_rest(self.work.ids(patient_id)))))

    @on_patient(Permission.NOTES_DRAWER)
    def in_drawer(self, patient_id: UUID, *, limit: int = 50) -> list[Note]:
        """The sensitive notes, as entries(). Raises DrawerClosed for whoever has not opened the drawer with a reason."""
        marked = self.work.chart(patient_id, NoteVersion), NoteVersion.sensitive.is_not(None)
        query = sa.select(NoteVersion).where(*marked).order_by(NoteVersion.effective_at.desc(), NoteVersion.id.desc())
        return folded(_note(row) for row in self.db.scalars(query))[:limit]

    @on_patient(Permission.NOTES_READ)
    def entry(self, patient_id: UUID, entry_id: UUID) -> Note:
        """One note with its versions; NotFound when there is none, or when it lies in a drawer that is closed to the reader.

        One statement, for a note that is in no drawer.
        """
        query = sa.select(NoteVersion).where(self.work.chart(patient_id, NoteVersion), NoteVersion.entry_id == entry_id)
        found = folded(_note(row) for row in self.db.scalars(query))
        if not found and self._opens_drawer(patient_id):
            found = folded(_note(row) for row in self.db.scalars(query))
        if not found:
            raise NotFound("Notatet finnes ikke hos denne pasienten.")
        return found[0]

    @on_patient(Permission.NOTES_WRITE)
    def draft_of(self, patient_id: UUID, entry_id: UUID | None = None) -> Draft | None:
        """The reader's own unsigned draft of a new note, or of a correction of *entry_id*. One statement."""
        row = self.db.scalar(self._open_drafts(patient_id).where(DraftRow.entry_id.is_not_distinct_from(entry_id)))
        return _draft(row) if row is not None else None

    @on_patient(Permission.NOTES_READ)
    def drafts(self, patient_id: UUID) -> list[Draft]:
        """All the reader's own unsigned drafts about this patient, newest first. One statement."""
        return [_draft(row) for row in self.db.scalars(self._open_drafts(patient_id))]

    @on_patient(Permission.NOTES_WRITE)
    def save_draft(
        self,
        patient_id: UUID,
        draft_id: UUID,
        text: Text,
        *,
        entry_id: UUID | None = None,
        version: int | None = None,
        reason: str = "",
    ) -> datetime:
        """Keeps what is being typed; doing it twice is the same as once. Answers with the time it was kept.

        *draft_id* is made with the form. Raises Conflict when that draft is signed, or when the author has another draft
        of the same note open (in another window): two texts never overwrite each other.
        """
        other = self.db.scalar(self._open_drafts(patient_id).where(DraftRow.entry_id.is_not_distinct_from(entry_id)))
        if other is not None and other.id != draft_id:
            raise Conflict("Du har et annet utkast om denne pasienten. Åpne det, og flytt teksten din dit.")
        written = {
            "kind": text.kind,
            "title": text.title,
            "body": text.body,
            "effective_at": text.effective_at,
            "change_reason": reason,
            "sensitive": text.sensitive or None,
        }
        self._upsert(patient_id, draft_id, entry_id, version, written | {"saved_at": self.work.now})
        return self.work.now

    @on_patient(Permission.NOTES_WRITE)
    def sign(self, patient_id: UUID, draft_id: UUID, text: Text) -> UUID:
        """Signs a note, and empties the draft it was; answers with the entry's id.

        Raises Invalid for an empty note or a time that has not been, Conflict when this draft is signed already.
        """
        at = self._checked(text)
        self._close_draft(patient_id, draft_id)
        entry_id = new_id()
        self._write(_row(patient_id, entry_id, 1, text, at))
        return entry_id

    @on_patient(Permission.NOTES_WRITE)
    def correct(
        self, patient_id: UUID, entry_id: UUID, version: int, text: Text, *, reason: str, draft_id: UUID
    ) -> None:
        """Signs a correction: a new version, with its reason, of the version its author saw. The old one stays.

        Raises Conflict when somebody has corrected the note since, NotFound when it is not this patient's, Invalid when
        it was entered in error as a whole or the reason is missing. A mark that the note has stays, whatever *text* says.
        """
        at = self._checked(text)
        if not reason.strip():
            raise Invalid(errors={"reason": ["Skriv hvorfor du retter notatet."]})
        versions = self._lock(patient_id, entry_id)
        current = next((row for row in versions if row.in_error_at is None), None)
        if current is None:
            raise Invalid("Notatet er merket som feilført og kan ikke rettes. Skriv et nytt notat.")
        if current.version != version:
            raise Conflict(
                phrase(
                    "%(name)s rettet notatet mens du skrev. Teksten din er tatt vare på."
                    " Les den nye teksten, ta med det som mangler, og signer på nytt.",
                    name=current.recorded_by_name,
                )
            )
        self._close_draft(patient_id, draft_id, entry_id, version)
        self._write(_row(current.patient_id, entry_id, versions[0].version + 1, text, at, reason.strip()))

    @on_patient(Permission.NOTES_WRITE)
    def mark_entered_in_error(self, patient_id: UUID, entry_id: UUID, reason: str) -> None:
        """Marks a whole note, every version, as wrong; it stays in the journal, struck out (hpl. § 42).

        Raises NotFound, Conflict when it is marked already, Denied when another municipality answers for part of it.
        """
        mark_in_error(
            self.work,
            self._lock(patient_id, entry_id),
            reason,
            already="Notatet er alt merket som feilført. Du trenger ikke gjøre mer.",
            foreign="En annen kommune har skrevet i notatet. Be dem om å rette det, eller skriv et nytt notat.",
        )

    def _open_drafts(self, patient_id: UUID) -> sa.Select[DraftRow]:
        # Of a note that the patient has closed to her since, she reads no draft either.
        closed = sa.select(sa.func.notes.kept_back()).scalar_subquery()
        open_to_her = sa.func.array_position(closed, DraftRow.entry_id).is_(None)
        mine = sa.select(DraftRow).where(
            self.work.chart(patient_id, DraftRow), DraftRow.signed_at.is_(None), open_to_her
        )
        return mine.order_by(DraftRow.saved_at.desc())

    def _lock(self, patient_id: UUID, entry_id: UUID) -> Sequence[NoteVersion]:
        versions = lock_entry(self.work, patient_id, NoteVersion, entry_id)
        if not versions and self._opens_drawer(patient_id):
            versions = lock_entry(self.work, patient_id, NoteVersion, entry_id)
        if not versions:
            raise NotFound("Notatet finnes ikke hos denne pasienten.")
        return versions

    def _opens_drawer(self, patient_id: UUID) -> bool:
        """The drawer as well, when the reader has opened it: what is in it is corrected as any other note."""
        still = self.work.actor.may(Permission.NOTES_DRAWER) and Drawers(self.work).open_until(patient_id) is not None
        if still:
            self.work.open(Permission.NOTES_DRAWER, [patient_id])
        return still

    def _write(self, row: dict[str, Any]) -> None:
        """Not through the session, which would read the row back: whoever lays a note in the drawer does not open it."""
        self.db.execute(sa.insert(NoteVersion).values(row))

    def _checked(self, text: Text) -> datetime:
        errors: dict[str, list[str]] = {}
        if text.kind not in rules.KINDS:
            errors["kind"] = ["Velg hva slags notat det er."]
        if text.sensitive and text.sensitive not in rules.SENSITIVE:
            errors["sensitive"] = ["Velg hvorfor notatet skjermes."]
        if rules.unwritten(text.body, text.kind):
            errors["body"] = ["Notatet er tomt. Skriv noe før du signerer."]
        at = text.effective_at or self.work.now
        if at > self.work.now:
            errors["effective_at"] = ["Tidspunktet er fram i tid. Skriv når det skjedde."]
        if errors:
            raise Invalid(errors=errors)
        return at

    def _close_draft(
        self, patient_id: UUID, draft_id: UUID, entry_id: UUID | None = None, version: int | None = None
    ) -> None:
        """Empties and marks the draft, also one never kept: a late autosave of the same form must find it signed."""
        emptied = dict.fromkeys(("kind", "title", "body", "effective_at", "change_reason", "sensitive"))
        self._upsert(patient_id, draft_id, entry_id, version, emptied | {"signed_at": self.work.now})

    def _upsert(
        self, patient_id: UUID, draft_id: UUID, entry_id: UUID | None, version: int | None, values: dict[str, Any]
    ) -> None:
        key = {"patient_id": patient_id, "id": draft_id, "entry_id": entry_id}
        changed = values | {"version": version}
        keep = (
            insert(DraftRow)
            .values(key | changed)
            .on_conflict_do_update(
                index_elements=["patient_id", "id"], set_=changed, where=DraftRow.signed_at.is_(None)
            )
            .returning(DraftRow.id)
        )
        if self.db.execute(keep).first() is None:
            raise Conflict("Notatet er alt signert. Du finner det i listen over notater.")


@cache
def _recent(narrowed: bool) -> Statement:
    """Of each entry the highest version that is not in error, newest first, each beside whether the drawers hold anything: that
    is told in a row alone when there is no note. Takes ids and most."""
    newest = (
        sa.select(NoteVersion)
        .ext(distinct_on(NoteVersion.entry_id))
        .where(in_charts(NoteVersion), NoteVersion.in_error_at.is_(None))
        .order_by(NoteVersion.entry_id, NoteVersion.version.desc())
        .subquery()
    )
    note = newest.c
    body, erased = sa.func.coalesce(note.body, "").label("body"), note.erasure_id.is_not(None).label("erased")
    ids = sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))
    rest = _rest(ids) if narrowed else sa.false()
    # Asked once: without OFFSET 0 the planner takes the three into the list, and asks them again for each note.
    once = sa.select(_holds(ids).label("drawer"), rest.label("rest"), _closed().label("closed"))
    held = once.offset(sa.literal_column("0")).subquery()
    told = sa.select(
        held.c.drawer,
        held.c.rest,
        held.c.closed,
        note.effective_at,
        body,
        erased,
        note.recorded_by_name,
        note.recorded_role,
    )
    latest_first = told.select_from(held.outerjoin(newest, sa.true())).order_by(
        note.effective_at.desc(), note.id.desc()
    )
    return Statement(latest_first.limit(sa.bindparam("most", type_=sa.Integer)))


def _holds(ids: Any) -> sa.ColumnElement[bool]:
    return sa.func.notes.drawer_holds(ids, type_=sa.Boolean)


def _rest(ids: Any) -> sa.ColumnElement[bool]:
    return sa.func.notes.rest_holds(ids, type_=sa.Boolean)


def _closed() -> sa.ColumnElement[bool]:
    return sa.func.cardinality(sa.func.notes.kept_back(), type_=sa.Integer) > 0


def _with_drawer(rows: list[Any]) -> Recent:
    drawer, rest, closed = (any(getattr(row, name) for row in rows) for name in ("drawer", "rest", "closed"))
    return Recent([row for row in rows if row.effective_at is not None], drawer, rest, closed)


def _row(
    patient_id: UUID, entry_id: UUID, version: int, text: Text, at: datetime, reason: str | None = None
) -> dict[str, Any]:
    return {
        "patient_id": patient_id,
        "id": new_id(),
        "entry_id": entry_id,
        "version": version,
        "kind": text.kind,
        "title": text.title or rules.KINDS[text.kind],
        "body": text.body,
        "effective_at": at,
        "change_reason": reason,
        "sensitive": text.sensitive or None,
    }


def _note(row: Any) -> Note:
    return shown(Note, row, title=row.title or "", body=row.body or "")


def _draft(row: DraftRow) -> Draft:
    return Draft(
        patient_id=row.patient_id,
        id=row.id,
        entry_id=row.entry_id,
        version=row.version,
        kind=row.kind or "general",
        title=row.title or "",
        body=row.body or "",
        effective_at=row.effective_at,
        change_reason=row.change_reason or "",
        saved_at=row.saved_at,
        sensitive=row.sensitive or "",
    )
