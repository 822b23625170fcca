"""The measurement of the catalogue: what it makes is a catalogue, and what it measures is the whole of an import."""

import io

from journal.bench.catalogue import measure, write
from journal.medication.fest import AuthorityWarning, CatalogueEntry, Interaction, read_all


def test_what_is_made_is_a_catalogue_of_the_size_that_was_asked_for() -> None:
    out = io.BytesIO()
    write(out, 2, 0)
    size = out.tell()
    out.seek(0)

    entries = list(read_all(out))

    assert 1_500_000 < size < 2_500_000
    assert {type(entry) for entry in entries} == {CatalogueEntry, AuthorityWarning, Interaction}
    products = [entry for entry in entries if isinstance(entry, CatalogueEntry)]
    assert {entry.entry_kind for entry in products} == {"brand", "package", "substance"}
    assert all(entry.ingredients for entry in products if entry.entry_kind != "substance")


def test_two_versions_are_imported_and_the_interactions_found() -> None:
    measured = measure(1, say=lambda _: None)

    # Three names are another, and one brand is gone: its two packages are now prescribed for themselves.
    assert (measured.next.changed, measured.next.withdrawn) == (5, 1)
    assert measured.first.entries > measured.first.changed > 400
    assert 0 < measured.first.switch_seconds < measured.first.seconds
    check, told = measured.check, measured.as_json()
    assert check.found > 10
    assert check.limit_ms > 0 and check.ms > 0, "asked in turn, and found the same"
    assert measured.first.cpu_seconds > measured.parser_cpu_seconds > 0
    assert told["first"]["cpu_ratio"] == measured.first.cpu_seconds / measured.parser_cpu_seconds > 1
    assert told["check"]["ratio"] == check.ms / check.limit_ms and told["check"]["cpu_ratio"] > 0
