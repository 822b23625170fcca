"""The numbers of a person: checked, stored once, replaced by a newer one. No number leaves its row."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.patients.errors import NumberElsewhere
from journal.patients.models import Identifier
from journal.patients.national_id import FIRST_YEAR_OF_2032_TYPE, NationalId, NationalIdKind
from journal.patients.rules import Sought
from journal.patients.service.reading import Reading
from journal.patients.service.searching import Searching
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import on_patient

_REPLACED_BY_FNR = ("DNR", "FHN", "HNR")


class Numbering(Reading, Searching):
    @on_patient(Permission.PATIENTS_WRITE)
    def add_identifier(self, patient_id: UUID, national_id: str, *, issuer: str | None = None) -> None:
        """One more number. A fødselsnummer ends the D-, help and H-numbers, which keep their rows and are still found
        (HIS 1001:2010 ch. 2-3); any number ends an earlier one of its kind, and an H-number that of its issuer.

        Raises Invalid for a number that is none, NumberElsewhere for one that another record has or has had, Conflict
        when the patient has it already.
        """
        number = self._national_id(national_id, issuer)
        self._lock(patient_id)
        found = self._search(Sought("number", number=number.value))
        leading = self._leading(patient_id)
        if found.ambiguous or any(hit.patient_id != leading for hit in found.hits):
            raise NumberElsewhere(next((hit.patient_id for hit in found.hits if hit.patient_id != leading), None))
        live = (
            self.work.chart(patient_id, Identifier),
            Identifier.valid_until.is_(None),
            Identifier.in_error_at.is_(None),
        )
        if self.db.scalar(sa.select(Identifier.id).where(*live, Identifier.value == number.value)) is not None:
            raise Conflict("Pasienten har dette nummeret fra før.")
        same = sa.and_(Identifier.kind == number.kind.value, Identifier.issuer.is_not_distinct_from(issuer))
        poorer = Identifier.kind.in_(_REPLACED_BY_FNR if number.kind is NationalIdKind.FNR else ())
        # A number that came in while this transaction waited is younger than its now().
        until = sa.func.greatest(Identifier.valid_from, self.work.now)
        ended = sa.update(Identifier).where(*live, sa.or_(same, poorer)).values(valid_until=until)
        self.db.execute(ended, execution_options={"synchronize_session": False})
        if not self._store_number(leading, number, issuer):
            raise NumberElsewhere(None)

    @on_patient(Permission.PATIENTS_READ)
    def has_numbers(self, patient_id: UUID, numbers: Collection[str]) -> bool:
        """Whether every one of these numbers (digits only) is the patient's, or has been; False for none at all."""
        hers = sa.select(Identifier.value).where(
            self.work.chart(patient_id, Identifier), Identifier.in_error_at.is_(None)
        )
        return bool(numbers) and set(numbers) <= set(self.db.scalars(hers))

    @on_patient(Permission.PATIENTS_WRITE)
    def identifier_in_error(self, patient_id: UUID, identifier_id: UUID, *, reason: str) -> None:
        """It was never this person's number: it is shown no more, and she is not found by it. Raises NotFound."""
        mark = sa.update(Identifier).where(
            self.work.chart(patient_id, Identifier), Identifier.id == identifier_id, Identifier.in_error_at.is_(None)
        )
        marked = self.db.scalar(mark.values(in_error_reason=reason).returning(Identifier.id))
        if marked is None:
            raise NotFound()

    def _national_id(self, text: str, issuer: str | None) -> NationalId:
        number = self._classified(text, "national_id")
        too_early = local_date(self.work.now).year < FIRST_YEAR_OF_2032_TYPE
        if number.is_2032_type and too_early and not self._synthetic_allowed():
            raise Invalid(
                errors={"national_id": ["Kontrollsifrene stemmer ikke. Sjekk at nummeret er skrevet riktig."]}
            )
        if (number.kind is NationalIdKind.HNR) != bool(issuer):
            raise Invalid(errors={"issuer": ["Skriv hvem som har gitt H-nummeret, og bare for et H-nummer."]})
        return number

    def _store_number(self, patient_id: UUID, number: NationalId, issuer: str | None) -> bool:
        """Two who store the same number at once meet in the unique index: False for the second."""
        row = {"patient_id": patient_id, "id": new_id(), "kind": number.kind.value, "value": number.value}
        new = insert(Identifier).values(**row, issuer=issuer).on_conflict_do_nothing().returning(Identifier.id)
        return self.db.execute(new).one_or_none() is not None
