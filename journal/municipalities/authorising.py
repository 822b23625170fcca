"""Who somebody is and what HPR says of her, before she is given a role that needs it."""

from uuid import UUID

import sqlalchemy as sa

from journal.municipalities.models import Practitioner
from journal.municipalities.role_rules import AUTHORISATIONS, AUTHORISED
from journal.municipalities.role_tables import Qualification
from journal.permissions import Role
from journal.platform.errors import Conflict, Invalid
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service

_BY_HPR = sa.text("SELECT id, name FROM municipalities.practitioner_by_hpr(:hpr)")
_MAY_HOLD = sa.text("SELECT municipalities.may_hold(:person, :role)")
_NOT_ONESELF = "Ingen gir seg selv en rolle. Be en annen om det."


class Authorising(Service):
    """What the ways to a role share."""

    def _person(self, name: str, hpr_number: str | None, role: str, authorisation: str = "") -> UUID:
        """Whoever has this number, or somebody new with this name; authorised for the role, as whoever asks has found in HPR.

        Raises Invalid when the role needs a number or an authorisation that is not given, and for oneself; Conflict when the
        number is somebody else's.
        """
        codes = AUTHORISED.get(role, ())
        if codes and not hpr_number:
            raise Invalid(
                errors={"hpr_number": ["Leger, sykepleiere og helsefagarbeidere må ha HPR-nummer for å få rollen."]}
            )
        known = self._practitioner(hpr_number, name) if hpr_number else None
        # Somebody without a number is new here, and signs in as nobody until an operator has said who she is.
        if known == self.work.actor.person_id or (known is None and name == self.work.actor.name):
            raise Invalid(_NOT_ONESELF)
        if codes and not (known and self._may_hold(known, role)) and authorisation not in codes:
            said = phrase("Slå opp personen i HPR. Rollen krever autorisasjon som %(which)s.", which=_or(codes))
            raise Invalid(errors={"authorisation": [said]})
        if known is None:
            known = new_id()
            self.db.add(Practitioner(id=known, name=name, hpr_number=hpr_number or None))
            self.db.flush()
        if codes and not self._may_hold(known, role):
            self._must_not_be_ended(known, authorisation)
            self.db.add(Qualification(id=new_id(), practitioner_id=known, code=authorisation))
            self.db.flush()
        return known

    def _must_not_be_ended(self, person_id: UUID, code: str) -> None:
        """What an employer found to be gone in HPR holds for all of them: who says otherwise is an administrator."""
        ended = (
            Qualification.practitioner_id == person_id,
            Qualification.code == code,
            Qualification.ended_by.is_not(None),
        )
        gone = self.db.scalar(sa.select(sa.exists().where(*ended)))
        if gone and self.work.actor.role != Role.TENANT_ADMINISTRATOR:
            said = phrase("Autorisasjonen er avsluttet i journalen. Be kommuneadministratoren slå opp personen i HPR.")
            raise Invalid(errors={"authorisation": [said]})

    def _may_hold(self, person_id: UUID, role: str) -> bool:
        """Whether she has what the role needs of an authorisation, now."""
        return bool(self.db.scalar(_MAY_HOLD, {"person": person_id, "role": role}))

    def _practitioner(self, hpr_number: str, name: str) -> UUID | None:
        """The one practitioner with this number in the whole journal; Conflict when she has another name."""
        found = self.db.execute(_BY_HPR, {"hpr": hpr_number}).one_or_none()
        if found is None:
            return None
        if found.name.casefold() != name.casefold():
            raise Conflict("HPR-nummeret er allerede registrert på en person med et annet navn. Kontroller nummeret.")
        return UUID(str(found.id))


def _or(codes: tuple[str, ...]) -> str:
    """`sykepleier`, or `helsefagarbeider, hjelpepleier …`."""
    return ", ".join(str(AUTHORISATIONS[code]) for code in codes)
