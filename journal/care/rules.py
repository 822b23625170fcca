"""The services that give a ground, and the kinds of stay, absence, task and incident. No database, no clock, no web."""

from datetime import datetime, timedelta
from enum import StrEnum

from journal.platform.clock import hhmm
from journal.platform.language import phrase, phrases

# (code system, code) and the text of the code: Volven 9151 and 8663. Only services with health care: practical help,
# a support contact and the like are no ground to open a health record.
SERVICES: dict[tuple[str, str], str] = phrases(
    {
        ("9151", "15"): "Helsetjenester i hjemmet",
        ("9151", "21"): "Langtidsopphold i institusjon",
        ("9151", "18"): "Tidsbegrenset opphold - utredning/behandling",
        ("9151", "19"): "Tidsbegrenset opphold - habilitering/rehabilitering",
        ("9151", "20"): "Tidsbegrenset opphold - annet",
        ("9151", "17"): "Dagopphold i institusjon",
        ("9151", "22"): "Nattopphold i institusjon",
        ("9151", "25"): "Kommunal øyeblikkelig hjelp - døgnopphold",
        ("9151", "8"): "Avlastning i institusjon",
        ("9151", "27"): "Elektronisk medisineringsstøtte",
        ("9151", "28"): "Digitalt tilsyn",
        ("8663", "KP01"): "Legetjeneste ved sykehjem mv.",
        ("8663", "KP02"): "Sykepleietjeneste",
        ("8663", "KR01"): "Fysioterapi, pleie og omsorg",
        ("8663", "KR02"): "Ergoterapi, pleie og omsorg",
        ("8663", "KX05"): "Øyeblikkelig hjelp døgntilbud (ØHD)",
    }
)

STAYS = phrases({"long_term": "Langtidsopphold", "short_term": "Korttidsopphold"})
STAY_SERVICE = {"long_term": "21", "short_term": "20"}
ABSENCES = phrases({"leave": "Permisjon", "hospital": "Sykehus"})
TASKS = phrases({"general": "Oppgave", "effect_follow_up": "Følg opp effekt", "allergy_ask": "Spør om allergier"})
# Our own: the national list (NOKUP, Volven 7221) is made for the specialist health service, and is not in our sources.
INCIDENTS = phrases(
    {
        "fall": "Fall",
        "medication": "Legemiddelfeil",
        "double_registered": "Dose registrert to ganger",
        "given_after_stop": "Gitt etter seponering",
        "mix_up": "Forveksling av pasient",
        "pressure_injury": "Trykksår",
        "violence": "Vold eller trusler",
        "missing": "Borte uten at noen visste det",
        "equipment": "Feil på utstyr",
        "other": "Annet",
    }
)
# FHIR's adverse-event-severity, and before it "none": nothing came of it (AdverseEvent.actuality: potential).
SEVERITIES = phrases(
    {"none": "Ingen skade", "mild": "Liten skade", "moderate": "Moderat skade", "severe": "Alvorlig skade"}
)

EFFECT_AFTER = timedelta(minutes=45)
"""When to ask whether a medicine as needed helped. No medicine has a time of its own in the catalogue."""


class FollowUp(StrEnum):
    """What an order is followed up by."""

    INR = "inr"
    EVALUATION = "evaluation"
    PAUSE = "pause"
    REPLACEMENT = "replacement"


FOLLOW_UPS = phrases(
    {
        FollowUp.INR: "Mål INR og ring legen for ny dose av warfarin. Ingen dose er bestemt fra i dag.",
        FollowUp.EVALUATION: "Vurder antibiotikakuren: virker den, og skal den fortsette som den er ordinert?",
        FollowUp.PAUSE: "Pausen er over: skal legemidlet gis igjen, pauses lenger eller seponeres?",
        FollowUp.REPLACEMENT: "Et legemiddel er pauset: forskriv det som skal gis i stedet.",
    }
)
"""The task that follows up an order, on its day."""


def effect_text(medicine: str, given_at: datetime) -> str:
    """The task that asks for it."""
    return phrase("Effekt av %(medicine)s, gitt kl. %(time)s?", medicine=medicine, time=hhmm(given_at))
