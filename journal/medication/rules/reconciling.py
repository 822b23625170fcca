"""Samstemming: our list beside another, row by row. What is alike is alike in everything that matters, or it is shown.

A medicine is the same when its ATC code is the same (norway.md 3.4: legemiddelsamstemming; ux.md D4: matched by ATC and
strength). Two rows are equal when strength, form, route, dosage and last day are the same too. What the source does not
say, or says in words that only a person can read, is a difference: nothing is taken to be equal because it was silent.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.sentence import dose_sentence
from journal.medication.rules.strength import strength_in_words
from journal.platform.clock import norwegian_date
from journal.platform.language import Phrase, phrase


class Kind(StrEnum):
    """What two lists say of one medicine."""

    DIFFERENT = "different"
    UNMATCHED = "unmatched"
    """In the source as words alone: a person must say what it is."""
    ONLY_THEIRS = "only_theirs"
    ONLY_OURS = "only_ours"
    EQUAL = "equal"


class Choice(StrEnum):
    """What is to hold for a row."""

    KEEP = "keep"
    TAKE_IN = "take_in"
    STOP = "stop"
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A medicine of a list. `key` is its own; `dosage` None where the source has words alone (`dosage_text`).

    `ready`: whether it can be ordered as it stands, since somebody or the catalogue says which medicine it is, and how it
    is dosed. `stopped`: the list says that it is over. `multidose`: the list says that it lies in packed bags.
    """

    key: str
    name: str
    atc_code: str | None = None
    strength: str | None = None
    form: str | None = None
    route: str | None = None
    dosage: Dosage | None = None
    dosage_text: str | None = None
    ends_on: date | None = None
    stopped: bool = False
    ready: bool = False
    multidose: bool = False

    @property
    def as_needed(self) -> bool:
        return self.dosage is not None and self.dosage.as_needed is not None

    @property
    def said(self) -> str:
        """The dosage in words; nothing where the list has none."""
        return dose_sentence(self.dosage) if self.dosage else self.dosage_text or ""


@dataclass(frozen=True, slots=True)
class Row:
    """One medicine, as ours and as theirs. `differences` read from ours to theirs."""

    kind: Kind
    ours: Line | None
    theirs: Line | None
    differences: tuple[Phrase, ...] = ()

    @property
    def key(self) -> str:
        """Names both lines as they were seen: another version of either is another row."""
        return f"{self.ours.key if self.ours else ''}~{self.theirs.key if self.theirs else ''}"

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What may be chosen; nothing for equal rows. What only a person can read is not taken in as it stands."""
        if self.kind is Kind.EQUAL:
            return ()
        take_in = (Choice.TAKE_IN,) if self.theirs and self.theirs.ready and not self.theirs.stopped else ()
        stop = (Choice.STOP,) if self.ours else ()
        return (Choice.KEEP, *take_in, *stop, Choice.ASK)


def compare(ours: Sequence[Line], theirs: Sequence[Line], *, complete: bool = True) -> tuple[Row, ...]:
    """Every medicine of both lists, each once: what differs first, what is equal last.

    `complete`: whether theirs is a whole list. Otherwise nothing is said of what it does not name.
    """
    pairs, left, others = _paired(ours, theirs)
    rows = [_row(mine, other) for mine, other in pairs]
    rows += [Row(Kind.ONLY_OURS, mine, None, (_NOT_THEIRS,)) for mine in left if complete]
    rows += [_alone(other) for other in others]
    order = list(Kind)
    return tuple(sorted(rows, key=lambda row: (order.index(row.kind), _name(row).lower(), row.key)))


def same_strength(one: str | None, other: str | None) -> bool:
    """`1 g` is `1000 mg`, and `2.5 mg` is `2,5 mg`; what is not said is never the same."""
    return one is not None and other is not None and _strength(one) == _strength(other)


def same_dosage(one: Dosage | None, other: Dosage | None) -> bool:
    """Whether the hand does the same at the same times. The last day is compared by itself."""
    if one is None or other is None:
        return False
    return replace(one, strength_per_unit=None, course=None) == replace(other, strength_per_unit=None, course=None)


_Same = Callable[[Line, Line], bool]
_NEARER: tuple[_Same, ...] = (
    lambda one, other: same_strength(one.strength, other.strength) and same_dosage(one.dosage, other.dosage),
    lambda one, other: same_strength(one.strength, other.strength) and one.as_needed == other.as_needed,
    lambda one, other: one.as_needed == other.as_needed,
    lambda one, other: True,
)
"""How near two lines of one substance are: as needed and fixed are two orders, and stay two."""

_NOT_THEIRS = phrase("Står ikke i kilden.")
_NOT_OURS = phrase("Mangler hos oss.")
_STOPPED = phrase("Avsluttet i kilden.")
_UNREAD = phrase("Legemidlet står som fritekst. Finn det i katalogen før det kan tas inn.")


def _paired(ours: Sequence[Line], theirs: Sequence[Line]) -> tuple[list[tuple[Line, Line]], list[Line], list[Line]]:
    """The nearest of one substance together, as long as there is no doubt which two belong together; and the rest."""
    pairs: list[tuple[Line, Line]] = []
    left, others = list(ours), list(theirs)
    for near in _NEARER:
        alike = [
            (mine, other)
            for mine in left
            for other in others
            if mine.atc_code and mine.atc_code == other.atc_code and near(mine, other)
        ]
        for mine, other in alike:
            alone = sum(mine is one for one, _ in alike) == sum(other is one for _, one in alike) == 1
            if alone:
                pairs.append((mine, other))
                left.remove(mine)
                others.remove(other)
    return pairs, left, others


def _row(mine: Line, other: Line) -> Row:
    if other.stopped:
        return Row(Kind.DIFFERENT, mine, other, (_STOPPED,))
    differences = tuple(_differences(mine, other))
    return Row(Kind.DIFFERENT if differences else Kind.EQUAL, mine, other, differences)


def _alone(other: Line) -> Row:
    if other.stopped:
        # Neither list has it in use.
        return Row(Kind.EQUAL, None, other)
    if other.atc_code is None:
        return Row(Kind.UNMATCHED, None, other, (_UNREAD,))
    return Row(Kind.ONLY_THEIRS, None, other, (_NOT_OURS,))


def _differences(mine: Line, other: Line) -> Iterable[Phrase]:
    if not same_strength(mine.strength, other.strength):
        yield _changed("Styrke %(ours)s → %(theirs)s.", _in_words(mine.strength), _in_words(other.strength))
    if _folded(mine.form) != _folded(other.form):
        yield _changed("Form %(ours)s → %(theirs)s.", mine.form, other.form)
    if _folded(mine.route) != _folded(other.route):
        yield _changed("Gis %(ours)s → %(theirs)s.", mine.route, other.route)
    if other.dosage is None and other.dosage_text:
        yield _changed(
            "Dosering %(ours)s → «%(theirs)s». Kilden har bare tekst: sammenlign selv.", mine.said, other.said
        )
    elif not same_dosage(mine.dosage, other.dosage):
        yield _changed("Dosering %(ours)s → %(theirs)s.", mine.said, other.said)
    if other.multidose and not mine.multidose:
        # The other way a source says nothing: most never say it.
        yield phrase("Ligger i multidose.")
    if mine.ends_on != other.ends_on:
        yield _changed("Siste dag %(ours)s → %(theirs)s.", _day(mine.ends_on), _day(other.ends_on))


def _changed(message: str, ours: str | None, theirs: str | None) -> Phrase:
    return phrase(message, ours=ours or _NOTHING, theirs=theirs or _NOTHING)


_NOTHING = phrase("ikke sagt")


def _in_words(strength: str | None) -> str | None:
    return strength_in_words(strength) if strength else None


def _day(on: date | None) -> str | None:
    return norwegian_date(on) if on else None


def _folded(words: str | None) -> str:
    return (words or "").strip().lower()


def _name(row: Row) -> str:
    line = row.ours or row.theirs
    return line.name if line else ""


_MASS = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(g|mg|mikrog(?:ram)?)")
_MICROGRAMS = {"g": 1_000_000, "mg": 1000, "mikrog": 1, "mikrogram": 1}


def _strength(written: str) -> str:
    """A single mass in micrograms; anything else as it is written, without spaces, with a comma."""
    plain = written.strip().replace("\N{NO-BREAK SPACE}", " ")
    if found := _MASS.fullmatch(plain):
        micrograms = Decimal(found[1].replace(",", ".")) * _MICROGRAMS[found[2]]
        return f"{micrograms.normalize():f}"
    return re.sub(r"\s", "", plain).replace(".", ",").lower()
