"""A doctor stops an order while a nurse signs a dose of it, over HTTP, as near each other as it can be made, again and again.

Whoever commits first has it. A signature that stands was committed before the stop; one that came after was refused, and is then
stored as what was given after the stop, and opens an incident. PostgreSQL says what was committed when.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg

from journal.platform.ids import new_id
from tests.crash.clients import Line
from tests.crash.crowd import WAIT_SECONDS, wait_until_ready
from tests.crash.place import Place, free_port, place
from tests.crash.processes import WebServer
from tests.crash.ward import Nurse, OpenDose, Ward, make_ward

LANES = 2
"""Races that run side by side."""
STOP_LATER, SIGNATURE_LATER = 0.006, 0.012
"""One of the two is sent so many seconds later at the most: they meet at every place of it, and each is first about as often."""


@dataclass(frozen=True)
class Report:
    """What came of it. `wrong` must be 0, and both kinds of ending be there, else nothing was shown."""

    races: int
    seconds: float
    signed_first: int
    stopped_first: int
    answered_otherwise: Counter[str]
    signed_after_stop: int
    not_as_answered: int
    without_incident: int

    @property
    def wrong(self) -> int:
        return self.answered_otherwise.total() + self.signed_after_stop + self.not_as_answered + self.without_incident

    def __str__(self) -> str:
        return (
            f"{self.races} races in {self.seconds:.0f} s: the signature first in {self.signed_first}, the stop in"
            f" {self.stopped_first}\nanswered otherwise {dict(self.answered_otherwise)}, signed after the stop"
            f" {self.signed_after_stop}, stored otherwise than answered {self.not_as_answered},"
            f" given after the stop without incident {self.without_incident}"
        )


def run(races: int, seed: int = 1) -> Report:
    """So many orders, each stopped and signed at once."""
    with place({"track_commit_timestamp": "on"}) as at:
        with psycopg.connect(at.conninfo(), autocommit=True) as connection:
            ward = make_ward(connection, at.settings, doses=races, nurses=LANES, doctors=LANES, doses_per_patient=1)
        newest = {dose.patient_id: dose for dose in ward.doses}
        pairs = [(newest[patient_id], (patient_id, entry_id)) for patient_id, entry_id in ward.orders]
        answers, seconds = _all(at, ward, pairs, random.Random(seed))
        return _report(at, answers, seconds)


Pair = tuple[OpenDose, tuple[UUID, UUID]]
Answers = dict[UUID, tuple[int, int, int]]
"""Of each dose: the answers to the signature, to the stop, and to "Den er alt gitt" after a refused signature; 0 for not asked."""


def _all(at: Place, ward: Ward, pairs: Sequence[Pair], chance: random.Random) -> tuple[Answers, float]:
    web = WebServer(at.environment, free_port(), at.folder / "web.log")
    web.start()
    try:
        wait_until_ready(web, ward.nurses[0])
        began, answers = time.monotonic(), Answers()
        lanes = [
            threading.Thread(
                target=_lane,
                args=(web, ward.nurses[n], ward.doctors[n], pairs[n::LANES], random.Random(chance.random()), answers),
            )
            for n in range(LANES)
        ]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        return answers, time.monotonic() - began
    finally:
        web.stop()


def _lane(
    web: WebServer, nurse: Nurse, doctor: Nurse, pairs: Sequence[Pair], chance: random.Random, answers: Answers
) -> None:
    """One race after the other, between these two."""
    signing, stopping = (
        Line(web.port, person, patience=WAIT_SECONDS, accept="application/json") for person in (nurse, doctor)
    )
    together = threading.Barrier(2)
    stopped: dict[UUID, int] = {}
    waits = {dose.id: chance.uniform(-SIGNATURE_LATER, STOP_LATER) for dose, _ in pairs}

    def stop() -> None:
        for dose, (patient_id, entry_id) in pairs:
            together.wait(WAIT_SECONDS)
            time.sleep(max(0.0, waits[dose.id]))
            path = f"/patients/{patient_id}/medication/{entry_id}/stop"
            stopped[dose.id], _ = stopping.act(path, new_id(), version="1", reason="Lav puls")
            together.wait(WAIT_SECONDS)

    other = threading.Thread(target=stop)
    other.start()
    for dose, _ in pairs:
        together.wait(WAIT_SECONDS)
        time.sleep(max(0.0, -waits[dose.id]))
        signed, _ = signing.act(dose.path, new_id(), **dose.form)
        together.wait(WAIT_SECONDS)
        fact = 0
        if signed == 409:
            fact, _ = signing.act(dose.path.replace("/given", "/also-given"), new_id(), request_version="1")
        answers[dose.id] = signed, stopped[dose.id], fact
    other.join()


# By each dose: whether its signature was committed before the stop, whether there is one, a fact beside it, and incidents.
_STORED = """
    SELECT d.id, d.state,
        (SELECT count(*) FROM medication.medication_administration a
         WHERE a.patient_id = d.patient_id AND a.dose_id = d.id AND a.kind = 'signature') AS signatures,
        (SELECT count(*) FROM medication.medication_administration a
         WHERE a.patient_id = d.patient_id AND a.dose_id = d.id AND a.kind = 'given_after_stop') AS facts,
        (SELECT count(*) FROM care.incident i
         WHERE i.patient_id = d.patient_id AND i.kind = 'given_after_stop') AS incidents,
        (SELECT bool_or(pg_xact_commit_timestamp(a.xmin) > pg_xact_commit_timestamp(s.xmin))
         FROM medication.medication_administration a
         JOIN medication.medication_request s ON s.patient_id = a.patient_id AND s.change = 'stop'
         WHERE a.patient_id = d.patient_id AND a.dose_id = d.id AND a.kind = 'signature') AS late
    FROM medication.dose d
"""


def _report(at: Place, answers: Answers, seconds: float) -> Report:
    with psycopg.connect(at.conninfo()) as connection:
        stored = {row[0]: row[1:] for row in connection.execute(_STORED)}
    wanted = {(303, 303, 0): ("open", 1, 0), (409, 303, 303): ("cancelled", 0, 1)}
    ended = Counter(answers.values())
    return Report(
        races=len(answers),
        seconds=seconds,
        signed_first=ended[303, 303, 0],
        stopped_first=ended[409, 303, 303],
        answered_otherwise=Counter({str(told): n for told, n in ended.items() if told not in wanted}),
        signed_after_stop=sum(bool(late) for *_, late in stored.values()),
        not_as_answered=sum(stored[dose][:3] != wanted.get(told) for dose, told in answers.items()),
        without_incident=sum(stored[dose][2] != stored[dose][3] for dose in answers),
    )
