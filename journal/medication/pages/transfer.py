"""The transfer sheet as it is shown and as it stands on paper, in plain texts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from journal.medication.pages.paper import on_paper_allergies, on_paper_substances
from journal.medication.rules.door import UNRECONCILED
from journal.medication.rules.transfer import TOLD
from journal.medication.service import GivenAsNeeded, ListAfterCrossing, SheetLine
from journal.patients import Banner
from journal.platform.clock import moment
from journal.platform.language import gettext as _
from journal.platform.language import joined


def transfer_sheet(
    lines: Sequence[SheetLine],
    given: Sequence[GivenAsNeeded],
    after: ListAfterCrossing | None,
    banner: Banner,
    *,
    by: str,
    place: str,
    at: datetime,
    language: str,
) -> dict[str, Any]:
    """What the page shows and `data/transfer.typ` is filled with. `by` and `place`: who makes it, and where she works."""
    sent = after if after and after.away else None
    left = [_("Innlagt %(time)s", time=moment(sent.since))] if sent else []
    said = [
        (flag.kind == "cpr", joined(", ", filter(None, (flag.text, flag.sub_text)))) for flag in banner.alerts.flags
    ]
    limits, others = [text for limits, text in said if limits], [text for limits, text in said if not limits]
    groups = [(_("Fast"), "1"), (_("Kur"), "2"), (_("Ved behov"), "3")]
    rows = [(title, [_row(each, sent) for each in lines if each.use == use]) for title, use in groups]
    return {
        "language": language,
        "title": _("Overføringsark til sykehus"),
        "name": f"{banner.family_name.upper()}, {banner.given_name}",
        "born": joined(" ", (_("Født"), banner.birth_date_text)),
        "number": joined(" ", (banner.national_id_label, banner.national_id_grouped or _("Ikke kjent"))),
        "sent": joined(", ", (*left, *([sent.place] if sent and sent.place else []), joined(" ", (_("fra"), place)))),
        "allergies": on_paper_allergies(banner),
        "intolerances": {"word": _("Tåler ikke"), "items": on_paper_substances(banner.intolerances)},
        "flags": {"word": _("Kritisk informasjon"), "items": others},
        "limits": {"word": _("Behandlingsbegrensning"), "items": limits or [_("ikke registrert her")]},
        "first": {"title": _("Vær særlig oppmerksom på"), "rows": _told_first(lines)},
        "columns": [_("Legemiddel"), _("Dose"), _("Grunn"), _("Sist gitt")],
        "list": _("Legemidler i bruk"),
        "groups": [{"title": title, "rows": of} for title, of in rows if of],
        "nothing": _("Ingen legemidler i bruk er registrert."),
        "needed": {
            "title": _("Gitt ved behov siste 24 timer"),
            "rows": [_as_needed(each) for each in given],
            "nothing": _("Ingenting er gitt ved behov."),
        },
        "printed_by": by,
        "printed": _(
            "Laget %(time)s av %(name)s, %(place)s. Utskriften er logget.", time=moment(at), name=by, place=place
        ),
        "page": _("Side %(x)s av %(y)s", x="{x}", y="{y}"),
    }


def _told_first(lines: Sequence[SheetLine]) -> list[dict[str, Any]]:
    """Each heading with its medicines; one with none says so, since silence may be a mistake."""
    return [
        {"word": word, "items": [_short(each) for each in lines if told in each.told] or [_("ingen")]}
        for told, word in TOLD.items()
    ]


def _short(each: SheetLine) -> str:
    name = joined(" ", filter(None, (each.line.generic, each.line.dose, each.line.frequency)))
    return joined(", ", (name, joined(" ", (_("sist gitt"), _last(each)))) if each.last_at else (name, _last(each)))


def _last(each: SheetLine) -> str:
    if each.last_at is None or each.last_by is None:
        return str(_("ikke signert gitt her"))
    return str(_("%(time)s av %(name)s", time=moment(each.last_at), name=each.last_by))


def _row(each: SheetLine, sent: ListAfterCrossing | None) -> dict[str, Any]:
    """That the order waits since she left is not said to the hospital; what waited before she left is."""
    line = each.line
    waited = each.waits_since is not None and (sent is None or each.waits_since < sent.since)
    paused = [joined(": ", filter(None, (_("pauset"), each.paused_because)))] if each.paused_because is not None else []
    marks = [word for _colour, word in each.flags] + paused + ([UNRECONCILED[1]] if waited else [])
    return {
        "name": line.generic,
        "brand": line.brand or "",
        "form": line.form or "",
        "marks": marks,
        "condition": each.condition_text or "",
        "dose": line.dose,
        "route": line.route or "",
        "frequency": line.frequency,
        "indication": line.indication or "",
        "last": _last(each),
    }


def _as_needed(given: GivenAsNeeded) -> str:
    what = joined(" ", filter(None, (given.name, str(given.amount) if given.amount else "")))
    return joined(", ", (what, _("%(time)s av %(name)s", time=moment(given.at), name=given.by)))
