"""The small catalogue of the demo is a valid M30 that says what its tables say."""

import io
import json
import re
from datetime import time
from decimal import Decimal
from functools import cache
from uuid import UUID

import pytest
from lxml import etree

from journal.medication import fest, mini_fest
from journal.medication.mini_fest.codes import FORMS, ROUTES
from journal.platform.quantity import Quantity
from tests.reference import REFERENCE, needs_reference

SCHEMA = REFERENCE / "kith/xsd/eresept/ER-M30-2014-12-01.xsd"
VOLVEN = REFERENCE / "volven/volven_codelists.json"


@cache
def _bytes() -> bytes:
    out = io.BytesIO()
    mini_fest.write(out)
    return out.getvalue()


def written() -> io.BytesIO:
    return io.BytesIO(_bytes())


@cache
def entries() -> tuple[fest.CatalogueEntry, ...]:
    return tuple(fest.read(written()))


def by_brand(name: str, form: str = "tab") -> mini_fest.MiniMedicine:
    (found,) = (row for row in mini_fest.rows() if row.brand_name == name and row.form.short == form)
    return found


@needs_reference
def test_it_is_valid_by_the_national_schema() -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    schema.assertValid(etree.parse(written()))


def test_every_reference_in_it_leads_somewhere_and_no_id_is_used_twice() -> None:
    elements = list(etree.parse(written()).iter())
    ids = [element.text for element in elements if etree.QName(element).localname == "Id"]
    refs = {
        element.text for element in elements if etree.QName(element).localname.startswith("Ref") and not len(element)
    }
    assert len(ids) == len(set(ids))
    assert refs and refs <= set(ids)


def test_it_is_the_same_bytes_each_time() -> None:
    again = io.BytesIO()
    mini_fest.write(again)
    assert again.getvalue() == written().getvalue()
    assert by_brand("Marevan").products[0].fest_id == UUID("03137960-d074-5027-946e-6d99945a62ee")


def test_every_product_comes_back_through_the_reader_as_it_stands_in_the_table() -> None:
    read = {entry.fest_id: entry for entry in entries()}
    rows = mini_fest.rows()
    assert len(rows) >= 300
    for row in rows:
        for product in row.products:
            brand, package = read[product.fest_id], read[product.package_id]
            assert (brand.entry_kind, package.entry_kind) == ("brand", "package")
            for entry in (brand, package):
                assert (entry.atc_code, entry.generic_name, entry.active) == (
                    row.atc_code,
                    row.generic_name,
                    row.active,
                )
                assert (entry.brand_name, entry.strengths) == (row.brand_name, product.strengths)
                assert (entry.form_code, entry.form_text) == (row.form.code, row.form.text)
                assert entry.name_form_strength == product.name_form_strength
                assert entry.routes == (row.route,)
                assert entry.dose_units == ((row.dose_unit,) if row.dose_unit else ())
                assert (entry.crushable is False) == row.may_not_be_crushed
                assert (entry.crushable is True) == row.may_be_crushed
                assert (entry.openable is True) == row.may_be_opened
                assert (entry.division == fest.Coded("2", "Delbar i 2")) == row.may_be_halved
                assert entry.black_triangle == row.black_triangle
                assert len(entry.ingredients) == max(1, len(product.strengths))
            assert brand.prescription_group == row.prescription_group
            assert package.prescription_group in ("A", "B", "C", "F")
            assert (brand.driving_warning is True) == row.driving_warning
            assert package.item_number == product.item_number


def test_the_strength_written_in_the_name_is_the_exact_one() -> None:
    for row in mini_fest.rows():
        for product in row.products:
            if len(product.strengths) == 1:
                assert product.name_form_strength.endswith(f" {product.strengths[0]}")


@pytest.mark.parametrize(
    ("brand", "form", "name"),
    [
        ("Cozaar Comp", "tab", "Cozaar Comp tab 50 mg/12,5 mg"),
        ("Seretide Diskus", "inh pulver", "Seretide Diskus inh pulver 50 mikrog/250 mikrog/dose"),
        ("Stalevo", "tab", "Stalevo tab 100 mg/25 mg/200 mg"),
        ("Aclasta", "inf", "Aclasta inf 5 mg/100 ml"),
        ("Movicol", "pulver til mikst", "Movicol pulver til mikst"),
    ],
)
def test_names_are_written_as_in_fest(brand: str, form: str, name: str) -> None:
    assert by_brand(brand, form).products[0].name_form_strength == name


def test_brands_alike_are_one_thing_to_prescribe() -> None:
    virtual = [entry for entry in entries() if entry.entry_kind == "virtual"]
    morphine = [entry for entry in virtual if entry.name_form_strength == "Morfin depottab 10 mg"]
    assert len(morphine) == 1
    aspart = [entry for entry in virtual if entry.atc_code == "A10AB05" and entry.strength == "100 E/ml"]
    assert [len([ref for ref in entry.refs if ref.kind == "brand"]) for entry in aspart] == [2]


def test_rapid_and_mixed_insulin_of_the_same_name_are_not_alike() -> None:
    rapid, mixed = by_brand("NovoRapid", "inj").products[0], by_brand("NovoMix 30", "inj").products[0]
    assert rapid.strengths == mixed.strengths
    assert rapid.virtual_id != mixed.virtual_id


def test_item_numbers_are_six_digits_each_once() -> None:
    numbers = [product.item_number for row in mini_fest.rows() for product in row.products]
    assert len(numbers) == len(set(numbers))
    assert all(re.fullmatch(r"9[0-9]{5}", number) for number in numbers)


def test_atc_codes_have_the_form_of_atc_codes() -> None:
    assert [row for row in mini_fest.rows() if not re.fullmatch(r"[A-Z]\d\d[A-Z]{2}(\d\d)?", row.atc_code)] == []


@needs_reference
def test_every_code_stands_in_the_national_list_with_that_text() -> None:
    lists = {number: dict(codes) for number, codes in json.loads(VOLVEN.read_text(encoding="utf-8")).items()}
    for form in FORMS.values():
        assert lists["7448"][form.code] == form.text
        assert form.package[1] in lists["7452"] and form.package[2] in lists["7449"]
    assert ROUTES.items() <= lists["7477"].items()
    for row in mini_fest.rows():
        assert row.prescription_group in lists["7421"]
        assert row.dose_unit is None or lists["7480"][row.dose_unit.code] == row.dose_unit.text


@pytest.mark.parametrize(
    ("brand", "form", "sentence"),
    [
        ("Eliquis", "tab", "1 tablett kl. 08 og 20"),
        ("Paracet", "tab", "2 tabletter kl. 08, 14 og 20"),
        ("Sinemet", "tab", "1 tablett kl. 07, 11, 15 og 19"),
        ("Lantus", "inj", "16 enheter kl. 21"),
        ("Methotrexate Orion", "tab", "6 tabletter hver mandag kl. 08"),
        ("Fosamax", "tab", "1 tablett hver søndag kl. 07"),
        ("Vitamin B12 Depot", "inj", "1 ml hver 3. måned kl. 10"),
        ("Norspan", "depotplaster", "1 plaster hver 7. dag kl. 08"),
        ("Selexid", "tab", "1 tablett kl. 06, 14 og 22 i 3 dager"),
        ("Sobril", "tab", "1 tablett ved behov, inntil 2 ganger per døgn"),
        ("Dulcolax", "stikkpille", "1 stikkpille ved behov, inntil 1 gang per døgn"),
        ("Xalatan", "øyedråper", "1 dråpe i hvert øye kl. 20"),
        ("Locoid", "krem", "Smøres tynt på huden kl. 20"),
        ("VaxigripTetra", "inj", "1 dose én gang"),
    ],
)
def test_the_usual_dose_reads_as_a_sentence(brand: str, form: str, sentence: str) -> None:
    assert str(by_brand(brand, form).dose) == sentence


def test_the_usual_dose_is_also_structure() -> None:
    dose = by_brand("Methotrexate Orion").dose
    assert (dose.amount, dose.times, dose.weekday) == (Quantity(Decimal(6), "tablett"), (time(8),), 1)


def test_weekly_medicines_are_never_daily() -> None:
    weekly = [row for row in mini_fest.rows() if row.atc_code in ("L04AX03", "M05BA04", "M05BA07")]
    assert len(weekly) == 4
    assert all(row.dose.weekday for row in weekly)


def test_medicines_that_harm_most_are_marked() -> None:
    for row in mini_fest.rows():
        if row.atc_code.startswith(("A10A", "B01AA", "B01AE", "B01AF", "B01AB")):
            assert row.high_risk and row.time_critical, row.brand_name
        if row.atc_code.startswith(("N02AA", "N02AB", "N07BC")):
            assert row.high_risk and row.driving_warning and row.prescription_group == "A", row.brand_name
        if row.atc_code.startswith(("N05BA", "N05CD", "N05CF")):
            assert row.driving_warning and row.prescription_group == "B", row.brand_name
        if row.atc_code.startswith(("N04B", "J01")) and not row.dose.most_a_day and row.atc_code != "J01XX05":
            assert row.time_critical, row.brand_name


def test_some_medicines_are_withdrawn_and_their_groups_have_no_virtual_entry() -> None:
    withdrawn = [row for row in mini_fest.rows() if not row.active]
    assert {row.generic_name for row in withdrawn} == {"ranitidin", "rofekoksib", "dekstropropoksyfen"}
    virtual = {entry.atc_code for entry in entries() if entry.entry_kind == "virtual"}
    assert virtual.isdisjoint(row.atc_code for row in withdrawn)


def test_the_interactions_come_back_through_the_reader() -> None:
    read = [one for one in fest.read_interactions(written()) if isinstance(one, fest.Interaction)]
    assert len(read) == len(mini_fest.interactions()) >= 80
    for one, line in zip(read, mini_fest.interactions(), strict=True):
        assert (one.relevance_code, one.consequence, one.handling) == (line.relevance, line.consequence, line.handling)
        groups = tuple((g.name, tuple(s.atc_code for s in g.substances)) for g in one.groups)
        assert groups == line.groups
        assert one.consequence.endswith(".") and one.handling.endswith(".")


def test_no_medicine_interacts_with_itself_and_every_one_is_in_the_catalogue() -> None:
    known = {row.atc_code for row in mini_fest.rows()}
    for line in mini_fest.interactions():
        first, second = (set(codes) for _, codes in line.groups)
        assert first and second and first.isdisjoint(second)
        assert first | second <= known


def test_nothing_that_may_be_crushed_or_halved_is_also_forbidden() -> None:
    for row in mini_fest.rows():
        assert not (row.may_be_crushed and row.may_not_be_crushed), row.brand_name


@pytest.mark.parametrize(
    ("one", "other", "relevance"),
    [
        ("B01AA03", "M01AE01", "1"),
        ("B01AA03", "J01EA01", "1"),
        ("C09AA05", "C03DA01", "2"),
        ("C09AA05", "J01EA01", "1"),
        ("N06AB06", "M01AE01", "2"),
        ("N02AA05", "N05BA04", "1"),
        ("L04AX03", "J01EA01", "1"),
        ("C01AA05", "C08DA01", "1"),
        ("C10AA01", "J01FA09", "1"),
        ("N04BA02", "A03FA01", "1"),
        ("N06AB04", "N05AD01", "1"),
    ],
)
def test_interactions_everybody_in_the_service_knows_are_there(one: str, other: str, relevance: str) -> None:
    found = {
        line.relevance
        for line in mini_fest.interactions()
        if any(one in a and other in b for (_, a), (_, b) in (line.groups, line.groups[::-1]))
    }
    assert relevance in found


def test_warnings_and_substitution_come_back_through_the_reader() -> None:
    read = list(fest.read_all(written()))
    warnings = [one for one in read if isinstance(one, fest.AuthorityWarning)]
    groups = {one.fest_id for one in read if isinstance(one, fest.SubstitutionGroup)}
    brands = {entry.fest_id: entry for entry in entries() if entry.entry_kind == "brand"}
    assert [(one.kind.code, one.heading, one.text) for one in warnings] == [
        (line.kind, line.heading, line.text) for line in mini_fest.warnings()
    ]
    for one, line in zip(warnings, mini_fest.warnings(), strict=True):
        assert one.about and {brands[target].atc_code for target in one.about} == {line.atc_code}
    in_groups = [entry for entry in entries() if entry.substitution_group]
    assert {entry.substitution_group for entry in in_groups} == groups
    assert all(entry.entry_kind == "package" for entry in in_groups)


def test_what_is_not_assessed_is_said_and_has_no_interaction() -> None:
    read = list(fest.read_interactions(written()))
    unknown = {one.atc_code for one in read if isinstance(one, fest.InteractionNotAssessed)}
    assert "N06AX26" in unknown
    assessed = {code for line in mini_fest.interactions() for _, codes in line.groups for code in codes}
    assert unknown.isdisjoint(assessed)
