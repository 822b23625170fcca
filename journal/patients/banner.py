"""The patient banner and what it rests on: one statement however many patients, and how its rows become a Banner."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from journal.patients import rules
from journal.patients.national_id import grouped
from journal.patients.rules import Allergy, AllergyState
from journal.platform.clock import age, local_date, norwegian_date
from journal.platform.errors import NotFound
from journal.platform.language import phrase
from journal.platform.statement import Asked, Statement

# The macro's word for a flag where it is not ours.
_FLAG_ICONS = {"cpr": "resuscitation"}
# What JSON has as text.
_READ_BACK: Mapping[str, Callable[[str], Any]] = {
    "patient_id": UUID,
    "entry_id": UUID,
    "recorded_at": datetime.fromisoformat,
}

T = TypeVar("T", Allergy, "FlagView")


class FlagView(NamedTuple):
    """A flag as it stands now."""

    entry_id: UUID
    version: int
    kind: str
    text: str
    sub: str | None
    decided_by_name: str | None
    recorded_at: datetime

    @property
    def sub_text(self) -> str:
        """What more is said, then who decided and when: a resuscitation status is never without them."""
        decided = f"{self.decided_by_name or ''} {norwegian_date(local_date(self.recorded_at))}".strip()
        return " · ".join(filter(None, (self.sub, decided if self.decided_by_name or not self.sub else None)))

    @property
    def kind_text(self) -> str:
        return rules.FLAGS[self.kind]


class Alerts(NamedTuple):
    """Kritisk informasjon: the allergy state with what it rests on, refuted ones too, and the flags."""

    allergy_state: AllergyState
    entries: tuple[Allergy, ...]
    flags: tuple[FlagView, ...]
    none_known_at: datetime | None
    none_known_by: str | None

    @property
    def none_known_on_text(self) -> str:
        return norwegian_date(local_date(self.none_known_at)) if self.none_known_at else ""

    @property
    def allergies(self) -> tuple[Allergy, ...]:
        return tuple(a for a in self.entries if a.holds and a.kind == "allergy")

    @property
    def intolerances(self) -> tuple[Allergy, ...]:
        return tuple(a for a in self.entries if a.holds and a.kind == "intolerance")


class Banner(NamedTuple):
    """What stands over every page of a patient (ux 2.3), ready to be shown; *alerts* is the same for programs."""

    patient_id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    birth_date_text: str
    age: int | None
    national_id_grouped: str | None
    national_id_label: str
    sex: str
    sex_text: str
    place: str | None
    deceased_on_text: str | None
    confidential_text: str
    allergy_state: str
    allergies: tuple[tuple[str, str], ...]
    intolerances: tuple[tuple[str, str], ...]
    flags: tuple[tuple[str, str, str], ...]
    sort_key: str
    alerts: Alerts

    @property
    def ask_allergy_url(self) -> str:
        return f"/patients/{self.patient_id}/allergies"

    @property
    def room(self) -> str | None:
        """The same as *place*: what a list of a ward shows."""
        return self.place


# The current version of an entry is the highest that is not entered in error.
_READ = Statement(
    sa.text(
        """
    SELECT p.patient_id, p.family_name, p.given_name, p.birth_date, p.birth_date_precision, p.sex, p.died_at,
        p.confidentiality, p.address_line_1, p.postal_code, p.city, p.sort_key,
        EXISTS (SELECT FROM patients.link l
                WHERE l.linked_patient_id = p.patient_id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL) AS follows,
        (SELECT r.room FROM access.care_relationship r
         WHERE r.patient_id = p.patient_id AND r.in_error_at IS NULL AND r.room IS NOT NULL AND r.valid_from <= now()
           AND (r.valid_until IS NULL OR r.valid_until > now()) ORDER BY r.valid_from DESC LIMIT 1) AS room,
        (SELECT json_agg(json_build_array(i.kind, i.value, i.issuer) ORDER BY i.valid_from DESC) FROM patients.identifier i
         WHERE i.patient_id = p.patient_id AND i.valid_until IS NULL AND i.in_error_at IS NULL
           AND i.value IS NOT NULL) AS identifiers,
        (SELECT json_agg(a ORDER BY a.recorded_at, a.id) FROM (
            SELECT DISTINCT ON (v.entry_id) v.patient_id, v.id, v.entry_id, v.version, v.kind, v.substance, v.code, v.reaction,
                v.reaction_code, v.source_code, v.severity, v.criticality, v.verification_status, v.recorded_at,
                v.recorded_by_name, v.erasure_id
            FROM patients.allergy_intolerance v
            WHERE v.patient_id = p.patient_id AND v.in_error_at IS NULL ORDER BY v.entry_id, v.version DESC) a
         WHERE a.erasure_id IS NULL) AS allergies,
        (SELECT json_agg(f ORDER BY f.recorded_at, f.id) FROM (
            SELECT DISTINCT ON (v.entry_id) v.id, v.entry_id, v.version, v.kind, v.text, v.sub, v.decided_by_name,
                v.recorded_at, v.status, v.erasure_id
            FROM patients.flag v
            WHERE v.patient_id = p.patient_id AND v.in_error_at IS NULL ORDER BY v.entry_id, v.version DESC) f
         WHERE f.erasure_id IS NULL AND f.status = 'active') AS flags,
        (SELECT json_build_array(s.recorded_at, s.recorded_by_name) FROM patients.allergy_assessment s
         WHERE s.patient_id = p.patient_id AND s.in_error_at IS NULL
           -- An allergy that came after it and was erased by law leaves nothing known, not "none known".
           AND NOT EXISTS (SELECT FROM patients.allergy_intolerance e WHERE e.patient_id = s.patient_id
                           AND e.erasure_id IS NOT NULL AND e.recorded_at > s.recorded_at)
         ORDER BY s.recorded_at DESC, s.id DESC LIMIT 1) AS assessment
    FROM patients.patient p
    WHERE p.patient_id = ANY (:ids)
    """
    )
)


def ask(db: Session, patient_id: UUID, ids: list[UUID], today: date, *, in_care: bool) -> Asked[Banner]:
    """The banner of a patient, from all her records (*ids*). Its answer raises NotFound when there is none.

    Identity is the leading record's; allergies, flags and numbers are those of every record, so that none is lost. *in_care*:
    whether the reader's unit gives the care; to anybody else nothing tells where somebody is whose address is protected.
    """

    def read(records: list[Any]) -> Banner:
        if not records:
            raise NotFound()
        return _banner(patient_id, records, today, in_care)

    return _READ.ask(db, read, ids=ids)


def _alerts(records: Sequence[Any]) -> Alerts:
    """The alerts of one patient from the rows of all her records."""
    entries = tuple(_read_back(Allergy, a) for r in records for a in r.allergies or ())
    stated = [(datetime.fromisoformat(at), by) for at, by in (r.assessment for r in records if r.assessment)]
    none_known_at, none_known_by = max(stated, default=(None, None))
    return Alerts(
        allergy_state=rules.allergy_state(entries, none_known_at),
        entries=entries,
        flags=tuple(_read_back(FlagView, f) for r in records for f in r.flags or ()),
        none_known_at=none_known_at,
        none_known_by=none_known_by,
    )


def _banner(patient_id: UUID, records: Sequence[Any], today: date, in_care: bool) -> Banner:
    leading = min(records, key=lambda r: (r.follows, r.patient_id != patient_id))
    alerts = _alerts(records)
    label, number = _number([i for r in (leading, *records) for i in r.identifiers or ()])
    died = local_date(leading.died_at) if leading.died_at else None
    protected = rules.strictest(r.confidentiality for r in records)
    hidden = protected != "none"
    room = _room(records) if in_care or not hidden else None
    return Banner(
        patient_id=patient_id,
        family_name=leading.family_name,
        given_name=leading.given_name,
        birth_date=leading.birth_date,
        birth_date_text=rules.birth_date_text(leading.birth_date, leading.birth_date_precision),
        age=_age(leading.birth_date, died or today),
        national_id_grouped=number,
        national_id_label=label,
        sex=leading.sex,
        sex_text=rules.SEXES[leading.sex],
        place=room or (None if hidden else _address(leading)),
        deceased_on_text=norwegian_date(died) if died else None,
        confidential_text=rules.CONFIDENTIALITY[protected],
        allergy_state=alerts.allergy_state.value,
        allergies=tuple((a.substance, a.reaction_text) for a in alerts.allergies),
        intolerances=tuple((a.substance, a.reaction_text) for a in alerts.intolerances),
        flags=tuple((_FLAG_ICONS.get(f.kind, f.kind), f.text, f.sub_text) for f in alerts.flags),
        sort_key=leading.sort_key,
        alerts=alerts,
    )


def _age(birth_date: date | None, at: date) -> int | None:
    return None if birth_date is None or birth_date > at else age(birth_date, at)


def _number(identifiers: Sequence[Sequence[str]]) -> tuple[str, str | None]:
    """Label and digits of the best number."""
    if not identifiers:
        return rules.NUMBER_LABELS["FNR"], None
    order = list(rules.NUMBER_LABELS)
    kind, value, issuer = min(identifiers, key=lambda i: order.index(i[0]))
    return rules.number_label(kind, issuer), grouped(value)


def _room(records: Sequence[Any]) -> str | None:
    """The room where the patient stays."""
    room = next((r.room for r in records if r.room), None)
    return phrase("Rom %(room)s", room=room) if room and room[0].isdigit() else room


def _address(leading: Any) -> str | None:
    town = " ".join(filter(None, (leading.postal_code, leading.city)))
    return ", ".join(filter(None, (leading.address_line_1, town))) or None


def _read_back(kind: type[T], told: Mapping[str, Any]) -> T:
    read = {name: reader(told[name]) for name, reader in _READ_BACK.items() if name in told}
    return kind(**{name: read.get(name, told[name]) for name in kind._fields})
