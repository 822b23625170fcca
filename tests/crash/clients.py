"""Nurses who sign doses over HTTP and do not give up: an answer that did not come is asked for again."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from journal.platform.ids import new_id
from tests.crash.acts import Act, Person

ANSWER_SECONDS = 6.0
BETWEEN_TRIES_SECONDS = 0.1
DONE = {(303, False), (200, True)}
"""How a page and a device are told that it is done."""


@dataclass
class Answers:
    """What the clients were answered, shared by all of them."""

    acknowledged: dict[UUID, UUID] = field(default_factory=dict)
    """Thing to the command id under which it was acknowledged; a dose, a signature that has its second, or a report."""
    done: Counter[str] = field(default_factory=Counter)
    """Acts that were acknowledged, by kind."""
    by_device: set[UUID] = field(default_factory=set)
    """Those of them that are no commands: reports."""
    last_try: dict[UUID, float] = field(default_factory=dict)
    """Thing to when its acknowledged try began, in seconds since 1970: an older signature was answered anew."""
    tries: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[int] = field(default_factory=Counter)
    """Answers of 500 and above; 503 is the honest one."""
    slowest_fault: float = 0.0
    """Seconds to the slowest of them."""
    recoveries: list[float] = field(default_factory=list)
    """Seconds from each kill to the next acknowledged signature."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _killed_at: float | None = None
    _last: float = field(default_factory=time.monotonic)

    def killed(self, at: float) -> None:
        """From this moment (monotonic) until the next acknowledged signature, the journal is recovering."""
        with self._lock:
            if self._killed_at is None:
                self._killed_at = at

    def recovering(self) -> float:
        """Seconds since the last kill without an acknowledged signature; 0 when there has been one."""
        with self._lock:
            return time.monotonic() - self._killed_at if self._killed_at is not None else 0.0

    def silent(self) -> float:
        """Seconds since anything was acknowledged."""
        with self._lock:
            return time.monotonic() - self._last

    def acknowledge(self, act: Act, command_id: UUID, began: float) -> None:
        with self._lock:
            self.done[act.kind] += 1
            for thing in act.things:
                self.acknowledged[thing], self.last_try[thing] = command_id, began
            if act.by_device:
                self.by_device.update(act.things)
            self._last = time.monotonic()
            if self._killed_at is not None:
                self.recoveries.append(time.monotonic() - self._killed_at)
                self._killed_at = None

    def refuse(self, why: str) -> None:
        with self._lock:
            self.refused[why] += 1

    def fault(self, status: int, seconds: float) -> None:
        with self._lock:
            self.faults[status] += 1
            self.slowest_fault = max(self.slowest_fault, seconds)

    def tried(self) -> None:
        with self._lock:
            self.tries += 1


class Line:
    """A signed-in person's connection to the journal, opened anew when it breaks."""

    def __init__(
        self, port: int, person: Person, *, patience: float = ANSWER_SECONDS, accept: str = "text/html"
    ) -> None:
        self._port, self._person, self._patience, self._accept = port, person, patience, accept
        self._connection: http.client.HTTPConnection | None = None

    def act(self, path: str, command_id: UUID, **form: str | Sequence[str]) -> tuple[int, str]:
        """The status and where it leads; status 0 when there was no answer."""
        sent = {"csrf_token": self._person.csrf_token, "command_id": str(command_id), **form}
        headers = {
            "Cookie": self._person.cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": self._accept,
        }
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._patience)
            self._connection.request("POST", path, urlencode(sent, doseq=True), headers)
            answer = self._connection.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Location", "")
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return 0, ""


class Client(threading.Thread):
    """One nurse at her screen, or the ward's device for her: takes the next act, and tries again until it is answered."""

    def __init__(
        self,
        port: int,
        nurse: Person,
        device: Person | None,
        acts: Iterator[Act],
        answers: Answers,
        enough: threading.Event,
        *,
        one_id: bool,
    ) -> None:
        super().__init__(daemon=True)
        self._line, self._acts, self._answers = Line(port, nurse), acts, answers
        self._device = Line(port, device, accept="application/json") if device else self._line
        self._enough, self._one_id = enough, one_id
        self.gives_up_at = float("inf")

    def run(self) -> None:
        for act in self._acts:
            self._do(act)
            if self._enough.is_set():
                return

    def _do(self, act: Act) -> None:
        command_id, line = new_id(), self._device if act.by_device else self._line
        while time.monotonic() < self.gives_up_at:
            began = time.time()
            self._answers.tried()
            status, location = line.act(act.path, command_id, **act.form)
            if (status, act.by_device) in DONE and not location.endswith("/sign-in"):
                self._answers.acknowledge(act, command_id, began)
                return
            if 200 <= status < 500:
                self._answers.refuse(f"{status} {location}".strip())
                return
            if status:
                self._answers.fault(status, time.time() - began)
            time.sleep(BETWEEN_TRIES_SECONDS)
            if not self._one_id:
                command_id = new_id()
