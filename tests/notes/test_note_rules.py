"""The templates of notes."""

from journal.notes import HEADINGS, KINDS, rules


def test_every_kind_has_a_name_and_a_template() -> None:
    assert set(KINDS) == set(HEADINGS)
    assert rules.template("fall").startswith("Hva skjedde:\n")
    assert rules.template("general") == ""


def test_a_note_with_nothing_but_its_headings_is_unwritten() -> None:
    assert rules.unwritten(rules.template("wound"), "wound")
    assert rules.unwritten("  \n ", "general")
    assert not rules.unwritten(rules.template("wound") + "hælen", "wound")
    assert not rules.unwritten(rules.template("wound"), "fall")
