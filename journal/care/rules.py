"""The services that give a ground, and the kinds of stay, absence, task and incident. No database, no clock, no web."""

from datetime import datetime, timedelta
from enum import StrEnum

from journal.platform.clock import hhmm, moment
from journal.platform.language import joined, phrase, phrases

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
        ("9151", "23"): "Skadeavvergende tiltak",
        ("9151", "24"): "Helsehjelp med tvang",
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
TASKS = phrases(
    {
        "general": "Oppgave",
        "effect_follow_up": "Følg opp effekt",
        "allergy_ask": "Spør om allergier",
        "medicine_question": "Spørsmål om legemidler",
        "clearing": "Bekreft avklaring",
        "paper": "Har du gitt dosen?",
        "alone": "Signert alene",
        "next_step": "Dose som ikke er gitt",
        "prescriber": "Til legen",
        "dispenser": "Medisindispenser",
        "dispenser-not-taken": "Dispenser: ikke tatt ut",
        "dispenser-no-contact": "Dispenser: ingen kontakt",
        "dispenser-fault": "Dispenser: feil",
        "no-answer": "Ingen åpner",
    }
)
TICKED = frozenset({"general", "next_step", "dispenser", "prescriber"})
"""Kinds that are done with a tick, "prescriber" by prescribers alone. What is not here is answered where it can be."""
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
# FHIR's adverse-event-severity, and before it "none": nothing came of it (AdverseEvent.actuality: potential). Last what nobody has
# judged: an incident that a signature opened by itself.
SEVERITIES = phrases(
    {
        "none": "Ingen skade",
        "mild": "Liten skade",
        "moderate": "Moderat skade",
        "severe": "Alvorlig skade",
        "unassessed": "Ikke vurdert ennå",
    }
)

EFFECT_AFTER = timedelta(minutes=45)
"""When to ask whether a medicine as needed helped. No medicine has a time of its own in the catalogue."""


class FollowUp(StrEnum):
    """What an order is followed up by."""

    INR = "inr"
    EVALUATION = "evaluation"
    PATCH_OFF = "patch-off"
    PAUSE = "pause"
    REPLACEMENT = "replacement"


FOLLOW_UPS = phrases(
    {
        FollowUp.INR: "Mål INR og ring legen for ny dose av warfarin. Ingen dose er bestemt fra i dag.",
        FollowUp.EVALUATION: "Vurder antibiotikakuren: virker den, og skal den fortsette som den er ordinert?",
        FollowUp.PATCH_OFF: "Ta av plasteret: ordinasjonen gjelder ikke lenger. Skriv i legemiddellisten at det er fjernet.",
        FollowUp.PAUSE: "Pausen er over: skal legemidlet gis igjen, pauses lenger eller seponeres?",
        FollowUp.REPLACEMENT: "Et legemiddel er pauset: forskriv det som skal gis i stedet.",
    }
)
"""The task that follows up an order, on its day."""

DECIDED = phrase("Legen har bestemt på nytt.")
DECIDED_ANEW = {FollowUp.PATCH_OFF: phrase("Plasteret er tatt av, eller legen har bestemt på nytt.")}
"""What came of such a task when the next one takes its place, or none is wanted."""

LOST_PATCH = phrase("Et gammelt plaster er ikke funnet. Let over hele kroppen, i klærne og i senga, og spør legen.")

WITHDRAWAL_MISSING = phrase(
    "En dose av et A- eller B-preparat er gitt uten uttak i regnskapet. Finn ut hvor den ble tatt."
)
LAID_IN_UNACCOUNTED = phrase(
    "Et A- eller B-preparat er lagt i dosett eller dispenser uten uttak i regnskapet. Finn ut hvor det ble tatt, og før uttaket."
)
SETTLE_HOLDING = phrase(
    "Tell pasientens egne A- og B-preparater. Lever dem tilbake eller destruer dem, og avslutt på null."
)
HOLDING_SETTLED = phrase("Beholdningen er avsluttet på null.")
HOLDING_DIFFERS = phrase("Tellingen av pasientens egne A- og B-preparater stemmer ikke med regnskapet.")


ALONE_CHECKED = phrase("En annen har kontrollert dosen.")
ALONE_UNDONE = phrase("Signaturen er angret eller rettet.")


def alone_task_text(medicine: str) -> str:
    """The task of the next shift, where one person signed a dose that wants two."""
    said = "Signert alene: %(medicine)s. En annen enn den som ga dosen, teller eller ser over."
    return phrase(said, medicine=medicine)


class NotGiven(StrEnum):
    """Who is to do something about a dose that was not given."""

    TELL_NURSE = "tell-nurse"
    CALL_DOCTOR = "call-doctor"


class ForPrescriber(StrEnum):
    """What whoever prescribed a medicine must hear of."""

    REFUSED = "refused"
    MISSED = "missed"


_NOT_GIVEN = phrases(
    {
        NotGiven.TELL_NURSE: "Si fra til sykepleier: %(medicine)s, planlagt kl. %(time)s, er ikke gitt (%(why)s).",
        NotGiven.CALL_DOCTOR: "Ring lege nå: %(medicine)s, planlagt kl. %(time)s, er ikke gitt (%(why)s).",
    }
)
_FOR_PRESCRIBER = phrases(
    {
        ForPrescriber.REFUSED: "Til legen: pasienten har sagt nei til %(medicine)s tre dager på rad. Skal det fortsette?",
        ForPrescriber.MISSED: "Til legen: to doser på rad av %(medicine)s er ikke gitt. Hva skal gjøres?",
    }
)


class Against(StrEnum):
    """A dose that was given, and should not have been."""

    TWICE = "twice"
    AFTER_STOP = "after-stop"
    WRONG_PATIENT = "wrong-patient"
    WITHOUT_ORDER = "without-order"
    WITHOUT_AUTHORITY = "without-authority"
    PAPER_DENIED = "paper-denied"
    PAST_LIMIT = "past-limit"
    TOO_NEAR = "too-near"


AGAINST_KIND = {
    Against.TWICE: "double_registered",
    Against.AFTER_STOP: "given_after_stop",
    Against.WRONG_PATIENT: "mix_up",
    Against.WITHOUT_AUTHORITY: "medication",
    Against.PAPER_DENIED: "medication",
    Against.PAST_LIMIT: "medication",
    Against.TOO_NEAR: "medication",
}
"""The incident that each of them is (INCIDENTS). What was given in an emergency is none."""

_AGAINST = phrases(
    {
        Against.TWICE: "%(medicine)s er gitt %(time)s, og dosen var alt signert av en annen.",
        Against.AFTER_STOP: "%(medicine)s er gitt %(time)s, etter at ordinasjonen var endret, pauset, seponert eller ferdig.",
        Against.WRONG_PATIENT: "%(medicine)s er gitt %(time)s til denne pasienten, men var til en annen.",
        Against.WITHOUT_ORDER: "%(medicine)s er gitt %(time)s uten ordinasjon.",
        Against.TOO_NEAR: "%(medicine)s er gitt %(time)s, for nær en annen dose eller ikke på dagen sin.",
        Against.WITHOUT_AUTHORITY: "%(medicine)s er gitt %(time)s av en som ikke har fullmakt til det.",
        Against.PAPER_DENIED: "%(medicine)s er ført fra papir som gitt %(time)s. Den som skal ha gitt den, sier nei.",
        Against.PAST_LIMIT: "%(medicine)s er gitt %(time)s mens journalen var nede, for tidlig eller mer enn det meste i døgnet.",
    }
)


def against_text(against: Against, medicine: str, given_at: datetime) -> str:
    """What happened, in a sentence. `medicine`: its name with how much, where that is known."""
    name = f"{medicine[:1].upper()}{medicine[1:]}"
    return phrase(_AGAINST[against], medicine=name, time=moment(given_at))


def told_text(happened: str) -> str:
    """The task of whoever prescribes, when it has happened."""
    return phrase("Til legen: %(happened)s Vurder hva pasienten trenger nå.", happened=happened)


TOLD_AGAIN_AFTER = timedelta(days=7)
"""Whoever prescribed it hears of the same once, and anew when it still goes on after a week."""


def not_given_text(step: NotGiven, medicine: str, due_at: datetime, why: str) -> str:
    """The task that follows a dose that was not given."""
    return phrase(_NOT_GIVEN[step], medicine=medicine, time=hhmm(due_at), why=why)


def for_prescriber_text(about: ForPrescriber, medicine: str) -> str:
    """The task of whoever prescribes for the patient."""
    return phrase(_FOR_PRESCRIBER[about], medicine=medicine)


def laid_out_text(medicine: str, laid_at: datetime) -> str:
    """The task of a dose that lies before the patient."""
    return phrase(
        "Se om dosen er tatt: %(medicine)s, lagt fram kl. %(time)s. Signer den i runden.",
        medicine=medicine,
        time=hhmm(laid_at),
    )


GIVEN_BY_ANOTHER = phrase(
    "Gis av annen: pasienten har sperret for en som deler ut legemidler her. Avtal hvem som gir, på hver vakt."
)
"""Without the name: who it is, those who register restrictions read where they are registered."""
RESTRICTION_LIFTED = phrase("Sperringen er opphevet.")

BACK_FROM_LEAVE = phrase("Er pasienten tilbake fra permisjon? Skriv hva som ble tatt, og hva som kom tilbake.")

SETTLED = phrase("Det er skrevet hva som ble av det.")

BAG_TO_REPLACE = phrase(
    "Det som ligger klart i dosett eller multidose, kan ikke brukes. Legg opp eller bestill på nytt, og bruk originalpakning."
)

DONE_AT_DOOR = phrase("Listen er samstemt, eller innleggelsen er avlyst.")


def hospital_text(place: str) -> str:
    """The task of those who stay behind when the patient is sent to hospital."""
    if not place:
        return phrase("Innlagt på sykehus. Gi overføringsarket til sykehuset, og si fra til dem det gjelder.")
    said = "Innlagt på sykehus: %(place)s. Gi overføringsarket til sykehuset, og si fra til dem det gjelder."
    return phrase(said, place=place)


def reconcile_text(owner: str) -> str:
    """The task that the clock at the hospital door runs on; *owner* answers for it."""
    return phrase("Samstem legemiddellisten. Ingen doser ventes før den er samstemt. Ansvar: %(name)s.", name=owner)


def taken_over_text(owner: str) -> str:
    """What became of the task when somebody else took it on."""
    return phrase("%(name)s har tatt over ansvaret.", name=owner)


def effect_text(medicine: str, given_at: datetime) -> str:
    """The task that asks for it."""
    return phrase("Effekt av %(medicine)s, gitt kl. %(time)s?", medicine=medicine, time=hhmm(given_at))


def question_text(question: str) -> str:
    """The task that asks somebody about a medicine."""
    return phrase("Spør %(question)s", question=f"{question[:1].lower()}{question[1:]}")


# Own words; what may not go on is where the Pasero scale for opioids says so: she falls asleep while she is spoken with.
SEDATION = {
    0: phrase("Våken"),
    1: phrase("Døsig eller sover, våkner på tiltale"),
    2: phrase("Sovner igjen mens dere snakker"),
    3: phrase("Våkner ikke på tiltale"),
}
_TOO_SLEEPY, _TOO_FEW_BREATHS = 2, 10
_EMERGENCY_SLEEPY, _EMERGENCY_BREATHS = 3, 8


def opioid_outcome(score: int, sedation: int, respiration: int) -> str:
    """What is written of how she is after an opioid."""
    return joined(
        ", ",
        (
            phrase("%(score)s av 10", score=score),
            SEDATION[sedation].in_a_sentence(),
            phrase("puster %(breaths)s ganger i minuttet", breaths=respiration),
        ),
    )


def opioid_alarm(sedation: int, respiration: int) -> str | None:
    """What is to be done at once when she is too sleepy or breathes too slowly after an opioid; None when she is neither.

    Source: the Pasero scale (3 and 4 are not accepted), and NEWS2, where 8 breaths a minute or fewer are an emergency.
    """
    if sedation >= _EMERGENCY_SLEEPY or respiration <= _EMERGENCY_BREATHS:
        return phrase(
            "Ring 113 nå. Sørg for frie luftveier, bli hos pasienten, og gi ikke mer opioid. Ta av opioidplaster."
        )
    if sedation >= _TOO_SLEEPY or respiration < _TOO_FEW_BREATHS:
        return phrase(
            "Ring lege nå: for døsig eller puster for sakte etter opioid. Bli hos pasienten, og gi ikke mer opioid."
        )
    return None
