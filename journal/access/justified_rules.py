"""What one may open a chart for when nothing else gives a ground: a short list, each reason with what it opens and for how long.

The reasons stand in the order of the door page: what cannot wait comes first. Sources: the decision templates of Norwegian
hospitals (BLAALYS, DELBEHAN, TILSYN, HENV_PAA, INNSYN, EGENLAER, KVAL), the national trust framework's purposes of use (ETREAT: the
emergency chain under its ordinary rules; BTG: they are set aside), hpl. §§ 25, 29 c and 45, Normen on self-authorised access.

What the patient has closed is opened on weighty grounds alone: pasient- og brukerrettighetsloven § 5-3, pasientjournalloven § 17.
The Directorate of Health reads that as danger to life or of serious harm to health (its comments on § 5-3). In the place of one
who is shut out by name another can mostly help, so there it takes that help cannot wait (hpl. § 7): our reading, the narrower.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from journal.permissions import Permission
from journal.platform.language import phrase, phrases
from journal.platform.work import Ground

LEAST_WORDS, MOST_WORDS = 10, 200
# How long what is said of somebody near is not asked again.
SHIFT_HOURS = 12

# Grounds that somebody takes herself. They end by themselves, and another looks them over.
SELF_TAKEN = frozenset({"emergency", "justified", "weighty"})

# Services (9151) that say by their name what is the matter: measures against harm, help by force. Who gives one is told to nobody.
SENSITIVE_SERVICES = ("23", "24")


class Reason(StrEnum):
    EMERGENCY = "emergency"
    ALARM = "alarm"
    SHARED_CARE = "shared-care"
    ASSESSMENT = "assessment"
    REFERRAL = "referral"
    PATIENT_ASKS = "patient-asks"
    OWN_LEARNING = "own-learning"
    QUALITY = "quality"
    OTHER = "other"
    CLOSED_LIFE = "closed-life"
    CLOSED_HARM = "closed-harm"
    CLOSED_ALL = "closed-all"
    ADDRESS = "address"
    REST_CARE = "rest-care"
    REST_PLANNING = "rest-planning"
    REST_DANGER = "rest-danger"
    REST_PATIENT_ASKS = "rest-patient-asks"
    FAMILY_ALONE = "family-alone"
    FAMILY_URGENT = "family-urgent"
    FAMILY_AGREED = "family-agreed"
    COLLEAGUE = "colleague"
    SAME_NAME = "same-name"
    TAKEN_IN = "taken-in"


class Lets(StrEnum):
    """How far a reason goes: all that the role may, reading alone, or reading of medicines and measurements alone."""

    ALL = "all"
    READ = "read"
    MEDICINES = "medicines"


P = Permission
_READS = frozenset(
    {P.CARE_READ, P.CHART_READ, P.MEDICATION_PRINT, P.MEDICATION_READ, P.NOTES_READ, P.OBSERVATIONS_READ}
) | {P.PATIENTS_READ}
_MEDICINES = frozenset({P.MEDICATION_READ, P.OBSERVATIONS_READ, P.PATIENTS_READ})
# The way on from here is open by any reason: to another reason, to its end, to taking the patient in.
_WAYS_ON = frozenset({P.ACCESS_JUSTIFY, P.PATIENTS_ADMIT})
# Whoever opened the chart for a while decides neither what is erased nor who else may be appointed in it.
_NEVER = frozenset({P.ACCESS_RESTRICT, P.RECORDS_ERASE, P.PATIENTS_DISCHARGE})


@dataclass(frozen=True)
class Opens:
    """A reason in the words of the door page, the national template it stands for, its purpose of use, and how far it goes.

    *emergency*: the shorter time, and never stopped by a limit on how many. *closed*: opens what the patient has closed, her
    protected address, or what the purpose of a ground leaves in a drawer, to somebody who has a ground already; no reason of
    the door, and for the shorter time. *near*: opens nothing; said by somebody who has a ground, of a patient who seems to be
    near to her (near_rules), for a shift, and never stopped by a limit either. *arrival*: opens nothing and is stopped by nothing;
    she gave her own unit a stay or a service that nobody had asked for, and what she reads in the first shift is looked over.
    """

    text: str
    template: str
    purpose: str
    lets: Lets = Lets.ALL
    emergency: bool = False
    closed: bool = False
    near: bool = False
    arrival: bool = False

    @property
    def at_the_door(self) -> bool:
        """Whether it is for whoever has no ground."""
        return not (self.closed or self.near or self.arrival)

    @property
    def stoppable(self) -> bool:
        """Whether a limit on how many stops it: nobody in need waits for one, and whoever has a ground reads by it."""
        return not (self.emergency or self.near or self.arrival)

    @property
    def ground(self) -> str:
        if self.closed:
            return "weighty"
        return "emergency" if self.emergency else "justified"


TEXTS = phrases(
    {
        Reason.EMERGENCY: "Øyeblikkelig hjelp",
        Reason.ALARM: "Alarm eller telefon om hjelp nå",
        Reason.SHARED_CARE: "Jeg gir pasienten helsehjelp i dag",
        Reason.ASSESSMENT: "Jeg er bedt om å se til pasienten",
        Reason.REFERRAL: "Pasienten er henvist til oss",
        Reason.PATIENT_ASKS: "Pasienten vil se journalen sin",
        Reason.OWN_LEARNING: "Jeg vil lære av hjelpen jeg ga",
        Reason.QUALITY: "Kvalitetsarbeid som lederen har bestemt",
        Reason.OTHER: "Annet",
        Reason.CLOSED_LIFE: "Fare for liv, og hjelpen kan ikke vente",
        Reason.CLOSED_HARM: "Fare for alvorlig helseskade",
        Reason.CLOSED_ALL: "Fare for liv, og hele journalen var sperret",
        Reason.ADDRESS: "Måtte vite hvor pasienten bor",
        Reason.REST_CARE: "Skuffen i journalen, for hjelpen jeg gir nå",
        Reason.REST_PLANNING: "Skuffen i journalen, for å planlegge hjelpen",
        Reason.REST_DANGER: "Skuffen i journalen, for å vite om noen er i fare",
        Reason.REST_PATIENT_ASKS: "Skuffen i journalen, siden pasienten ber om det",
        Reason.FAMILY_ALONE: "Nær familie: ingen andre på vakt kan gi hjelpen",
        Reason.FAMILY_URGENT: "Nær familie: det haster, og ingen andre rekker det",
        Reason.FAMILY_AGREED: "Nær familie: lederen har bestemt at jeg gir hjelpen",
        Reason.COLLEAGUE: "En kollega: jeg gir helsehjelpen",
        Reason.SAME_NAME: "En annen med samme navn: vi står ikke hverandre nær",
        Reason.TAKEN_IN: "Ga egen enhet ansvaret uten at det var avtalt i journalen",
    }
)
REASONS: Mapping[Reason, Opens] = {
    Reason.EMERGENCY: Opens(TEXTS[Reason.EMERGENCY], "BLAALYS", "BTG", emergency=True),
    Reason.ALARM: Opens(TEXTS[Reason.ALARM], "BLAALYS", "ETREAT", emergency=True),
    Reason.SHARED_CARE: Opens(TEXTS[Reason.SHARED_CARE], "DELBEHAN", "TREAT"),
    Reason.ASSESSMENT: Opens(TEXTS[Reason.ASSESSMENT], "TILSYN", "TREAT"),
    Reason.REFERRAL: Opens(TEXTS[Reason.REFERRAL], "HENV_PAA", "COC", Lets.READ),
    Reason.PATIENT_ASKS: Opens(TEXTS[Reason.PATIENT_ASKS], "INNSYN", "PATRQT", Lets.READ),
    Reason.OWN_LEARNING: Opens(TEXTS[Reason.OWN_LEARNING], "EGENLAER", "HQUALIMP", Lets.READ),
    Reason.QUALITY: Opens(TEXTS[Reason.QUALITY], "KVAL", "HQUALIMP", Lets.MEDICINES),
    Reason.OTHER: Opens(TEXTS[Reason.OTHER], "", "TREAT", Lets.READ),
    Reason.CLOSED_LIFE: Opens(TEXTS[Reason.CLOSED_LIFE], "", "BTG", emergency=True, closed=True),
    Reason.CLOSED_HARM: Opens(TEXTS[Reason.CLOSED_HARM], "", "BTG", closed=True),
    Reason.CLOSED_ALL: Opens(TEXTS[Reason.CLOSED_ALL], "", "BTG", emergency=True, closed=True),
    Reason.ADDRESS: Opens(TEXTS[Reason.ADDRESS], "", "TREAT", closed=True),
    Reason.REST_CARE: Opens(TEXTS[Reason.REST_CARE], "", "TREAT", closed=True),
    Reason.REST_PLANNING: Opens(TEXTS[Reason.REST_PLANNING], "", "TREAT", closed=True),
    Reason.REST_DANGER: Opens(TEXTS[Reason.REST_DANGER], "", "TREAT", emergency=True, closed=True),
    Reason.REST_PATIENT_ASKS: Opens(TEXTS[Reason.REST_PATIENT_ASKS], "", "TREAT", closed=True),
    Reason.FAMILY_ALONE: Opens(TEXTS[Reason.FAMILY_ALONE], "", "TREAT", near=True),
    Reason.FAMILY_URGENT: Opens(TEXTS[Reason.FAMILY_URGENT], "", "TREAT", near=True),
    Reason.FAMILY_AGREED: Opens(TEXTS[Reason.FAMILY_AGREED], "", "TREAT", near=True),
    Reason.COLLEAGUE: Opens(TEXTS[Reason.COLLEAGUE], "", "TREAT", near=True),
    Reason.SAME_NAME: Opens(TEXTS[Reason.SAME_NAME], "", "TREAT", near=True),
    Reason.TAKEN_IN: Opens(TEXTS[Reason.TAKEN_IN], "", "TREAT", arrival=True),
}
_BY_CODE: Mapping[Any, str] = {reason.value: text for reason, text in TEXTS.items()}
_NOT_SAID = phrase("ikke oppgitt")
AT_THE_DOOR = {reason: opens for reason, opens in REASONS.items() if opens.at_the_door}
# The whole record is asked for by its number, before anybody knows that it is there, and a protected address by the few who are
# named: no button of what the patient has closed leads to them.
FOR_CLOSED = {r: opens for r, opens in REASONS.items() if r in (Reason.CLOSED_LIFE, Reason.CLOSED_HARM)}
# Within the ground that somebody has, of what its purpose leaves in a drawer (access/purpose.py): in the words of its page.
FOR_REST = phrases(
    {
        Reason.REST_CARE: "For hjelpen jeg gir nå",
        Reason.REST_PLANNING: "For å planlegge hjelpen",
        Reason.REST_DANGER: "For å vite om noen er i fare",
        Reason.REST_PATIENT_ASKS: "Pasienten ber om det",
    }
)
# How the patient got to know.
TOLD = phrases(
    {
        "letter": "Brev er sendt",
        "spoken": "Fortalt i samtale",
        "representative": "Fortalt til verge eller pårørende",
    }
)
HOW_FAR = phrases(
    {
        Lets.ALL: "hele journalen, også å skrive",
        Lets.READ: "å lese journalen",
        Lets.MEDICINES: "å lese legemidler og målinger",
    }
)


@dataclass(frozen=True)
class Limits:
    """What a municipality has chosen, in hours; *most_in_an_hour*: of these one person may open before it is asked what goes on."""

    emergency_hours: int = 4
    other_hours: int = 24
    review_hours: int = 72
    most_in_an_hour: int = 5
    version: int = 0
    chosen_by: str | None = None
    chosen_at: datetime | None = None
    by_two: bool = False

    def hours(self, reason: Reason) -> int:
        """How long a chart stays open by this reason."""
        opens = REASONS[reason]
        if opens.near or opens.arrival:
            return SHIFT_HOURS
        return self.emergency_hours if opens.emergency or opens.closed else self.other_hours


def is_given(ground: Ground) -> bool:
    """Whether it came of what others did or of the unit's work: it is neither none nor one that she took herself."""
    return ground.relationship_id is not None and ground.code not in SELF_TAKEN


def lets(decision_ref: Mapping[str, Any] | None, permission: Permission) -> bool:
    """Whether the reason that a self-taken ground rests on opens what this permission stands for.

    One whose reason nobody knows opens nothing but the ways on: fail closed.
    """
    if permission in _WAYS_ON:
        return True
    reason = (decision_ref or {}).get("id")
    if reason not in set(Reason) or permission in _NEVER:
        return False
    how_far = REASONS[Reason(reason)].lets
    return how_far is Lets.ALL or permission in (_READS if how_far is Lets.READ else _MEDICINES)


def opens_to(reason: Reason, *, by_name: bool) -> bool:
    """Whether it opens what is closed to somebody *by_name*, or else to her unit. The database asks the same (access.weighed)."""
    return reason is Reason.CLOSED_LIFE or (reason is Reason.CLOSED_HARM and not by_name)


def decision_ref(reason: Reason) -> dict[str, Any]:
    """The decision as the trust framework tells it: chosen by whoever reads. Never the words that were written beside it."""
    opens = REASONS[reason]
    described = f"{opens.text} ({opens.template})" if opens.template else str(opens.text)
    return {"id": reason.value, "description": described, "user_selected": True}


def reason_text(told: Mapping[str, Any] | None) -> str:
    """The reason of a decision in the words of the door page."""
    return _BY_CODE.get((told or {}).get("id"), _NOT_SAID)


def left(until: datetime, now: datetime) -> tuple[int, int]:
    """Whole hours and minutes that are left, the begun minute with them; nothing when it is over."""
    seconds = max(0.0, (until - now).total_seconds())
    return divmod(-int(-seconds // 60), 60)


class Outcome(StrEnum):
    """What whoever looked an access over came to."""

    EXPLAINED = "explained"
    ASK_MANAGER = "ask-manager"
    CASE = "case"


OUTCOMES = phrases(
    {Outcome.EXPLAINED: "Forklart", Outcome.ASK_MANAGER: "Spør nærmeste leder", Outcome.CASE: "Egen sak"}
)
# An answer that settles the access; one that asks the manager leaves it waiting.
SETTLED = frozenset({Outcome.EXPLAINED, Outcome.CASE})

KINDS = phrases(
    {
        "patients": "navn og kritisk informasjon",
        "patients:address": "beskyttet adresse",
        "medication": "legemidler",
        "observations": "målinger",
        "observations:own": "målinger fra egne enheter",
        "observations:recent": "målinger fra de siste 90 dagene",
        "notes": "notater",
        "notes:shut": "ingen notater",
        "notes:own": "notater fra egne enheter",
        "notes:recent": "notater fra de siste 90 dagene",
        "notes:sensitive": "skjermede notater",
        "care": "oppgaver og tjenester",
        "access": "grunnen selv",
    }
)
