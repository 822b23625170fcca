"""The patient's report as it is read: every word in the language that she chose, whoever makes it."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from journal.audit.report import Report, ReportLine
from journal.audit.report_rules import LAWS, OUTCOMES, reason_of
from journal.audit.rules import ACTIONS
from journal.platform.clock import hhmm, local_date, norwegian_date
from journal.platform.language import as_phrase, counted, in_language, phrase
from journal.web.shell import role_text

Say = Callable[[str], str]


def report_page(report: Report, *, municipality: str, maker: str, at: datetime, language: str) -> dict[str, Any]:
    """What the page and the paper are filled with: plain text in *language*."""

    def say(text: str) -> str:
        return in_language(text, language)

    first, last = norwegian_date(local_date(report.since)), norwegian_date(local_date(report.until))
    printed = {"name": maker, "at": norwegian_date(local_date(at)), "time": hhmm(at)}
    return {
        "language": language,
        "title": say(phrase("Hvem har lest journalen din?")),
        "of": say(phrase("Journal %(short)s", short=str(report.patient_id)[:8])),
        "period": say(phrase("Fra og med %(first)s til og med %(last)s", first=first, last=last)),
        "intro": [say(text) for text in _intro(municipality, report.by_month)],
        "withheld": say(_withheld(report)),
        "columns": [say(text) for text in (phrase("Når"), phrase("Hvem"), phrase("Hva"), phrase("Hvorfor"))],
        "lines": [_line(line, report.by_month, say) for line in report.lines],
        "none": say(phrase("Ingen har lest journalen i denne perioden.")),
        "rights": [say(text) for text in _RIGHTS],
        "printed": say(
            phrase("Laget av %(name)s %(at)s kl. %(time)s. At loggen er hentet, står også i loggen.", **printed)
        ),
        "author": municipality,
    }


def _intro(municipality: str, by_month: bool) -> tuple[str, ...]:
    folded = (
        phrase(
            "Det en person gjorde i én måned av samme grunn, er én linje. Be om et kortere tidsrom for å se hver dag."
        )
        if by_month
        else phrase("Det en person gjorde på én dag av samme grunn, er én linje.")
    )
    return (
        phrase(
            "Listen viser hvem som har lest eller skrevet i journalen din for %(municipality)s.",
            municipality=municipality,
        ),
        folded,
        phrase("Andre kommuner og sykehus har egne logger."),
    )


_RIGHTS = (
    phrase("Du har rett til å se hvem som har lest journalen din (pasientjournalloven § 18)."),
    phrase("Lurer du på hvorfor noen leste, så spør kommunen om den linjen. Du får svar innen 30 dager."),
    phrase("Mener du at noen har lest uten grunn, kan du klage til Statsforvalteren eller til Datatilsynet."),
)


def _withheld(report: Report) -> str:
    if not report.withheld or report.law is None:
        return ""
    law = LAWS[report.law]
    return counted(
        "%(num)s linje er holdt tilbake. %(law)s. Du kan klage på det til Statsforvalteren.",
        "%(num)s linjer er holdt tilbake. %(law)s. Du kan klage på det til Statsforvalteren.",
        report.withheld,
        law=law,
    )


def _why(line: ReportLine, say: Say) -> str:
    why = say(reason_of(line.ground))
    if not line.reason:
        return why
    # The national template stands after it, for machines.
    chosen = say(as_phrase(re.sub(r" \([A-Z_]+\)$", "", line.reason)))
    return f"{why} {say(phrase('Oppgitt grunn: %(reason)s.', reason=chosen))}"


def _line(line: ReportLine, by_month: bool, say: Say) -> dict[str, str]:
    first, last = say(hhmm(line.first_at)), say(hhmm(line.last_at))
    times = first if first == last else f"{first}–{last}"
    who = line.name or say(phrase("Journalen selv"))
    role = say(role_text(line.role)) if line.role else ""
    done = sorted(say(ACTIONS.get(action, action)) for action in line.actions)
    what = "; ".join(done)
    return {
        "id": str(line.id),
        "at": line.first_at.isoformat(),
        "when": f"{line.day:%m.%Y}" if by_month else norwegian_date(line.day),
        "times": say(counted("%(num)s dag", "%(num)s dager", line.days)) if by_month else times,
        "who": who,
        "role": ", ".join(part for part in (role, line.unit) if part),
        "what": f"{what[:1].upper()}{what[1:]}.",
        "looks": say(counted("%(num)s oppslag", "%(num)s oppslag", line.looks)) if line.looks > 1 else "",
        "outcome": say(OUTCOMES[line.outcome]) if line.outcome in OUTCOMES else "",
        "why": _why(line, say) if line.outcome in ("success", "failed") else "",
    }
