"""Two ways to live a dose's life: through the service, and through the pages. Each answers as HTTP would: 303, 404, 409, 422."""

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from werkzeug.test import TestResponse

from journal.care import Care
from journal.medication import DueDose, Medication, Medicine
from journal.medication.rules import Caution, Dosage, Reason, Supply, dose_sentence, every_hours
from journal.medication.service import Bag
from journal.platform.clock import hhmm, local_date, norwegian_date
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.dose_life import DONE, FIRST, OWN_PACK, PACK, PLAIN, SECOND
from tests.medication.dosetts import PENTOXIFYLLINE, lay_in
from tests.medication.test_sign import METOPROLOL, change, order

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

FUROSEMIDE = Medicine("furosemid", "Diural", "tablett", strength="40 mg", route="peroralt")
PARACETAMOL = Medicine("paracetamol", "Paracet", "tablett", strength="500 mg", route="peroralt")
_OWN = {PACK: FUROSEMIDE, PLAIN: PARACETAMOL}
REASONS = {"refused": Reason.REFUSED, "partly": Reason.PARTLY}
_FORM = r'<form[^>]*action="[^"]*/(doses|prepared)/([0-9a-f-]{36})/(given|take-out)\?[^"]*"(.*?)</form>'
_ALERT = r'name="seen_alerts\[\]" value="([^"]*)"'
_HALF = timedelta(minutes=30)
_EACH_DAY = 24


def daily(tablets: int) -> Dosage:
    """Once in 24 hours from the start of the order: one dose now, and the next one far from it."""
    return every_hours(Quantity(Decimal(tablets), "tablett"), _EACH_DAY)


class Patient(NamedTuple):
    """One who lives the life: her orders by number, and her dosett."""

    id: UUID
    entries: Mapping[int, UUID]
    prepared_id: UUID
    due_at: datetime

    @property
    def away(self) -> tuple[datetime, datetime]:
        """When the journal was: what is in the dosett was not to be given yet."""
        return self.due_at - timedelta(minutes=80), self.due_at - timedelta(minutes=65)


def admit(world: World, work_of: WorkOf) -> Patient:
    """Two orders from their own packs, due half an hour ago, and two in the dosett, due in half an hour."""
    id, soon = world.patient(), datetime.now(UTC) + _HALF
    due = {"dosage": daily(1), "starts_at": soon - 2 * _HALF}
    entries = {number: order(world, work_of, id, medicine=_OWN[number], **due) for number in OWN_PACK}
    for number, medicine in ((FIRST, METOPROLOL), (SECOND, PENTOXIFYLLINE)):
        more = {"supply": Supply.DOSETT, "starts_at": soon}
        entries[number] = order(world, work_of, id, medicine=medicine, dosage=daily(1), **more)
    prepared_id = lay_in(world, work_of, id)
    with work_of(world.siri) as work:
        Medication(work).control(id, prepared_id)
    return Patient(id, entries, prepared_id, soon)


class Hand(Protocol):
    """Who acts for a patient. The version that was seen travels with each act."""

    patient: Patient

    def change(self, entry: UUID, seen: int, tablets: int) -> int: ...
    def stop(self, entry: UUID, seen: int) -> int: ...
    def sign(self, dose: UUID, seen: int, what: str, by: Staff, looked: bool) -> int: ...
    def also_given(self, dose: UUID, seen: int, by: Staff) -> int: ...
    def lay_out(self, dose: UUID, seen: int, by: Staff) -> int: ...
    def take_away(self, laying: UUID, by: Staff) -> int: ...
    def was_away(self) -> int: ...
    def write_in(self, dose: UUID, what: str, giver: Staff, by: Staff) -> int: ...
    def second(self, administration: UUID, by: Staff) -> int: ...
    def undo(self, administration: UUID, by: Staff, why: str | None) -> int: ...
    def sign_bag(self, seen: Mapping[UUID, int], but: frozenset[UUID], what: str, by: Staff) -> int: ...
    def undo_bag(self, by: Staff) -> int: ...
    def take_out(self, lines: frozenset[UUID], by: Staff) -> int: ...
    def again(self) -> int: ...
    def same_id(self) -> int | None: ...


class ByService:
    """Asks the service."""

    def __init__(self, world: World, work_of: WorkOf) -> None:
        self.world, self.work_of = world, work_of
        self.patient = admit(world, work_of)

    def _ask(self, by: Staff, act: Callable[[Medication], Any]) -> int:
        try:
            with self.work_of(by) as work:
                act(Medication(work))
        except (Conflict, Invalid, NotFound) as refused:
            return int(refused.status)
        return DONE

    def change(self, entry: UUID, seen: int, tablets: int) -> int:
        told = {"version": seen, "reason": "Prøve", "dosage": daily(tablets)}
        return self._ask(self.world.lars, lambda m: change(m.work, self.patient.id, entry, **told))

    def stop(self, entry: UUID, seen: int) -> int:
        return self._ask(self.world.lars, lambda m: m.stop(self.patient.id, entry, version=seen, reason="Prøve"))

    def sign(self, dose: UUID, seen: int, what: str, by: Staff, looked: bool) -> int:
        if what == "given":
            told = {"request_version": seen, "confirmed": (Caution.DOWNTIME,) if looked else ()}
            return self._ask(by, lambda m: m.sign_given(self.patient.id, dose, **told))
        reason = REASONS[what]
        return self._ask(by, lambda m: m.sign_not_given(self.patient.id, dose, request_version=seen, reason=reason))

    def also_given(self, dose: UUID, seen: int, by: Staff) -> int:
        return self._ask(by, lambda m: m.also_given(self.patient.id, dose, request_version=seen))

    def lay_out(self, dose: UUID, seen: int, by: Staff) -> int:
        return self._ask(by, lambda m: m.lay_out(self.patient.id, dose, request_version=seen))

    def take_away(self, laying: UUID, by: Staff) -> int:
        return self._ask(by, lambda m: m.take_away(self.patient.id, laying, reason="Tatt bort"))

    def was_away(self) -> int:
        began, ended = self.patient.away
        said = {"unit_id": self.world.mona.actor.unit_id, "began_at": began, "ended_at": ended, "why": "Prøve"}
        return self._ask(self.world.mona, lambda m: m.say_downtime(**said))

    def write_in(self, dose: UUID, what: str, giver: Staff, by: Staff) -> int:
        if what == "given":
            return self._ask(by, lambda m: m.given_by_paper(self.patient.id, dose, giver_id=giver.actor.person_id))
        return self._ask(by, lambda m: m.not_given_by_paper(self.patient.id, dose, reason=REASONS[what]))

    def second(self, administration: UUID, by: Staff) -> int:
        return self._ask(by, lambda m: m.witness(self.patient.id, administration))

    def undo(self, administration: UUID, by: Staff, why: str | None) -> int:
        return self._ask(by, lambda m: m.correct(self.patient.id, administration, reason=why or "Angret"))

    def sign_bag(self, seen: Mapping[UUID, int], but: frozenset[UUID], what: str, by: Staff) -> int:
        told = {"due_at": self.patient.due_at, "seen": seen, "but": but}
        told |= {"reason": None if what == "given" else Reason.REFUSED}
        return self._ask(by, lambda m: m.sign_bag(self.patient.id, self.patient.prepared_id, **told))

    def undo_bag(self, by: Staff) -> int:
        of_bag = self.patient.prepared_id
        return self._ask(by, lambda m: m.undo_bag(self.patient.id, of_bag, due_at=self.patient.due_at, reason="Angret"))

    def take_out(self, lines: frozenset[UUID], by: Staff) -> int:
        of_bag = self.patient.prepared_id
        return self._ask(by, lambda m: m.take_out(self.patient.id, of_bag, due_at=self.patient.due_at, lines=lines))

    def again(self) -> int:
        """Commands are HTTP's: nothing comes here twice."""
        return DONE

    def same_id(self) -> None:
        return None


class ByPages:
    """Sends the forms of the pages, as a browser without scripts would."""

    def __init__(self, world: World, work_of: WorkOf, client_for: ClientFor) -> None:
        self.browsers = {
            staff.actor.name: client_for(staff) for staff in (world.lars, world.mona, world.nina, world.siri)
        }
        self.nina = self.browsers[world.nina.actor.name]
        self.lars, self.mona = world.lars, world.mona
        self.patient = admit(world, work_of)
        self._last: tuple[Browser, str, dict[str, Any], UUID] | None = None

    @property
    def _at(self) -> str:
        return f"/patients/{self.patient.id}"

    @property
    def _bag(self) -> str:
        return f"{self._at}/prepared/{self.patient.prepared_id}"

    def _send(self, by: Staff, path: str, form: dict[str, Any] | None = None) -> int:
        self._last = self.browsers[by.actor.name], path, form or {}, new_id()
        return self._answer().status_code

    def _answer(self, **more: str) -> TestResponse:
        assert self._last is not None
        browser, path, form, command_id = self._last
        return browser.act(path, form | more, command_id=command_id)

    def again(self) -> int:
        """The last form once more with the same command id, as after an answer that never came."""
        return self._answer().status_code

    def same_id(self) -> int | None:
        """Something else under the last command id."""
        return self._answer(reason="Noe annet").status_code

    def change(self, entry: UUID, seen: int, tablets: int) -> int:
        path = f"{self._at}/medication/{entry}/change"
        form: dict[str, Any] = {"amount": str(tablets), "unit": "tablett", "pattern": "every_hours"}
        # What the page showed may be of before the order was stopped.
        form |= {
            "hours": str(_EACH_DAY),
            "version": str(seen),
            "reason": "Prøve",
            "seen": dose_sentence(daily(tablets)),
        }
        page = self.browsers[self.lars.actor.name].act(f"{path}/review", form).get_data(as_text=True)
        form["seen_alerts[]"] = [html.unescape(one) for one in re.findall(_ALERT, page)]
        return self._send(self.lars, path, form)

    def stop(self, entry: UUID, seen: int) -> int:
        return self._send(self.lars, f"{self._at}/medication/{entry}/stop", {"version": str(seen), "reason": "Prøve"})

    def sign(self, dose: UUID, seen: int, what: str, by: Staff, looked: bool) -> int:
        form, here = {"request_version": str(seen)}, f"{self._at}/doses/{dose}"
        if what == "given":
            seen_too = {"confirmed[]": Caution.DOWNTIME.value} if looked else {}
            return self._send(by, f"{here}/given", form | seen_too)
        return self._send(by, f"{here}/not-given", form | {"reason": REASONS[what].value})

    def also_given(self, dose: UUID, seen: int, by: Staff) -> int:
        return self._send(by, f"{self._at}/doses/{dose}/also-given", {"request_version": str(seen)})

    def lay_out(self, dose: UUID, seen: int, by: Staff) -> int:
        form = {"request_version": str(seen), "reason": Reason.LAID_OUT.value}
        return self._send(by, f"{self._at}/doses/{dose}/not-given", form)

    def take_away(self, laying: UUID, by: Staff) -> int:
        return self._send(by, f"{self._at}/laid-out/{laying}/take-away")

    def was_away(self) -> int:
        form = {"why": "Prøve", "unit_id": str(self.mona.actor.unit_id)}
        for name, at in zip(("began", "ended"), self.patient.away, strict=True):
            form |= {f"{name}_day": norwegian_date(local_date(at)), f"{name}_time": hhmm(at)}
        return self._send(self.mona, "/downtimes", form)

    def write_in(self, dose: UUID, what: str, giver: Staff, by: Staff) -> int:
        said = {"outcome": "on-time"} if what == "given" else {"outcome": "not-given", "reason": REASONS[what].value}
        return self._send(by, f"{self._at}/doses/{dose}/paper", said | {"giver_id": str(giver.actor.person_id)})

    def second(self, administration: UUID, by: Staff) -> int:
        return self._send(by, f"{self._at}/administrations/{administration}/witness")

    def undo(self, administration: UUID, by: Staff, why: str | None) -> int:
        here = f"{self._at}/administrations/{administration}"
        return self._send(by, f"{here}/correct", {"reason": why}) if why else self._send(by, f"{here}/undo")

    def sign_bag(self, seen: Mapping[UUID, int], but: frozenset[UUID], what: str, by: Staff) -> int:
        keys = {dose: f"{dose}.{version}" for dose, version in seen.items()}
        form: dict[str, Any] = {"at": self.patient.due_at.isoformat(), "doses[]": [*keys.values()]}
        if what == "given":
            return self._send(by, f"{self._bag}/given", form)
        form |= {"reason": Reason.REFUSED.value}
        if not but:
            return self._send(by, f"{self._bag}/not-given", form)
        return self._send(by, f"{self._bag}/all-but", form | {"but[]": [keys[dose] for dose in but]})

    def undo_bag(self, by: Staff) -> int:
        return self._send(by, f"{self._bag}/undo", {"at": self.patient.due_at.isoformat()})

    def take_out(self, lines: frozenset[UUID], by: Staff) -> int:
        form = {"at": self.patient.due_at.isoformat(), "lines[]": [str(line) for line in lines]}
        return self._send(by, f"{self._bag}/take-out", form)

    # What the page says

    def round(self) -> "Page":
        """What the round offers to sign, one by one and as a compartment: doses, each with the version of its order."""
        shown = self.nina.get(f"/round?patient={self.patient.id}&slot=late").get_data(as_text=True)
        forms = re.findall(_FORM, shown, re.DOTALL)
        cards, together, out = {}, set[str](), 0
        for kind, id, act, body in forms:
            if kind == "doses":
                version = re.search(r'name="request_version" value="(\d+)"', body)
                assert version
                cards[UUID(id)] = int(version[1])
            elif act == "given":
                together |= set(re.findall(r'name="doses\[\]" value="([^"]*)"', body))
            else:
                out += len(re.findall(r'name="lines\[\]" value', body))
        return Page(cards, together, out)


class Page(NamedTuple):
    """`cards`: the doses that have a button of their own; `together`: of the compartment's button; `out`: lines to take out."""

    cards: dict[UUID, int]
    together: set[str]
    out: int


class Seen(NamedTuple):
    """What the service says of one patient."""

    doses: list[DueDose]
    bag: Bag
    incidents: Counter[str]


def what_the_service_says(work_of: WorkOf, staff: Staff, patient: Patient) -> Seen:
    with work_of(staff) as work:
        medication, reach = Medication(work), {"start": work.now - 3 * _HALF, "end": work.now + 3 * _HALF}
        (bag,) = medication.bags(patient.id, **reach)
        incidents = Counter(each.kind for each in Care(work).incidents(patient.id))
        return Seen(medication.doses_due([patient.id], **reach)[patient.id], bag, incidents)
