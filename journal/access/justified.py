"""Opening a chart with a reason, where nothing else gives a ground. It makes an ordinary, short care relationship."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from journal.access import justified_rules as rules
from journal.access.addresses import AddressReaders
from journal.access.justified_rules import Limits, Reason
from journal.access.justified_tables import JustifiedAccess, JustifiedWords, Notice
from journal.access.models import CareRelationship
from journal.access.near_rules import ways_on
from journal.access.restriction_rules import hides
from journal.access.restriction_tables import NoteRestriction, RestrictionRow
from journal.access.rule_proposals import RuleChange, RuleKind, propose_rule, rule_changes
from journal.access.rules import gives_care
from journal.municipalities import Asked
from journal.permissions import Permission
from journal.platform.errors import Conflict, Denied, Invalid, NoGround, NotLet, TooMany
from journal.platform.ids import new_id
from journal.platform.service import Service, finds_patients, on_patient, without_patient
from journal.platform.statement import Statement
from journal.platform.work import Look

_IN_FORCE = Statement(
    sa.text(
        """SELECT s.emergency_hours, s.other_hours, s.review_hours, s.most_in_an_hour, s.version,
               s.recorded_by_name AS chosen_by, s.recorded_at AS chosen_at, s.proposal_id IS NOT NULL AS by_two
           FROM access.justified_setting s ORDER BY s.version DESC LIMIT 1"""
    )
)
# One after the other for a person who sends several at once, so that none is counted as the first.
_WAIT = Statement(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('access.justify ' || :person, 0))"))
_LATELY = Statement(
    sa.text(
        """SELECT count(*) AS many FROM access.justified_access j
           WHERE j.recorded_by = :person AND j.unit_id = :unit AND j.recorded_at > :since"""
    )
)
_NEARNESS = Statement(sa.text("SELECT near, near_reason FROM access.nearness(:ids)"))
_WHO_KNOWS = Statement(sa.text("SELECT access.who_knows(:call, :mac) AS units"))


@dataclass(frozen=True)
class Opened:
    """*how_far*: the reading that the reason lets; None where there was a ground already, and nothing was made."""

    how_far: rules.Lets | None


class Justifying(Service):
    """The way in for whoever nothing else gives a ground."""

    @on_patient(Permission.ACCESS_JUSTIFY)
    def open(self, patient_id: UUID, reason: Reason, text: str = "") -> Opened:
        """Opens the chart by this reason, for as long as the municipality has chosen, and tells the patient and who looks it over.

        *text* is kept for Reason.OTHER alone, with at least ten characters there. Raises Invalid without it; TooMany for
        more in an hour than the municipality wants, but never in an emergency; NoGround for whoever is not there or is
        shut out.
        """
        if not rules.REASONS[reason].at_the_door:
            raise NotLet()
        words = text.strip()
        if reason is Reason.OTHER and len(words) < rules.LEAST_WORDS:
            raise Invalid(errors={"reason_text": ["Skriv hvorfor med minst 10 tegn."]})
        if rules.is_given(self.work.ground(patient_id)):
            return Opened(None)
        self._take(patient_id, reason, words)
        return Opened(rules.REASONS[reason].lets)

    @on_patient(Permission.ACCESS_JUSTIFY)
    def for_closed(self, patient_id: UUID) -> tuple[Reason, ...]:
        """The weighty grounds that open something the patient has closed to the reader; none when nothing is.

        Raises NoGround for whoever has no ground for the rest, and NotLet when that is one to read a little by.
        """
        ground = self.work.ground(patient_id)
        if ground.relationship_id is None:
            raise NoGround()
        if ground.code in rules.SELF_TAKEN and not rules.lets(ground.decision_ref, Permission.MEDICATION_ADMINISTER):
            raise NotLet()
        rows = self._closed_to_her(patient_id)
        by_name = {row.against_person_id == self.work.actor.person_id for row in rows}
        return tuple(r for r in rules.FOR_CLOSED if any(rules.opens_to(r, by_name=named) for named in by_name))

    @on_patient(Permission.ACCESS_JUSTIFY)
    def open_closed(self, patient_id: UUID, reason: Reason) -> None:
        """Opens what is closed to her, for as long as an emergency, and tells the patient and who looks it over.

        Raises as for_closed(); NotLet for a reason that opens nothing of it, Conflict when nothing is closed to her.
        """
        ways = self.for_closed(patient_id)
        if not ways:
            raise Conflict("Ingenting som kan åpnes, er sperret for deg nå.")
        if reason not in ways:
            raise Denied(
                "Pasienten har sperret dette for deg ved navn. Be en kollega om hjelp, om ikke liv er i fare nå."
            )
        self._take(patient_id, reason, "")

    @on_patient(Permission.ACCESS_RESCUE)
    def open_in_danger(self, patient_id: UUID) -> None:
        """Opens the chart of somebody whose life is in danger, closed to the reader or not, as for an emergency, and tells the
        patient and who looks it over.
        """
        if any(hides((row.category,)) for row in self._closed_to_her(patient_id)):
            self._take(patient_id, Reason.CLOSED_ALL, "")
        else:
            self.open(patient_id, Reason.EMERGENCY)

    @on_patient(Permission.ACCESS_JUSTIFY)
    def open_address(self, patient_id: UUID) -> None:
        """Shows the protected address to one of the few who are named, within the ground she has, and tells the patient and who
        looks it over. Raises NoGround for whoever has none, and Conflict for whoever is not named or does not give the care.
        """
        ground = self.work.ground(patient_id)
        if ground.relationship_id is None:
            raise NoGround()
        self.work.admit(Permission.PATIENTS_ADDRESS)
        named = {one.practitioner_id for one in AddressReaders(self.work).all(patient_id)}
        if not gives_care(ground.code) or self.work.actor.person_id not in named:
            raise Conflict("Du er ikke blant dem som kan se adressen. Må du vite den, spør lederen i enheten.")
        self._take_within(patient_id, Reason.ADDRESS)

    @on_patient(Permission.ACCESS_JUSTIFY)
    def for_rest(self, patient_id: UUID) -> tuple[Reason, ...]:
        """The reasons that open what the purpose of her ground leaves in a drawer; none when it leaves nothing.

        Raises NoGround for whoever has no ground.
        """
        if self.work.ground(patient_id).relationship_id is None:
            raise NoGround()
        if not self.work.actor.may(Permission.NOTES_READ):
            return ()
        narrow = self.work.open(Permission.NOTES_READ, [patient_id])[patient_id].instead
        return tuple(rules.FOR_REST) if narrow else ()

    @on_patient(Permission.ACCESS_JUSTIFY)
    def open_rest(self, patient_id: UUID, reason: Reason) -> None:
        """Opens it within the ground that she has, for as long as an emergency, and tells the patient and who looks it
        over. Raises as for_rest(); Conflict when nothing is left in a drawer, NotLet for a reason of something else.
        """
        ways = self.for_rest(patient_id)
        if not ways:
            raise Conflict("Ingenting ligger i en skuff for deg nå.")
        if reason not in ways:
            raise NotLet()
        self._take_within(patient_id, reason)

    @on_patient(Permission.ACCESS_JUSTIFY)
    def answers(self, patient_id: UUID) -> tuple[Reason, ...]:
        """What she may answer where the patient seems to be near to her; none when nobody seems so, or she has said it already.

        Raises NoGround for whoever has none: the question tells something of the patient.
        """
        ground = self.work.ground(patient_id)
        if ground.relationship_id is None:
            raise NoGround()
        (found,) = _NEARNESS.rows(self.db, ids=list(ground.ids))
        return () if found.near_reason else ways_on(found.near)

    @on_patient(Permission.ACCESS_JUSTIFY)
    def go_on(self, patient_id: UUID, reason: Reason) -> None:
        """Opens the chart of somebody near, within the ground she has, for the rest of the shift, and tells the patient and who
        looks it over. Nothing where nothing is asked. Raises as answers(), and NotLet for what is no answer to it.
        """
        ways = self.answers(patient_id)
        if not ways:
            return
        if reason not in ways:
            raise NotLet()
        self._take_within(patient_id, reason)

    @on_patient(Permission.ACCESS_JUSTIFY)
    def taken_in(self, patient_id: UUID, relationship_id: UUID) -> None:
        """She gave her own unit a stay or a service by no ground but a reason of hers, or none: it opens the chart for all who
        work there, so it is told to the patient and looked over. *relationship_id*: what the unit has by it."""
        self._take(patient_id, Reason.TAKEN_IN, "", within=relationship_id)

    @on_patient(Permission.ACCESS_JUSTIFY)
    def end(self, patient_id: UUID) -> None:
        """Ends what she opened this chart with herself; the others' stays. Raises NoGround when it is over and nothing else is."""
        if self.work.ground(patient_id).relationship_id is None:
            raise NoGround()
        mine = (
            self.work.chart(patient_id, CareRelationship),
            CareRelationship.practitioner_id == self.work.actor.person_id,
            CareRelationship.ground.in_(rules.SELF_TAKEN),
            CareRelationship.valid_until > self.work.now,
        )
        self.db.execute(sa.update(CareRelationship).where(*mine).values(valid_until=self.work.now))

    @finds_patients(Permission.ACCESS_JUSTIFY)
    def who_knows(self, patient_id: UUID) -> tuple[str, ...]:
        """The units of one's own municipality that know the person now; none for a protected address, for a service that tells
        by its name what is the matter, and for whoever is shut out or is not there. Logged, whatever the answer.
        """
        call = json.dumps(
            {
                "at": self.work.now.isoformat(),
                "request_id": self.work.request_id,
                "patient_id": str(patient_id),
                "sensitive": rules.SENSITIVE_SERVICES,
            }
        )
        units = _WHO_KNOWS.one(self.db, call=call, mac=self.work.keys.sign(call)).units
        rows = [{"patient_id": patient_id, "ground": None, "purpose": None}]
        self.work.remember_look(Look(Permission.ACCESS_JUSTIFY, (), rows))
        return tuple(units)

    @without_patient(Permission.ACCESS_JUSTIFY)
    def limits(self) -> Limits:
        """What holds in the municipality one acts for."""
        return _limits(self)

    def _closed_to_her(self, patient_id: UUID) -> list[RestrictionRow | NoteRestriction]:
        now, actor = self.work.now, self.work.actor
        found: list[RestrictionRow | NoteRestriction] = []
        for row in (RestrictionRow, NoteRestriction):
            hers = sa.or_(
                row.against_person_id == actor.person_id,
                row.against_unit_id.in_(list(actor.units)),
                sa.and_(row.against_everyone, self._to_all(row, patient_id)),
            )
            holds = row.valid_from <= now, sa.or_(row.valid_until.is_(None), row.valid_until > now)
            found += self.db.scalars(sa.select(row).where(self.work.chart(patient_id, row), hers, *holds))
        return found

    @staticmethod
    def _to_all(row: type[RestrictionRow] | type[NoteRestriction], patient_id: UUID) -> sa.ColumnElement[bool]:
        """Of what is closed to everyone, single notes are so to whoever gives the care too."""
        return sa.true() if row is NoteRestriction else sa.not_(sa.func.access.gives(patient_id, type_=sa.Boolean))

    def _take_within(self, patient_id: UUID, reason: Reason) -> None:
        """Within the ground that she has. Of linked records it stands in the one that has the relationship."""
        row, within = CareRelationship, self.work.ground(patient_id).relationship_id
        of = sa.select(row.patient_id).where(self.work.chart(patient_id, row), row.id == within)
        self._take(self.db.scalars(of).one(), reason, "", within=within)

    def _take(self, patient_id: UUID, reason: Reason, words: str, *, within: UUID | None = None) -> None:
        """*within*: the relationship that she reads by already; without it one begins."""
        limits = self.limits()
        earlier = self._in_an_hour()
        too_many = earlier >= limits.most_in_an_hour
        if too_many and rules.REASONS[reason].stoppable:
            raise TooMany(
                "Du har åpnet mange journaler med en grunn den siste timen. Be lederen sette deg på pasientene, eller vent."
            )
        access = JustifiedAccess(
            patient_id=patient_id,
            id=new_id(),
            relationship_id=within or self._begin(patient_id, reason, limits),
            reason=reason.value,
            valid_until=self.work.now + timedelta(hours=limits.hours(reason)),
            review_before=self.work.now + timedelta(hours=limits.review_hours),
            in_an_hour=earlier + 1,
            too_many=too_many,
        )
        self.db.add(access)
        self.db.flush()
        self.db.add(Notice(patient_id=patient_id, access_id=access.id))
        if reason is Reason.OTHER:
            self.db.add(JustifiedWords(patient_id=patient_id, access_id=access.id, text=words))
        self.db.flush()

    def _in_an_hour(self) -> int:
        actor = self.work.actor
        _WAIT.rows(self.db, person=str(actor.person_id))
        since = self.work.now - timedelta(hours=1)
        return int(_LATELY.one(self.db, person=actor.person_id, unit=actor.unit_id, since=since).many)

    def _begin(self, patient_id: UUID, reason: Reason, limits: Limits) -> UUID:
        opens, id = rules.REASONS[reason], new_id()
        begun = {
            "patient_id": patient_id,
            "id": id,
            "practitioner_id": self.work.actor.person_id,
            "ground": opens.ground,
            "purpose": opens.purpose,
            "decision_ref": rules.decision_ref(reason),
            "valid_from": self.work.now,
            "valid_until": self.work.now + timedelta(hours=limits.hours(reason)),
        }
        # No unit: it is nobody else's.
        self.db.execute(sa.insert(CareRelationship).values(**begun, unit_id=sa.null()))
        return id


class JustifiedSettings(Service):
    """How long, how many and how soon: chosen for the whole municipality."""

    @without_patient(Permission.ACCESS_MANAGE)
    def chosen(self) -> Limits:
        """What holds now, with who chose it."""
        return _limits(self)

    @without_patient(Permission.ACCESS_MANAGE)
    def changes(self) -> list[RuleChange]:
        """What is proposed of them, and answered."""
        return rule_changes(self, RuleKind.LIMITS)

    @without_patient(Permission.ACCESS_MANAGE)
    def propose(
        self,
        *,
        emergency_hours: int,
        other_hours: int,
        review_hours: int,
        most_in_an_hour: int,
        version: int,
        asked: Asked,
    ) -> None:
        """Asks for other limits, in hours; approved, they hold for what is opened from then on.

        *version* is the newest that was seen, 0 for none. Raises Conflict when another has come since.
        """
        held = _limits(self)
        if held.version != version:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")
        value = {
            "emergency_hours": emergency_hours,
            "other_hours": other_hours,
            "review_hours": review_hours,
            "most_in_an_hour": most_in_an_hour,
        }
        before = {name: getattr(held, name) for name in value}
        propose_rule(self, RuleKind.LIMITS, value, before, asked, version=version)
        self.work.note(Permission.ACCESS_MANAGE)


def _limits(service: Service) -> Limits:
    found = _IN_FORCE.rows(service.db)
    return Limits(**found[0]._asdict()) if found else Limits()
