"""A bag or a compartment as one card of the round: what is counted, what must be taken out, and what is given beside it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for

from journal.medication.pages.card import REASONS, Last, Trouble, confirmations, last_dose
from journal.medication.pages.round import dose_order
from journal.medication.rules import GivenBy, Reason, slot_of, supply_flags
from journal.medication.rules.prepared import (
    BAGS,
    UNCONTROLLED,
    UNCONTROLLED_TEXT,
    Outcome,
    PreparedKind,
    Why,
    count_text,
)
from journal.medication.rules.words import say
from journal.medication.service import Bag, BagLine, DueDose
from journal.platform.clock import hhmm
from journal.platform.ids import new_id
from journal.platform.language import gettext as _
from journal.platform.language import joined, phrase

_NEAR = timedelta(hours=1)
"""What is outdated and has no dose any more is shown as near as this to its time."""

_WHOLE = tuple(one for one in REASONS if one[0] not in (Reason.OTHER.value, Reason.LAID_OUT.value))
BAG_REASONS = (_WHOLE, tuple(one for one in _WHOLE if one[0] != Reason.PARTLY.value))
"""Why nothing of a bag was given in full, and why some of it was not: of how much was taken of one medicine one writes there."""
_ACTS = {
    "given": "give_bag",
    "not_given": "not_give_bag",
    "all_but": "all_but",
    "take_out": "take_out",
    "give_up": "give_up_bag",
}


class ContentLine(NamedTuple):
    """What lies in it, how much, and what is special about it."""

    medicine: str
    amount: str
    note: str
    gone: bool


class BagCard(NamedTuple):
    """One bag, in the words of the bag macro. `doses`: what is signed together, as `<dose>.<version>`, with its medicine.
    `taken_out_by`: who takes out what must be, where whoever reads has no authority for it."""

    id: UUID
    anchor: str
    at: str
    due_text: str
    title: str
    status: str
    status_text: str
    counted: str
    prepared_text: str
    lines: tuple[ContentLine, ...]
    doses: tuple[tuple[str, str], ...]
    beside: tuple[str, ...]
    take_out: tuple[str, ...]
    take_out_lines: tuple[UUID, ...]
    blocked: str | None
    cautions: tuple[tuple[str, str], ...]
    ask_now: bool
    can_sign: bool
    may_take_out: bool
    taken_out_by: str | None
    error: str | None
    urls: Mapping[str, str]
    command_ids: Mapping[str, UUID]


class Shown(NamedTuple):
    """The cards of the bags, and the doses that have no card of their own because of them."""

    cards: tuple[BagCard, ...]
    covered: frozenset[UUID]


def bag_cards(
    bags: Sequence[Bag],
    doses: Sequence[DueDose],
    shown: Sequence[DueDose],
    *,
    slot: str | None,
    taken_out_by: str | None,
    trouble: Trouble | None,
    now: datetime,
) -> Shown:
    """The bags that belong to the pane. `doses`: all that are due; `shown`: those of them that the pane is about. `taken_out_by`:
    None when whoever reads may take out what must be."""
    by_id, in_pane = {dose.id: dose for dose in doses}, {dose.id for dose in shown}
    cards, covered = [], set()
    for bag in bags:
        open_lines = [line for line in bag.lines if not line.used and not line.taken_out_by]
        wanted = any(line.dose_id in in_pane for line in open_lines)
        near = slot_of(bag.due_at) == slot or abs(bag.due_at - now) <= _NEAR
        # What lies in a dispenser is nobody's to give as one: its doses are cards of their own, with what the device has told.
        if bag.of.kind is PreparedKind.DISPENSER:
            continue
        if not open_lines or not (wanted or (bag.outdated and near and abs(bag.due_at - now) < 12 * _NEAR)):
            continue
        here = trouble if trouble and trouble.dose_id == bag.of.id and trouble.typed.get("at") == _at(bag) else None
        cards.append(_card(bag, by_id, slot, taken_out_by, here, now))
        # What is too near the dose before it is signed by itself, on a card of its own.
        covered |= set() if here and here.field == "apart" else _covered(bag)
    return Shown(tuple(cards), frozenset(covered))


def last_of_bag(
    bags: Sequence[Bag],
    doses: Sequence[DueDose],
    person_id: UUID,
    slot: str | None,
    now: datetime,
    *,
    undo: str = "undo_bag",
) -> Last | None:
    """What this person signed last, where it was a whole bag: all of it is undone together, by the act `undo`."""
    dose = last_dose(doses, person_id, now)
    if dose is None or dose.prepared_by is None:
        return None
    for bag in bags:
        if any(line.dose_id == dose.id for line in bag.lines):
            where: dict[str, Any] = {"patient_id": dose.patient_id, "prepared_id": bag.of.id, "slot": slot}
            given = sum(1 for line in bag.lines if line.used)
            said = phrase("%(title)s signert, legemidler: %(count)s", title=_title(bag), count=given)
            return Last(
                said, url_for(f"medication.{undo}", **where), "success", {"command_id": str(new_id()), "at": _at(bag)}
            )
    return None


def _covered(bag: Bag) -> set[UUID]:
    """What is in use of the bag, and what must be taken out and is not to be given: the card of the bag says it."""
    if bag.blocked:
        return set()
    held = [line for line in bag.outdated if line.why is Why.HELD]
    return {line.dose_id for line in (*bag.together, *held) if line.dose_id}


def _card(
    bag: Bag,
    by_id: Mapping[UUID, DueDose],
    slot: str | None,
    taken_out_by: str | None,
    trouble: Trouble | None,
    now: datetime,
) -> BagCard:
    given = [by_id[line.dose_id] for line in bag.together if line.dose_id and line.dose_id in by_id]
    first = min(given, key=dose_order) if given else None
    blocked, outdated = bag.blocked, bool(bag.outdated)
    where: dict[str, Any] = {"patient_id": _patient(given, bag), "prepared_id": bag.of.id, "slot": slot}
    return BagCard(
        id=bag.of.id,
        anchor=f"bag-{bag.of.id}-{int(bag.due_at.timestamp())}",
        at=_at(bag),
        due_text=hhmm(bag.due_at),
        title=_title(bag),
        status="stopped" if blocked or outdated or first is None else first.status.value,
        status_text=str(_("utdatert") if outdated and not blocked else first.status_text if first else ""),
        counted=count_text([line.amount for line in bag.together]),
        prepared_text=_prepared(bag),
        lines=tuple(_content(line) for line in bag.lines),
        doses=tuple((f"{line.dose_id}.{line.dose_version}", line.medicine) for line in bag.together),
        beside=_beside(bag, by_id.values()),
        take_out=tuple(line.take_out for line in bag.outdated),
        take_out_lines=tuple(line.id for line in bag.outdated),
        blocked=blocked,
        cautions=_cautions(bag, given, now, trouble),
        ask_now=trouble is not None and (trouble.field == "confirmed" or "confirmed[]" in trouble.typed),
        can_sign=not blocked and not outdated and bool(given) and all(dose.can_sign for dose in given),
        may_take_out=outdated and not blocked,
        taken_out_by=taken_out_by,
        error=trouble.said if trouble and trouble.field is None else None,
        urls={name: url_for(f"medication.{act}", **where) for name, act in _ACTS.items()},
        command_ids={name: new_id() for name in _ACTS},
    )


def _patient(given: Sequence[DueDose], bag: Bag) -> UUID:
    """The record that was asked for, which may be linked to the one the bag stands in."""
    return given[0].patient_id if given else bag.of.patient_id


def _at(bag: Bag) -> str:
    return bag.due_at.isoformat()


def _title(bag: Bag) -> str:
    return phrase("%(bag)s kl. %(time)s", bag=BAGS[bag.of.kind], time=hhmm(bag.due_at))


def _prepared(bag: Bag) -> str:
    made = phrase("Gjort klar av %(name)s", name=bag.of.prepared_by)
    checked = {
        Outcome.CONTROLLED: phrase("kontrollert av %(name)s", name=bag.of.checked_by or ""),
        Outcome.ACCEPTED: phrase("mottatt og sammenlignet av %(name)s", name=bag.of.checked_by or ""),
    }
    return joined(", ", (made, checked.get(bag.of.outcome, "") if bag.of.outcome else ""))


def _content(line: BagLine) -> ContentLine:
    note = ""
    if line.taken_out_by:
        note = _("tatt ut av %(name)s", name=line.taken_out_by)
    elif line.used:
        note = _("signert")
    elif line.why:
        note = _("skal tas ut")
    elif line.apart:
        note = _("signeres for seg")
    return ContentLine(line.medicine, say(line.amount), str(note), bool(line.taken_out_by or line.why))


def _beside(bag: Bag, doses: Any) -> tuple[str, ...]:
    """What is given at the same time and is not of the whole bag; of what should have lain in it, that it does not."""
    own = {line.dose_id for line in bag.together}
    supply = {str(word) for _color, word in supply_flags(bag.of.kind.value, GivenBy.UNIT)}
    apart = {line.dose_id for line in bag.lines if line.apart and not line.why and not line.taken_out_by}
    said = []
    for dose in doses:
        if (
            dose.id in own
            or not dose.can_sign
            or abs(dose.due_at - bag.due_at) >= _NEAR
            or dose.slot != slot_of(bag.due_at)
        ):
            continue
        lacks = dose.id not in apart and supply & {str(word) for _color, word in dose.origin}
        text = f"{dose.hand.count} {dose.line.generic}"
        said.append(str(_("%(dose)s – ta fra originalpakning", dose=text)) if lacks else text)
    return tuple(said)


def _cautions(
    bag: Bag, given: Sequence[DueDose], now: datetime, trouble: Trouble | None
) -> tuple[tuple[str, str], ...]:
    """What must be seen before it is signed: a bag is as late as the narrowest of its doses."""
    if trouble and trouble.cautions:
        return trouble.cautions
    said = {UNCONTROLLED: str(UNCONTROLLED_TEXT)} if bag.uncontrolled else {}
    for dose in given:
        said |= dict(confirmations(dose.cautions, {}, now, due_at=dose.due_at))
    return tuple(said.items())
