"""Finding a closed chart, by the one function of the database that may: it logs each hit and counts the searches."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.patients import rules
from journal.patients.national_id import NationalId, NotANationalId, classify, looks_like_number
from journal.patients.rules import Sought
from journal.permissions import Permission
from journal.platform.errors import Invalid, TooMany
from journal.platform.service import Service, finds_patients
from journal.platform.statement import Statement
from journal.platform.work import Look

_FIND = Statement(sa.text("SELECT patients.find(:call, :mac)"))
_INVENTED = Statement(
    sa.text("SELECT EXISTS (SELECT FROM platform.installation WHERE environment IN ('demo', 'test'))")
)


class Hit(NamedTuple):
    """What a search may tell: name and birth year; the unit and room where they are one's own."""

    patient_id: UUID
    family_name: str
    given_name: str
    birth_year: int | None
    unit_name: str | None
    room: str | None
    own: bool


@dataclass(frozen=True)
class Found:
    """*more*: there were further hits than are shown. *ambiguous*: several persons fit, and none is shown."""

    hits: tuple[Hit, ...]
    more: bool = False
    ambiguous: bool = False


class Searching(Service):
    @finds_patients(Permission.PATIENTS_FIND)
    def find(self, text: str) -> Found:
        """Whom the text fits. By words of the name, each a prefix: the patients of the units one acts for, at most 25.
        By a whole number, or by full name and full date of birth: one person anywhere.

        Whoever has a protected address is found by the number alone. Raises Invalid for a text that can find nobody,
        TooMany beyond 20 searches outside one's units in ten minutes or 100 in a day.
        """
        return self._search(self._sought(text))

    @finds_patients(Permission.ACCESS_RESCUE)
    def find_in_danger(self, number: str) -> UUID | None:
        """Whose whole number this is, also where she has closed her record to whoever asks: for one whose life is in danger.
        Logged and counted as any search; raises Invalid for what is no number, and TooMany as find does.
        """
        if not looks_like_number(number):
            raise Invalid(errors={"text": ["Skriv hele fødselsnummeret eller D-nummeret, 11 siffer."]})
        sought = self._sought(number)
        self.work.note(Permission.ACCESS_RESCUE, ground="emergency")  # also where there is nobody
        found = self._search(sought, in_danger=True)
        return found.hits[0].patient_id if found.hits else None

    @finds_patients(Permission.AUDIT_READ)
    def find_to_control(self, text: str) -> Found | None:
        """By a whole number, or by full name and full date of birth, one person anywhere: for whoever asks the log about her.
        None for words alone. Logged and counted as any search; raises Invalid and TooMany as find does.
        """
        sought = self._sought(text)
        return None if sought.mode == "words" else self._search(sought)

    def _sought(self, text: str) -> Sought:
        # A name needs no answer from the database about numbers.
        synthetic_allowed = any(map(str.isdigit, text)) and self._synthetic_allowed()
        try:
            return rules.sought(text, synthetic_allowed=synthetic_allowed)
        except (rules.NothingToLookFor, NotANationalId) as error:
            raise Invalid(errors={"text": [error.args[0]]}) from error

    def _search(self, sought: Sought, *, in_danger: bool = False) -> Found:
        call = json.dumps(
            {
                "at": self.work.now.isoformat(),
                "request_id": self.work.request_id,
                "mode": sought.mode,
                "words": sought.words,
                "number": sought.number,
                "in_danger": in_danger,
                "birth_date": sought.birth_date.isoformat() if sought.birth_date else None,
            }
        )
        answer: dict[str, Any] = _FIND.one(self.db, call=call, mac=self.work.keys.sign(call))[0]
        if answer["refusal"] == "too-many":
            raise TooMany("Vent ti minutter før du søker etter flere utenfor enheten din.")
        hits = tuple(_hit(hit) for hit in answer["hits"])
        self._log_also_if_rolled_back(hits)
        return Found(hits, more=answer["more"], ambiguous=answer["refusal"] == "ambiguous")

    def _log_also_if_rolled_back(self, hits: tuple[Hit, ...]) -> None:
        """The function's log rows go with a rollback, and an error may still tell that somebody exists."""
        if hits:
            rows = [{"patient_id": hit.patient_id, "ground": None, "purpose": None} for hit in hits]
            self.work.remember_look(Look(Permission.PATIENTS_FIND, (), rows))

    def _classified(self, text: str, field: str) -> NationalId:
        """The number that was typed in this field of a form. Raises Invalid."""
        try:
            return classify(text, synthetic_allowed=self._synthetic_allowed())
        except NotANationalId as error:
            raise Invalid(errors={field: [error.args[0]]}) from error

    def _synthetic_allowed(self) -> bool:
        """What the database itself says it is: a journal with real patients never takes an invented number."""
        return bool(_INVENTED.one(self.db)[0])


def _hit(told: dict[str, Any]) -> Hit:
    return Hit(**{**told, "patient_id": UUID(told["patient_id"])})
