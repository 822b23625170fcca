"""A patient's dispenser as her page and the unit's list show it, in plain words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from journal.medication.pages.prepared import Ready, ready
from journal.medication.rules.dispenser import EVENTS, NEEDS, SUITABILITIES, URGENT, Event, add_sentence
from journal.medication.service import DeviceTold, DispenserSaid, PatientDispenser, PreparedThing, ToLayIn
from journal.patients import Listed
from journal.platform.clock import local_date, moment, norwegian_date, spoken
from journal.platform.language import gettext as _
from journal.platform.language import joined, phrase
from journal.platform.quantity import Quantity

_LATELY = timedelta(hours=36)


class ToldLine(NamedTuple):
    """One thing the device told, in words."""

    what: str
    at: str
    about: str
    came: str


class DispenserPage(NamedTuple):
    """What the page says. `facts`: name and text, of the device, the judgement, the training, the load and the last contact."""

    entry_id: UUID
    version: int
    in_use: bool
    needs: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    loads: tuple[Ready, ...]
    to_add: tuple[str, ...]
    told: tuple[ToldLine, ...]
    compartments: tuple[tuple[str, str], ...]
    said: Mapping[str, str]


class DispenserRow(NamedTuple):
    """A patient of the unit's list."""

    patient_id: UUID
    name: str
    needs: tuple[tuple[str, str], ...]
    loaded: str
    heard: str


def dispenser_page(of: PatientDispenser, wanted: Sequence[ToLayIn], person_id: UUID, now: datetime) -> DispenserPage:
    """The page at `now`, for this person. `wanted`: what the orders want to lie in it from now on."""
    return DispenserPage(
        entry_id=of.entry_id,
        version=of.version,
        in_use=of.in_use(local_date(now)),
        needs=_needs(of),
        facts=_facts(of, now),
        loads=tuple(ready(thing, person_id, now) for thing in reversed(of.loads)),
        to_add=to_add(of.loads, wanted),
        told=tuple(_told(one, now) for one in of.told[:20]),
        compartments=_compartments(of.loads, now),
        said=_typed(of.said),
    )


def dispenser_rows(
    found: Iterable[PatientDispenser], names: Mapping[UUID, Listed], now: datetime
) -> list[DispenserRow]:
    """Who needs somebody first comes first, then by name."""
    order = list(NEEDS)

    def place(of: PatientDispenser) -> tuple[int, str]:
        return (order.index(of.needs[0]) if of.needs else len(order)), names[of.patient_id].family_name

    return [
        DispenserRow(
            of.patient_id,
            joined(", ", (names[of.patient_id].family_name, names[of.patient_id].given_name)),
            _needs(of),
            _loaded(of),
            _heard(of, now),
        )
        for of in sorted(found, key=place)
    ]


def to_add(loads: Sequence[PreparedThing], wanted: Sequence[ToLayIn]) -> tuple[str, ...]:
    """What is to lie in the dispenser in the days of its loads and does not, in sentences."""
    if not loads:
        return ()
    last = max(thing.ends_on for thing in loads)
    lies = {
        (line.request_entry_id, bag.due_at)
        for thing in loads
        for bag in thing.bags
        for line in bag.lines
        if not line.why and not line.taken_out_by
    }
    counts: dict[str, int] = {}
    for line in wanted:
        if local_date(line.due_at) <= last and (line.request_entry_id, line.due_at) not in lies:
            said = add_sentence(Quantity(line.amount.value, line.amount.unit), line.medicine)
            counts[said] = counts.get(said, 0) + 1
    return tuple(phrase("%(what)s. Gjelder %(count)s rom.", what=what, count=count) for what, count in counts.items())


def _needs(of: PatientDispenser) -> tuple[tuple[str, str], ...]:
    return tuple(("danger" if need in URGENT else "warning", NEEDS[need]) for need in of.needs)


def _facts(of: PatientDispenser, now: datetime) -> tuple[tuple[str, str], ...]:
    said = of.said
    judged = phrase(
        "%(what)s, vurdert %(date)s av %(name)s",
        what=SUITABILITIES[said.suitability],
        date=norwegian_date(said.assessed_on),
        name=said.assessed_by,
    )
    trained = (
        phrase("Gitt %(date)s av %(name)s", date=norwegian_date(said.trained_on), name=said.trained_by)
        if said.trained_on and said.trained_by
        else phrase("Ikke gitt")
    )
    return (
        (_("Dispenser"), phrase("%(device)s, nummer %(serial)s", device=said.device, serial=said.serial)),
        (_("I bruk"), _days(said)),
        (_("Egnethet"), judged),
        (_("Opplæring"), trained),
        (_("Neste evaluering"), norwegian_date(said.evaluate_on) if said.evaluate_on else phrase("Ingen")),
        (_("Lagt i til og med"), _loaded(of)),
        (_("Sist hørt fra"), _heard(of, now)),
    )


def _days(said: DispenserSaid) -> str:
    first = norwegian_date(said.starts_on)
    if said.ends_on is None:
        return phrase("Fra %(first)s", first=first)
    return phrase("%(first)s–%(last)s", first=first, last=norwegian_date(said.ends_on))


def _loaded(of: PatientDispenser) -> str:
    return norwegian_date(of.loaded_until) if of.loaded_until else phrase("Ingenting er lagt i")


def _heard(of: PatientDispenser, now: datetime) -> str:
    newest = next((one for one in of.told if one.heard.kind is not Event.NO_CONTACT), None)
    return spoken(newest.heard.at, now) if newest else phrase("Ikke de siste to ukene")


def _told(one: DeviceTold, now: datetime) -> ToldLine:
    about = phrase("dosen %(time)s", time=spoken(one.heard.due_at, now)) if one.heard.due_at else ""
    came = phrase("skrevet inn %(time)s av %(name)s", time=spoken(one.came_at, now), name=one.by_name)
    return ToldLine(
        EVENTS[one.heard.kind], spoken(one.heard.at, now), joined(": ", (about, one.note)) or one.note, came
    )


def _compartments(loads: Sequence[PreparedThing], now: datetime) -> tuple[tuple[str, str], ...]:
    """The compartments that a device may tell of now, the last first."""
    times = {bag.due_at for thing in loads for bag in thing.bags}
    near = sorted((at for at in times if now - _LATELY <= at <= now + timedelta(hours=2)), reverse=True)
    return tuple((at.isoformat(), moment(at)) for at in near)


def _typed(said: DispenserSaid) -> dict[str, str]:
    """As the fields of the form are typed."""

    def day(each: date | None) -> str:
        return norwegian_date(each) if each else ""

    return {
        "device": said.device,
        "serial": said.serial,
        "starts_on": day(said.starts_on),
        "ends_on": day(said.ends_on),
        "suitability": said.suitability.value,
        "assessed_by": said.assessed_by,
        "assessed_on": day(said.assessed_on),
        "trained_by": said.trained_by or "",
        "trained_on": day(said.trained_on),
        "evaluate_on": day(said.evaluate_on),
    }
