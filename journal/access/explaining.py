"""What somebody would see of a chart, part by part, and for each part that is closed why and what opens it: the gate's own answer.

Source: pasientjournalloven § 19 with Normen 5.2 (who has access, and by what, must be possible to account for afterwards).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from journal.access import restriction_rules
from journal.access.gate import decide
from journal.permissions import Permission
from journal.platform.caller import Actor
from journal.platform.errors import Denied, NotFound, NotLet, Withheld
from journal.platform.language import phrase, phrases

READS = phrases(
    {
        Permission.PATIENTS_READ: "Navn og kritisk informasjon",
        Permission.MEDICATION_READ: "Legemidler",
        Permission.OBSERVATIONS_READ: "Målinger",
        Permission.NOTES_READ: "Notater",
        Permission.CARE_READ: "Oppgaver, opphold og tjenester",
    }
)
"""The parts of a chart as an answer names them, by the permission that reads each."""


class Why(StrEnum):
    OPEN = "open"
    ROLE = "role"
    NO_GROUND = "no-ground"
    REASON = "reason"
    CLOSED = "closed"


@dataclass(frozen=True)
class Part:
    """A part of the chart. *why* is OPEN, or what closes it; *ground* is the code of the ground that opens it, and *in_drawer*
    what of the part its purpose leaves in a drawer."""

    text: str
    why: Why
    ground: str = ""
    in_drawer: str = ""

    @property
    def open(self) -> bool:
        return self.why is Why.OPEN


# Of a restriction that there is one, and not whose wish it was, nor when: that stands in the chart.
REASONS = phrases(
    {
        Why.ROLE: "Rollen gir ikke tilgang til dette.",
        Why.NO_GROUND: "Ingen grunn gjaldt på dette tidspunktet.",
        Why.REASON: "Grunnen den ansatte selv oppga, går ikke så langt.",
        Why.CLOSED: "Noe i journalen er sperret for den ansatte.",
    }
)


def explain(actor: Actor, patient_id: UUID, standing: Any | None) -> list[Part]:
    """Every part of the chart, by what the gate would decide for *actor* when she stands so to the patient."""
    return [_part(actor, permission, text, patient_id, standing) for permission, text in READS.items()]


def ways_in(actor: Actor, parts: list[Part]) -> list[str]:
    """What would open the parts that are closed, in the order one would try it; nothing when all is open."""
    closed = {part.why for part in parts}
    said: list[str] = []
    if Why.ROLE in closed:
        said.append(phrase("En annen rolle: «Hvem får se hva» viser hva hver rolle kan."))
    if Why.NO_GROUND in closed:
        said.append(
            phrase(
                "Et opphold eller en tjeneste ved enheten, en oppgave til den ansatte, en henvisning eller fastlegelisten."
            )
        )
        if actor.may(Permission.ACCESS_JUSTIFY):
            said.append(
                phrase("Å oppgi en grunn på siden «Pasienten er ikke på listen din». Det gjelder en kort stund.")
            )
    if Why.REASON in closed:
        said.append(phrase("Å oppgi en grunn som går lenger, eller å ta inn pasienten."))
    if Why.CLOSED in closed:
        said.append(
            phrase("Bare pasienten kan be om at sperringen oppheves. Haster det, så ring enheten som gir helsehjelp.")
        )
    return said


def _part(actor: Actor, permission: Permission, text: str, patient_id: UUID, standing: Any | None) -> Part:
    if not actor.may(permission):
        return Part(text, Why.ROLE)
    try:
        ground = decide(actor, permission, patient_id, standing)
        return Part(text, Why.OPEN, ground.code, ground.in_drawer)
    except NotLet:
        return Part(text, Why.REASON)
    except Withheld:
        return Part(text, Why.CLOSED)
    except (Denied, NotFound):
        hidden = standing is not None and restriction_rules.hides(standing.blocked)
        return Part(text, Why.CLOSED if hidden else Why.NO_GROUND)
