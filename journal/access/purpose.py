"""What a ground opens of notes and measurements: what its purpose needs. The rest lies in a drawer, opened with a reason (0058).

Sources: pasientjournalloven § 19 and helsepersonelloven §§ 25 and 45 (what is needed to give the help, and no more);
helsepersonelloven § 21 a (no reading without a need of one's work); personvernforordningen article 5 no. 1 c; Normen 5.2 (access
follows from the work that is done). Which service needs how much is our reading; the codes are Volven 9151.

Allergies, medicines in use, treatment limits, infection, danger to staff, tasks and stays are other parts of the chart, which no
line of this map takes from; and whoever reads or gives medicines has every measurement that they are governed by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from journal.permissions import BY_PURPOSE, OPENS, Permission, Role
from journal.platform.language import phrase


class Reach(Enum):
    """How far into notes and measurements. A note goes whole, with all its versions."""

    WHOLE = "whole"
    RECENT = "recent"
    OWN = "own"
    NONE = "none"


@dataclass(frozen=True)
class Narrow:
    """What is opened in the place of a part of the chart, and what is said of the rest of it."""

    opened: tuple[str, ...]
    in_drawer: str


# PostgreSQL counts the days (notes.within_reach, and the policy of measurements).
_NOTES_RECENT = phrase("Notater som andre enheter har skrevet for mer enn 90 dager siden, ligger i en skuff.")
_NOTES_OWN = phrase("Notater som andre enheter har skrevet, ligger i en skuff.")
_NOTES_NONE = phrase("Notatene ligger i en skuff.")
_MEASURED = phrase("Målinger som andre enheter har ført for mer enn 90 dager siden, ligger i en skuff.")
_MEASURED_RECENT = Narrow(("observations:own", "observations:recent"), _MEASURED)
NARROW: Mapping[Reach, Mapping[str, Narrow]] = {
    Reach.WHOLE: {},
    Reach.RECENT: {"notes": Narrow(("notes:own", "notes:recent"), _NOTES_RECENT), "observations": _MEASURED_RECENT},
    Reach.OWN: {"notes": Narrow(("notes:own",), _NOTES_OWN), "observations": _MEASURED_RECENT},
    Reach.NONE: {"notes": Narrow(("notes:shut",), _NOTES_NONE), "observations": _MEASURED_RECENT},
}


@dataclass(frozen=True)
class Line:
    """A line of the map: for these roles, by these services or grounds (none of either: by any), this far."""

    roles: frozenset[Role]
    reach: Reach
    services: frozenset[str] = frozenset()
    grounds: frozenset[str] = frozenset()

    def holds(self, role: str, ground: str, service_code: str | None) -> bool:
        by_any = not (self.services or self.grounds)
        return role in self.roles and (by_any or ground in self.grounds or service_code in self.services)


# Whoever prescribes sees all, and so no check of a prescription is made over a part.
_ALL_BUT_DOCTORS = frozenset(Role) - {Role.DOCTOR, Role.SYSTEM}
MAP = (
    # Not authorised: today's visits, doses, alerts and what is to be done. Reports to the one who writes.
    Line(frozenset({Role.ASSISTANT}), Reach.NONE),
    # Leads the unit and answers for what it writes; gives no care in this role.
    Line(frozenset({Role.UNIT_MANAGER}), Reach.OWN),
    # Medicine dispensers and digital supervision: answers an alarm, with medicines, alerts, tasks and what the unit itself wrote
    # of the alarms before.
    Line(_ALL_BUT_DOCTORS, Reach.OWN, services=frozenset({"27", "28"})),
    # Respite, days and nights: medicines, alerts, function and plan of a guest as they are now.
    Line(_ALL_BUT_DOCTORS, Reach.RECENT, services=frozenset({"8", "17", "22"})),
    # Home care and a visit taken over: today's visits, doses, alerts and the plan. The nurse keeps the whole of it together.
    Line(frozenset({Role.HEALTH_ASSISTANT}), Reach.RECENT, services=frozenset({"15"}), grounds=frozenset({"route"})),
)

# The order in which a service is a ground when there are several: what opens least comes last (access.standing_of says it too).
NARROWEST_LAST = ("8", "17", "22", "27", "28")


def reach(role: str, ground: str, service_code: str | None) -> Reach:
    """How far whoever acts in this role sees by this ground; the first line that holds says it."""
    return next((line.reach for line in MAP if line.holds(role, ground, service_code)), Reach.WHOLE)


def narrowed(permission: Permission, how_far: Reach) -> Mapping[str, Narrow]:
    """What is opened by it in the place of a part of the chart, for a permission that is whole without the rest."""
    return {
        part: narrow
        for part, narrow in NARROW[how_far].items()
        if part in OPENS[permission] and permission in BY_PURPOSE[part]
    }
