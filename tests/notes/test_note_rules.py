"""Templates, and which version of a note holds."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from journal.notes import HEADINGS, KINDS, rules


@dataclass(frozen=True)
class Version:
    entry_id: UUID
    version: int
    in_error: bool = False


def test_every_kind_has_a_name_and_a_template() -> None:
    assert set(KINDS) == set(HEADINGS)
    assert rules.template("fall").startswith("Hva skjedde:\n")
    assert rules.template("general") == ""


def test_a_note_with_nothing_but_its_headings_is_unwritten() -> None:
    assert rules.unwritten(rules.template("wound"), "wound")
    assert rules.unwritten("  \n ", "general")
    assert not rules.unwritten(rules.template("wound") + "hælen", "wound")
    assert not rules.unwritten(rules.template("wound"), "fall")


def test_the_highest_version_that_is_not_in_error_holds() -> None:
    entry = uuid4()
    (versions,) = rules.by_entry([Version(entry, 3, in_error=True), Version(entry, 1), Version(entry, 2)])
    assert [v.version for v in versions] == [2, 1, 3]


def test_entries_stand_in_the_order_they_came() -> None:
    first, second = uuid4(), uuid4()
    found = rules.by_entry([Version(second, 1), Version(first, 1), Version(second, 2)])
    assert [versions[0].entry_id for versions in found] == [second, first]
