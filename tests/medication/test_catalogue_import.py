"""A file of FEST becomes the catalogue in use whole or not at all, in one short moment, and nothing in it is ever lost."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from journal.medication import Imported, Medication, Progress, import_catalogue
from journal.medication.fest import BrokenCatalogue
from journal.platform.errors import Conflict, NotFound
from tests.conftest import Browser, World
from tests.medication.catalogue_files import (
    OTHER_ID,
    Connection,
    item,
    nothing_waits,
    of_day,
    order,
    other_brand,
    small,
    state,
    write_large,
)
from tests.medication.test_fest import BRAND_ID, brand, listing, m30

WorkOf = Callable[..., Any]


# A version after the other


def test_what_is_as_it_was_is_not_touched_and_what_is_changed_keeps_its_id(
    load: Callable[..., Imported], loaded: Imported, migrator: Connection
) -> None:
    before, other_before = item(migrator, BRAND_ID), item(migrator, OTHER_ID)

    led_to = load(small(brand(), other_brand("Annetium tab 20 mg")))

    after, other_after = item(migrator, BRAND_ID), item(migrator, OTHER_ID)
    assert (led_to.active, led_to.changed, led_to.withdrawn) == (2, 1, 0)
    assert after == before
    assert (other_after.id, other_after.name_form_strength) == (other_before.id, "Annetium tab 20 mg")
    words = migrator.execute("SELECT word FROM medication.catalogue_word WHERE item_id = %s", (other_after.id,))
    assert {"20", "annetium"} <= {word for (word,) in words} and ("10",) not in words.fetchall()


@pytest.mark.parametrize("gone", ["absent", "U", "U without content"])
def test_what_is_gone_is_withdrawn_and_comes_back_as_the_same(
    load: Callable[..., Imported], loaded: Imported, migrator: Connection, gone: str
) -> None:
    before = item(migrator, OTHER_ID)
    left = {
        "absent": [],
        "U": [other_brand(status="U")],
        "U without content": [listing("LegemiddelMerkevare", "", status="U", number=9)],
    }[gone]

    led_to = load(small(brand(), *left))

    withdrawn = item(migrator, OTHER_ID)
    assert (led_to.active, led_to.withdrawn) == (1, 1)
    assert (withdrawn.id, withdrawn.active, withdrawn.name_form_strength) == (before.id, False, "Annetium tab 10 mg")
    assert withdrawn.withdrawn_at is not None
    substances = "SELECT count(*) FROM medication.catalogue_reference WHERE fest_id = %s"
    assert (
        migrator.execute(substances, (OTHER_ID[3:],)).fetchone()
        == migrator.execute(substances, (BRAND_ID[3:],)).fetchone()
    )

    load(small(brand(), other_brand()))
    back = item(migrator, OTHER_ID)
    assert (back.id, back.active, back.withdrawn_at) == (before.id, True, None)


def test_of_two_active_entries_of_the_same_thing_the_last_change_is_right(
    load: Callable[..., Imported], loaded: Imported, migrator: Connection
) -> None:
    old = brand(name="Gammelt navn", at="2026-05-01T12:00:00", number=21)
    new = brand(name="Nytt navn", at="2026-07-01T12:00:00", number=22)

    for both in ((old, new), (new, old)):
        assert load(of_day("02", small(*both))).active == 1
        assert item(migrator, BRAND_ID).name_form_strength == "Nytt navn"
        words = "SELECT word FROM medication.catalogue_word WHERE item_id = %s"
        found = {word for (word,) in migrator.execute(words, (item(migrator, BRAND_ID).id,))}
        assert "nytt" in found and "gammelt" not in found


def test_the_same_file_again_only_says_that_it_was_checked(
    load: Callable[..., Imported], loaded: Imported, url: str, migrator: Connection
) -> None:
    version = "SELECT count(*), max(checked_at), max(imported_at) FROM medication.catalogue_import"
    before = migrator.execute(version).fetchone()
    contents = {name: said for name, said in state(migrator).items() if name != "catalogue_import"}

    again = import_catalogue(url, small(brand(), other_brand()))

    after = migrator.execute(version).fetchone()
    assert before is not None and after is not None
    assert again.again and (again.active, again.withdrawn) == (2, 0)
    assert (after[0], after[2]) == (before[0], before[2]) and after[1] > before[1]
    assert {name: said for name, said in state(migrator).items() if name != "catalogue_import"} == contents


def test_a_program_that_takes_more_from_a_file_reads_the_same_file_again(
    load: Callable[..., Imported], loaded: Imported, url: str, migrator: Connection
) -> None:
    migrator.execute("DELETE FROM medication.catalogue_ingredient")
    migrator.execute("UPDATE medication.catalogue_import SET reader = 1")

    read = import_catalogue(url, small(brand(), other_brand()))

    assert not read.again


def test_those_who_search_see_the_old_catalogue_until_the_new_one_is_whole(
    load: Callable[..., Imported], loaded: Imported, world: World, work_of: WorkOf
) -> None:
    def found() -> set[str]:
        with work_of(world.lars) as work:
            return {hit.name for hit in Medication(work).search_catalogue("tab").hits}

    seen: list[tuple[Progress, set[str]]] = []
    load(small(brand(name="Nytt tab 5 mg")), progress=lambda progress: seen.append((progress, found())))

    assert {frozenset(names) for _, names in seen} == {frozenset({"Prøvium tab 5 mg", "Annetium tab 10 mg"})}
    assert [progress.stage for progress, _ in seen][-1] == "switching"
    percents = [progress.percent for progress, _ in seen]
    assert percents == sorted(percents) and percents[-1] == 100
    assert found() == {"Nytt tab 5 mg"}


def test_an_order_of_what_is_withdrawn_is_shown_as_before_and_cannot_be_written_anew(
    load: Callable[..., Imported],
    loaded: Imported,
    migrator: Connection,
    world: World,
    work_of: WorkOf,
    client_for: Callable[..., Browser],
) -> None:
    patient_id, lars = world.patient(), client_for(world.lars)
    chosen, url = item(migrator, OTHER_ID), f"/patients/{patient_id}/medication"
    form = order(chosen)
    assert lars.act(f"{url}/prescribe", form).status_code == 303

    load(small(brand()))

    assert "oksykodon" in lars.get(url).text
    ordered = "SELECT catalogue_item_id FROM medication.medication_request WHERE patient_id = %s"
    assert migrator.execute(ordered, (patient_id,)).fetchone() == (chosen.id,)
    assert "finnes ikke i katalogen lenger" in lars.act(f"{url}/prescribe", form).text
    with work_of(world.lars) as work:
        assert Medication(work).catalogue_facts([chosen.id])[chosen.id].active is False
        with pytest.raises(NotFound):
            Medication(work).catalogue_item(chosen.id)


# What is refused


def broken(kind: str) -> bytes:
    whole = small(brand(), other_brand()).getvalue()
    bomb = b'<!DOCTYPE FEST [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return {
        "truncated": whole[: len(whole) // 2],
        "not well-formed": whole.replace(b"</fs:Varenavn>", b"</fs:Navn>", 1),
        "bomb": bomb + whole,
        "foreign": b"<html><body>Siden finnes ikke</body></html>",
        "empty": b"",
        "zip": b"PK\x03\x04" + whole,
        "without a date": whole.replace(b"HentetDato", b"AnnenDato"),
        "deep": whole.replace(b"<fs:Varenavn>", b"<a>" * 5000 + b"</a>" * 5000 + b"<fs:Varenavn>", 1),
        "one entry without end": whole.replace(b"<fs:Varenavn>", b"<fs:Varenavn>" + b"x" * (17 << 20), 1),
        "far too small": m30().getvalue(),
        "older": of_day("01", small(brand(), other_brand())).getvalue().replace(b"2026-11-01", b"2026-10-01", 1),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("truncated", "ikke hel"),
        ("not well-formed", "ikke hel"),
        ("bomb", "ikke hører hjemme"),
        ("foreign", "ikke en legemiddelkatalog"),
        ("empty", "ikke hel"),
        ("zip", "Pakk den ut"),
        ("without a date", "HentetDato"),
        ("deep", "ikke hel"),
        ("one entry without end", "ikke hel"),
        ("far too small", "neppe hele katalogen"),
        ("older", "Filen er fra 01.10.2026, og katalogen i bruk er fra 01.11.2026"),
    ],
)
def test_a_file_that_is_no_whole_and_newer_catalogue_is_refused_and_the_old_one_stays(
    loaded: Imported, url: str, migrator: Connection, kind: str, said: str
) -> None:
    before = state(migrator)

    with pytest.raises(BrokenCatalogue, match=rf"{said}.*Katalogen dere hadde fra før, gjelder fortsatt"):
        import_catalogue(url, io.BytesIO(broken(kind)))

    assert state(migrator) == before
    assert nothing_waits(migrator)


def test_half_of_the_interactions_gone_is_no_whole_catalogue(
    load: Callable[..., Imported], loaded: Imported, url: str, migrator: Connection
) -> None:
    out = io.BytesIO()
    write_large(out, 20)
    whole = out.getvalue()
    load(io.BytesIO(whole))
    start, end = whole.index(b"<KatInteraksjon>"), whole.index(b"</KatInteraksjon>")

    with pytest.raises(BrokenCatalogue, match=r"interaksjoner.*neppe hele katalogen"):
        import_catalogue(url, io.BytesIO(whole[:start] + whole[end + len(b"</KatInteraksjon>") :]))

    assert migrator.execute("SELECT count(*) FROM medication.catalogue_interaction WHERE active").fetchone() == (20,)


def test_of_two_imports_at_once_the_second_is_refused(
    load: Callable[..., Imported], loaded: Imported, url: str, migrator: Connection
) -> None:
    refused: list[str] = []

    def second(_progress: Progress) -> None:
        with pytest.raises(Conflict) as raised:
            import_catalogue(url, m30())
        refused.append(str(raised.value))

    load(small(brand(name="Nytt tab 5 mg")), progress=second)

    assert set(refused) == {"Noen andre henter inn legemiddelkatalogen nå. Vent til de er ferdige, og prøv igjen."}
    assert item(migrator, BRAND_ID).name_form_strength == "Nytt tab 5 mg"
