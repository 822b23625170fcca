"""The paper that goes with the bag: plain words for whoever is with the patient."""

from datetime import datetime
from typing import Any

from journal.medication.pages.paper import on_paper_allergies
from journal.medication.service import OpenLeave, SentMedicine
from journal.patients import Banner
from journal.platform.clock import moment
from journal.platform.language import gettext as _
from journal.platform.language import joined


def leave_paper(leave: OpenLeave, banner: Banner, *, place: str, at: datetime, language: str) -> dict[str, Any]:
    """What `data/leave.typ` is filled with. `place`: the unit to call; `at`: when it is printed."""
    groups = [
        (_("Legemidler i posen"), [each for each in leave.medicines if each.sent and not each.as_needed]),
        (_("Ved behov, i posen"), [each for each in leave.medicines if each.as_needed]),
        (_("Legemidler du har hjemme"), [each for each in leave.medicines if not each.sent]),
    ]
    return {
        "language": language,
        "title": _("Legemidler på permisjon"),
        "name": f"{banner.given_name} {banner.family_name}",
        "born": joined(" ", (_("Født"), banner.birth_date_text)),
        "allergies": on_paper_allergies(banner),
        "period": _("Fra %(start)s til %(end)s", start=moment(leave.starts_at), end=moment(leave.ends_at)),
        "handed": _("Gitt ut av %(by)s til %(to)s", by=leave.by_name, to=leave.handed_to),
        "columns": [_("Legemiddel"), _("Slik tar du det"), _("Antall")],
        "groups": [{"title": title, "rows": [_row(each) for each in rows]} for title, rows in groups if rows],
        "note": leave.note,
        "advice": [
            _("Ta legemidlene til tidene som står her. Har du glemt en dose, ring avdelingen før du tar den."),
            _("Skriv opp hva som ble tatt, og hva som ikke ble tatt. Ta med resten tilbake."),
            _("Blir du dårlig, ring avdelingen: %(place)s. Ring 113 når det haster.", place=place),
        ],
        "printed_by": leave.by_name,
        "printed": _("Skrevet ut %(time)s, %(place)s.", time=moment(at), place=place),
    }


def _row(each: SentMedicine) -> dict[str, str]:
    line = each.line
    how = joined(", ", (line.dose, line.route or "", line.frequency, line.indication or ""))
    return {
        "name": line.generic,
        "brand": line.brand or "",
        "form": line.form or "",
        "how": how,
        "count": str(each.amount),
    }
