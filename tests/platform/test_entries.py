"""Which version of an entry holds, and what a row is shown as."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from journal.platform.entries import ShownEntry, folded

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def version(entry_id: UUID, number: int, *, in_error: bool = False) -> ShownEntry:
    return ShownEntry(
        patient_id=uuid4(), id=uuid4(), entry_id=entry_id, version=number, change_reason=None, recorded_by_name="Nina",
        recorded_role="nurse", recorded_at=AT, in_error_at=AT if in_error else None,
        in_error_reason="feil" if in_error else None, erasure_id=None,
    )  # fmt: skip


def test_the_highest_version_that_is_not_in_error_holds() -> None:
    entry = uuid4()
    (holds,) = folded([version(entry, 3, in_error=True), version(entry, 1), version(entry, 2)])
    assert [holds.version, *(older.version for older in holds.older)] == [2, 1, 3]
    assert holds.status == "amended"


def test_an_entry_whose_every_version_is_in_error_is_shown_by_its_highest_and_says_so() -> None:
    entry = uuid4()
    (shown,) = folded([version(entry, 1, in_error=True), version(entry, 2, in_error=True)])
    assert (shown.version, shown.status) == (2, "entered-in-error")


def test_entries_stand_in_the_order_they_came() -> None:
    first, second = uuid4(), uuid4()
    found = folded([version(second, 1), version(first, 1), version(second, 2)])
    assert [entry.entry_id for entry in found] == [second, first]
