"""What is measured: nine jobs, asked of the journal and of the limit in the same words, and how an answer is known to be right."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from journal.bench.world import IN_BOX, Patient, Ward, World, generic_names, made_id
from journal.platform.clock import local_date, norwegian_date

JOURNAL, LIMIT = "journal", "limit"


@dataclass(frozen=True)
class Ask:
    """One request, and what must be in its answer."""

    method: str
    path: str
    cookie: str = ""
    form: dict[str, Any] | None = None
    status: int = 200
    holds: tuple[bytes, ...] = ()

    @property
    def body(self) -> bytes | None:
        return urlencode(self.form, doseq=True).encode() if self.form is not None else None


@dataclass(frozen=True)
class Job:
    """*goal*: the most that the journal may take, in times of the limit. *draw* makes one request for the contestant.

    *most*: so many in a round at the most, of what can be done once alone.
    """

    name: str
    text: str
    goal: float
    draw: Callable[[str, random.Random, "Draws"], Ask]
    most: int = 1_000_000


class Draws:
    """Whom a job is about, drawn anew each time; a dose is signed once, and a medicine prescribed once, whoever does it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self._doses: Iterator[tuple[Ward, Patient, UUID]] = world.doses(random.Random(seed))
        self._boxes = world.with_box(random.Random(seed))
        self._to_prescribe_for = world.to_prescribe_for(random.Random(seed))

    def ward(self, chance: random.Random) -> Ward:
        return chance.choice(self.world.wards)

    def patient(self, chance: random.Random) -> tuple[Ward, Patient]:
        ward = self.ward(chance)
        return ward, chance.choice(ward.patients)

    def dose(self) -> tuple[Ward, Patient, UUID]:
        return next(self._doses)

    def box(self) -> tuple[Ward, Patient]:
        return next(self._boxes)

    def to_prescribe_for(self) -> tuple[Ward, Patient]:
        return next(self._to_prescribe_for)


def _ask(who: str, ward: Ward, of_journal: str, of_limit: str, **more: Any) -> Ask:
    if who == JOURNAL:
        return Ask(path=of_journal, cookie=ward.nurse.cookie, **more)
    return Ask(path=f"/{ward.id}{of_limit}", **more)


def _chart(who: str, chance: random.Random, draws: Draws) -> Ask:
    ward, patient = draws.patient(chance)
    path = f"/patients/{patient.id}", f"/chart/{patient.id}"
    return _ask(who, ward, *path, method="GET", holds=generic_names())


def _medication(who: str, chance: random.Random, draws: Draws) -> Ask:
    ward, patient = draws.patient(chance)
    path = f"/patients/{patient.id}/medication", f"/medication/{patient.id}"
    return _ask(who, ward, *path, method="GET", holds=generic_names())


def _search(who: str, chance: random.Random, draws: Draws) -> Ask:
    ward, patient = draws.patient(chance)
    prefix = chance.choice(patient.words)[: chance.randint(2, 4)]
    found = [p for p in ward.patients if any(word.startswith(prefix) for word in p.words)]
    form = {"text": prefix, "csrf_token": ward.nurse.csrf_token}
    return _ask(
        who, ward, "/search", "/search", method="POST", form=form, holds=tuple(str(p.id).encode() for p in found)
    )


def _round(who: str, chance: random.Random, draws: Draws) -> Ask:
    ward = draws.ward(chance)
    return _ask(who, ward, "/round", "/round", method="GET", holds=tuple(str(p.id).encode() for p in ward.patients))


def _sign(who: str, chance: random.Random, draws: Draws) -> Ask:
    ward, patient, dose = draws.dose()
    form = {"csrf_token": ward.nurse.csrf_token, "command_id": str(uuid4()), "request_version": "1"}
    path = f"/patients/{patient.id}/doses/{dose}/given", f"/given/{patient.id}/{dose}"
    return _ask(who, ward, *path, method="POST", form=form, status=303 if who == JOURNAL else 200)


def _bag(who: str, chance: random.Random, draws: Draws) -> Ask:
    ward, patient = draws.box()
    thing, doses = made_id(20, patient.n), [f"{made_id(11, patient.n, k)}.1" for k in IN_BOX]
    form: dict[str, Any] = {"csrf_token": ward.nurse.csrf_token, "command_id": str(uuid4()), "doses[]": doses}
    form |= {"at": draws.world.hour.isoformat(), "confirmed[]": "late"}
    path = f"/patients/{patient.id}/prepared/{thing}/given", f"/bag/{patient.id}/{thing}"
    return _ask(who, ward, *path, method="POST", form=form, status=303 if who == JOURNAL else 200)


def _lay_in(who: str, chance: random.Random, draws: Draws) -> Ask:
    """Next week's dosett, anew each time: who lays it in again corrects it."""
    ward = draws.ward(chance)
    patient = chance.choice([patient for patient in ward.patients if patient.has_box])
    day = local_date(draws.world.hour) + timedelta(days=7)
    seen = [f"{made_id(10, patient.n, k // 100)}.1" for k in IN_BOX]
    form: dict[str, Any] = {"csrf_token": ward.nurse.csrf_token, "command_id": str(uuid4()), "seen[]": seen}
    form |= {"starts_on": norwegian_date(day), "day": day.isoformat()}
    if who == JOURNAL:
        del form["day"]
    path = f"/patients/{patient.id}/prepared/dosett", f"/laid/{patient.id}"
    return _ask(who, ward, *path, method="POST", form=form, status=303 if who == JOURNAL else 200)


def _count(who: str, chance: random.Random, draws: Draws) -> Ask:
    number = chance.randrange(len(draws.world.wards))
    ward, place = draws.world.wards[number], made_id(23, number)
    ledgers = [str(made_id(24, number, k)) for k in (1, 2, 3)]
    form: dict[str, Any] = {"csrf_token": ward.nurse.csrf_token, "command_id": str(uuid4())}
    form |= {"ledger[]": ledgers, "counted[]": ["100"] * len(ledgers)}
    path = f"/keeping/{place}/count", f"/counted/{place}"
    return _ask(who, ward, *path, method="POST", form=form, status=303 if who == JOURNAL else 200)


def _prescribe(who: str, chance: random.Random, draws: Draws) -> Ask:
    ward, patient = draws.to_prescribe_for()
    form = {"csrf_token": ward.doctor.csrf_token, "command_id": str(uuid4()), "item": str(draws.world.item)}
    form |= {"indication": "mot plager", "amount": "1", "unit": "tablett", "pattern": "daily", "times": "8"}
    if who == JOURNAL:
        path = f"/patients/{patient.id}/medication/prescribe"
        return Ask("POST", path, ward.doctor.cookie, form, 303)
    return Ask("POST", f"/{ward.id}/prescribed/{patient.id}", form=form)


JOBS = (
    Job("chart", "Åpne journal", 3.0, _chart),
    Job("search", "Søk på navn", 2.5, _search),
    Job("medication", "Legemidler i bruk", 2.5, _medication),
    Job("round", "Medisinrunde, 30 pasienter", 3.0, _round),
    Job("sign", "Signer dose", 3.0, _sign, most=1000),
    Job("bag", "Signer pose", 3.0, _bag, most=20),
    Job("lay_in", "Legg opp dosett for en uke", 3.0, _lay_in),
    Job("count", "Tell tre beholdninger", 3.0, _count),
    Job("prescribe", "Forskriv, med alle kontroller", 4.0, _prescribe, most=300),
)
BLOCKS_GOAL = 1.15
