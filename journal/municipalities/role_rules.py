"""Who may be given which role, by whom and in which way. PostgreSQL decides the same (migration 0045); tests compare.

Sources: helsepersonelloven §§ 48 and 74 (authorisation, protected titles), pasientjournalloven § 22 and Normen 5.2 (access is given
by need, by somebody answerable, and is documented), Volven 9060 and 7704 (categories and approvals in HPR).
"""

from collections.abc import Mapping
from enum import StrEnum

from journal.permissions import Permission, Role, permissions_of
from journal.platform.language import phrases


class Way(StrEnum):
    """How a role is given. NEVER: not by this role."""

    ALONE = "employment"
    WITH_ANOTHER = "proposal"
    FOR_A_SHIFT = "pool"
    SUPERVISED = "student"
    NEVER = "never"


AUTHORISED: Mapping[str, tuple[str, ...]] = {
    Role.DOCTOR: ("LE",),
    Role.NURSE: ("SP",),
    Role.HEALTH_ASSISTANT: ("HF", "HP", "OA", "HE", "VP", "SP"),
}
"""The categories of health personnel (Volven 9060) of which a role needs one. The first is the usual one."""

PROVES_NUMBER = frozenset({Role.DOCTOR, Role.NURSE})
"""Whoever acts in one of these proves her HPR number each time she signs in: she prescribes, or answers for medicines."""

AUTHORISATIONS = phrases(
    {
        "LE": "lege",
        "SP": "sykepleier",
        "HF": "helsefagarbeider",
        "HP": "hjelpepleier",
        "OA": "omsorgsarbeider",
        "HE": "helsesekretær",
        "VP": "vernepleier",
    }
)

# Whoever holds one of these may give herself more by another, or see what others did: it takes two to give it.
POWERS = frozenset(
    {
        Permission.ACCESS_APPOINT,
        Permission.ACCESS_MANAGE,
        Permission.AUDIT_READ,
        Permission.CARE_APPOINT,
        Permission.MEDICATION_APPOINT,
        Permission.MUNICIPALITIES_MANAGE,
        Permission.RECORDS_ERASE,
    }
)
GIVABLE: tuple[str, ...] = tuple(role for role in Role if role is not Role.SYSTEM)
WITH_ANOTHER: tuple[str, ...] = tuple(role for role in GIVABLE if permissions_of(role) & POWERS)
EMPLOYED: tuple[str, ...] = (
    Role.NURSE,
    Role.HEALTH_ASSISTANT,
    Role.DOCTOR,
    Role.ASSISTANT,
    Role.CASE_OFFICER,
    Role.KITCHEN,
)
LENT: tuple[str, ...] = (Role.NURSE, Role.HEALTH_ASSISTANT, Role.ASSISTANT)
SUPERVISING: tuple[str, ...] = (Role.NURSE, Role.DOCTOR, Role.HEALTH_ASSISTANT)

_GIVES: Mapping[str, Mapping[str, Way]] = {
    Role.TENANT_ADMINISTRATOR: dict.fromkeys(EMPLOYED, Way.ALONE) | dict.fromkeys(WITH_ANOTHER, Way.WITH_ANOTHER),
    Role.UNIT_MANAGER: dict.fromkeys(LENT, Way.FOR_A_SHIFT) | {Role.STUDENT: Way.SUPERVISED},
    # A nurse whom the manager has named as leader of shifts in the unit.
    Role.NURSE: dict.fromkeys(LENT, Way.FOR_A_SHIFT),
}

CAN_DO = phrases(
    {
        "nurse": "Leser og skriver i journalen til pasientene på enheten, gir legemidler og tar imot pasienter. Forskriver ikke.",
        "health_assistant": "Leser og skriver i journalen til pasientene på enheten, og gir legemidler etter fullmakt.",
        "assistant": "Ser legemidler, målinger og oppgaver på enheten, og ingen notater. Gir legemidler etter fullmakt.",
        "student": "Leser og skriver i journalen på enheten under veiledning. Gir legemidler bare med veilederen ved siden av.",
        "doctor": "Leser og skriver i journalen til pasientene på enheten, og forskriver legemidler.",
        "unit_manager": "Leser journalen til pasientene på enheten, og fordeler fullmakter og vaktroller. Gir ingen legemidler.",
        "case_officer": "Ser tjenester, opphold og oppgaver, og fatter vedtak om tjenester. Ser verken legemidler eller notater.",
        "kitchen": "Ser hva pasientene på enheten ikke tåler, og svelgevansker. Ser ingen journal.",
        "tenant_administrator": "Legger inn enheter og ansatte. Ser ingen pasienter.",
        "auditor": "Ser hvem som har åpnet journaler, og ikke hva som står i dem.",
    }
)
"""What a role lets one do, in plain words."""


def way_to(granter: str, role: str, *, to_herself: bool = False) -> Way:
    """How somebody acting as `granter` gives `role`. Nobody gives herself anything."""
    return Way.NEVER if to_herself else _GIVES.get(granter, {}).get(role, Way.NEVER)
