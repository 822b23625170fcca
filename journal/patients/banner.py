"""The patient banner and what it rests on: one statement however many patients, and how its rows become a Banner."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.patients import rules
from journal.patients.national_id import grouped
from journal.patients.rules import Allergy, AllergyState
from journal.platform.clock import age, local_date, norwegian_date
from journal.platform.language import phrase

# The macro's word for a flag where it is not ours.
_FLAG_ICONS = {"cpr": "resuscitation"}
# JSON has these as text; the rest of an Allergy is as it stands.
_READ_BACK = {"patient_id", "id", "entry_id", "recorded_at", "municipality_id"}
_ALLERGY_WORDS = tuple(name for name in Allergy.__dataclass_fields__ if name not in _READ_BACK)


@dataclass(frozen=True)
class FlagView:
    """A flag as it stands now."""

    id: UUID
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


@dataclass(frozen=True)
class Alerts:
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


@dataclass(frozen=True)
class Banner:
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
READ = sa.text(
    """
    SELECT p.patient_id, p.family_name, p.given_name, p.birth_date, p.birth_date_precision, p.sex, p.died_at,
        p.confidentiality, p.address_line_1, p.postal_code, p.city, p.sort_key,
        EXISTS (SELECT FROM patients.link l
                WHERE l.linked_patient_id = p.patient_id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL) AS follows,
        (SELECT r.room FROM access.care_relationship r
         WHERE r.patient_id = p.patient_id AND r.in_error_at IS NULL AND r.room IS NOT NULL AND r.valid_from <= now()
           AND (r.valid_until IS NULL OR r.valid_until > now()) ORDER BY r.valid_from DESC LIMIT 1) AS room,
        (SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value, 'issuer', i.issuer) ORDER BY i.valid_from DESC)
         FROM patients.identifier i
         WHERE i.patient_id = p.patient_id AND i.valid_until IS NULL AND i.in_error_at IS NULL
           AND i.value IS NOT NULL) AS identifiers,
        (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.recorded_at, a.id) FROM patients.allergy_intolerance a
         WHERE a.patient_id = p.patient_id AND a.in_error_at IS NULL AND a.erasure_id IS NULL
           AND NOT EXISTS (SELECT FROM patients.allergy_intolerance newer
                           WHERE newer.patient_id = a.patient_id AND newer.entry_id = a.entry_id
                             AND newer.version > a.version AND newer.in_error_at IS NULL)) AS allergies,
        (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.recorded_at, f.id) FROM patients.flag f
         WHERE f.patient_id = p.patient_id AND f.status = 'active' AND f.in_error_at IS NULL AND f.erasure_id IS NULL
           AND NOT EXISTS (SELECT FROM patients.flag newer
                           WHERE newer.patient_id = f.patient_id AND newer.entry_id = f.entry_id
                             AND newer.version > f.version AND newer.in_error_at IS NULL)) AS flags,
        (SELECT to_jsonb(s) FROM patients.allergy_assessment s
         WHERE s.patient_id = p.patient_id AND s.in_error_at IS NULL
           -- An allergy that came after it and was erased by law leaves nothing known, not "none known".
           AND NOT EXISTS (SELECT FROM patients.allergy_intolerance e WHERE e.patient_id = s.patient_id
                           AND e.erasure_id IS NOT NULL AND e.recorded_at > s.recorded_at)
         ORDER BY s.recorded_at DESC, s.id DESC LIMIT 1) AS assessment
    FROM patients.patient p
    WHERE p.patient_id = ANY (:ids)
    """
).bindparams(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)))


def banners(rows: Iterable[Mapping[str, Any]], linked: Mapping[UUID, UUID], today: date) -> dict[UUID, Banner]:
    """A banner for each patient asked for, from the rows of all their records (*linked*: record -> patient asked for).

    Identity is the leading record's; allergies, flags and numbers are those of every record, so that none is lost.
    """
    records: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        records.setdefault(linked[row["patient_id"]], []).append(row)
    return {patient_id: _banner(patient_id, of_patient, today) for patient_id, of_patient in records.items()}


def alerts_of(records: Sequence[Mapping[str, Any]]) -> Alerts:
    """The alerts of one patient from the rows of all her records."""
    entries = tuple(_allergy(a) for r in records for a in r["allergies"] or ())
    statements = [r["assessment"] for r in records if r["assessment"]]
    stated = max(statements, key=lambda s: _instant(s["recorded_at"]), default=None)
    none_known_at = _instant(stated["recorded_at"]) if stated else None
    return Alerts(
        allergy_state=rules.allergy_state(entries, none_known_at),
        entries=entries,
        flags=tuple(_flag(f) for r in records for f in r["flags"] or ()),
        none_known_at=none_known_at,
        none_known_by=stated["recorded_by_name"] if stated else None,
    )


def _banner(patient_id: UUID, records: Sequence[Mapping[str, Any]], today: date) -> Banner:
    leading = min(records, key=lambda r: (r["follows"], r["patient_id"] != patient_id))
    alerts = alerts_of(records)
    label, number = _number([i for r in (leading, *records) for i in r["identifiers"] or ()])
    died = local_date(leading["died_at"]) if leading["died_at"] else None
    protected = rules.strictest(r["confidentiality"] for r in records)
    return Banner(
        patient_id=patient_id,
        family_name=leading["family_name"],
        given_name=leading["given_name"],
        birth_date=leading["birth_date"],
        birth_date_text=rules.birth_date_text(leading["birth_date"], leading["birth_date_precision"]),
        age=_age(leading["birth_date"], died or today),
        national_id_grouped=number,
        national_id_label=label,
        sex=leading["sex"],
        sex_text=rules.SEXES[leading["sex"]],
        place=None if protected != "none" else _place(leading, records),
        deceased_on_text=norwegian_date(died) if died else None,
        confidential_text=rules.CONFIDENTIALITY[protected],
        allergy_state=alerts.allergy_state.value,
        allergies=tuple((a.substance, a.reaction_text) for a in alerts.allergies),
        intolerances=tuple((a.substance, a.reaction_text) for a in alerts.intolerances),
        flags=tuple((_FLAG_ICONS.get(f.kind, f.kind), f.text, f.sub_text) for f in alerts.flags),
        sort_key=leading["sort_key"],
        alerts=alerts,
    )


def _age(birth_date: date | None, at: date) -> int | None:
    return None if birth_date is None or birth_date > at else age(birth_date, at)


def _number(identifiers: Sequence[Mapping[str, Any]]) -> tuple[str, str | None]:
    """Label and digits of the best number."""
    if not identifiers:
        return rules.NUMBER_LABELS["FNR"], None
    order = list(rules.NUMBER_LABELS)
    best = min(identifiers, key=lambda i: order.index(i["kind"]))
    return rules.number_label(best["kind"], best["issuer"]), grouped(best["value"])


def _place(leading: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> str | None:
    """The room where the patient stays, else the address."""
    if room := next((r["room"] for r in records if r["room"]), None):
        return phrase("Rom %(room)s", room=room) if room[0].isdigit() else str(room)
    town = " ".join(filter(None, (leading["postal_code"], leading["city"])))
    return ", ".join(filter(None, (leading["address_line_1"], town))) or None


def _allergy(told: Mapping[str, Any]) -> Allergy:
    return Allergy(
        patient_id=UUID(told["patient_id"]),
        id=UUID(told["id"]),
        entry_id=UUID(told["entry_id"]),
        recorded_at=_instant(told["recorded_at"]),
        municipality_id=UUID(told["municipality_id"]),
        **{name: told[name] for name in _ALLERGY_WORDS},
    )


def _flag(told: Mapping[str, Any]) -> FlagView:
    return FlagView(
        id=UUID(told["id"]),
        entry_id=UUID(told["entry_id"]),
        recorded_at=_instant(told["recorded_at"]),
        **{name: told[name] for name in ("version", "kind", "text", "sub", "decided_by_name")},
    )


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written)
