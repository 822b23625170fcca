"""Many people at one thing in the same moment, over HTTP: one of them does it, and each of the rest is told so.

Two crowds: nurses who sign the same dose, and doctors who change the same version of an order.
"""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from journal.platform.ids import new_id
from tests.crash.clients import Line
from tests.crash.place import Place, free_port, place
from tests.crash.processes import WebServer
from tests.crash.ward import Nurse, Ward, make_ward

READY_SECONDS = 60.0
WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Act:
    """What all of them do at once: each sends her own form, with her own command id."""

    path: str
    form: dict[str, str]


@dataclass(frozen=True)
class Report:
    """What came of it. `wrong` must be 0."""

    things: int
    people: int
    seconds: float
    answers: Counter[int]
    tries: int
    not_done_once: int
    """Things that other than one person was told she did, or that any of the rest was not told with a 409."""
    not_stored_once: int
    not_logged_once: int
    without_fact: int

    @property
    def wrong(self) -> int:
        return self.not_done_once + self.not_stored_once + self.not_logged_once + self.without_fact

    def __str__(self) -> str:
        return (
            f"{self.things} things, {self.people} people at each: {dict(self.answers)} in {self.tries} tries and"
            f" {self.seconds:.0f} s\\nnot done once {self.not_done_once}, not stored once {self.not_stored_once},"
            f" not logged once {self.not_logged_once}, without fact {self.without_fact}"
        )


def sign(doses: int, signers: int) -> Report:
    """Each dose is signed by all of the nurses at once."""
    with place() as at:
        ward = _ward(at, doses, signers, "nurse")
        chosen = ward.doses[:doses]
        acts = [Act(dose.path, dose.form) for dose in chosen]
        answers, tries, seconds = _all_at_once(at, ward.nurses, acts)
        return _report(at, _SIGNED, [dose.id for dose in chosen], signers, answers, tries, seconds)


def change(orders: int, writers: int) -> Report:
    """The first version of each order is put on hold by all of the doctors at once."""
    with place() as at:
        ward = _ward(at, orders, writers, "doctor", doses_per_patient=1)
        chosen = ward.orders[:orders]
        acts = [
            Act(f"/patients/{patient_id}/medication/{entry_id}/hold", {"version": "1", "reason": "Til utredning"})
            for patient_id, entry_id in chosen
        ]
        answers, tries, seconds = _all_at_once(at, ward.nurses, acts)
        return _report(at, _CHANGED, [entry_id for _, entry_id in chosen], writers, answers, tries, seconds)


def _ward(at: Place, doses: int, people: int, role: str, **more: int) -> Ward:
    with psycopg.connect(at.conninfo(), autocommit=True) as connection:
        return make_ward(connection, at.settings, doses=doses, nurses=people, role=role, **more)


def _all_at_once(at: Place, people: Sequence[Nurse], acts: Sequence[Act]) -> tuple[list[Counter[int]], int, float]:
    """The answers to each act by status; how many tries it took, and how long."""
    web = WebServer(at.environment, free_port(), at.folder / "web.log")
    web.start()
    try:
        return _gather(web, people, acts)
    finally:
        web.stop()


def _gather(web: WebServer, people: Sequence[Nurse], acts: Sequence[Act]) -> tuple[list[Counter[int]], int, float]:
    answers: list[Counter[int]] = [Counter() for _ in acts]
    tries, lock, together = 0, threading.Lock(), threading.Barrier(len(people))

    def act_on_all(person: Nurse) -> None:
        nonlocal tries
        line = Line(web.port, person, patience=WAIT_SECONDS, accept="application/json")
        for act, told in zip(acts, answers, strict=True):
            command_id, status = new_id(), 0
            together.wait(WAIT_SECONDS)
            while status == 0 or status >= 500:
                status, _ = line.act(act.path, command_id, **act.form)
                with lock:
                    tries += 1
                    told[status] += 1

    wait_until_ready(web, people[0])
    began = time.monotonic()
    threads = [threading.Thread(target=act_on_all, args=(person,), daemon=True) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, tries, time.monotonic() - began


def wait_until_ready(web: WebServer, person: Nurse) -> None:
    """Until the web server answers somebody."""
    end = time.monotonic() + READY_SECONDS
    while Line(web.port, person).act("/nothing-here", new_id())[0] != 404:
        if time.monotonic() > end:
            raise TimeoutError("the web server does not answer")
        time.sleep(0.05)


# The thing; how often it is stored; its lines in the log and its facts, of those that are stored.
_SIGNED = """
    SELECT a.dose_id, count(*),
        sum((SELECT count(*) FROM audit.access_log l WHERE l.at = a.recorded_at AND l.patient_id = a.patient_id
             AND l.action = 'medication:administer' AND l.outcome = 'success' AND l.actor_id = a.recorded_by)),
        sum((SELECT count(*) FROM platform.outbox o WHERE o.body ->> 'administration_id' = a.id::text
             AND o.kind = 'DoseGiven'))
    FROM medication.medication_administration a WHERE a.kind = 'signature' AND a.in_error_at IS NULL GROUP BY 1
"""
_CHANGED = """
    SELECT r.entry_id, count(*),
        sum((SELECT count(*) FROM audit.access_log l WHERE l.at = r.recorded_at AND l.patient_id = r.patient_id
             AND l.action = 'medication:prescribe' AND l.outcome = 'success' AND l.actor_id = r.recorded_by)),
        sum((SELECT count(*) FROM platform.outbox o WHERE o.body ->> 'request_entry_id' = r.entry_id::text
             AND o.kind = 'MedicineHeld'))
    FROM medication.medication_request r WHERE r.version > 1 GROUP BY 1
"""


def _report(
    at: Place, query: str, things: Sequence[UUID], people: int, answers: list[Counter[int]], tries: int, seconds: float
) -> Report:
    with psycopg.connect(at.conninfo()) as connection:
        stored: dict[UUID, Any] = {row[0]: row[1:] for row in connection.execute(query.encode())}
    none = (0, 0, 0)
    as_it_should = {303: 1, 409: people - 1}
    return Report(
        things=len(things),
        people=people,
        seconds=seconds,
        answers=sum(answers, Counter[int]()),
        tries=tries,
        not_done_once=sum({s: n for s, n in told.items() if 0 < s < 500} != as_it_should for told in answers),
        not_stored_once=sum(stored.get(thing, none)[0] != 1 for thing in things),
        not_logged_once=sum(stored.get(thing, none)[1] != 1 for thing in things),
        without_fact=sum(stored.get(thing, none)[2] != 1 for thing in things),
    )
