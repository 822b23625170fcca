"""The access log as a patient reads it: what was done, why, and on what law a line may be held back."""

from datetime import timedelta

from journal.audit.rules import GROUNDS
from journal.platform.language import phrase, phrases

ANSWER_WITHIN = timedelta(days=30)
"""A request is answered without undue delay and within a month (personvernforordningen art. 12 nr. 3)."""

# Why somebody read, to the one whose record it is. A code that is not here is said as the auditor reads it.
REASONS = phrases(
    {
        "stay": "Du bodde på enheten.",
        "service": "Du fikk tjeneste fra enheten.",
        "route": "Du sto på ruten til den som leste.",
        "task": "Den som leste, hadde en oppgave som gjaldt deg.",
        "general_practitioner": "Den som leste, var fastlegen din.",
        "referral": "Du var henvist til enheten, eller ble tatt imot der.",
        "patient_request": "Du hadde bedt om det.",
        "own": "Den som leste, så på noe den selv hadde skrevet om deg, og ikke noe annet.",
        "registration": "Du ble registrert i journalen.",
        "emergency": "Du trengte øyeblikkelig hjelp.",
        "justified": "Den som leste, oppga en grunn. Lederen går gjennom slike tilganger.",
        "weighty": "Den som leste, åpnet noe du har sperret, fordi liv eller helse var i fare. Lederen går gjennom det.",
        "control": "Kommunen kontrollerte bruken av journalen.",
        "downtime": "Journalen holdt en nødliste klar, til bruk når den er ute av drift.",
        "planning": "Journalen regnet ut når du skal ha legemidlene dine.",
        "check": "Journalen kontrollerte et nytt legemiddel mot alt som står om deg, også det du har sperret."
        " Den som forskrev, fikk bare vite om noe var farlig.",
    }
)

# What did not end with an open record.
OUTCOMES = phrases(
    {
        "refused": "Fikk ikke se journalen.",
        "failed": "Så journalen, men det som ble skrevet, ble ikke lagret.",
        "search-hit": "Så navnet ditt i et søk.",
    }
)

# Grounds for holding back a line: pasient- og brukerrettighetsloven § 5-1 andre ledd, personopplysningsloven § 16.
LAWS = phrases(
    {
        "pbrl-5-1": "Pasient- og brukerrettighetsloven § 5-1 andre ledd: fare for liv eller alvorlig helseskade,"
        " eller klart utilrådelig av hensyn til noen som står pasienten nær",
        "pol-16": "Personopplysningsloven § 16: å vite det ville skade forebygging eller etterforskning av lovbrudd",
    }
)


def reason_of(ground: str | None) -> str:
    """Why, as a sentence; that no reason stands there, for a line without one."""
    if ground is None:
        return phrase("Det står ingen grunn i loggen.")
    return REASONS.get(ground) or GROUNDS.get(ground, ground)
