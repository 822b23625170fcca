"""What a patient may close, and to whom. Pasientjournalloven § 17, helsepersonelloven §§ 25 and 45: the patient may object to
that health personnel read her record; what the care that is given stands on is not kept from the one who gives it.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from journal.permissions import OPENS, Permission
from journal.platform.language import phrases

WHOLE = "*"
PARTS = phrases(
    {
        WHOLE: "Hele journalen",
        "notes": "Notater",
        "medication": "Legemidler",
        "observations": "Målinger, og legemidlene som styres av dem",
        "care": "Oppgaver, opphold og tjenester",
    }
)
# What may be closed to everyone: whoever gives the care sees it still, and finds her, and takes her in (0063).
FOR_EVERYONE = ("notes", "medication", "observations")
# The front page is whole without these: what is left out is said. Prescribing beside what is closed shows none of it, and is
# checked over all of it in a transaction of its own (0054). Everything else needs all that it opens.
_STANDS_WITHOUT_PARTS = frozenset({Permission.CHART_OWN, Permission.CHART_READ, Permission.MEDICATION_PRESCRIBE_BESIDE})
# What somebody signed herself goes with the parts it was written in.
_GOES_WITH = {"notes:mine": ("notes",), "medication:mine": ("medication", "observations")}
_HIDES = frozenset({WHOLE, "patients"})


def hides(blocked: Collection[str]) -> bool:
    """Whether the patient is not there at all for this reader."""
    return not _HIDES.isdisjoint(blocked)


def withheld(permission: Permission, blocked: Collection[str]) -> tuple[str, ...]:
    """The parts that are left out when this is opened."""
    return tuple(part for part in OPENS[permission] if not set(blocked).isdisjoint((part, *_GOES_WITH.get(part, ()))))


def stands_without(permission: Permission) -> bool:
    """Whether it may be opened in part. A check that saw a part would say that all is well: it is refused instead."""
    return permission in _STANDS_WITHOUT_PARTS


def keeps_from_giving(part: str) -> bool:
    """Whether one it is closed to gives the patient no medicines."""
    return hides((part,)) or bool(withheld(Permission.MEDICATION_ADMINISTER, (part,)))


def is_kept_from_giver(part: str, unit_id: UUID, givers: Collection[UUID], parents: Mapping[UUID, UUID | None]) -> bool:
    """Whether it would keep from a unit what it gives the patient care by. Notes may be closed to any unit.

    *givers*: the units with a stay or a service; *parents*: the unit above each. Whoever acts above a unit acts for it too.
    """
    above: UUID | None = unit_id
    while part != "notes" and above is not None:
        if above in givers:
            return True
        above = parents.get(above)
    return False
