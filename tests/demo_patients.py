"""One invented patient with everything in the chart."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from journal.care.rules import EFFECT_AFTER, effect_text
from journal.medication.service.planning import HORIZON, horizon
from journal.platform.clock import age, instant, local, local_date
from journal.platform.quantity import Quantity
from tests import factories
from tests.builder import Builder
from tests.demo_days import DAYS_AHEAD, DAYS_BACK, Days, fever, observations
from tests.demo_medicines import Catalogue, Planned, medicines_of
from tests.demo_places import Place, Team
from tests.demo_texts import (
    CHANGE_REASONS,
    HOLD_REASON,
    HOME_CARE_NOTES,
    INCIDENT_OF_A_FALL,
    NOTES,
    PLACES,
    STOP_REASONS,
    TASKS,
)
from tests.orders import next_version
from tests.people import Person

assert timedelta(days=DAYS_AHEAD) == HORIZON

BLOOD_THINNERS = ("B01AA", "B01AE", "B01AF", "B01AB")


@dataclass
class Admission:
    """What is decided of a patient before her chart is filled."""

    place: Place
    team: Team
    person: Person
    room: str | None
    confidentiality: str = "none"
    died_at: datetime | None = None
    away: str | None = None


@dataclass
class Filler:
    """Fills charts. `today` is the day in Oslo at `now`."""

    b: Builder
    random: Random
    now: datetime
    catalogue: Catalogue

    @property
    def today(self) -> date:
        return local_date(self.now)

    def patient(self, admission: Admission) -> UUID:
        """A patient with everything; answers with her id."""
        random, b, team, person = self.random, self.b, admission.team, admission.person
        since = self._at_work(self.now - timedelta(days=random.randrange(20, 800)))
        nurse = random.choice(team.nurses)
        years = age(person.birth_date, self.today)
        patient_id = self._register(admission, since)
        away_from = self._stay(patient_id, admission, since)
        for_flags = self._alerts(patient_id, admission, since)
        if admission.died_at is not None:
            return patient_id
        days = Days(b, random, self.now, team, patient_id, away_from, random.randrange(60, 82))
        codes = {condition.icd10 for condition in person.conditions}
        planned = medicines_of(random, person, years, self.catalogue, self.now)
        for one in planned:
            self._order(days, one, since)
        if any(one.days and (one.medicine.atc_code or "").startswith("J01") for one in planned):
            fever(days)
        observations(days, codes, years)
        self._notes(days, person)
        self._tasks(days, person, for_flags)
        thinner = next((o for o in planned if (o.medicine.atc_code or "").startswith(BLOOD_THINNERS)), None)
        if thinner is not None:
            sub = thinner.medicine.generic_name
            factories.flag(b, patient_id, nurse, "anticoagulant", "Blodfortynnende", sub=sub, recorded_at=since)
        return patient_id

    def second_record(self, admission: Admission, number: str | None) -> UUID:
        """The same person registered once more by another municipality, without a chart to speak of."""
        since = self.now - timedelta(days=12)
        patient_id = self._register(admission, since, number=number)
        code = "20" if admission.team.is_ward else "15"
        doctor, unit = admission.team.doctor, admission.team.unit
        factories.granted_service(self.b, patient_id, doctor, unit, code=code, since=since)
        return patient_id

    def _register(self, admission: Admission, since: datetime, number: str | None = "") -> UUID:
        person, protected = admission.person, admission.confidentiality != "none"
        address = person.address
        return factories.patient(
            self.b,
            self.random.choice(admission.team.nurses),
            family_name=person.family_name,
            given_name=person.given_name,
            birth_date=person.birth_date,
            sex=person.sex,
            national_id=person.national_id if number == "" else number,
            confidentiality=admission.confidentiality,
            recorded_at=since,
            died_at=admission.died_at,
            address_line_1=None if protected else f"{address.street} {address.house_number}",
            postal_code=None if protected else address.postal_code,
            city=None if protected else address.city,
            home_municipality_number=None if protected else admission.place.known.number,
            phone=None if protected else person.phone,
            general_practitioner_name=admission.place.districts[0].doctor.actor.name,
        )

    def _stay(self, patient_id: UUID, admission: Admission, since: datetime) -> datetime | None:
        """A stay, or home care, and when she went away if she has."""
        random, b, team = self.random, self.b, admission.team
        if admission.died_at is not None:
            end = admission.died_at + timedelta(hours=5)
            factories.care_relationship(
                b,
                patient_id,
                random.choice(team.nurses),
                team.unit,
                room=admission.room,
                since=since,
                valid_until=end,
                grace_until=end + timedelta(days=3),
            )
            return None
        if not team.is_ward:
            factories.granted_service(b, patient_id, team.doctor, team.unit, since=since)
            return None
        away: dict[str, Any] = {}
        if admission.away is not None:
            away = {"away": admission.away, "away_from": self.now - timedelta(hours=random.randrange(3, 30))}
            if admission.away == "leave":
                away |= {"away_until": self.now + timedelta(hours=random.randrange(6, 40)), "place": "Hos familien"}
            else:
                away["place"] = random.choice(PLACES)
        kind = "short_term" if random.random() < 0.15 else "long_term"
        nurse = random.choice(team.nurses)
        factories.stay(b, patient_id, nurse, team.unit, since=since, room=admission.room, kind=kind, **away)
        return away.get("away_from")

    def _alerts(self, patient_id: UUID, admission: Admission, since: datetime) -> bool:
        """Allergies, flags and kin; answers whether allergies have been asked about."""
        random, b, person, team = self.random, self.b, admission.person, admission.team
        nurse = random.choice(team.nurses)
        for allergy in person.allergies:
            factories.allergy(
                b,
                patient_id,
                nurse,
                allergy.substance,
                recorded_at=since,
                reaction=allergy.reaction,
                criticality="high" if allergy.severe else "low",
                kind="intolerance" if allergy.substance in ("Kodein", "Morfin") else "allergy",
                verification_status="confirmed" if random.random() < 0.8 else "unconfirmed",
            )
        if person.allergies_asked and not person.allergies:
            factories.no_known_allergies(b, patient_id, nurse, recorded_at=since)
        if team.is_ward and random.random() < 0.35:
            decided = max(since, self._at_work(self.now - timedelta(days=random.randrange(5, 300))))
            doctor = team.doctor.actor.name
            factories.flag(b, patient_id, team.doctor, "cpr", "HLR minus", decided_by_name=doctor, recorded_at=decided)
        if random.random() < (0.08 if team.is_ward else 0.02):
            sub = "Moset kost og tyktflytende drikke"
            factories.flag(b, patient_id, nurse, "swallowing", "Svelgvansker", sub=sub, recorded_at=since)
        if random.random() < 0.02:
            factories.flag(b, patient_id, nurse, "infection", "MRSA", sub="Kontaktsmitte", recorded_at=since)
        kin = person.next_of_kin
        if kin is not None:
            factories.related_person(
                b, patient_id, nurse, kin.name, relation=kin.relation, phone=kin.phone, recorded_at=since
            )
        return person.allergies_asked

    def _order(self, days: Days, one: Planned, since: datetime) -> None:
        """An order with its doses, as it was first, or as it became when it was changed, paused or stopped."""
        random, doctor = self.random, days.team.doctor
        begun = self.now - timedelta(days=random.randrange(DAYS_BACK + 1, 300))
        if one.days is not None:
            begun = instant(self.today - timedelta(days=one.begun), time(1))
        begun = min(max(begun, since), self.now - timedelta(minutes=1))
        start = instant(self.today - timedelta(days=DAYS_BACK), time.min)
        until = horizon(self.now)
        change = self._change(one)
        first = one.dosage
        if change == "change" and isinstance(one.dosage.amount, Quantity):
            first = replace(one.dosage, amount=one.dosage.amount * 2)
        request = factories.medication_request(
            days.b,
            days.patient_id,
            doctor,
            one.medicine,
            dosage=first,
            starts_at=begun,
            ends_at=one.dosage.course.ends_at if one.dosage.course else None,
            planned_until=until,
            indication=one.indication,
            instruction=one.instruction,
            required_value=one.required_value,
            condition_text=one.condition_text,
            two_signatures=one.two_signatures,
            supply=_supply(days, one),
        )
        if one.dosage.as_needed is not None:
            given = days.as_needed(one, request)
            if given and random.random() < 0.3:
                self._effect(days, one, given[0]["effective_at"], given[0]["id"])
            return
        if not change:
            days.sign(one, factories.doses(days.b, request, one.dosage, start, until))
            return
        at = self._at_work(self.now - timedelta(days=random.randrange(1, DAYS_BACK)))
        before = factories.doses(days.b, request, first, start, at)
        reason = random.choice({"hold": (HOLD_REASON,), "stop": STOP_REASONS}.get(change, CHANGE_REASONS))
        new = next_version(days.b, request, doctor, change, reason, at=at, dosage=one.dosage.to_json())
        after = factories.doses(days.b, new, one.dosage, at, until) if change != "stop" else []
        days.sign(one, before + (after if change == "change" else []))

    def _change(self, one: Planned) -> str:
        """What has happened to the order the last days: mostly nothing. Only whole tablets that are no risk are halved."""
        change = self.random.choices(("", "change", "hold", "stop"), weights=(92, 5, 1, 2))[0]
        if one.days is not None or one.dosage.as_needed is not None:
            return ""
        amount = one.dosage.amount
        whole = isinstance(amount, Quantity) and amount.unit == "tablett" and amount.value <= 2
        return "" if change == "change" and (not whole or one.medicine.high_risk) else change

    def _effect(self, days: Days, one: Planned, at: datetime, about_id: UUID) -> None:
        """Somebody is to ask whether it helped."""
        if self.now - at < timedelta(hours=6):
            what = effect_text(one.medicine.generic_name, at)
            factories.task(
                days.b,
                days.patient_id,
                days.on_duty(at),
                days.team.unit,
                what,
                kind="effect_follow_up",
                recorded_at=at,
                due_at=at + EFFECT_AFTER,
                about_id=about_id,
            )

    def _notes(self, days: Days, person: Person) -> None:
        """Up to five notes of the last four days, one a shift at most."""
        random, texts = self.random, NOTES if days.team.is_ward else HOME_CARE_NOTES
        pronouns = (
            {"Han": "Hun", "han": "hun", "ham": "henne"}
            if person.sex == "female"
            else {"Han": "Han", "han": "han", "ham": "ham"}
        )
        left = list(texts)
        at = self.now - timedelta(minutes=random.randrange(15, 500))
        for _ in range(random.choice((0, 1, 1, 2, 2, 3, 5))):
            hour = local(at).hour
            shift = "d" if 7 <= hour < 15 else "e" if 15 <= hour < 22 else "n"
            of_shift = [text for text in left if shift in text[1]]
            if of_shift and (days.away_from is None or at < days.away_from):
                kind, _, body = chosen = random.choice(of_shift)
                left.remove(chosen)
                factories.note(days.b, days.patient_id, days.on_duty(at), body.format(**pronouns), at=at, kind=kind)
                if kind == "fall":
                    fell, done = (text.format(**pronouns) for text in INCIDENT_OF_A_FALL)
                    factories.incident(days.b, days.patient_id, days.on_duty(at), "fall", fell, at=at, measures=done)
            at -= timedelta(minutes=random.randrange(300, 1200))

    def _tasks(self, days: Days, person: Person, asked: bool) -> None:
        """A few things left to do."""
        random, written = self.random, self.now - timedelta(hours=random_hours(self.random))
        ham = "henne" if person.sex == "female" else "ham"
        if not asked and random.random() < 0.3:
            factories.task(
                days.b,
                days.patient_id,
                days.on_duty(written),
                days.team.unit,
                "Spør om allergier",
                kind="allergy_ask",
                recorded_at=written,
            )
        if random.random() < 0.08:
            due_at = instant(self.today + timedelta(days=random.randrange(-1, 4)), time(random.choice((9, 12, 15))))
            what = random.choice(TASKS).format(ham=ham)
            by = days.on_duty(written)
            factories.task(days.b, days.patient_id, by, days.team.unit, what, recorded_at=written, due_at=due_at)

    def _at_work(self, at: datetime) -> datetime:
        """On that day, in the working hours of the doctor."""
        clock = time(self.random.randrange(9, 14), self.random.randrange(60))
        return min(instant(local_date(at), clock), self.now - timedelta(minutes=1))


def random_hours(random: Random) -> int:
    """Some time in the last two days."""
    return random.randrange(1, 48)


def _supply(days: Days, one: Planned) -> str:
    """The ward's stock; at home her own packs, and for two of three patients bags with the tablets that are always the same."""
    if days.team.is_ward:
        return "ward_stock"
    fixed = one.days is None and one.dosage.as_needed is None and not one.dosage.steps and one.dosage.inr is None
    packed = fixed and one.dosage.unit in ("tablett", "kapsel") and days.patient_id.int % 3
    return "multidose" if packed else "own_packs"
