"""What may be asked for, by whom, by when it is answered, and which step follows which."""

from datetime import date, timedelta

from journal.platform.clock import norwegian_date
from journal.platform.language import phrase, phrases

# Code list 7614, with the law that each rests on.
KINDS = phrases(
    {
        "1": "Innsyn i journalen",
        "2": "Kopi av journalen",
        "3": "Kopi av innsynsloggen",
        "4": "Forklaring til innsynsloggen",
        "5": "Retting",
        "6": "Sletting",
        "7": "Motsetter seg at opplysninger gjøres tilgjengelige",
        "8": "Motsetter seg behandling",
    }
)
LAWS = {
    "1": phrase("pasient- og brukerrettighetsloven § 5-1"),
    "2": phrase("pasient- og brukerrettighetsloven § 5-1"),
    "3": phrase("pasientjournalloven § 18"),
    "4": phrase("pasientjournalloven § 18"),
    "5": phrase("helsepersonelloven § 42"),
    "6": phrase("helsepersonelloven §§ 43 og 44"),
    "7": phrase("pasientjournalloven § 17"),
    "8": phrase("pasient- og brukerrettighetsloven § 4-1"),
}
EXPLANATION, ERASURE = "4", "6"

ASKERS = phrases(
    {
        "patient": "Pasienten selv",
        "parent": "Forelder",
        "guardian": "Verge",
        "next_of_kin": "Nærmeste pårørende",
        "authorised": "En som har fullmakt",
    }
)

# How it stands, by the last step that is no note; "received" before the first.
STATES = phrases(
    {
        "received": "Venter på at noen tar den",
        "taken": "Under behandling",
        "granted": "Innvilget, brev ikke laget",
        "partly": "Innvilget delvis, brev ikke laget",
        "refused": "Avslått, brev ikke laget",
        "letter": "Brev laget",
        "appealed": "Klage mottatt",
        "forwarded": "Sendt til Statsforvalteren",
        "closed": "Avsluttet",
    }
)
STEPS = phrases(
    {
        "taken": "Tok saken",
        "granted": "Innvilget",
        "partly": "Innvilget delvis",
        "refused": "Avslått",
        "letter": "Laget brevet",
        "appealed": "Klage mottatt",
        "forwarded": "Sendte klagen til Statsforvalteren",
        "closed": "Avsluttet",
        "extended": "Forlenget fristen",
        "note": "Notat",
    }
)
DECISIONS = ("granted", "partly", "refused")
WITHOUT_WORDS = ("taken", "letter", "closed")
IN_A_LANGUAGE = ("letter", "extended")
"""What becomes a letter."""
EXTENDED = "extended"
LONGEST_EXTENSION = timedelta(days=60)
"""Two more months where it is needed (personvernforordningen art. 12 nr. 3), reckoned as days that are never more."""
_NO_STATE = ("note", EXTENDED)

# A complaint goes to the one who decided, who may change the decision or must send it on (pbrl. § 7-2, fvl. § 33), and is
# not cut off here when it comes late: that is Statsforvalteren's to judge.
_NEXT: dict[str, tuple[str, ...]] = {
    "received": ("taken",),
    "taken": (*DECISIONS, "taken"),
    "granted": ("letter",),
    "partly": ("letter",),
    "refused": ("letter",),
    "letter": ("closed", "appealed", "letter"),
    "appealed": ("forwarded", *DECISIONS),
    "forwarded": ("closed", *DECISIONS),
    "closed": ("appealed",),
}
_ANSWERED = ("letter", "appealed", "forwarded", "closed")


def state_of(steps: list[str]) -> str:
    """One of STATES, from the kinds of the steps in their order."""
    return next((step for step in reversed(steps) if step not in _NO_STATE), "received")


def next_steps(steps: list[str]) -> tuple[str, ...]:
    """What may be done now, the likeliest first; a note always may. The deadline is put off once, by whoever has the case."""
    state = state_of(steps)
    longer = (EXTENDED,) if state == "taken" and EXTENDED not in steps else ()
    return (*_NEXT[state], *longer, "note")


def why_not_longer(new: date | None, due_on: date, today: date) -> str | None:
    """Why the deadline, which is `due_on`, is not put off to `new`, in a sentence; None when it may be. The patient is told within
    the first deadline (personvernforordningen art. 12 nr. 3)."""
    if today > due_on:
        return phrase("Fristen er ute, og kan ikke forlenges nå. Svar så snart du kan.")
    last = due_on + LONGEST_EXTENSION
    if new is None or not due_on < new <= last:
        return phrase("Skriv en dag etter fristen, og senest %(day)s.", day=norwegian_date(last))
    return None


def waits(state: str) -> bool:
    """Whether the patient has no answer yet: what the deadline is of."""
    return state not in _ANSWERED
