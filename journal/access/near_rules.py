"""Whose chart somebody should not open without a thought: her own, her near kin's, a colleague's; and what lets her go on.

Names stand in for kinship and employment, as for the auditor (decision 0044), so it is a question and not a bar.

Sources: pasientjournalloven § 16 and helsepersonelloven § 21 a (no reading without a need of one's work, one's own included);
helsepersonelloven §§ 4 and 7 (sound care, and help that cannot wait: then kinship is no hindrance); Normen 5.2.
"""

from collections.abc import Collection
from enum import StrEnum

from journal.access.justified_rules import Reason
from journal.platform.language import phrases


class Near(StrEnum):
    """What says that they are near, as the rules of unusual access name it."""

    ONESELF = "oneself"
    KIN = "kin"
    ADDRESS = "address"
    COLLEAGUE = "colleague"


SIGNS = phrases(
    {
        Near.ONESELF: "Pasienten har samme navn som deg og er i arbeidsfør alder.",
        Near.KIN: "En med ditt navn står som pårørende eller verge i journalen.",
        Near.ADDRESS: "En med ditt navn bor på samme adresse som pasienten.",
        Near.COLLEAGUE: "En med pasientens navn arbeider på enheten din.",
    }
)
_FAMILY = (Reason.FAMILY_ALONE, Reason.FAMILY_URGENT, Reason.FAMILY_AGREED)


def ways_on(near: Collection[str]) -> tuple[Reason, ...]:
    """What she may answer: of kin a reason, of a colleague one tap, and of what looks like herself that it is another."""
    if Near.ONESELF in near:
        return (Reason.SAME_NAME,)
    if Near.KIN in near or Near.ADDRESS in near:
        return (*_FAMILY, Reason.SAME_NAME)
    return (Reason.COLLEAGUE, Reason.SAME_NAME) if near else ()
