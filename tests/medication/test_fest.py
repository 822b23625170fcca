"""FEST M30 is read right, or not at all."""

import io
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
import pytest

from journal.medication import fest
from journal.medication.fest import Amount, BrokenCatalogue, CatalogueEntry, Coded, Reference, Strength
from tests.reference import REFERENCE, needs_reference

SNIPPETS = REFERENCE / "lmdi/fest-snippets"
SAMPLES = REFERENCE / "kith/eresept"

M30 = "http://www.kith.no/xmlstds/eresept/m30/2014-12-01"
FS = "http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01"
THREE = "1 mg/ml/10 mg/ml/20 mg/ml"
STRENGTH_ID, BRAND_ID, PACKAGE_ID = (f"ID_0000000{n}-AAAA-4AAA-8AAA-AAAAAAAAAAAA" for n in (1, 2, 3))


def m30(*catalogues: str) -> io.BytesIO:
    inside = "".join(catalogues)
    return io.BytesIO(
        f'<FEST xmlns="{M30}" xmlns:fs="{FS}"><HentetDato>2026-11-01T06:00:00</HentetDato>{inside}</FEST>'.encode()
    )


def listing(name: str, content: str, *, status: str = "A", at: str = "2026-06-01T12:00:00", number: int = 1) -> str:
    return (
        f"<Oppf{name}><Id>ID_{number:08}-BBBB-4BBB-8BBB-BBBBBBBBBBBB</Id><Tidspunkt>{at}</Tidspunkt>"
        f'<Status V="{status}"/>{content}</Oppf{name}>'
    )


def catalogue(name: str, *listings: str) -> str:
    return f"<Kat{name}>{''.join(listings)}</Kat{name}>"


def brand(extra: str = "", name: str = "Prøvium tab 5 mg", **kwargs: object) -> str:
    content = (
        f'<fs:LegemiddelMerkevare><fs:Atc V="N02AA05" DN="Oksykodon"/><fs:NavnFormStyrke>{name}</fs:NavnFormStyrke>'
        f'<fs:Reseptgruppe V="A"/>{extra}<fs:Id>{BRAND_ID}</fs:Id><fs:Varenavn>Prøvium</fs:Varenavn>'
        f"<fs:SortertVirkestoffMedStyrke><fs:Sortering>1</fs:Sortering>"
        f"<fs:RefVirkestoffMedStyrke>{STRENGTH_ID}</fs:RefVirkestoffMedStyrke></fs:SortertVirkestoffMedStyrke>"
        f"</fs:LegemiddelMerkevare>"
    )
    return listing("LegemiddelMerkevare", content, **kwargs)  # type: ignore[arg-type]


def package(varenr: str = "000001", **kwargs: object) -> str:
    content = (
        f'<fs:Legemiddelpakning><fs:NavnFormStyrke>Prøvium tab 5 mg</fs:NavnFormStyrke><fs:Reseptgruppe V="A"/>'
        f"<fs:Id>{PACKAGE_ID}</fs:Id><fs:Varenr>{varenr}</fs:Varenr><fs:Pakningsinfo>"
        f"<fs:RefLegemiddelMerkevare>{BRAND_ID}</fs:RefLegemiddelMerkevare><fs:Pakningsstr>100</fs:Pakningsstr>"
        f'<fs:EnhetPakning V="stk"/></fs:Pakningsinfo></fs:Legemiddelpakning>'
    )
    return listing("Legemiddelpakning", content, **kwargs)  # type: ignore[arg-type]


def strength(value: str = "5", operator: str = "L", per: str = "", **kwargs: object) -> str:
    content = (
        f'<fs:VirkestoffMedStyrke><fs:Id>{STRENGTH_ID}</fs:Id><fs:Styrke V="{value}" U="mg"/>{per}'
        f'<fs:Styrkeoperator V="{operator}"/></fs:VirkestoffMedStyrke>'
    )
    return listing("Virkestoff", content, **kwargs)  # type: ignore[arg-type]


def real(name: str, wrapped_in: str) -> CatalogueEntry:
    text = (SNIPPETS / name).read_text(encoding="utf-8").replace(f"<{wrapped_in}>", f'<{wrapped_in} xmlns="{M30}">', 1)
    (entry,) = fest.read(m30(f"<Kat>{text}</Kat>"))
    return entry


def said(entry: CatalogueEntry) -> dict[str, object]:
    """What an entry says, without what is empty."""
    every = {field.name: getattr(entry, field.name) for field in fields(entry)}
    return {name: value for name, value in every.items() if value not in (None, "", (), False)}


@needs_reference
def test_a_real_smallest_unit_comes_through_whole() -> None:
    assert said(real("Litt-FEST-OppfLegemiddeldose.xml", "OppfLegemiddeldose")) == {
        "entry_kind": "dose",
        "listing_id": UUID("921b9637-16fe-48e6-bf54-8303007885f3"),
        "fest_id": UUID("48bd33d2-2838-4b81-8225-02391b7a4516"),
        "active": True,
        "changed_at": datetime(2022, 10, 22, 1, 10, 41, tzinfo=UTC),
        "atc_code": "N02AA05",
        "atc_name": "Oksykodon",
        "generic_name": "oksykodon",
        "name_form_strength": "Oxycodone Orifarm mikst oppl 1 mg/ml",
        "form_code": "842",
        "form_text": "Mikstur, oppløsning",
        "prescription_group": "A",
        "product_type": "7",
        "strength": "1 mg/ml",
        "opioid_application": True,
        "amount": Amount(Decimal(250), "ml"),
        "lmr_number": "3347478",
        "refs": (
            Reference("brand", UUID("65106c0f-cdbe-4b5e-944d-fc941cd64ed4")),
            Reference("package", UUID("662f988c-3376-44c9-9dfe-8a3e008f836a")),
        ),
    }


@needs_reference
def test_a_real_package_comes_through_whole() -> None:
    assert said(real("Litt-FEST-OppfLegemiddelpakning.xml", "OppfLegemiddelpakning")) == {
        "entry_kind": "package",
        "listing_id": UUID("91c3e898-c1c9-413e-90b5-b061727ea225"),
        "fest_id": UUID("0003602e-315e-4cde-9eb0-6756be9cd120"),
        "active": True,
        "changed_at": datetime(2022, 11, 19, 2, 11, 20, tzinfo=UTC),
        "atc_code": "C01DA14",
        "atc_name": "Isosorbidmononitrat",
        "generic_name": "isosorbidmononitrat",
        "name_form_strength": "Monoket OD SySk depotkaps, hard 50 mg",
        "form_code": "743",
        "form_text": "Depotkapsel, hard",
        "prescription_group": "C",
        "product_type": "7",
        "strength": "50 mg",
        "item_number": "263580",
        "barcodes": ("7072279014340",),
        "package": "20 x 1 stk",
        "storage": Coded("R", "Rom (15-25 grader)"),
        "refs": (Reference("brand", UUID("77b973dc-024f-4532-b175-4c1e0dea045c")),),
    }


@needs_reference
def test_a_real_package_that_must_be_kept_cold_comes_through_whole() -> None:
    assert said(real("botox.xml", "OppfLegemiddelpakning")) == {
        "entry_kind": "package",
        "listing_id": UUID("e335e986-0d85-4d39-b354-18dbd79f3602"),
        "fest_id": UUID("00b35335-0df7-4c98-8a0a-1148f4599d21"),
        "active": True,
        "changed_at": datetime(2023, 7, 1, 1, 11, 50, tzinfo=UTC),
        "atc_code": "M03AX01",
        "atc_name": "Botulinumtoksin",
        "generic_name": "botulinumtoksin",
        "name_form_strength": "Botox pulv til inj væske, oppl 50 E",
        "form_code": "789",
        "form_text": "Pulver til injeksjonsvæske, oppløsning",
        "prescription_group": "C",
        "product_type": "7",
        "strength": "50 E",
        "item_number": "026491",
        "barcodes": ("5016007205480",),
        "package": "50 E",
        "storage": Coded("K", "Kaldt (2-8 grader)"),
        "refs": (Reference("brand", UUID("5db02d60-feca-4fcb-b403-fb3ced9de8c4")),),
    }


def sample_products() -> list[Element]:
    names = ("LegemiddelMerkevare", "Legemiddelpakning", "LegemiddelVirkestoff", "Legemiddeldose")
    files = sorted(SAMPLES.rglob("*.xml"))
    found = (element for file in files for element in defusedxml.ElementTree.parse(file).iter())
    return [element for element in found if element.tag.rpartition("}")[2] in names]


@needs_reference
def test_the_product_blocks_of_every_e_prescription_are_read() -> None:
    read = [fest.read_product(element) for element in sample_products()]
    assert len(read) == 9
    assert all(entry.item_number and entry.generic_name and entry.brand_name and entry.package for entry in read)
    assert {(e.brand_name, e.atc_code, e.prescription_group, e.form_code, e.strength, e.package) for e in read} == {
        ("Cosylan", "R05DA01", "B", "9", "1,7 mg/ml", "300 ml"),
        ("Cosylan", "R05DA01", "B", "9", "1,7 mg/ml", "125 ML"),
        ("Iscador P Serie II", "V03AX", "C", "101", THREE, "2 x 2 x 1 ml + 2 x 2 x 1 ml + 2 x 3 x 1 ml"),
        ("Iscador P Serie II", "V03AX", "C", "101", THREE, "2x7x1 MLAMP"),
        ("Livostin", "R01AC02", "C", "74", "50 mikrog/dose", "2 x 150 doser"),
        ("Livostin", "S01GX02", "C", "90", "0,5 mg/ml", "3 x 4 ml"),
        ("Zyrtec", "R06AE07", "C", "53", "10 mg", "100 stk"),
    }


def test_what_is_no_product_is_not_read_as_one() -> None:
    with pytest.raises(ValueError, match="Legemiddelblanding"):
        fest.read_product(Element("{x}Legemiddelblanding"))


def test_a_package_gets_name_and_exact_strength_from_a_brand_further_down_the_file() -> None:
    per = '<fs:StyrkeNevner V="2" U="ml"/>'
    file = m30(
        catalogue("Legemiddelpakning", package()),
        catalogue("LegemiddelMerkevare", brand()),
        catalogue("Virkestoff", strength("2.50", per=per)),
    )
    entry = next(fest.read(file))
    assert (entry.entry_kind, entry.brand_name) == ("package", "Prøvium")
    assert entry.strengths == (Strength(Decimal("2.50"), "mg", Decimal(2), "ml"),)
    assert entry.strength == "2,5 mg/2 ml"


def test_the_active_version_of_a_strength_counts_wherever_it_stands() -> None:
    old, new = strength("50", status="U", number=8), strength("5", number=9)
    for order in ((old, new), (new, old)):
        (entry,) = fest.read(m30(catalogue("LegemiddelMerkevare", brand()), catalogue("Virkestoff", *order)))
        assert entry.strength == "5 mg"


@pytest.mark.parametrize("operator", ["I", "M", "S"])
def test_a_strength_that_is_no_exact_number_is_shown_but_not_counted_with(operator: str) -> None:
    file = m30(catalogue("LegemiddelMerkevare", brand()), catalogue("Virkestoff", strength(operator=operator)))
    (entry,) = fest.read(file)
    assert (entry.strength, entry.strengths) == ("5 mg", ())


@pytest.mark.parametrize(("written", "shown"), [("1E-3", "0,001 mg"), ("1E+3", "1000 mg"), ("100", "100 mg")])
def test_numbers_are_exact_however_they_are_written(written: str, shown: str) -> None:
    file = m30(catalogue("LegemiddelMerkevare", brand()), catalogue("Virkestoff", strength(written)))
    assert next(fest.read(file)).strength == shown


@pytest.mark.parametrize("value", ["INF", "NaN", "1E400", "five", ""])
def test_a_strength_that_is_no_number_refuses_the_file(value: str) -> None:
    with pytest.raises(BrokenCatalogue, match="Ingenting er tatt i bruk"):
        next(fest.read(m30(catalogue("LegemiddelMerkevare", brand()), catalogue("Virkestoff", strength(value)))))


def test_how_a_medicine_is_given_is_read() -> None:
    extra = (
        '<fs:AdministreringLegemiddel><fs:Administrasjonsvei V="53" DN="Oral bruk"/>'
        '<fs:Administrasjonsvei V="59" DN="Rektal bruk"/><fs:KanKnuses V="2"/><fs:KanApnes V="9"/>'
        '<fs:Deling V="2" DN="Delbar i 2"/><fs:EnhetDosering V="13" DN="tablett"/></fs:AdministreringLegemiddel>'
        '<fs:SvartTrekant V="1"/><fs:ProduktInfo><fs:Varseltrekant>true</fs:Varseltrekant></fs:ProduktInfo>'
    )
    (entry,) = fest.read(m30(catalogue("LegemiddelMerkevare", brand(extra))))
    assert entry.routes == (Coded("53", "Oral bruk"), Coded("59", "Rektal bruk"))
    assert entry.dose_units == (Coded("13", "tablett"),)
    assert (entry.crushable, entry.openable, entry.division) == (False, None, Coded("2", "Delbar i 2"))
    assert (entry.black_triangle, entry.driving_warning) == (True, True)


def test_a_withdrawn_entry_is_read_as_withdrawn() -> None:
    old, new = brand(status="U", number=1), brand(status="A", number=2)
    first, second = fest.read(m30(catalogue("LegemiddelMerkevare", old, new)))
    assert (first.active, second.active) == (False, True)
    assert first.fest_id == second.fest_id and first.listing_id != second.listing_id


def test_an_entry_withdrawn_without_content_is_known_by_its_listing() -> None:
    file = m30(catalogue("LegemiddelMerkevare", listing("LegemiddelMerkevare", "", status="U")))
    (entry,) = fest.read(file)
    assert (entry.entry_kind, entry.active, entry.fest_id) == ("brand", False, None)
    assert entry.listing_id == UUID("00000001-bbbb-4bbb-8bbb-bbbbbbbbbbbb")


def test_a_status_nobody_knows_refuses_the_file() -> None:
    with pytest.raises(BrokenCatalogue, match="«X»"):
        next(fest.read(m30(catalogue("LegemiddelMerkevare", brand(status="X")))))


def test_what_is_new_in_fest_is_passed_over() -> None:
    new = '<fs:HeltNytt V="7"><fs:Dypere>x</fs:Dypere></fs:HeltNytt>'
    file = m30(
        "<Nyhet>tekst</Nyhet>",
        catalogue("NyKatalog", listing("NyTing", "<NyTing><Id>ikke en uuid</Id></NyTing>")),
        catalogue("LegemiddelMerkevare", brand(new)),
    )
    (entry,) = fest.read(file)
    assert entry.brand_name == "Prøvium"


def test_wall_time_becomes_an_instant_and_a_given_zone_is_kept() -> None:
    winter, zoned = brand(at="2026-01-01T12:00:00.1234567"), brand(at="2026-01-01T12:00:00+05:00", number=2)
    first, second = fest.read(m30(catalogue("LegemiddelMerkevare", winter, zoned)))
    assert first.changed_at == datetime(2026, 1, 1, 11, 0, 0, 123456, tzinfo=UTC)
    assert second.changed_at == datetime(2026, 1, 1, 7, tzinfo=UTC)


def test_an_interaction_and_what_is_not_assessed_are_read() -> None:
    def group(name: str, atc: str) -> str:
        substance = f'<Substans>{name}</Substans><Atc V="{atc}"/><RefVirkestoff>{STRENGTH_ID}</RefVirkestoff>'
        return f"<Substansgruppe><Navn>{name}er</Navn><Substans>{substance}</Substans></Substansgruppe>"

    assessed = (
        f'<Interaksjon><Id>{BRAND_ID}</Id><Relevans V="1" DN="Bør unngås"/><Situasjonskriterium>Høy dose'
        "</Situasjonskriterium><KliniskKonsekvens>Blødning</KliniskKonsekvens><Interaksjonsmekanisme>Ukjent"
        '</Interaksjonsmekanisme><Kildegrunnlag V="2"/><Handtering>Unngå</Handtering><Visningsregel V="3"/>'
        f"{group('A', 'B01AA03')}{group('B', 'M01AE01')}</Interaksjon>"
    )
    unknown = '<InteraksjonIkkeVurdert><Atc V="N06AX26" DN="Vortioksetin"/></InteraksjonIkkeVurdert>'
    file = m30(catalogue("Interaksjon", listing("Interaksjon", assessed), listing("Interaksjon", unknown, number=2)))
    first, second = fest.read_interactions(file)
    assert isinstance(first, fest.Interaction) and isinstance(second, fest.InteractionNotAssessed)
    assert (first.relevance_code, first.relevance_text, first.evidence) == ("1", "Bør unngås", "2")
    assert (first.situation, first.consequence, first.mechanism) == ("Høy dose", "Blødning", "Ukjent")
    assert (first.handling, first.audiences) == ("Unngå", ("3",))
    assert [(g.name, g.substances[0].name, g.substances[0].atc_code) for g in first.groups] == [
        ("Aer", "A", "B01AA03"),
        ("Ber", "B", "M01AE01"),
    ]
    assert first.groups[0].substances[0].substance_ids == (UUID("00000001-aaaa-4aaa-8aaa-aaaaaaaaaaaa"),)
    assert (second.atc_code, second.atc_name, second.active) == ("N06AX26", "Vortioksetin", True)


def test_a_truncated_file_is_refused_before_anything_comes_out() -> None:
    whole = m30(catalogue("LegemiddelMerkevare", *(brand(number=n) for n in range(50)))).getvalue()
    for end in (0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 7, len(whole) - 1):
        entries = fest.read(io.BytesIO(whole[:end]))
        with pytest.raises(BrokenCatalogue, match=r"ikke hel.*Katalogen dere hadde fra før, gjelder fortsatt"):
            next(entries)


def test_a_file_that_is_something_else_is_refused() -> None:
    with pytest.raises(BrokenCatalogue, match="ikke en legemiddelkatalog"):
        next(fest.read(io.BytesIO(b"<html><body/></html>")))


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE FEST [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE FEST [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE FEST SYSTEM "http://127.0.0.1/fest.dtd">',
    ],
)
def test_a_file_with_a_dtd_is_refused(doctype: str) -> None:
    with pytest.raises(BrokenCatalogue, match="ikke hører hjemme"):
        next(fest.read(io.BytesIO(doctype.encode() + m30(catalogue("LegemiddelMerkevare", brand())).getvalue())))


@pytest.mark.parametrize("encoding", ["utf-7", "finnes-ikke", "utf-16"])
def test_an_encoding_that_does_not_fit_is_refused(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
    with pytest.raises(BrokenCatalogue, match="ikke hel"):
        next(fest.read(io.BytesIO(declared + m30().getvalue())))


def test_the_file_is_read_from_where_the_stream_stands() -> None:
    file = io.BytesIO(b"noe annet" + m30(catalogue("LegemiddelMerkevare", brand())).getvalue())
    file.seek(len(b"noe annet"))
    assert len(list(fest.read(file))) == 1


MEASURE = """
import sys
from journal.medication import fest
from tests.reference import REFERENCE, needs_reference
peak = lambda: int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
before = peak()
with open(sys.argv[1], "rb") as file:
    number = sum(1 for entry in fest.read(file))
print(number, peak() - before)
"""


def test_a_large_file_is_read_in_little_memory(tmp_path: Path) -> None:
    one = package().encode()
    number = 6_000_000 // len(one)
    file = tmp_path / "fest.xml"
    with file.open("wb") as out:
        head, tail = m30(catalogue("Legemiddelpakning", "<!-- -->")).getvalue().split(b"<!-- -->")
        out.write(head)
        out.writelines(one for _ in range(number))
        out.write(tail)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)], cwd=root, capture_output=True, text=True, check=True
    )
    read, grown_kilobytes = map(int, done.stdout.split())
    assert read == number
    assert grown_kilobytes < 15_000
