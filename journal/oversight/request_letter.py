"""The letters that tell a decision or a new deadline, in the language of whoever gets it, with the reason and how to appeal."""

from datetime import datetime
from typing import Any

from journal.oversight.request_rules import ERASURE, KINDS, LAWS
from journal.oversight.requests import RequestPage, StepDone
from journal.platform.clock import local_date, norwegian_date
from journal.platform.language import in_language, phrase

_DECIDED = {
    "granted": phrase("Du får det du har bedt om."),
    "partly": phrase("Du får noe av det du har bedt om."),
    "refused": phrase("Du får ikke det du har bedt om."),
}
# Pasient- og brukerrettighetsloven §§ 7-2 and 7-5.
_RIGHTS = (
    phrase("Du kan klage til Statsforvalteren. Fristen er fire uker fra du fikk dette brevet."),
    phrase("Send klagen til kommunen. Vi ser på saken på nytt, og sender klagen videre hvis vi ikke endrer vedtaket."),
    phrase("Du kan be om å få se dokumentene i saken, og om hjelp til å skrive klagen."),
)
# Personvernforordningen art. 12 nr. 4 and 77.
_SLOW = phrase("Mener du at vi bruker for lang tid, kan du klage til Datatilsynet.")


def extension_page(request: RequestPage, extended: StepDone, municipality: str) -> dict[str, Any]:
    """As letter_page, of the letter that tells of a new deadline."""
    language = extended.language or "nb"

    def say(text: str) -> str:
        return in_language(text, language)

    made = {"day": norwegian_date(local_date(extended.at)), "name": extended.by}
    assert extended.due_on is not None
    return _asked(request, language) | {
        "title": say(phrase("Vi trenger mer tid")),
        "decision_heading": say(phrase("Ny frist")),
        "decision": say(phrase("Du får svar senest %(day)s.", day=norwegian_date(extended.due_on))),
        "reason": extended.text.splitlines(),
        "more": "",
        "rights_heading": say(phrase("Hvis du er uenig")),
        "rights": [say(_SLOW)],
        "decided": say(phrase("Bestemt %(day)s av %(name)s.", **made)),
        "printed": say(phrase("Brev laget %(day)s av %(name)s.", **made)),
        "author": municipality,
    }


def _asked(request: RequestPage, language: str) -> dict[str, Any]:
    def say(text: str) -> str:
        return in_language(text, language)

    asked = phrase(
        "Vi fikk henvendelsen %(day)s: %(kind)s (%(law)s).",
        day=norwegian_date(request.received_on),
        kind=say(KINDS[request.kind]),
        law=say(LAWS[request.kind]),
    )
    return {
        "language": language,
        "of": say(phrase("Journal %(short)s", short=str(request.patient_id)[:8])),
        "to": request.asker_name,
        "asked": say(asked),
        "reason_heading": say(phrase("Begrunnelse")),
    }


def letter_page(request: RequestPage, made: StepDone, decision: StepDone, municipality: str) -> dict[str, Any]:
    """What the paper is filled with: plain text in the language that the letter was made in."""
    language = made.language or "nb"

    def say(text: str) -> str:
        return in_language(text, language)

    def day(at: datetime) -> str:
        return norwegian_date(local_date(at))

    erased = phrase(
        "Det som slettes, blir borte for godt. At det er slettet, hvem som bestemte det og når, blir stående."
    )
    return _asked(request, language) | {
        "title": say(phrase("Svar på henvendelsen din")),
        "decision_heading": say(phrase("Vedtak")),
        "decision": say(_DECIDED[decision.kind]),
        "reason": decision.text.splitlines(),
        "more": say(erased) if request.kind == ERASURE and decision.kind != "refused" else "",
        "rights_heading": say(phrase("Hvis du er uenig")),
        "rights": [say(text) for text in _RIGHTS],
        "decided": say(phrase("Vedtatt %(day)s av %(name)s.", day=day(decision.at), name=decision.by)),
        "printed": say(phrase("Brev laget %(day)s av %(name)s.", day=day(made.at), name=made.by)),
        "author": municipality,
    }
