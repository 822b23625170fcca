"""Two ways to live an order's life: through the service, and through the pages. Each answers as HTTP would: 303, 409, 422."""

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import psycopg

from journal.medication import DueDose, Medication
from journal.medication.rules import Caution, Course, Dosage, Reason, dose_sentence, every_hours, when_needed
from journal.medication.rules import pulse as pulse_wanted
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.order_life import DONE, LEAST_BETWEEN, LEAST_PULSE, MOST_A_DAY, Pulse
from tests.medication.test_sign import answers

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

MEDICINE = "Paracet tab 500 mg"
STRENGTH = Quantity(Decimal(500), "mg")
# Neither is tried again: another try is a dose of its own, which this story does not know.
REASONS = {"refused": Reason.CLINICAL, "partly": Reason.VOMITED_AFTER}

# Twice, since a dose moved by an hour would meet the next one on its way.
_FAR = timedelta(days=20_000)
_EARLIER = (
    """UPDATE medication.medication_request SET starts_at = starts_at - %(by)s, effective_at = effective_at - %(by)s,
           recorded_at = recorded_at - %(by)s WHERE patient_id = ANY (%(patients)s)""",
    """UPDATE medication.medication_administration SET effective_at = effective_at - %(by)s, recorded_at = recorded_at - %(by)s
       WHERE patient_id = ANY (%(patients)s)""",
    """UPDATE medication.request_plan SET planned_until = planned_until - %(by)s, count_again_at = count_again_at - %(by)s,
           ended_at = ended_at - %(by)s WHERE patient_id = ANY (%(patients)s)""",
    """UPDATE medication.dose SET due_at = due_at - %(far)s, next_due_at = next_due_at - %(by)s, ready_from = ready_from - %(by)s,
           late_after = late_after - %(by)s, missed_from = missed_from - %(by)s WHERE patient_id = ANY (%(patients)s)""",
    """UPDATE medication.dose SET due_at = due_at + %(far)s - %(by)s,
           slot = to_char((due_at + %(far)s - %(by)s) AT TIME ZONE 'Europe/Oslo', 'HH24') WHERE patient_id = ANY (%(patients)s)""",
)


def hours_pass(superuser: psycopg.Connection[Any], patients: list[UUID], hours: int) -> None:
    """Everything of these patients happened so much earlier: to the journal that is the same as that time has passed."""
    values = {"by": timedelta(hours=hours), "far": _FAR, "patients": patients}
    with superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")  # what is signed is never changed but by us
        for statement in _EARLIER:
            superuser.execute(statement, values)


def item_of(world: World) -> UUID:
    """The product in the catalogue."""
    query = "SELECT id FROM medication.catalogue_item WHERE name_form_strength = %s AND prescribable AND active"
    found = world.migrator.execute(query, (MEDICINE,)).fetchone()
    assert found is not None
    return UUID(str(found[0]))


def dosage(amount: int, every: int | None, doses: int | None = None) -> Dosage:
    """As the form for this product has it."""
    quantity = Quantity(Decimal(amount), "tablett")
    if every is None:
        least = timedelta(hours=LEAST_BETWEEN)
        return when_needed(quantity, max_doses=MOST_A_DAY, least_interval=least, strength_per_unit=STRENGTH)
    course = Course(None, None, doses) if doses else None
    return every_hours(quantity, every, strength_per_unit=STRENGTH, course=course)


_PAUSED = r'class="flag"[^>]*>(<svg.*?</svg>)?\s*pauset<'
"""The flag of a paused order, and not the word for a dose in the picture."""


class Hand(Protocol):
    """Who acts. `entry` is an order, `dose` a dose of it; the version that was seen travels with each act."""

    patient_id: UUID

    def prescribe(self, amount: int, every: int | None, doses: int | None, *, wants: bool) -> int: ...
    def change(self, entry: UUID, version: int, amount: int, every: int | None, doses: int | None) -> int: ...
    def decide(self, act: str, entry: UUID, version: int) -> int: ...
    def sign(self, dose: UUID, version: int, what: str, pulse: Pulse, *, confirmed: bool) -> int: ...
    def also_given(self, dose: UUID, version: int) -> int: ...
    def give_as_needed(self, entry: UUID, version: int, pulse: Pulse) -> int: ...
    def second(self, administration: UUID) -> int: ...
    def undo(self, administration: UUID) -> int: ...


class ByService:
    """Asks the service, with the alerts answered."""

    def __init__(self, world: World, work_of: WorkOf, patient_id: UUID) -> None:
        self.world, self.work_of, self.patient_id = world, work_of, patient_id

    def _ask(self, staff: Any, act: Callable[[Medication], Any]) -> int:
        try:
            with self.work_of(staff) as work:
                act(Medication(work))
        except (Conflict, Invalid, NotFound) as refused:
            return int(refused.status)
        return DONE

    def prescribe(self, amount: int, every: int | None, doses: int | None, *, wants: bool) -> int:
        def act(medication: Medication) -> None:
            medicine = medication.catalogue_item(item_of(self.world)).medicine
            order: dict[str, Any] = {"medicine": medicine, "dosage": dosage(amount, every, doses)}
            said = answers(medication.judge(self.patient_id, **order))
            order |= {"required_value": pulse_wanted(Decimal(LEAST_PULSE)) if wants else None}
            use = "2" if doses else "1" if every else "3"
            medication.prescribe(self.patient_id, use=use, answers=said, **order)

        return self._ask(self.world.lars, act)

    def change(self, entry: UUID, version: int, amount: int, every: int | None, doses: int | None) -> int:
        def act(medication: Medication) -> None:
            new = dosage(amount, every, doses)
            said = answers(medication.judge_change(self.patient_id, entry, dosage=new))
            medication.change(self.patient_id, entry, version=version, dosage=new, reason="Prøve", answers=said)

        return self._ask(self.world.lars, act)

    def decide(self, act: str, entry: UUID, version: int) -> int:
        return self._ask(
            self.world.lars, lambda m: getattr(m, act)(self.patient_id, entry, version=version, reason="Prøve")
        )

    def sign(self, dose: UUID, version: int, what: str, pulse: Pulse, *, confirmed: bool) -> int:
        def act(medication: Medication) -> None:
            if what == "given":
                said = {"confirmed": set(Caution) if confirmed else set(), **_measured(pulse)}
                medication.sign_given(self.patient_id, dose, request_version=version, **said)
            else:
                medication.sign_not_given(self.patient_id, dose, request_version=version, reason=REASONS[what])

        return self._ask(self.world.nina, act)

    def also_given(self, dose: UUID, version: int) -> int:
        return self._ask(self.world.nina, lambda m: m.also_given(self.patient_id, dose, request_version=version))

    def give_as_needed(self, entry: UUID, version: int, pulse: Pulse) -> int:
        said = {"confirmed": set(Caution), **_measured(pulse)}
        return self._ask(
            self.world.nina, lambda m: m.sign_as_needed(self.patient_id, entry, request_version=version, **said)
        )

    def second(self, administration: UUID) -> int:
        return self._ask(self.world.siri, lambda m: m.witness(self.patient_id, administration))

    def undo(self, administration: UUID) -> int:
        return self._ask(self.world.nina, lambda m: m.correct(self.patient_id, administration, reason="Prøve"))


class Seen(NamedTuple):
    """What the service says of one patient. `in_use`: each order of the list, whether it is marked as paused, and what its picture
    holds; `window`: of the picture. `counted`: the worklist's counts, which the database works out by itself."""

    doses: list[DueDose]
    counted: dict[str, int]
    in_use: dict[UUID, tuple[bool, Counter[str]]]
    window: Any
    history: list[list[str]]
    rooms: dict[UUID, bool]


def what_the_service_says(
    work_of: WorkOf, staff: Any, patients: Mapping[UUID, Sequence[UUID]], *, back: int, ahead: int, near: int
) -> dict[UUID, Seen]:
    """All of it in one piece of work. `patients`: each with her orders; hours that the doses, and the counts, reach."""
    half = timedelta(minutes=30)
    with work_of(staff) as work:
        medication, now = Medication(work), work.now
        reach = {"start": now - timedelta(hours=back) - half, "end": now + timedelta(hours=ahead) + half}
        rows = medication.worklist(start=now - timedelta(hours=near) - half, end=now + timedelta(hours=near) + half)
        doses, counts = medication.doses_due(list(patients), **reach), {row.patient_id: row for row in rows}
        return {
            patient: Seen(
                doses[patient],
                {name: getattr(counts[patient], name) for name in ("late", "ready", "total", "signed")},
                *_in_use(medication.list_with_strip(patient)),
                [[version.change for version in medication.history(patient, entry)] for entry in entries],
                {m.request_entry_id: m.room.allowed for m in medication.as_needed(patient)},
            )
            for patient, entries in patients.items()
        }


def _in_use(found: Any) -> tuple[dict[UUID, tuple[bool, Counter[str]]], Any]:
    medicines = [*found.regular, *found.courses, *found.as_needed]
    shown = {
        m.request_entry_id: (
            "pauset" in [str(word) for _, word in m.flags],
            Counter(str(mark.status) for mark in m.strip.marks),
        )
        for m in medicines
    }
    return shown, found.axis.window


class ByPages:
    """Fills in the forms of the pages, as a browser without scripts would."""

    def __init__(self, world: World, client_for: ClientFor, patient_id: UUID) -> None:
        self.patient_id, self.lars, self.nina = patient_id, client_for(world.lars), client_for(world.nina)
        self.siri = client_for(world.siri)
        self.item = str(item_of(world))

    @property
    def _at(self) -> str:
        return f"/patients/{self.patient_id}"

    def prescribe(self, amount: int, every: int | None, doses: int | None, *, wants: bool) -> int:
        path, form = f"{self._at}/medication/prescribe", {"item": self.item, "indication": "prøve"}
        if wants:
            form |= {"required_value": "pulse", "minimum": str(LEAST_PULSE)}
        return self._reviewed(path, form | _typed(amount, every, doses))

    def change(self, entry: UUID, version: int, amount: int, every: int | None, doses: int | None) -> int:
        seen = dose_sentence(dosage(amount, every, doses))  # of a page that was opened before the order was stopped
        form = {"version": str(version), "reason": "Prøve", "seen": seen, **_typed(amount, every, doses)}
        return self._reviewed(f"{self._at}/medication/{entry}/change", form)

    def _reviewed(self, path: str, form: dict[str, Any]) -> int:
        """Looked over first, then signed with what the page says was shown."""
        page = self.lars.act(f"{path}/review", form).text
        form["seen_alerts[]"] = [
            html.unescape(one) for one in re.findall(r'name="seen_alerts\[\]" value="([^"]*)"', page)
        ]
        if "override_reason" in page:
            form["override_reason"] = "Prøve"
        return self.lars.act(path, form).status_code

    def decide(self, act: str, entry: UUID, version: int) -> int:
        form = {"version": str(version), "reason": "Prøve"}
        return self.lars.act(f"{self._at}/medication/{entry}/{act}", form).status_code

    def sign(self, dose: UUID, version: int, what: str, pulse: Pulse, *, confirmed: bool) -> int:
        form: dict[str, Any] = {"request_version": str(version)}
        if what != "given":
            return self.nina.act(
                f"{self._at}/doses/{dose}/not-given", form | {"reason": REASONS[what].value}
            ).status_code
        seen = {"confirmed[]": [caution.value for caution in Caution]} if confirmed else {}
        return self.nina.act(f"{self._at}/doses/{dose}/given", form | seen | _written(pulse)).status_code

    def also_given(self, dose: UUID, version: int) -> int:
        return self.nina.act(f"{self._at}/doses/{dose}/also-given", {"request_version": str(version)}).status_code

    def give_as_needed(self, entry: UUID, version: int, pulse: Pulse) -> int:
        form = {"request_version": str(version), "confirmed[]": [caution.value for caution in Caution]}
        return self.nina.act(f"{self._at}/as-needed/{entry}", form | _written(pulse)).status_code

    def second(self, administration: UUID) -> int:
        return self.siri.act(f"{self._at}/administrations/{administration}/witness").status_code

    def undo(self, administration: UUID) -> int:
        return self.nina.act(f"{self._at}/administrations/{administration}/undo").status_code

    # What the pages say

    def cards(self) -> dict[UUID, tuple[str, bool]]:
        """The cards of the round: the status each shows, and whether it offers "Gitt"."""
        page = self.nina.get(f"/round?patient={self.patient_id}&slot=late").text
        found = {}
        for card in re.split(r"(?=<li class=\"dose)", page)[1:]:
            head = re.match(r'<li class="dose[^"]* is-([a-z_]+)[^"]*" id="dose-([0-9a-f-]{36})"', card)
            assert head, card[:200]
            found[UUID(head[2])] = (head[1], f"/doses/{head[2]}/given" in card)
        return found

    def in_use(self) -> dict[UUID, tuple[bool, Counter[str]]]:
        """As ByService.in_use: the statuses of the picture by the symbols that draw them."""
        page = self.nina.get(f"{self._at}/medication").text
        found = {}
        for row in page.split("<tr>")[1:]:
            if entry := re.search(r"/medication/([0-9a-f-]{36})", row):
                found[UUID(entry[1])] = (
                    bool(re.search(_PAUSED, row)),
                    Counter(re.findall(r'class="mark m-([a-z-]+)"', row)),
                )
        return found

    def history(self, entry: UUID) -> list[str]:
        page = self.nina.get(f"{self._at}/medication/{entry}").text
        changes = {"Forskrevet": "prescribe", "Endret": "change", "Pauset": "hold", "Gjenopptatt": "resume"}
        changes["Seponert"] = "stop"
        return [changes[word] for word in re.findall(r"<li><b>(\w+)</b>", page[page.index('id="h-history"') :])]

    def rooms(self) -> dict[UUID, bool]:
        page = self.nina.get(f"{self._at}/as-needed").text
        sections = re.findall(r'id="prn-([0-9a-f-]{36})"(.*?)</section>', page, re.DOTALL)
        return {UUID(entry): "Kan ikke gis nå." not in section for entry, section in sections}


def _measured(pulse: Pulse) -> dict[str, Any]:
    value = Decimal(pulse.value) if pulse.value is not None else None
    return {"value": value, "against": "Avtalt med legen" if pulse.against else ""}


def _written(pulse: Pulse) -> dict[str, str]:
    return {name: str(value or "") for name, value in _measured(pulse).items()}


def _typed(amount: int, every: int | None, doses: int | None) -> dict[str, Any]:
    form = {"amount": str(amount), "unit": "tablett"}
    if every is None:
        return form | {"pattern": "as_needed", "max_doses": str(MOST_A_DAY), "least_hours": str(LEAST_BETWEEN)}
    return form | {"pattern": "every_hours", "hours": str(every), "doses": str(doses or "")}
