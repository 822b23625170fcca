"""The medication list as it stands on paper: everything that is on the screen's list and in the banner, in plain texts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from journal.medication.rules import MedicationLine
from journal.medication.service import MedicationList, MedicineInUse, RequestVersion
from journal.patients import Banner
from journal.platform.clock import moment
from journal.platform.language import gettext as _
from journal.platform.language import joined

_Pairs = Sequence[tuple[str, str]]


def on_paper(
    medicines: MedicationList,
    stopped: Sequence[RequestVersion],
    banner: Banner,
    *,
    waiting: int,
    by: str,
    place: str,
    at: datetime,
    language: str,
) -> dict[str, Any]:
    """What `data/list.typ` is filled with. `waiting`: lists from elsewhere that nobody has reconciled with this one; `by` and
    `place`: who prints, and where she works; `at`: when.
    """
    deceased = [_("Død %(date)s", date=banner.deceased_on_text)] if banner.deceased_on_text else []
    lists = [_("Ikke samstemt: %(n)s lister fra andre", n=waiting)] if waiting else []
    groups = [(_("Fast"), medicines.regular), (_("Kur"), medicines.courses), (_("Ved behov"), medicines.as_needed)]
    return {
        "language": language,
        "title": _("Legemiddelliste"),
        "name": f"{banner.family_name.upper()}, {banner.given_name}",
        "born": joined(" ", (_("Født"), banner.birth_date_text)),
        "number": joined(" ", (banner.national_id_label, banner.national_id_grouped or _("Ikke kjent"))),
        "allergies": on_paper_allergies(banner),
        "intolerances": {"word": _("Tåler ikke"), "items": on_paper_substances(banner.intolerances)},
        "flags": {"word": _("Kritisk informasjon"), "items": [joined(", ", flag[1:]) for flag in banner.flags]},
        "warnings": [*deceased, *lists],
        "columns": [_("Legemiddel"), _("Dose"), _("Grunn"), _("Sist endret")],
        "groups": [{"title": title, "rows": [_row(m) for m in rows]} for title, rows in groups if rows],
        "nothing": _("Ingen legemidler i bruk er registrert."),
        "stopped": {"title": _("Seponert siste 30 dager"), "rows": [_stopped(version) for version in stopped]},
        "printed_by": by,
        "printed": _(
            "Skrevet ut %(time)s av %(name)s, %(place)s. Utskriften er logget. Listen kan være endret etterpå.",
            time=moment(at),
            name=by,
            place=place,
        ),
        "page": _("Side %(x)s av %(y)s", x="{x}", y="{y}"),
    }


def on_paper_allergies(banner: Banner) -> dict[str, Any]:
    """One of the banner's four texts, never a blank."""
    words = {
        "allergies": _("ALLERGI"),
        "none-known": _("Ingen kjente allergier"),
        "not-asked": _("Allergier ikke spurt om"),
    }
    word = words.get(banner.allergy_state, _("Allergier utilgjengelig"))
    alert = banner.allergy_state != "none-known"
    return {"word": word, "items": on_paper_substances(banner.allergies), "alert": alert}


def on_paper_substances(pairs: _Pairs) -> list[str]:
    return [joined(" – ", pair) for pair in pairs]


def _row(medicine: MedicineInUse) -> dict[str, Any]:
    line = medicine.line
    return {
        **_named(line),
        "marks": [word for _colour, word in medicine.flags],
        "condition": medicine.condition_text or "",
        "dose": line.dose,
        "route": line.route or "",
        "frequency": line.frequency,
        "indication": line.indication or "",
        "changed": medicine.changed_text,
    }


def _stopped(version: RequestVersion) -> dict[str, Any]:
    changed = _("%(time)s av %(name)s", time=moment(version.changed_at), name=version.changed_by)
    return {**_named(version.line), "changed": joined(": ", (changed, version.change_reason or ""))}


def _named(line: MedicationLine) -> dict[str, str]:
    return {"name": line.generic, "brand": line.brand or "", "form": line.form or ""}
