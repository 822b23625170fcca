"""Where grounds come from, in words: the sources of a municipality, what keeps each alive, and what is amiss with one.

Source: pasientjournalloven § 19 (tjenstlig behov: only who gives, administers or is asked to give health care, and no longer than
that), § 16 with pasientjournalforskriften § 13 (access is ended when the need is), and Normen 5.2 (access follows from the work,
is reviewed, and is taken away when an employment ends).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from journal.platform.language import phrase, phrases

# Somebody asks for these on another's behalf; nobody does so for herself (CareRelationships.begin, and a check in the table).
ASKED = ("general_practitioner", "referral", "patient_request")

# What the patient herself has asked for is for a while, and is asked for anew after that.
LONGEST_REQUEST = timedelta(days=365)
GRACE_HOURS = 12
LEAST_GRACE_HOURS, MOST_GRACE_HOURS = 1, 72

# A shift that nobody ended is over after this: nobody works longer at a stretch.
LONGEST_SHIFT = timedelta(hours=16)

GROUNDS = phrases(
    {
        "stay": "Opphold",
        "service": "Tildelt tjeneste",
        "route": "Besøk tatt over",
        "task": "Oppgave til en person",
        "general_practitioner": "Fastlege",
        "referral": "Henvisning",
        "patient_request": "Pasientens eget ønske",
        "registration": "Registrering",
        "emergency": "Øyeblikkelig hjelp",
    }
)


class SourceWords(NamedTuple):
    """What begins and ends the grounds of a source, and what to do where it has given none."""

    fed_by: str
    to_do: str


SOURCES: dict[str, SourceWords] = {
    "stay": SourceWords(
        "Innlegging, flytting og utskriving på avdelingen.",
        "Legg inn pasientene fra «Opphold» i journalen.",
    ),
    "service": SourceWords(
        "Vedtak om tjeneste, til tjenesten avsluttes.",
        "Registrer vedtakene under «Tjenester» i journalen.",
    ),
    "route": SourceWords(
        "«Jeg tar besøket»: til dagen er slutt.",
        "Ingen har tatt over besøk. Det trenger ikke være feil.",
    ),
    "task": SourceWords(
        "Oppgaver som bare én person kan gjøre, for eksempel å signere en muntlig ordinasjon.",
        "Ingen har slike oppgaver. Det trenger ikke være feil.",
    ),
    "general_practitioner": SourceWords(
        "Fastlegelisten som driften henter inn, og det enheten selv har registrert.",
        "Be driften om å hente inn fastlegelisten (akson import gp-list).",
    ),
    "referral": SourceWords(
        "Henvisning til en annen enhet i kommunen.",
        "Registrer henvisningen i journalen: «Tjenester», så «Se hvem som kan åpne journalen».",
    ),
    "patient_request": SourceWords(
        "Det pasienten selv har bedt om, i opptil ett år.",
        "Ingen pasienter har bedt om det. Det trenger ikke være feil.",
    ),
}

# How old a list from outside may be. Who changes general practitioner does so from the first of a month.
LISTS = {"general_practitioner": timedelta(days=35)}


def is_late(ground: str, read_at: datetime, now: datetime) -> bool:
    """Whether a source that is a list should have been read again. One that never was is nothing anybody counts on."""
    return ground in LISTS and now - read_at > LISTS[ground]


AMISS = ("left", "closed_unit", "dead", "moved", "source_ended")


def amiss_text(kind: str, unit: str, person: str) -> str:
    """What is amiss with an open ground and what to do about it, in a sentence or two. KeyError for a kind that is not in AMISS."""
    said = {
        "left": phrase(
            "%(person)s har sluttet, men har en åpen tilgang. Den avsluttes innen en time. Står den lenger, si fra til driften.",
            person=person,
        ),
        "closed_unit": phrase(
            "%(unit)s er lagt ned, men har fortsatt ansvar for en pasient. Flytt pasienten, eller avslutt tjenesten.",
            unit=unit,
        ),
        "dead": phrase(
            "Pasienten er død for mer enn tre dager siden. Skriv ferdig, og avslutt oppholdet eller tjenesten ved %(unit)s.",
            unit=unit,
        ),
        "moved": phrase(
            "Pasienten har flyttet fra kommunen. Avslutt tjenesten ved %(unit)s, eller registrer den på nytt hvis den fortsetter.",
            unit=unit,
        ),
        "source_ended": phrase(
            "Oppholdet eller tjenesten ved %(unit)s er avsluttet, men tilgangen er fortsatt åpen. Si fra til driften.",
            unit=unit,
        ),
    }
    return said[kind]
