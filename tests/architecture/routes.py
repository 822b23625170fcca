"""The table of routes as the program has it. `python -m tests.architecture.routes` writes it to routes.txt.

A change of that file is read by somebody: a new way in, another permission, or a command that is no longer one.
"""

import re
from pathlib import Path

from flask import Flask

from journal.app import SECTIONS
from journal.platform.ids import new_id
from tests.architecture.charts import Marked

FILE = Path(__file__).with_name("routes.txt")
HEADER = "method rule endpoint permission idempotency csrf"


def table(app: Flask) -> list[str]:
    """A line for each method of each route, in the order of their addresses."""
    lines = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        permission = getattr(view, "permission", None) or "open"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            signed = getattr(view, "idempotency", "none") == "signed"
            csrf = "none" if method == "GET" else "signature" if signed else "token"
            lines.append(
                (
                    rule.rule,
                    f"{method} {rule.rule} {rule.endpoint} {permission} {getattr(view, 'idempotency', 'none')} {csrf}",
                )
            )
    return [line for _rule, line in sorted(lines)]


def written() -> list[str]:
    """The table that somebody has read."""
    return FILE.read_text().splitlines()[1:]


# What `<uuid:entry_id>` means, by the first word of the address after the patient.
_ENTRY = {
    "tasks": "task_entry_id",
    "notes": "note_entry_id",
    "allergies": "allergy_entry_id",
    "flags": "flag_entry_id",
    "related-persons": "related_person_entry_id",
    "services": "service_entry_id",
    "incidents": "incident_entry_id",
}


def address(rule: str, chart: Marked | None = None, **more: object) -> str:
    """The rule with this patient's ids in it; ids that nobody has where there is no chart."""
    given: dict[str, object] = {"patient_id": chart.patient_id, **chart.ids} if chart else {}
    words = rule.split("/")
    given["entry_id"] = given.get(_ENTRY.get(words[3] if len(words) > 3 else "", ""))
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str((given | more).get(found[1]) or new_id()), rule)


def main() -> None:
    app = Flask("journal", static_folder="static")
    for section in SECTIONS:
        app.register_blueprint(section)
    app.add_url_rule("/healthz", "healthz", lambda: "", methods=["GET"])
    FILE.write_text("\n".join([HEADER, *table(app)]) + "\n")


if __name__ == "__main__":
    main()
