"""Registering a person, and keeping name and address right. Old values stay."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.patients import rules
from journal.patients.errors import AlreadyRegistered, Changed, PossibleDuplicate
from journal.patients.facts import PatientRegistered
from journal.patients.models import NameWord, Patient, PatientHistory
from journal.patients.national_id import NationalId
from journal.patients.person import PLACES, Contact, NewPatient, PersonIdentity
from journal.patients.rules import Sought
from journal.patients.service.numbers import Numbering
from journal.patients.service.searching import Found
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.service import on_patient


class Identity(Numbering):
    @on_patient(Permission.PATIENTS_REGISTER)
    def register(self, patient_id: UUID, new: NewPatient, *, is_another_person: bool = False) -> None:
        """Gives a person a record in the journal, under a new id of the caller's making.

        Raises Invalid for a number that is none, AlreadyRegistered for one that somebody has, and, without a number,
        PossibleDuplicate when somebody has the same full name and date of birth and *is_another_person* is not said.
        """
        number = self._national_id(new.national_id, new.issuer) if new.national_id else None
        self._refuse_known(new, number, is_another_person)
        words = _words_of(new)
        person = {name: value for name, value in vars(new).items() if name not in ("national_id", "issuer")}
        self.db.add(Patient(patient_id=patient_id, **person))
        self.db.flush()
        self.db.execute(insert(NameWord), [{"patient_id": patient_id, "word": word} for word in words])
        if number is not None and not self._store_number(patient_id, number, new.issuer):
            raise AlreadyRegistered(just_now=True)
        self.work.publish(PatientRegistered(patient_id))

    @on_patient(Permission.PATIENTS_WRITE)
    def update_contact(self, patient_id: UUID, contact: Contact, *, version: int) -> None:
        """How to reach the patient from now on; the old values are kept. Raises Changed when *version* is not the current one.

        While the address is protected, address and telephone stay as they are: whoever writes has not seen them.
        """
        hidden = PLACES if self._protection(patient_id, version) != "none" else ()
        self._change(patient_id, {name: value for name, value in vars(contact).items() if name not in hidden})

    @on_patient(Permission.PATIENTS_WRITE)
    def correct_identity(self, patient_id: UUID, identity: PersonIdentity, *, version: int) -> None:
        """Who the patient is; the old values are kept. A date of birth comes with its precision. Raises Changed or Invalid.

        Protection is the person's: it is set on every linked record. When it ends, address and telephone are emptied and
        must be written anew, so that nobody lifts it to read them.
        """
        words, before, leading = _words_of(identity), self._protection(patient_id, version), self._leading(patient_id)
        protection: dict[str, str | None] = {"confidentiality": identity.confidentiality}
        if before != "none" and identity.confidentiality == "none":
            protection |= dict.fromkeys(PLACES)
        self._change(patient_id, vars(identity) | protection)
        followers = sa.and_(self.work.chart(patient_id, Patient), Patient.patient_id.not_in([leading]))
        self.db.execute(sa.update(Patient).where(followers).values(**protection))
        self._name_anew(leading, words)

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

    def _protection(self, patient_id: UUID, version: int) -> str:
        """The protection of the address, with the person locked. Raises Changed unless *version* is the current one."""
        self._lock(patient_id)
        changes = sa.select(sa.func.count(PatientHistory.id)).where(self.work.chart(patient_id, PatientHistory))
        if self.db.scalar(changes) != version - 1:
            raise Changed("Se over det som står nå, og prøv igjen.")
        mine = sa.select(Patient.confidentiality).where(self.work.chart(patient_id, Patient))
        return rules.strictest(self.db.scalars(mine))

    def _change(self, patient_id: UUID, columns: Mapping[str, Any]) -> None:
        leading = Patient.patient_id.in_([self._leading(patient_id)])
        self.db.execute(sa.update(Patient).where(leading).values(**columns))

    def _name_anew(self, record_id: UUID, words: Collection[str]) -> None:
        """The finder's words follow the name; the old ones are no longer found."""
        mine = NameWord.patient_id.in_([record_id])
        self.db.execute(sa.update(NameWord).where(mine).values(live=NameWord.word.in_(words)))
        rows = [{"patient_id": record_id, "word": word} for word in words]
        self.db.execute(insert(NameWord).on_conflict_do_nothing(), rows)


def _words_of(identity: PersonIdentity) -> tuple[str, ...]:
    words = rules.name_words(identity.family_name, identity.given_name)
    if not words:
        raise Invalid(errors={"family_name": ["Skriv navnet med bokstaver."]})
    return words
