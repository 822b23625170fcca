"""A medicine against what the patient does not tolerate: the substance itself, its ATC group, and groups that may cross.

How loud: what is recorded of the very substance or group stops when the reaction was serious, or when nobody knows what
it was; else it is a card. Another group that may cross is never louder than a card. What is refuted or recorded in error
says nothing. What cannot be matched with a medicine (latex, shellfish, a word nobody knows) is listed as not checked,
never passed over.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from journal.medication.rules.safety.alerts import Action, Alert, Rule, Tier
from journal.medication.rules.safety.allergy_groups import (
    CROSSING,
    SERIOUS_REACTIONS,
    SERIOUS_WORDS,
    UNKNOWN_REACTION,
    WORDS,
)
from journal.medication.rules.safety.basis import identity
from journal.medication.rules.safety.medicine import Ordered, substance_name
from journal.medication.rules.safety.sources import RECORD
from journal.medication.rules.safety.substances import holding, substances
from journal.platform.language import Phrase, joined, phrase

_ATC = re.compile(r"[A-V][0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAllergy:
    """An allergy or intolerance of the record, in its current version. `entry_id` is its own.

    `kind` is allergy or intolerance, `code` an ATC code of any length, `reaction_code` 7497, `reaction` what it says
    in words; `severity` mild, moderate or severe; `criticality` low, high or unable-to-assess.
    """

    entry_id: str
    substance: str
    kind: str = "allergy"
    code: str | None = None
    reaction_code: str | None = None
    reaction: str = ""
    severity: str | None = None
    criticality: str | None = None
    verification_status: str = "confirmed"
    in_error: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is to be acted upon; an unconfirmed one is."""
        return self.verification_status != "refuted" and not self.in_error

    @property
    def seriousness(self) -> "Seriousness":
        """The worst that anybody recorded."""
        if (
            self.reaction_code in SERIOUS_REACTIONS
            or self.severity == "severe"
            or self.criticality == "high"
            or any(word in self.reaction.lower() for word in SERIOUS_WORDS)
        ):
            return Seriousness.SERIOUS
        nothing_known = (
            self.reaction_code in (None, UNKNOWN_REACTION)
            and self.severity is None
            and self.criticality in (None, "unable-to-assess")
            and not self.reaction.strip()
        )
        return Seriousness.UNKNOWN if nothing_known else Seriousness.MILD


class Seriousness(Enum):
    """What the record says of the reaction."""

    SERIOUS = "serious"
    MILD = "mild"
    UNKNOWN = "unknown"


def allergy_alerts(new: Ordered, allergies: Iterable[KnownAllergy]) -> Iterator[Alert]:
    """What the patient's allergies say to this medicine."""
    for allergy in allergies:
        if not allergy.holds:
            continue
        if is_direct(allergy, new):
            yield _direct(allergy, new)
        else:
            yield from _crossing(allergy, new)


def not_matched(allergies: Iterable[KnownAllergy]) -> tuple[str, ...]:
    """What holds and names no medicine we can compare with: shown as not checked beside what was."""
    return tuple(sorted({one.substance for one in allergies if one.holds and not _groups(one) and not _named(one)}))


def is_direct(allergy: KnownAllergy, medicine: Ordered) -> bool:
    """Whether it is recorded of this very substance, of one in the combination, or of the ATC group either belongs to."""
    groups = _groups(allergy)
    if groups and medicine.is_of(*groups):
        return True
    held = medicine.substance_names
    of_the_code = {substance.name for substance in holding(allergy.code or "")}
    others = {substance_name(word) for word in _words(allergy.substance)} | {substance_name(allergy.substance)}
    by_brand = medicine.brand is not None and f" {medicine.brand.lower()} " in f" {allergy.substance.lower()} "
    return by_brand or bool(held & (of_the_code | others))


def _direct(allergy: KnownAllergy, new: Ordered) -> Alert:
    seriousness = allergy.seriousness
    if seriousness is Seriousness.SERIOUS:
        tier, text = Tier.STOP, _recorded(allergy)
    elif seriousness is Seriousness.MILD or allergy.kind == "intolerance":
        tier, text = Tier.CARD, _recorded(allergy)
    else:
        unknown = phrase("Ingen har skrevet hva som skjedde, så det regnes som alvorlig.")
        tier, text = Tier.STOP, joined(" ", (_recorded(allergy), unknown))
    same = new.name.lower() == allergy.substance.lower()
    also = "" if same else phrase("Det gjelder også %(medicine)s.", medicine=new.name)
    return _alert(tier, allergy, new, joined(" ", (text, also)), 3)


def _crossing(allergy: KnownAllergy, new: Ordered) -> Iterator[Alert]:
    recorded = _groups(allergy) + tuple(code for name in _named(allergy) for code in substances()[name].alone)
    for crossing in CROSSING:
        if any(code.startswith(crossing.allergy) for code in recorded) and new.is_of(*crossing.medicine):
            serious = allergy.seriousness is not Seriousness.MILD and allergy.kind == "allergy"
            text = joined(" ", (_recorded(allergy), crossing.note))
            yield _alert(crossing.tier if serious else Tier.MARK, allergy, new, text, 1, crossing.source)
            return


def _alert(tier: Tier, allergy: KnownAllergy, new: Ordered, text: str, weight: int, source: str = RECORD) -> Alert:
    go_on = Action.GIVE_REASON if tier is Tier.STOP else Action.KNOWN_CONTINUE
    nurse = phrase(
        "%(text)s Legen har valgt å gi %(medicine)s likevel. Følg med på utslett, hevelse og pust.",
        text=text,
        medicine=new.name,
    )
    return Alert(
        tier,
        Rule.ALLERGY,
        key=f"{Rule.ALLERGY}:{allergy.entry_id}:{identity(new)}",
        text=text,
        source=source,
        nurse=nurse,
        about=(allergy.substance, new.name),
        actions=(Action.CHOOSE_OTHER, go_on),
        # What was known of an allergy is no more so when its reaction is written anew.
        basis=f"{allergy.reaction_code}:{allergy.seriousness.value}:{allergy.kind}",
        weight=weight,
    )


def _recorded(allergy: KnownAllergy) -> str:
    """`Allergi mot Penicillin: anafylaksi.`"""
    values = {"to": allergy.substance, "reaction": _in_a_sentence(allergy.reaction)}
    if allergy.kind == "intolerance":
        return phrase("Tåler ikke %(to)s: %(reaction)s." if allergy.reaction else "Tåler ikke %(to)s.", **values)
    return phrase("Allergi mot %(to)s: %(reaction)s." if allergy.reaction else "Allergi mot %(to)s.", **values)


def _in_a_sentence(text: str) -> str:
    # What a person wrote is nobody's message: it is never looked up in a catalogue.
    return text.in_a_sentence() if isinstance(text, Phrase) else text[:1].lower() + text[1:].rstrip(". ")


def _groups(allergy: KnownAllergy) -> tuple[str, ...]:
    """The ATC code it is recorded with, and those that its words are known to mean. No other code is taken for one."""
    code = (allergy.code,) if allergy.code and _ATC.fullmatch(allergy.code) else ()
    return code + tuple(code for word in _words(allergy.substance) for code in WORDS.get(word, ()))


def _named(allergy: KnownAllergy) -> set[str]:
    """The substances of the table that its words name."""
    return {name for word in _words(allergy.substance) if (name := substance_name(word)) in substances()}


def _words(text: str) -> list[str]:
    return [word.strip("(),.;:").lower() for word in text.replace("/", " ").split()]
