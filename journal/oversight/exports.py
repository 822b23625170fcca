"""Exports: the lines of a person, a patient or a case, as one signed package."""

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from journal.audit import ACTIONS, GROUNDS, OUTCOMES
from journal.oversight.fhir import bundle
from journal.oversight.inquiries import KINDS, InquiryPage
from journal.oversight.packing import as_csv, packed
from journal.oversight.rules import RULES
from journal.platform.clock import moment, norwegian_date
from journal.platform.errors import Unavailable
from journal.platform.fhir import as_json
from journal.platform.language import current, joined
from journal.platform.language import gettext as _
from journal.platform.pdf import pdf
from journal.platform.work import Work
from journal.web.shell import role_text


def package(
    work: Work, key_file: str, lines: list[dict[str, Any]], about: list[str], inquiry: InquiryPage | None = None
) -> bytes:
    """The ZIP. *about*: what it is of, which the paper begins with.

    Raises Unavailable when the installation has no key to sign with: an unsigned export proves nothing."""
    key = _key(key_file)
    files = {
        "innsyn.pdf": pdf(_template(), _paper(work, lines, about, inquiry), work.now, work.shield),
        "innsyn.csv": as_csv(lines),
        "innsyn.fhir.json": as_json(bundle(lines)).encode(),
    }
    return packed(files, key, by=work.actor.name, at=work.now)


def _key(file: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(Path(file).read_text().strip()))
    except (OSError, ValueError) as error:
        raise Unavailable("Journalen har ingen nøkkel å signere med. Be driften sette AKSON_EXPORT_KEY.") from error


@cache
def _template() -> bytes:
    return (resources.files("journal.oversight") / "data/export.typ").read_bytes()


def _paper(work: Work, lines: list[dict[str, Any]], about: list[str], inquiry: InquiryPage | None) -> dict[str, Any]:
    return {
        "language": current(),
        "title": _("Sak om innsyn") if inquiry else _("Utdrag av innsynsloggen"),
        "about": [*about, *(_about(inquiry) if inquiry else ()), _("%(count)s oppslag", count=len(lines))],
        "steps": [_step(step) for step in inquiry.steps] if inquiry else [],
        "log_title": _("Oppslag"),
        "columns": [_("Når"), _("Hvem"), _("Hva"), _("Grunn"), _("Utfall")],
        "rows": [_row(line) for line in lines],
        "printed_by": work.actor.name,
        "printed": _("Skrevet ut %(time)s av %(name)s.", time=moment(work.now), name=work.actor.name),
    }


def _about(inquiry: InquiryPage) -> list[str]:
    who = f"{inquiry.actor_name}, {inquiry.unit_name}, {norwegian_date(inquiry.day)}"
    return [who, *(RULES[code].title for code in inquiry.rules)]


def _step(step: Any) -> dict[str, str]:
    return {"title": KINDS[step.kind], "by": f"{step.by}, {moment(step.at)}", "text": step.text}


def _row(line: dict[str, Any]) -> list[str]:
    role = role_text(line["actor_role"]) if line["actor_role"] else ""
    who = joined(", ", (line["actor_name"] or "Akson journal", role, line["unit_name"] or ""))
    what = ACTIONS.get(line["action"], line["action"])
    why = joined(": ", (GROUNDS.get(line["ground"], "–"), line["reason"] or ""))
    return [moment(line["at"]), who, what, why, OUTCOMES[line["outcome"]]]
