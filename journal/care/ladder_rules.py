"""What is done when nobody answers at a home visit: in which order, by when, and what ends it. No database, no clock, no web.

Source: issue 4 (call, next of kin, nurse in charge, key, 113). The minutes are a proposal that each unit may change: no national
source says them. Helse- og omsorgstjenesteloven § 4-1 (forsvarlighet) asks that somebody answers for what comes next.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from journal.platform.language import Phrase, as_phrase, counted, phrase, phrases


class Step(StrEnum):
    """What somebody does to find out how the patient is."""

    BELL = "bell"
    CALL_PATIENT = "call-patient"
    CALL_KIN = "call-kin"
    CALL_NURSE = "call-nurse"
    KEY = "key"
    CALL_113 = "call-113"


class Outcome(StrEnum):
    """What came of a step."""

    NO_ANSWER = "no-answer"
    ANSWERED = "answered"
    KNOWS = "knows"
    KNOWS_NOT = "knows-not"
    TOLD = "told"
    NOBODY = "nobody"
    NO_ENTRY = "no-entry"
    SAFE = "safe"
    HURT = "hurt"
    CALLED = "called"


class Ending(StrEnum):
    """How it ended, as somebody says it: nothing ends by itself."""

    SAFE = "safe"
    ELSEWHERE = "elsewhere"
    ILL = "ill"
    HANDED_113 = "handed-113"
    MISTAKE = "mistake"


USUAL_MINUTES = {Step.CALL_PATIENT: 0, Step.CALL_KIN: 10, Step.CALL_NURSE: 15, Step.KEY: 30, Step.CALL_113: 45}
"""Within how many minutes of the start each step is taken, in their order. Ringing the bell again has no time of its own."""

END_AFTER = timedelta(minutes=15)
"""When somebody has found out, or 113 is called, it is ended within this."""

OUTCOMES: dict[Step, dict[Outcome, Phrase]] = {
    Step.BELL: {Outcome.NO_ANSWER: phrase("Ingen åpnet"), Outcome.ANSWERED: phrase("Pasienten åpnet")},
    Step.CALL_PATIENT: {Outcome.NO_ANSWER: phrase("Svarte ikke"), Outcome.ANSWERED: phrase("Pasienten svarte")},
    Step.CALL_KIN: {
        Outcome.NO_ANSWER: phrase("Svarte ikke"),
        Outcome.KNOWS_NOT: phrase("Vet ikke hvor pasienten er"),
        Outcome.KNOWS: phrase("Vet hvor pasienten er"),
    },
    Step.CALL_NURSE: {Outcome.NO_ANSWER: phrase("Svarte ikke"), Outcome.TOLD: phrase("Har fått beskjed")},
    Step.KEY: {
        Outcome.SAFE: phrase("Funnet trygg"),
        Outcome.HURT: phrase("Funnet syk eller skadet"),
        Outcome.NOBODY: phrase("Ingen hjemme"),
        Outcome.NO_ENTRY: phrase("Kom ikke inn"),
    },
    Step.CALL_113: {Outcome.CALLED: phrase("Har ringt 113")},
}
"""What may come of each step: a button for each."""

TO_DO = phrases(
    {
        Step.BELL: "Ring på igjen",
        Step.CALL_PATIENT: "Ring pasienten",
        Step.CALL_KIN: "Ring pårørende",
        Step.CALL_NURSE: "Ring ansvarlig sykepleier",
        Step.KEY: "Lås deg inn med nøkkel",
        Step.CALL_113: "Sykepleier avgjør: ring 113",
    }
)
DONE = phrases(
    {
        Step.BELL: "Ringte på",
        Step.CALL_PATIENT: "Ringte pasienten",
        Step.CALL_KIN: "Ringte pårørende",
        Step.CALL_NURSE: "Ringte ansvarlig sykepleier",
        Step.KEY: "Gikk inn med nøkkel",
        Step.CALL_113: "Ringte 113",
    }
)
TO_END = phrase("Skriv hvor pasienten ble funnet, og avslutt")
NOW_113 = phrase("Ring 113 nå")
ENDINGS = phrases(
    {
        Ending.SAFE: "Funnet trygg",
        Ending.ELSEWHERE: "På sykehus eller et annet sted",
        Ending.ILL: "Funnet syk eller skadet",
        Ending.HANDED_113: "Overlatt til 113",
        Ending.MISTAKE: "Startet ved en feil",
    }
)

_FOUND_OUT = {Outcome.ANSWERED, Outcome.KNOWS, Outcome.SAFE}

# Where the service is given at home: the visitor rings the bell there. Volven 9151 and 8663, of rules.SERVICES.
AT_HOME = {("9151", "15"), ("9151", "27"), ("9151", "28"), ("8663", "KP02")}

NOT_AT_HOME = phrase(
    "Pasienten har ikke en helsetjeneste hjemme som gjelder nå. Da er det ikke noe hjemmebesøk å følge opp."
)
IN_HOUSE = phrase(
    "Pasienten bor på institusjon. Registrer permisjon eller sykehus under Opphold hvis pasienten er borte."
)
IN_HOSPITAL = phrase(
    "Pasienten er registrert på sykehus, og ventes ikke hjemme. Registrer retur først hvis det ikke stemmer."
)
ON_LEAVE = phrase("Ikke til stede da legemidlene skulle gis. Er pasienten på permisjon? Registrer det under Opphold.")


class Taken(NamedTuple):
    """A step that was taken."""

    step: Step
    outcome: Outcome
    at: datetime


class Next(NamedTuple):
    """What is next, and by when; no step: to say where the patient was found, and end it. `at_once`: it may not wait."""

    step: Step | None
    due_at: datetime
    at_once: bool = False

    @property
    def text(self) -> Phrase:
        """What to do, as the button or the task says it."""
        if self.step is None:
            return TO_END
        return NOW_113 if self.at_once else as_phrase(TO_DO[self.step])


def what_is_next(started_at: datetime, minutes: Mapping[Step, int], taken: Sequence[Taken]) -> Next:
    """The next step after those `taken`, in the order they were. `minutes`: from the start, for each step with a clock.

    113 is called at once when she is found ill or hurt, and when nobody gets in with the key. When the patient has answered,
    is found safe, or somebody knows where she is, it is to be ended, and so when 113 is called. Else the first step not taken.
    """
    ends = next((one for one in reversed(taken) if one.outcome in _FOUND_OUT or one.step is Step.CALL_113), None)
    hurt = next((one for one in taken if one.outcome is Outcome.HURT), None)
    shut_out = next((one for one in taken if one.outcome is Outcome.NO_ENTRY), None)
    if hurt is not None and all(one.step is not Step.CALL_113 for one in taken):
        return Next(Step.CALL_113, hurt.at, at_once=True)
    if ends is not None:
        return Next(None, ends.at + END_AFTER)
    if shut_out is not None:
        return Next(Step.CALL_113, shut_out.at, at_once=True)
    done = {one.step for one in taken}
    waiting = next(step for step in USUAL_MINUTES if step not in done)
    return Next(waiting, started_at + timedelta(minutes=minutes[waiting]))


def clock_text(due_at: datetime, now: datetime) -> Phrase:
    """How long there is, or how long ago the time ran out, in whole minutes: "om 6 minutter", "nå", "12 minutter over tiden"."""
    minutes = round((due_at - now).total_seconds() // 60)
    if minutes > 0:
        return counted("om %(num)s minutt", "om %(num)s minutter", minutes)
    over = round((now - due_at).total_seconds() // 60)
    return counted("%(num)s minutt over tiden", "%(num)s minutter over tiden", over) if over > 0 else phrase("nå")


def task_text(following: Next) -> Phrase:
    """The task of whoever has the patient on her list."""
    return phrase("Ingen åpner hos pasienten. Neste: %(step)s.", step=following.text.in_a_sentence())
