"""What is answered about interactions: one of four things that cannot be taken for each other.

None of them is true or false, so who reads one must say which it is: that nothing is found, that nobody has looked, and that
no question could be put are three things, and none is safety.
"""

from dataclasses import dataclass
from typing import NoReturn

from journal.medication.rules.safety.medicine import Ordered
from journal.platform.language import phrase, phrases

RELEVANCE = phrases({"1": "Bør unngås", "2": "Ta forholdsregler", "3": "Ingen tiltak nødvendig"})
"""Volven 7483, in the order of severity."""


class _NeitherTrueNorFalse:
    """`if answer:` would make "not assessed" into "nothing found"."""

    __slots__ = ()

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer about interactions is not true or false; match on what it is")


@dataclass(frozen=True, slots=True)
class Told:
    """What the catalogue tells of one interaction. `relevance_code` is 7483; the texts are its own, empty where it has none."""

    id: str
    relevance_code: str
    situation: str = ""
    consequence: str = ""
    handling: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An interaction between two orders."""

    told: Told
    first: Ordered
    second: Ordered

    @property
    def severity(self) -> int:
        """The higher, the worse. A code nobody knows is as bad as the one to avoid."""
        return -int(self.told.relevance_code) if self.told.relevance_code in RELEVANCE else -1


@dataclass(frozen=True, slots=True)
class Found(_NeitherTrueNorFalse):
    """There are interactions, worst first. `not_assessed` and `not_asked` may hold medicines besides."""

    hits: tuple[Hit, ...]
    not_assessed: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoneFound(_NeitherTrueNorFalse):
    """Every medicine was assessed, and FEST tells of no interaction between them."""

    among: int

    @property
    def text(self) -> str:
        return phrase("Ingen interaksjon funnet i FEST mellom disse %(count)s legemidlene.", count=self.among)


@dataclass(frozen=True, slots=True)
class NotAssessed(_NeitherTrueNorFalse):
    """None was found, and about these medicines nobody has looked: that says nothing about safety."""

    not_assessed: tuple[str, ...]
    not_asked: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        names = ", ".join([*self.not_assessed, *self.not_asked])
        return phrase("Interaksjoner er ikke vurdert for %(names)s. Det kan finnes interaksjoner likevel.", names=names)


@dataclass(frozen=True, slots=True)
class NotAsked(_NeitherTrueNorFalse):
    """No question could be put: no catalogue, or no ATC code on what is to be compared. `text` says which."""

    text: str


InteractionAnswer = Found | NoneFound | NotAssessed | NotAsked
