"""A student's round: what her supervisor says once for the doses of the screen, and the cards she then signs."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for

from journal.medication.pages.bags import BagCard
from journal.medication.pages.card import REASONS, Card, signed_text
from journal.medication.rules import Reason
from journal.medication.service import DueDose, WatchedDoses
from journal.platform.caller import Actor
from journal.platform.clock import hhmm
from journal.platform.ids import new_id

REASONS_BESIDE = tuple(each for each in REASONS if each[0] != Reason.LAID_OUT.value)
"""What is laid before a patient is nobody's to watch afterwards: the supervisor does that herself."""


_OF_BAG = {
    "given": "give_bag_supervised",
    "not_given": "not_give_bag_supervised",
    "all_but": "all_but_supervised",
}


class BesideFields(NamedTuple):
    """The form in which the supervisor says that she stands beside. `until`: she does, so long; None while she does not. `doses`:
    those on the screen that she has not said it of. `sessions`: hers on this device; none where she is not signed in on it.
    """

    name: str
    until: str | None
    doses: tuple[str, ...]
    sessions: tuple[tuple[UUID, str], ...]
    url: str
    command_id: UUID


def students_doses(doses: Sequence[DueDose], watched: WatchedDoses) -> list[DueDose]:
    """The doses as a student may sign them: those alone that her supervisor stands beside for."""
    return [
        dose._replace(can_sign=watched.may_be(dose) and dose.id in watched.seen, needs_other=frozenset())
        for dose in doses
    ]


def students_card(card: Card, dose: DueDose, watched: WatchedDoses, slot: str | None) -> Card:
    """The card of one of students_doses(): it signs by the student's own acts, says both names, and offers nothing that is the
    supervisor's own."""
    where: dict[str, Any] = {"patient_id": dose.patient_id, "dose_id": dose.id, "slot": slot}
    return card._replace(
        can_sign=dose.can_sign,
        given_url=url_for("medication.given_supervised", **where),
        not_given_url=url_for("medication.not_given_supervised", **where),
        also_given_url=None,
        at=None,
        signed_text=signed_text(dose, None),
        not_hers=None if dose.signed else watched.why_not.get(dose.id),
    )


def beside_fields(
    patient_id: UUID,
    doses: Sequence[DueDose],
    watched: WatchedDoses,
    people: Sequence[tuple[UUID, str]],
    student: Actor,
    slot: str | None,
) -> BesideFields:
    """`doses`: those on the screen; `people`: who else is signed in on the device, by session."""
    name = student.supervised_by_name or ""
    return BesideFields(
        name,
        hhmm(watched.until) if watched.until else None,
        tuple(_key(dose) for dose in doses if watched.may_be(dose) and dose.id not in watched.seen),
        tuple((session, who) for session, who in people if who == name),
        url_for("medication.stand_beside", patient_id=patient_id, slot=slot),
        new_id(),
    )


def on_screen(cards: Sequence[DueDose], doses: Sequence[DueDose], bags: Sequence[BagCard]) -> list[DueDose]:
    """What the screen shows that may be signed: the doses with a card of their own, and those of `doses` that lie in a bag."""
    in_bags = {key for bag in bags if bag.can_sign for key, _medicine in bag.doses}
    return [*cards, *(dose for dose in doses if _key(dose) in in_bags)]


def students_bag(bag: BagCard, watched: WatchedDoses, patient_id: UUID, slot: str | None) -> BagCard:
    """The card of a bag as students_card(): given where her supervisor stands beside for all of it, and nothing is taken out."""
    seen = {str(id) for id in watched.seen if id not in watched.why_not}
    where: dict[str, Any] = {"patient_id": patient_id, "prepared_id": bag.id, "slot": slot}
    return bag._replace(
        can_sign=bag.can_sign and all(key.partition(".")[0] in seen for key, _medicine in bag.doses),
        may_take_out=False,
        urls={name: url_for(f"medication.{act}", **where) for name, act in _OF_BAG.items()},
    )


def _key(dose: DueDose) -> str:
    return f"{dose.id}.{dose.version}"
