"""What may be given by a municipality's signed procedure list: to whom it is open, and when a doctor must be asked.

Source: the list itself. Which medicine, how much, how often and by whom is what the doctor who signs it answers for; over how
long doses are counted is ours (docs/decisions/0020).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from journal.platform.language import Phrase, phrase
from journal.platform.quantity import Quantity, as_input, parse_decimal

ROLES = ("nurse", "health_assistant")
"""Who may give by a procedure, where the list says so. A doctor orders in her own name."""

COUNTED_OVER = timedelta(days=7)
"""Over how long doses by procedure are counted before a doctor must be asked: what lasts longer is hers to look at."""

LONGEST_VALID = timedelta(days=731)
"""How far ahead a signature may hold: two years. The list has its own last day; this stops a slip of the finger."""

_DAY = timedelta(hours=24)


class ListStatus(StrEnum):
    """What a version of the list is."""

    DRAFT = "draft"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ProcedureLine:
    """One medicine of the list: what is given for what, in which amount, how often, and by whom.

    `name` is what the medicine was called when it was written. `most_per_day`: doses in any 24 hours. `before_doctor`:
    doses within COUNTED_OVER before a doctor must be asked. `roles` are of ROLES.
    """

    id: UUID
    catalogue_item_id: UUID
    name: str
    amount: Quantity
    indication: str
    most_per_day: int
    before_doctor: int
    roles: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As it is stored; the amount as text, exactly."""
        return {
            "id": str(self.id),
            "catalogue_item_id": str(self.catalogue_item_id),
            "name": self.name,
            "amount": as_input(self.amount.value),
            "unit": self.amount.unit,
            "indication": self.indication,
            "most_per_day": self.most_per_day,
            "before_doctor": self.before_doctor,
            "roles": list(self.roles),
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "ProcedureLine":
        """The reverse."""
        return cls(
            UUID(told["id"]),
            UUID(told["catalogue_item_id"]),
            told["name"],
            Quantity(parse_decimal(told["amount"]), told["unit"]),
            told["indication"],
            told["most_per_day"],
            told["before_doctor"],
            tuple(told["roles"]),
        )


def in_force(status: ListStatus, valid_until: date | None, today: date) -> bool:
    """Whether the newest version that is no draft may be used: signed, and its last day (Oslo) not past."""
    return status is ListStatus.SIGNED and valid_until is not None and today <= valid_until


def hinder(line: ProcedureLine, given: Sequence[datetime], now: datetime) -> Phrase | None:
    """Why one more dose may not be given now without a doctor; None when it may.

    `given`: when doses of the same substance were given by procedure, whichever of its products. Hours that pass are
    counted, also over a change of the clocks.
    """
    if _since(given, now - COUNTED_OVER) >= line.before_doctor:
        return phrase(
            "Gitt etter prosedyre %(n)s ganger på sju dager. Ring lege før den gis igjen.",
            n=_since(given, now - COUNTED_OVER),
        )
    if _since(given, now - _DAY) >= line.most_per_day:
        return phrase("Det høyeste antallet på et døgn er gitt. Ring lege hvis pasienten trenger mer.")
    return None


def may_give(line: ProcedureLine, role: str) -> bool:
    """Whether the list lets this role give it."""
    return role in line.roles


def _since(given: Sequence[datetime], start: datetime) -> int:
    return sum(at > start for at in given)
