"""What a hospital must be told of first when a patient is sent there.

Source: Helsedirektoratet's national professional advice on reconciling lists (samstemming): the list itself, when each was last
given, and what is dangerous to give twice or to miss: insulin, anticoagulants, opioids and other group A drugs, and patches that
go on giving until somebody takes them off. ATC: WHO Collaborating Centre, A10A (insulins) and B01A (antithrombotic agents).
"""

from enum import StrEnum

from journal.platform.language import phrases


class Told(StrEnum):
    """Why a medicine is told of by itself."""

    PATCH = "patch"
    INSULIN = "insulin"
    ANTICOAGULANT = "anticoagulant"
    GROUP_A = "group_a"


TOLD = phrases(
    {
        Told.PATCH: "Plaster på huden",
        Told.INSULIN: "Insulin",
        Told.ANTICOAGULANT: "Blodfortynnende",
        Told.GROUP_A: "A-preparater",
    }
)


def told_first(
    *, atc_code: str | None, form: str | None, route: str | None, prescription_group: str | None
) -> tuple[Told, ...]:
    """Under which of the headings a medicine stands; none for nearly all."""
    said = (
        (Told.PATCH, "plaster" in (form or "").lower() or (route or "").lower().startswith("transdermal")),
        (Told.INSULIN, (atc_code or "").startswith("A10A")),
        (Told.ANTICOAGULANT, (atc_code or "").startswith("B01A")),
        (Told.GROUP_A, prescription_group == "A"),
    )
    return tuple(told for told, holds in said if holds)
