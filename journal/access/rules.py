"""Grounds in words: why somebody may open a chart, as the page says it ("Du ser dette fordi …")."""

from typing import Any
from uuid import UUID

from journal.access.justified_rules import reason_text
from journal.platform.caller import Actor
from journal.platform.language import phrase, phrases
from journal.platform.work import Ground

_TEXTS = phrases(
    {
        "stay": "pasienten bor på %(unit)s",
        "service": "%(unit)s gir pasienten en tjeneste",
        "route": "pasienten står på ruten din",
        "task": "du har en oppgave hos pasienten",
        "general_practitioner": "du er pasientens fastlege",
        "referral": "pasienten er henvist til %(unit)s",
        "patient_request": "pasienten har bedt om det",
        "registration": "du registrerte pasienten",
        "emergency": "du åpnet journalen ved øyeblikkelig hjelp",
        "own": "du har selv skrevet det",
        "weighty": "du åpnet noe som pasienten har sperret for deg: %(reason)s",
        "justified": "du oppga en grunn: %(reason)s",
    }
)


# By these the unit gives the patient care with its own hands: it must know who she is and where, and whom to call.
_GIVES_CARE = frozenset({"stay", "service", "route"})
# The program's own looks: what they make is not sent to a reader, or goes to the unit that gives the care.
_PROGRAMS = frozenset({"downtime", "planning"})


def gives_care(ground: str) -> bool:
    """Whether who opens by it is told where somebody with a protected address is cared for, and by whom (decision 0057)."""
    return ground in _GIVES_CARE | _PROGRAMS


def ground_of(patient_id: UUID, standing: Any, actor: Actor) -> Ground:
    """The ground that a care relationship gives, with the sentence the page shows."""
    unit = (
        actor.unit_name
        if standing.unit_id in (actor.unit_id, None)
        else phrase("en enhet i %(unit)s", unit=actor.unit_name)
    )
    return Ground(
        patient_id=patient_id,
        ids=tuple(standing.ids),
        code=standing.ground,
        text=phrase(_TEXTS[standing.ground], unit=unit, reason=reason_text(standing.decision_ref)),
        purpose=standing.purpose,
        relationship_id=standing.relationship_id,
        decision_ref=standing.decision_ref,
        until=standing.until,
    )


def registration(patient_id: UUID) -> Ground:
    """A person who is not in the journal yet: whoever registers her opens the chart that comes into being."""
    return Ground(patient_id, (patient_id,), "registration", _TEXTS["registration"])


def admission(patient_id: UUID, ids: tuple[UUID, ...]) -> Ground:
    """Taking somebody in: chosen by the one who does it (user_selected in the trust framework), and logged as such."""
    chosen = {"id": "admission", "description": "Tar imot pasienten", "user_selected": True}
    return Ground(patient_id, ids, "referral", phrase("du tar imot pasienten"), decision_ref=chosen)


def own(patient_id: UUID, ids: tuple[UUID, ...], withheld: tuple[str, ...]) -> Ground:
    """What she signed while she had a ground: her own entries and nothing else, without the parts the patient has closed to her."""
    chosen = {"id": "own-entries", "description": "Leser det en selv har signert", "user_selected": True}
    return Ground(patient_id, ids, "own", _TEXTS["own"], decision_ref=chosen, withheld=withheld)


def justifying(patient_id: UUID, ids: tuple[UUID, ...]) -> Ground:
    """At the door: whoever says why opens the chart that far. The looks after it stand in the log by the reason she chose."""
    chosen = {"id": "justify", "description": "Oppgir en grunn", "user_selected": True}
    return Ground(patient_id, ids, "justified", phrase("du oppgir en grunn"), decision_ref=chosen)


def rescuing(patient_id: UUID, ids: tuple[UUID, ...]) -> Ground:
    """Life is in danger: said before anybody knows whose record there is, and whether it is closed to her."""
    chosen = {"id": "rescue", "description": "Sier at liv er i fare", "user_selected": True}
    return Ground(patient_id, ids, "emergency", phrase("du sa at liv er i fare"), purpose="BTG", decision_ref=chosen)


def control(patient_id: UUID, ids: tuple[UUID, ...]) -> Ground:
    """Looking over who opened the chart with a reason: whose it is, and what was written of why."""
    return Ground(patient_id, ids, "control", phrase("du går gjennom en begrunnet tilgang"), purpose="HSYSADMIN")


def downtime(patient_id: UUID, ids: tuple[UUID, ...]) -> Ground:
    """The worker, which lays ready what a unit must know when the journal is away."""
    return Ground(patient_id, ids, "downtime", phrase("nødlisten holdes klar"), purpose="HOPERAT")


def checking(patient_id: UUID, ids: tuple[UUID, ...], actor: Actor) -> Ground:
    """The journal itself, which checks over all entries on behalf of somebody to whom a part is closed. She sees none of them."""
    behalf = {
        "id": "check",
        "description": "Kontroll for en som ikke ser alt",
        "user_selected": False,
        "on_behalf_of": str(actor.supervised_by),
    }
    return Ground(patient_id, ids, "check", phrase("journalen kontrollerer et legemiddel"), decision_ref=behalf)


def planning(patient_id: UUID) -> Ground:
    """The worker, which works out the doses of the days to come; its looks stand in the log like a person's."""
    return Ground(patient_id, (patient_id,), "planning", phrase("doser regnes ut framover"), purpose="HOPERAT")
