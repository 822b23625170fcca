"""Lists that others wrote are read right, or not at all."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from lxml import etree

from journal.medication.rules import Cycle, TimeOfDay, Weekday, daily, dose_sentence, in_cycle, on_weekdays, when_needed
from journal.medication.sources import BrokenSource, SourceKind, read
from journal.platform.quantity import Quantity
from tests.medication.source_files import (
    EVENING,
    KITH,
    MORNING,
    OTHER_NUMBER,
    PRESCRIPTIONS,
    dose,
    listed,
    medication_list,
    prescription,
    refused_files,
    sample,
)
from tests.reference import REFERENCE, needs_reference

ONE, TWO = (Quantity(Decimal(n), "tablett") for n in (1, 2))
DAY = date(2026, 11, 2)
START = f'<Starttidspunkt V="{DAY}"/>'
LISTS = {
    "Overføring legemiddelopplysninger.xml": (SourceKind.MEDICINES, "Furix Selo-Zok Albyl-E Apocilin"),
    "Helseopplysninger_til_lege_v1-5_Ny.xml": (
        SourceKind.REPORT_TO_DOCTOR, "Burinex Triatec Lipitor Imdur Soctator Marevan Paracetamol"),
    "Innleggelsesrapport_v1-5_Ny.xml": (SourceKind.ADMISSION_REPORT, "Burinex Triatec Lipitor Imdur Paracetamol"),
    "Innleggelsesrapport_v1-5_Endring.xml": (
        SourceKind.ADMISSION_REPORT, "Burinex Triatec Lipitor Imdur Marevan Paracetamol"),
    "Medisinske_opplysninger_v1-5_Ny.xml": (
        SourceKind.MEDICAL_INFORMATION, "Burinex Triatec Lipitor Imdur Soctator Marevan Paracetamol"),
    "Utskrivningsrapport_v1-5_Ny.xml": (
        SourceKind.DISCHARGE_REPORT, "Burinex Triatec Lipitor Imdur Apocillin Paracetamol Marevan"),
    "Utskrivningsrapport_v1-5_Endring.xml": (
        SourceKind.DISCHARGE_REPORT, "Burinex Triatec Lipitor Imdur Apocillin Paracetamol Marevan"),
}  # fmt: skip


@needs_reference
@pytest.mark.parametrize("name", LISTS)
def test_every_real_list_of_medicines_comes_through(name: str) -> None:
    found = read(sample(name))

    assert (found.kind, " ".join(entry.name for entry in found.entries)) == LISTS[name]
    assert len({entry.source_entry_id for entry in found.entries}) == len(found.entries), "each has an id of its own"
    assert all(entry.dosage is None for entry in found.entries), "a typed dosage is never guessed at"
    assert all(len(number) == 11 for number in found.national_ids) and found.national_ids
    assert not any(number in repr(found) for number in found.national_ids)


@needs_reference
def test_each_part_of_a_typed_medicine_is_where_it_belongs() -> None:
    course = read(sample("Overføring legemiddelopplysninger.xml")).entries[-1]

    assert (course.name, course.strength, course.form, course.form_code) == ("Apocilin", "1 g", "tablett", "70")
    assert (course.atc_code, course.item_number, course.use) == ("J01CE02", "122853", "2")
    assert (course.dosage_text, course.note) == ("1 tabl. x 2 i fire uker", "Ved sår- og hudinfeksjon")
    assert (course.starts_on, course.ends_on) == (date(2018, 2, 1), date(2018, 2, 28))
    assert (course.prescriber_name, course.prescriber_hpr) == ("Rita Lin", "9144900")
    assert course.source_entry_id == "ab7ed740-e059-11dc-b551-0002a5d5c51b"


@needs_reference
def test_a_medicine_that_the_hospital_stopped_is_read_as_stopped() -> None:
    found = read(sample("Utskrivningsrapport_v1-5_Ny.xml"))

    assert [entry.name for entry in found.entries if entry.stopped] == ["Marevan"]
    assert found.sent_at == datetime(2018, 2, 2, 14, 40, 23, tzinfo=UTC), "a time without a zone is Norway's"
    assert found.sender == "ST OLAVS HOSPITAL HF, Ortopedisk kirurgi"


PRESCRIBED = {
    "M1 Resept1.xml": ("Zyrtec Tab 10 mg", "R06AE07", "485342", "1 tablett kveld", "1", "1 tablett kveld"),
    "M1 Resept2.xml": (
        "Livostin Nesespray 50 mikrog/dose", "R01AC02", "026721", "2 doser i hvert nesebor morgen og kveld", "1", None),
    "M1 Resept3.xml": ("Livostin Øyedr 0,5 mg/ml", "S01GX02", "014308", "1 dråpe i hvert øye morgen og kveld", "1", None),
    "M1 Resept.xml": ("Cosylan Mikst 1,7 mg/ml", "R05DA01", "429076", "10 ml 3 ganger daglig", "3", None),
    "M1 Resept_apotek sender søknad.xml": (
        "Iscador P Serie II Inj væske 1 mg/ml/10 mg/ml/20 mg/ml", "V03AX", "343544", "Brukes som avtalt med lege", "1", None),
    "M1 Magistrell resept.xml": (
        "Smerteblanding:  Infusjonsvæske med Haloperidol 0,5 mg/ml og Morfin 10 mg/ml, 100 ml", None, None,
        "100 ml per døgn i 15 døgn", "1", None),
}  # fmt: skip


@needs_reference
@pytest.mark.parametrize("name", PRESCRIBED)
def test_every_real_prescription_comes_through(name: str) -> None:
    """Cosylan is as needed at fixed times: the two do not agree, so its dosage is words for a person."""
    found = read(sample(f"/{name}"))
    (entry,) = found.entries
    said = entry.dosage and dose_sentence(entry.dosage).replace("\N{NO-BREAK SPACE}", " ")

    assert found.kind is SourceKind.PRESCRIPTION
    assert (entry.name, entry.atc_code, entry.item_number, entry.dosage_text, entry.use, said) == PRESCRIBED[name]
    assert entry.source_entry_id == found.message_id
    assert entry.prescriber_name and entry.prescriber_hpr


@needs_reference
def test_each_real_file_that_is_no_such_list_is_refused_in_a_sentence() -> None:
    read_ones = {*LISTS, *PRESCRIBED}
    files = [file for file in KITH.rglob("*.xml") if "xsd" not in file.parts and file.name not in read_ones]
    assert len(files) > 60
    for file in files:
        with pytest.raises(BrokenSource) as refused:
            read(file.read_bytes())
        (said,) = refused.value.errors["file"]
        assert said.endswith("."), file.name


@needs_reference
def test_the_list_made_here_is_one_by_the_schema() -> None:
    """There is no real M25.1 to read, so the one of these tests is held to the authority's schema."""
    schemas = REFERENCE / "kith/xsd/eresept"
    content = etree.fromstring(medication_list(listed("e-1", prescription(doses=dose(MORNING)), stopped=True)))
    listed_in_it = content.find(".//{*}LegemidlerIBruk")
    schema = etree.XMLSchema(etree.parse(schemas / "ER-M251-2013-10-08.xsd"))

    assert schema.validate(listed_in_it), schema.error_log


def test_the_list_of_the_prescription_service_comes_through_with_its_constant_ids() -> None:
    first = listed("3f1c", prescription(doses=dose(MORNING)))
    second = listed("77aa", prescription("Marevan Tab 2,5 mg", "B01AA03", substance="Warfarin"), stopped=True)
    found = read(medication_list(first, second))
    metoprolol, warfarin = found.entries

    assert (found.kind, found.message_id, found.sender) == (
        SourceKind.MEDICATION_LIST, "m-1", "Skogveien legekontor, Liv Legesen")  # fmt: skip
    assert found.national_ids == {OTHER_NUMBER}
    assert (metoprolol.source_entry_id, metoprolol.name) == ("3f1c", "Selo-Zok Depottab 50 mg")
    assert (metoprolol.substance, metoprolol.strength, metoprolol.indication) == ("metoprolol", "50 mg", "BLODTRYKK")
    assert metoprolol.dosage == daily(ONE, [TimeOfDay.MORNING])
    assert (metoprolol.starts_on, metoprolol.changed_at) == (date(2026, 1, 15), datetime(2026, 10, 20, 7, tzinfo=UTC))
    assert (metoprolol.prescriber_name, metoprolol.prescriber_hpr) == ("Rita Lin", "1234567")
    assert (warfarin.stopped, warfarin.stop_code, metoprolol.stopped) == (True, "M", False)


def days(inside: str) -> str:
    return f"<FastDose>{inside}</FastDose>"


NEEDED = '<DoseEtterBehov><Mengde V="1" U="tablett"/>{}</DoseEtterBehov>'
UNDERSTOOD = {
    "a clock time": (dose("<Klokkeslett>08:00:00</Klokkeslett>"), "1", daily(ONE, [time(8)])),
    "two times a day, two amounts": (
        dose(MORNING, amount="2") + dose(EVENING), "1", daily({TimeOfDay.MORNING: TWO, TimeOfDay.EVENING: ONE})),
    "mondays alone": (
        dose(MORNING, more=days('<FasteUkedager V="1" DN="Mandag"/>')), "1",
        on_weekdays(ONE, [Weekday.MONDAY], [TimeOfDay.MORNING])),
    "days on and off": (
        dose(MORNING, more=days("<DagerPa>21</DagerPa><DagerAv>7</DagerAv>")), "1",
        in_cycle(ONE, Cycle(21, 7, DAY), [TimeOfDay.MORNING])),
    "as needed within a day's most": (
        NEEDED.format('<DoseDognMaks V="4" U="tablett"/>'), "3", when_needed(ONE, max_amount=Quantity(Decimal(4), "tablett"))),
    "a unit by its code": (dose(MORNING, unit="13"), "1", daily(ONE, [TimeOfDay.MORNING])),
}  # fmt: skip


@pytest.mark.parametrize("case", UNDERSTOOD)
def test_a_structured_dosage_that_says_one_thing_is_understood(case: str) -> None:
    doses, use, meant = UNDERSTOOD[case]
    (entry,) = read(medication_list(listed("e-1", prescription(doses=doses, use=use, more=START)))).entries

    assert entry.dosage == meant


NOT_UNDERSTOOD = {
    "every third day, from a day nobody says": (dose(MORNING, every="3"), "1"),
    "an amount without a unit": (dose(MORNING, unit=""), "1"),
    "a unit nobody knows": (dose(MORNING, unit="stk"), "1"),
    "nothing": (dose(MORNING, amount="0"), "1"),
    "no amount at all": (dose(MORNING, amount="INF"), "1"),
    "no time": (dose(""), "1"),
    "two times for one dose": (dose(MORNING + "<Klokkeslett>08:00:00</Klokkeslett>"), "1"),
    "the same time twice": (dose(MORNING) + dose(MORNING), "1"),
    "a clock time and a time of day": (dose("<Klokkeslett>08:00:00</Klokkeslett>") + dose(EVENING), "1"),
    "mondays, and every evening": (
        dose(MORNING, more=days('<FasteUkedager V="1" DN="Mandag"/>')) + dose(EVENING), "1"),
    "a weekday that is none": (dose(MORNING, more=days('<FasteUkedager V="8" DN="x"/>')), "1"),
    "fixed times, and as needed": (dose(MORNING), "3"),
    "as needed, and fixed": (NEEDED.format('<DoseDognMaks V="4" U="tablett"/>'), "1"),
    "as needed without a limit": (NEEDED.format(""), "3"),
    "a most in a unit that cannot be compared": (NEEDED.format('<DoseDognMaks V="4" U="ml"/>'), "3"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_UNDERSTOOD)
def test_a_dosage_that_can_be_read_in_two_ways_stays_text(case: str) -> None:
    doses, use = NOT_UNDERSTOOD[case]
    (entry,) = read(medication_list(listed("e-1", prescription(doses=doses, use=use, more=START)))).entries

    assert entry.dosage is None
    assert entry.dosage_text == "1 tablett om morgenen"


@pytest.mark.parametrize("what", refused_files())
def test_what_is_no_list_is_refused_in_a_sentence(what: str) -> None:
    with pytest.raises(BrokenSource) as refused:
        read(refused_files()[what])

    (said,) = refused.value.errors["file"]
    assert said.endswith(".") and said[0].isupper()
    assert OTHER_NUMBER not in str(refused.value.fields)


def test_a_file_of_the_largest_size_is_read_in_no_time() -> None:
    entries = (listed(f"e-{n}", prescription(said="x" * 1000)) for n in range(200))

    assert len(read(medication_list(*entries)).entries) == 200


def test_no_sample_of_the_reference_is_missing() -> None:
    assert not PRESCRIPTIONS.exists() or len(list(PRESCRIPTIONS.rglob("M1 *.xml"))) == len(PRESCRIBED)
