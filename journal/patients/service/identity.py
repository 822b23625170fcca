"""Registering a person, and keeping name, numbers, address and kin right. Old values stay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.patients import rules
from journal.patients.errors import AlreadyRegistered, PossibleDuplicate
from journal.patients.facts import PatientRegistered
from journal.patients.models import Identifier, NameWord, Patient, RelatedPerson
from journal.patients.national_id import NationalId, NationalIdKind, NotANationalId, classify
from journal.patients.rules import Sought
from journal.patients.service.reading import Reading
from journal.patients.service.searching import Found, Searching
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.ids import new_id
from journal.platform.service import on_patient

_REPLACED_BY_FNR = ("DNR", "FHN", "HNR")


@dataclass(frozen=True, kw_only=True)
class NewPatient:
    """Who is to be registered. Birth date and sex are what is said of the person, never read from a number."""

    family_name: str
    given_name: str
    birth_date: date | None
    birth_date_precision: str = "exact"
    sex: str = "unknown"
    national_id: str | None = None
    issuer: str | None = None
    confidentiality: str = "none"
    address_line_1: str | None = None
    address_line_2: str | None = None
    postal_code: str | None = None
    city: str | None = None
    home_municipality_number: str | None = None
    phone: str | None = None
    language: str | None = None
    general_practitioner_name: str | None = None


class ContactChange(TypedDict, total=False):
    """What may be changed of how to reach the patient."""

    address_line_1: str | None
    address_line_2: str | None
    postal_code: str | None
    city: str | None
    home_municipality_number: str | None
    phone: str | None
    language: str | None
    general_practitioner_name: str | None


class IdentityChange(TypedDict, total=False):
    """What may be corrected of who the patient is."""

    family_name: str
    given_name: str
    birth_date: date | None
    birth_date_precision: str
    sex: str
    died_at: datetime | None
    confidentiality: str


class Identity(Reading, Searching):
    @on_patient(Permission.PATIENTS_REGISTER)
    def register(self, patient_id: UUID, new: NewPatient, *, is_another_person: bool = False) -> None:
        """Gives a person a record in the journal, under a new id of the caller's making.

        Raises Invalid for a number that is none, AlreadyRegistered for one that somebody has, and, without a number,
        PossibleDuplicate when somebody has the same full name and date of birth and *is_another_person* is not said.
        """
        number = self._national_id(new.national_id, new.issuer) if new.national_id else None
        self._refuse_known(new, number, is_another_person)
        words = rules.name_words(new.family_name, new.given_name)
        if not words:
            raise Invalid(errors={"family_name": ["Skriv navnet med bokstaver."]})
        person = {name: value for name, value in vars(new).items() if name not in ("national_id", "issuer")}
        self.db.add(Patient(patient_id=patient_id, **person))
        self.db.flush()
        self.db.execute(insert(NameWord), [{"patient_id": patient_id, "word": word} for word in words])
        if number is not None:
            self._store_number(patient_id, number, new.issuer)
        self.work.publish(PatientRegistered(patient_id))

    @on_patient(Permission.PATIENTS_WRITE)
    def add_identifier(self, patient_id: UUID, national_id: str, *, issuer: str | None = None) -> None:
        """One more number. A fødselsnummer ends the D-, help and H-numbers, which keep their rows and are still found
        (HIS 1001:2010 ch. 2-3); any number ends an earlier one of its kind."""
        number = self._national_id(national_id, issuer)
        if self._search(Sought("number", number=number.value)).hits:
            raise AlreadyRegistered()
        ended = (number.kind.value, *(_REPLACED_BY_FNR if number.kind is NationalIdKind.FNR else ()))
        self.db.execute(
            sa.update(Identifier)
            .where(
                self.work.chart(patient_id, Identifier), Identifier.valid_until.is_(None), Identifier.kind.in_(ended)
            )
            .values(valid_until=self.work.now)
        )
        self._store_number(self._leading(patient_id), number, issuer)

    @on_patient(Permission.PATIENTS_WRITE)
    def update_contact(self, patient_id: UUID, /, **contact: Unpack[ContactChange]) -> None:
        """Changes the columns that are named; the old values are kept."""
        self._change(patient_id, contact)

    @on_patient(Permission.PATIENTS_WRITE)
    def correct_identity(self, patient_id: UUID, /, **identity: Unpack[IdentityChange]) -> None:
        """Changes what is named; the old values are kept. A date of birth comes with its precision."""
        self._change(patient_id, identity)
        if {"family_name", "given_name"} & set(identity):
            self._name_anew(self._leading(patient_id))

    @on_patient(Permission.PATIENTS_WRITE)
    def add_related_person(
        self,
        patient_id: UUID,
        *,
        name: str,
        relation: str | None = None,
        phone: str | None = None,
        is_next_of_kin: bool = False,
        role: str = "relative",
    ) -> UUID:
        """A relative or guardian; answers with the entry's id."""
        entry_id = new_id()
        person = RelatedPerson(patient_id=self._leading(patient_id), id=entry_id, entry_id=entry_id, role=role)
        person.name, person.relation, person.phone, person.is_next_of_kin = name, relation, phone, is_next_of_kin
        self.db.add(person)
        self.db.flush()
        return entry_id

    def _national_id(self, text: str, issuer: str | None) -> NationalId:
        try:
            number = classify(text, synthetic_allowed=self._synthetic_allowed())
        except NotANationalId as error:
            raise Invalid(errors={"national_id": [str(error)]}) from error
        if (number.kind is NationalIdKind.HNR) != bool(issuer):
            raise Invalid(errors={"issuer": ["Skriv hvem som har gitt H-nummeret, og bare for et H-nummer."]})
        return number

    def _refuse_known(self, new: NewPatient, number: NationalId | None, is_another_person: bool) -> None:
        if number is not None:
            found = self._search(Sought("number", number=number.value))
            if found.hits or found.ambiguous:
                raise AlreadyRegistered(found.hits[0].patient_id if found.hits else None)
        elif new.birth_date is not None and not is_another_person:
            words = rules.name_words(new.family_name, new.given_name)
            alike = self._search(Sought("person", words, birth_date=new.birth_date)) if len(words) > 1 else Found(())
            if alike.hits or alike.ambiguous:
                raise PossibleDuplicate(alike.hits[0].patient_id if alike.hits else None)

    def _store_number(self, patient_id: UUID, number: NationalId, issuer: str | None) -> None:
        """Two who register the same number at once meet in the unique index: the second is told."""
        row = {"patient_id": patient_id, "id": new_id(), "kind": number.kind.value, "value": number.value}
        new = insert(Identifier).values(**row, issuer=issuer).on_conflict_do_nothing().returning(Identifier.id)
        stored = self.db.execute(new)
        if stored.one_or_none() is None:
            raise AlreadyRegistered()

    def _change(self, patient_id: UUID, columns: Mapping[str, Any]) -> None:
        if columns:
            self.db.execute(
                sa.update(Patient).where(Patient.patient_id.in_([self._leading(patient_id)])).values(**columns)
            )

    def _name_anew(self, record_id: UUID) -> None:
        """The finder's words follow the name; the old ones are no longer found."""
        mine = NameWord.patient_id.in_([record_id])
        names = sa.select(Patient.family_name, Patient.given_name).where(Patient.patient_id.in_([record_id]))
        words = rules.name_words(*self.db.execute(names).one())
        self.db.execute(sa.update(NameWord).where(mine).values(live=NameWord.word.in_(words)))
        rows = [{"patient_id": record_id, "word": word} for word in words]
        self.db.execute(insert(NameWord).on_conflict_do_nothing(), rows)
