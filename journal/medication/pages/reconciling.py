"""Lists from elsewhere, and our own beside one of them, as pages show them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules import dose_sentence, strength_in_words
from journal.medication.rules.go_live import CHECKED
from journal.medication.rules.reconciling import Choice, Kind, Line, Row
from journal.medication.rules.review import is_overdue
from journal.medication.service.checking import Check
from journal.medication.service.comparing import Comparison
from journal.medication.service.equal import EqualLine
from journal.medication.service.reconciling import Draft, LastReconciled
from journal.medication.service.sources import Source, SourceMedicine
from journal.medication.sources import SOURCE_NAMES
from journal.platform.clock import local_date, moment, norwegian_date
from journal.platform.language import Phrase, as_phrase, joined, phrase, phrases

CHOICES = phrases({Choice.KEEP: "Behold vår", Choice.TAKE_IN: "Ta inn", Choice.STOP: "Seponer", Choice.ASK: "Spør"})
_LEAVE_OUT = phrase("Ikke ta inn")
_FOLLOW = phrase("Endre til kildens")


class Cell(NamedTuple):
    """What one list says of a medicine: its name, the rest of the line, and what it is to be noted with."""

    name: str
    line: str
    notes: tuple[str, ...]


class ShownRow(NamedTuple):
    """A row of the comparison. `choices`: value and word of each. `match`: the entry, where a person may say what it is.

    `question`: what is typed to ask. `order`: the item of the catalogue that a doctor may order by word of mouth. `taken_in`:
    which nurse took it in, in words, of lines that are alike.
    """

    key: str
    ours: Cell | None
    theirs: Cell | None
    differences: tuple[Phrase, ...]
    choices: tuple[tuple[str, str], ...]
    chosen: str | None
    question: Mapping[str, str]
    match: UUID | None
    has_match: bool
    order: UUID | None
    taken_in: str | None
    paused: bool


class ShownComparison(NamedTuple):
    """The rows to choose for, those that are alike, and the keys of those that no nurse has taken in."""

    to_choose: tuple[ShownRow, ...]
    equal: tuple[ShownRow, ...]
    left: tuple[str, ...]


class ShownLast(NamedTuple):
    """When the list was last reconciled, in words, how many lists wait, and the newest of them; when it was last reviewed.

    `unconfirmed_id`: the list the municipality began with, while nobody has signed it.
    """

    text: str
    waiting: int
    newest_id: UUID | None
    unconfirmed_id: UUID | None
    review: str
    review_overdue: bool


def comparison(
    compared: Comparison, kept: Draft, equal: Sequence[EqualLine], checks: Mapping[UUID, Check]
) -> ShownComparison:
    """Our list beside theirs; `kept` is what stands chosen, `equal` the lines that are alike, `checks` what nurses found."""
    lines = {line.key: line for line in equal}
    rows = [(row, _row(row, compared, kept, lines.get(row.key), checks)) for row in compared.rows]
    to_choose = tuple(shown for row, shown in rows if row.kind is not Kind.EQUAL)
    alike = tuple(shown for row, shown in rows if row.kind is Kind.EQUAL)
    left = tuple(line.key for line in equal if not line.paused and line.confirmed_by is None)
    return ShownComparison(to_choose, alike, left)


def source_title(source: Source) -> Phrase:
    """`Utskrivningsrapport av 02.02.2018`."""
    return phrase("%(kind)s av %(day)s", kind=SOURCE_NAMES[source.kind], day=norwegian_date(local_date(source.sent_at)))


def understood(medicine: SourceMedicine) -> str | None:
    """What an entry is understood to be, with its dosage; None while nobody and nothing says."""
    if medicine.medicine is None:
        return None
    of = medicine.medicine
    dosage = dose_sentence(medicine.dosage) if medicine.dosage else None
    return ", ".join(filter(None, (of.generic_name, of.brand_name, of.form, _strength(of.strength), dosage)))


def last_reconciled(last: LastReconciled, today: date) -> ShownLast:
    """`Sist samstemt av Lars Haugen 22.11. kl. 08.15, med utskrivningsrapport av 02.02.2018.`"""
    waits = last.waiting, last.newest_id, last.unconfirmed_id
    review = _reviewed(last), is_overdue(last.reviewed_on, today, last.most_months)
    if last.signed_by is None or last.signed_at is None or last.kind is None or last.sent_at is None:
        return ShownLast(phrase("Listen er ikke samstemt med andre lister."), *waits, *review)
    text = phrase(
        "Sist samstemt av %(name)s den %(when)s, med %(kind)s av %(day)s.",
        name=last.signed_by,
        when=moment(last.signed_at),
        kind=as_phrase(SOURCE_NAMES[last.kind]).in_a_sentence(),
        day=norwegian_date(local_date(last.sent_at)),
    )
    questions = phrase("Spørsmål uten svar: %(n)s.", n=last.questions) if last.questions else ""
    return ShownLast(joined(" ", (text, questions)), *waits, *review)


def _reviewed(last: LastReconciled) -> str:
    if last.reviewed_on is None:
        return phrase("Ingen legemiddelgjennomgang.")
    day = norwegian_date(last.reviewed_on)
    return phrase("Sist gjennomgått %(day)s av %(name)s.", day=day, name=last.reviewed_by)


def _row(row: Row, compared: Comparison, kept: Draft, line: EqualLine | None, checks: Mapping[UUID, Check]) -> ShownRow:
    entry = compared.theirs[row.theirs.key] if row.theirs else None
    may_match = entry is not None and row.theirs is not None and not row.theirs.stopped
    taken_in = None
    if line is not None and line.confirmed_by and line.confirmed_at:
        taken_in = phrase("Tatt inn av %(name)s, %(when)s", name=line.confirmed_by, when=moment(line.confirmed_at))
    # What we have already is changed by word of mouth on its own page.
    new = entry.medicine if entry and row.kind is Kind.ONLY_THEIRS else None
    return ShownRow(
        key=row.key,
        ours=_cell(row.ours) if row.ours else None,
        theirs=_their_cell(row.theirs, entry, checks.get(entry.id)) if row.theirs and entry else None,
        differences=row.differences,
        choices=tuple((choice.value, _word(choice, row)) for choice in row.choices),
        chosen=kept.choices.get(row.key),
        question=kept.questions.get(row.key, {}),
        match=entry.id if entry and may_match and row.kind is not Kind.EQUAL else None,
        has_match=entry is not None and entry.matched_by is not None,
        order=new.catalogue_item_id if new else None,
        taken_in=taken_in,
        paused=line is not None and line.paused,
    )


def _strength(written: str | None) -> str | None:
    return strength_in_words(written) if written else None


def _word(choice: Choice, row: Row) -> str:
    if choice is Choice.KEEP and row.ours is None:
        return _LEAVE_OUT
    return _FOLLOW if choice is Choice.TAKE_IN and row.ours else CHOICES[choice]


def _cell(line: Line) -> Cell:
    return Cell(line.name, ", ".join(filter(None, (line.form, _strength(line.strength), line.route, line.said))), ())


def _their_cell(line: Line, entry: SourceMedicine, check: Check | None) -> Cell:
    said = entry.said
    strength = said.strength if said.strength and said.strength not in said.name else None
    written = ", ".join(filter(None, (said.name, strength, said.dosage_text)))
    # Where it is nothing but words, they stand in the line itself.
    as_it_is = entry.medicine is None and line.name == said.name and entry.dosage is None
    notes: list[str] = [] if as_it_is else [phrase("Skrevet: %(text)s", text=written)]
    if entry.matched_by:
        notes.append(phrase("Koblet av %(name)s", name=entry.matched_by))
    if said.note:
        notes.append(phrase("Merknad: %(text)s", text=said.note))
    if said.prescriber_name:
        hpr = f" (HPR {said.prescriber_hpr})" if said.prescriber_hpr else ""
        notes.append(phrase("Forskrevet av %(name)s", name=f"{said.prescriber_name}{hpr}"))
    if said.multidose:
        notes.append(phrase("I multidose"))
    if check is not None and check.match_version == entry.version:
        notes.append(found_by(check))
    return Cell(*_cell(line)[:2], tuple(notes))


def found_by(check: Check) -> str:
    """`Stemmer ikke: Tar to. Nina Larsen, 22.11.2026 08.15`"""
    found = joined(": ", (CHECKED[check.outcome], check.note))
    return phrase("%(found)s. %(name)s, %(when)s", found=found, name=check.by, when=moment(check.at))
