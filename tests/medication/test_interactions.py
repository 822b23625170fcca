"""What the catalogue says of medicines together and of each: by code, by group, by substance, and what nobody knows."""

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.raw_cursor import RawCursor

from journal.app import JournalApp
from journal.medication import Asked, Interactions, Medication, import_catalogue
from journal.medication.fest import Coded, Ingredient, Strength
from journal.platform.errors import Denied
from journal.platform.line import Line
from journal.platform.settings import Settings
from tests.conftest import World
from tests.medication.test_fest import (
    BRAND_ID,
    PACKAGE_ID,
    brand,
    catalogue,
    listing,
    m30,
    package,
    strength,
)

WorkOf = Callable[..., Any]

MORPHINE, SULPHATE, CHLORIDE, HERB = (UUID(f"0000000{n}-eeee-4eee-8eee-eeeeeeeeeeee") for n in range(1, 5))


def fid(fest_id: UUID) -> str:
    return f"ID_{str(fest_id).upper()}"


def substance(fest_id: UUID, name: str, *whole: UUID) -> str:
    refs = "".join(f"<fs:RefVirkestoff>{fid(each)}</fs:RefVirkestoff>" for each in whole)
    inside = f"<fs:Virkestoff><fs:Id>{fid(fest_id)}</fs:Id><fs:Navn>{name}</fs:Navn>{refs}</fs:Virkestoff>"
    return listing("Virkestoff", inside, number=100 + fest_id.int % 97)


def interaction(number: int, relevance: str, *sides: str, status: str = "A") -> str:
    groups = "".join(
        f"<Substansgruppe><Navn>Side {n}</Navn>{substances}</Substansgruppe>" for n, substances in enumerate(sides, 1)
    )
    inside = (
        f'<Interaksjon><Id>ID_{number:08}-FFFF-4FFF-8FFF-FFFFFFFFFFFF</Id><Relevans V="{relevance}" DN="Relevans {relevance}"/>'
        f"<Situasjonskriterium>Situasjon {number}</Situasjonskriterium><KliniskKonsekvens>Konsekvens {number}</KliniskKonsekvens>"
        f'<Kildegrunnlag V="4"/><Handtering>Råd {number}</Handtering><Visningsregel V="1"/>{groups}</Interaksjon>'
    )
    return listing("Interaksjon", inside, number=1000 + number, status=status)


def by_code(*codes: str) -> str:
    return "".join(f'<Substans><Substans>Stoff {code}</Substans><Atc V="{code}"/></Substans>' for code in codes)


def by_id(fest_id: UUID) -> str:
    return f"<Substans><Substans>Urten</Substans><RefVirkestoff>{fid(fest_id)}</RefVirkestoff></Substans>"


def not_assessed(code: str, number: int) -> str:
    return listing("Interaksjon", f'<InteraksjonIkkeVurdert><Atc V="{code}"/></InteraksjonIkkeVurdert>', number=number)


WARNING = (
    '<VarselSlv><Type V="2" DN="Leveringssvikt"/><Overskrift>Mangel</Overskrift><Varseltekst>Bruk en annen.</Varseltekst>'
    '<Visningsregel V="1"/><FraDato>2026-10-12</FraDato><Lenke><Www V="https://example.no/mangel"/></Lenke>'
    "<Referanseelement><Klasse V='1'/><RefElement>{}</RefElement></Referanseelement></VarselSlv>"
)
FACTS = (
    '<fs:Opioidsoknad>true</fs:Opioidsoknad><fs:AdministreringLegemiddel><fs:Administrasjonsvei V="53"/><fs:KanKnuses V="2"/>'
    '<fs:KanApnes V="1"/><fs:Deling V="2" DN="Delbar i 2"/></fs:AdministreringLegemiddel><fs:SvartTrekant V="1"/>'
    "<fs:ProduktInfo><fs:Varseltrekant>true</fs:Varseltrekant></fs:ProduktInfo>"
)


def a_file() -> io.BytesIO:
    of_sulphate = strength(number=7).replace(
        "<fs:Styrkeoperator", f"<fs:RefVirkestoff>{fid(SULPHATE)}</fs:RefVirkestoff><fs:Styrkeoperator"
    )
    return m30(
        catalogue("LegemiddelMerkevare", brand(FACTS)),
        catalogue("Legemiddelpakning", package(number=2)),
        catalogue(
            "Virkestoff",
            substance(MORPHINE, "Morfin", SULPHATE, CHLORIDE),
            substance(SULPHATE, "Morfinsulfat"),
            substance(CHLORIDE, "Morfinhydroklorid"),
            substance(HERB, "Johannesurt"),
            of_sulphate,
        ),
        catalogue("VarselSlv", listing("VarselSlv", WARNING.format(PACKAGE_ID), number=900)),
        catalogue(
            "Interaksjon",
            interaction(1, "3", by_code("B01AA03"), by_code("C01BD01")),
            interaction(2, "1", by_code("B01AA03"), by_code("M01A")),
            interaction(3, "2", by_code("B01AA03"), by_id(HERB)),
            interaction(4, "2", by_id(MORPHINE), by_code("N05BA")),
            interaction(5, "1", by_code("B01AA03"), by_code("J01EA01"), status="U"),
            not_assessed("N06AX26", 2001),
            not_assessed("R03AL", 2002),
        ),
    )


@pytest.fixture(scope="module", autouse=True)
def _loaded(app: JournalApp, settings: Settings) -> Iterator[None]:
    import_catalogue(settings.migrator_url, a_file(), replace=True)
    yield
    import_catalogue(settings.migrator_url, m30(), replace=True)


@pytest.fixture
def between(world: World, work_of: WorkOf) -> Callable[..., Interactions]:
    def ask(*medicines: Asked | str) -> Interactions:
        with work_of(world.lars) as work:
            asked = [Asked(one) if isinstance(one, str) else one for one in medicines]
            return Medication(work).interactions(asked)

    return ask


def brand_item(migrator: psycopg.Connection[Any]) -> UUID:
    row = migrator.execute("SELECT id FROM medication.catalogue_item WHERE fest_id = %s", (BRAND_ID[3:],)).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def test_two_codes_interact_and_everything_the_catalogue_says_comes_with_it(
    between: Callable[..., Interactions],
) -> None:
    (found,) = between("C01BD01", "A02BC02", "B01AA03").found

    assert (found.relevance, found.relevance_text) == ("3", "Relevans 3")
    assert (found.situation, found.consequence, found.mechanism) == ("Situasjon 1", "Konsekvens 1", "")
    assert (found.handling, found.evidence, found.audiences) == ("Råd 1", "4", ("1",))
    assert (found.first.medicine, found.first.substance, found.first.group) == (2, "Stoff B01AA03", "Side 1")
    assert (found.second.medicine, found.second.substance, found.second.group) == (0, "Stoff C01BD01", "Side 2")


def test_the_worst_stands_first(between: Callable[..., Interactions]) -> None:
    found = between("C01BD01", "B01AA03", "M01AE01", "M01AB05").found

    assert [one.relevance for one in found] == ["1", "1", "3"]
    assert [{one.first.medicine, one.second.medicine} for one in found] == [{1, 2}, {1, 3}, {0, 1}]


def test_a_group_reaches_the_codes_below_it_and_no_others(between: Callable[..., Interactions]) -> None:
    assert len(between("B01AA03", "M01AE01").found) == 1
    assert between("B01AA03", "M01BA03").found == ()
    assert between("B01AA03", "M01").found == ()


def test_two_of_the_same_side_do_not_interact_by_it(between: Callable[..., Interactions]) -> None:
    assert between("M01AE01", "M01AB05").found == ()
    assert between("B01AA03", "B01AA03").found == ()
    assert between("B01AA03").found == ()


def test_a_substance_without_a_code_is_found_by_its_id(between: Callable[..., Interactions]) -> None:
    (found,) = between("B01AA03", Asked(substance_ids=(HERB,))).found

    assert (found.second.medicine, found.second.substance) == (1, "Urten")


def test_a_product_is_found_by_what_is_in_it_and_a_salt_by_its_therapeutic_part(
    between: Callable[..., Interactions], migrator: psycopg.Connection[Any]
) -> None:
    by_product = between(Asked(catalogue_item_id=brand_item(migrator)), "N05BA04")
    by_salt = between("N05BA04", Asked(substance_ids=(CHLORIDE,)))

    assert [one.consequence for one in by_product.found] == ["Konsekvens 4"]
    assert [one.consequence for one in by_salt.found] == ["Konsekvens 4"]
    assert by_product.not_assessed == ()


def test_what_is_withdrawn_says_nothing(between: Callable[..., Interactions], settings: Settings) -> None:
    in_use = a_file().getvalue().replace(b'<Status V="U"/>', b'<Status V="A"/>')
    import_catalogue(settings.migrator_url, io.BytesIO(in_use), replace=True)
    assert len(between("B01AA03", "J01EA01").found) == 1

    import_catalogue(settings.migrator_url, a_file(), replace=True)
    assert between("B01AA03", "J01EA01").found == ()


def test_what_nobody_has_assessed_is_never_silent(between: Callable[..., Interactions]) -> None:
    answer = between("B01AA03", "N06AX26", "R03AL08", Asked(), Asked("M01AE01"))

    assert answer.not_assessed == (1, 2, 3)
    assert len(answer.found) == 1


def test_without_interactions_in_the_catalogue_nothing_is_assessed(
    between: Callable[..., Interactions], settings: Settings
) -> None:
    import_catalogue(settings.migrator_url, m30(catalogue("LegemiddelMerkevare", brand())), replace=True)
    try:
        assert between("A02BC02", "B01AA03").not_assessed == (0, 1)
    finally:
        import_catalogue(settings.migrator_url, a_file(), replace=True)


def test_twelve_medicines_are_one_statement_that_may_go_by_index_alone(
    world: World, work_of: WorkOf, migrator: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[bytes, Sequence[Any]]] = []
    say = Line.say

    def noted(self: Line, sql: bytes, values: Sequence[Any], *more: Any, **options: Any) -> Any:
        asked.append((sql, values))
        return say(self, sql, values, *more, **options)

    codes = ["B01AA03", "M01AE01", "C01BD01", *(f"N05BA{n:02}" for n in range(9))]
    with work_of(world.lars) as work:
        work.db.connection()
        monkeypatch.setattr(Line, "say", noted)
        found = Medication(work).interactions([Asked(code) for code in codes]).found
        monkeypatch.undo()

    ((statement, values),) = asked
    with migrator.transaction():
        migrator.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in RawCursor(migrator).execute(b"EXPLAIN " + statement, values))
    assert len(found) == 2
    assert "catalogue_interaction_atc" in plan and "catalogue_interaction_substance_id" in plan
    assert "Seq Scan on catalogue_interaction_substance" not in plan


def test_the_facts_of_a_product_are_all_there(world: World, work_of: WorkOf, migrator: psycopg.Connection[Any]) -> None:
    item_id = brand_item(migrator)
    with work_of(world.lars) as work:
        facts = Medication(work).catalogue_facts([item_id])[item_id]

    assert (facts.atc_code, facts.prescription_group, facts.active) == ("N02AA05", "A", True)
    assert facts.ingredients == (Ingredient(SULPHATE, Strength(Decimal(5), "mg")),)
    assert facts.counted_as == (MORPHINE,)
    assert (facts.crushable, facts.openable, facts.division) == (False, True, Coded("2", "Delbar i 2"))
    assert (facts.driving_warning, facts.black_triangle, facts.opioid_application) == (True, True, True)


def test_a_warning_about_a_package_is_told_of_its_brand(
    world: World, work_of: WorkOf, migrator: psycopg.Connection[Any]
) -> None:
    with work_of(world.lars) as work:
        (warning,) = Medication(work).warnings(brand_item(migrator))

    assert (warning.kind, warning.heading, warning.text) == (Coded("2", "Leveringssvikt"), "Mangel", "Bruk en annen.")
    assert (warning.valid_from, warning.audiences) == (date(2026, 10, 12), ("1",))
    assert warning.link == "https://example.no/mangel"


def test_who_may_not_ask_the_catalogue_may_not_ask_what_it_says_of_medicines(world: World, work_of: WorkOf) -> None:
    with work_of(world.rolf) as work, pytest.raises(Denied):
        Medication(work).interactions([Asked("B01AA03")])
