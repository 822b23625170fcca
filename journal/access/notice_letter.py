"""The letter that tells the patient that somebody opened her chart with a reason, in the language she reads.

Sources: pasient- og brukerrettighetsloven § 5-1 and pasientjournalforskriften § 14 (she may know who read, and why), § 5-3 (she may
close it), § 7-2 with 7-4 (complaint and supervision).
"""

from typing import Any

from journal.access.justified_rules import KINDS, TEXTS
from journal.access.reviewing import WhyOpened
from journal.platform.clock import local_date, moment, norwegian_date
from journal.platform.language import in_language, phrase
from journal.platform.work import Work
from journal.web.shell import role_text

_RIGHTS = (
    phrase("Du kan spørre oss hvorfor, og få svar."),
    phrase("Du kan få se hele innsynsloggen: alle som har åpnet journalen din, når og hvorfor."),
    phrase("Du kan be om at journalen, eller deler av den, sperres for noen."),
    phrase("Mener du at noen har åpnet journalen uten grunn, kan du klage til oss eller til Statsforvalteren."),
)


def notice_page(work: Work, found: WhyOpened, language: str) -> dict[str, Any]:
    """What the paper is filled with: plain text in *language* (nb, nn or en). Of the chart nothing but what kinds were opened."""

    def say(text: str) -> str:
        return in_language(text, language)

    access = found.access
    opened = ", ".join(say(KINDS[kind]) for kind, _looks in access.kinds)
    who = {"role": say(role_text(access.role)), "unit": access.unit, "at": moment(access.at)}
    return {
        "language": language,
        "title": say(phrase("Noen har åpnet journalen din")),
        "author": work.actor.municipality_name,
        "to": found.name,
        "told": [
            say(phrase("%(reader)s, %(role)s ved %(unit)s, åpnet journalen din %(at)s.", reader=access.reader, **who)),
            say(phrase("Grunnen som ble oppgitt: %(reason)s.", reason=say(TEXTS[access.reason]))),
            say(phrase("Åpnet: %(kinds)s.", kinds=opened) if opened else phrase("Ingenting er åpnet etterpå.")),
            say(phrase("Vi ser alltid over at slik tilgang var nødvendig.")),
        ],
        "rights_heading": say(phrase("Hva du kan gjøre")),
        "rights": [say(text) for text in _RIGHTS],
        "printed": say(
            phrase("Brev laget %(day)s av %(name)s.", day=norwegian_date(local_date(work.now)), name=work.actor.name)
        ),
    }
