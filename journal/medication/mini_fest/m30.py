"""Writes the small catalogue as M30, catalogue by catalogue in the order the schema wants."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import BinaryIO
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, tostring

from journal.medication.fest import Coded, Strength
from journal.medication.mini_fest.table import MiniInteraction, MiniMedicine, MiniProduct, MiniWarning, stable_id
from journal.platform.clock import local

_M30 = "http://www.kith.no/xmlstds/eresept/m30/2014-12-01"
_FS = "http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01"
_OID = "2.16.578.1.12.4.1.1."
_WRITTEN_AT = "2026-11-01T06:00:00"
_RELEVANCE = {"1": "Bør unngås", "2": "Forholdsregler bør tas", "3": "Ingen tiltak nødvendig"}

_WARNINGS = {"1": "Sikkerhetsinformasjon", "2": "Leveringssvikt", "9": "Doseringsendring"}
_YES, _NO = ("1", "Ja"), ("2", "Nei")
_CAPSULES = ("kaps", "depotkaps", "enterokaps")

_PACKAGE_GROUP = {"CF": "C"}
"""A brand may be CF, its packages are C or F by size. Ours are large."""

_INJECTIONS = {
    "sprøyte": ("10", "stk", "27"),
    "penn": ("2", "penn", "25"),
    "dose": ("1", "dose", "27"),
    "enhet": ("5 x 3", "ml", "25"),
    "IE": ("5 x 3", "ml", "25"),
}
"""How an injection is packed, by what is counted when it is given; else in ampoules."""

_Products = Sequence[tuple[MiniMedicine, MiniProduct]]


def write(
    out: BinaryIO,
    medicines: Iterable[MiniMedicine],
    interactions: Iterable[MiniInteraction],
    warnings: Iterable[MiniWarning],
    fetched: datetime | None,
) -> None:
    """Write M30 to `out`, UTF-8. Withdrawn medicines stand there with status U, as in the real file."""
    medicines = tuple(medicines)
    products = [(medicine, product) for medicine in medicines for product in medicine.products]
    names = {medicine.atc_code: medicine.generic_name for medicine in medicines}
    written = f"{local(fetched):%Y-%m-%dT%H:%M:%S}" if fetched else _WRITTEN_AT
    out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<FEST xmlns="{_M30}" xmlns:fs="{_FS}">\n'.encode())
    out.write(f"<HentetDato>{written}</HentetDato>\n".encode())
    alike = _substitutable(products)
    for name, listings in (
        ("KatLegemiddelMerkevare", _brands(products)),
        ("KatLegemiddelpakning", _packages(products, alike)),
        ("KatVirkestoff", _substances(products)),
        ("KatLegemiddelVirkestoff", _virtuals(products)),
        ("KatVarselSlv", _warnings(warnings, products)),
        ("KatByttegruppe", _substitution_groups(alike)),
        ("KatInteraksjon", chain(_interactions(interactions, names), _not_assessed(medicines))),
    ):
        out.write(f"<{name}>\n".encode())
        for listing in listings:
            out.write(tostring(listing, encoding="unicode").encode() + b"\n")
        out.write(f"</{name}>\n".encode())
    out.write(b"</FEST>\n")


def _substitutable(products: _Products) -> Collection[UUID]:
    """What more than one brand is: these the pharmacy may give for one another."""
    brands = Counter(product.virtual_id for medicine, product in products if medicine.active and product.strengths)
    return {virtual_id for virtual_id, number in brands.items() if number > 1}


def _brands(products: _Products) -> Iterator[Element]:
    for medicine, product in products:
        listing = _listing("OppfLegemiddelMerkevare", product.fest_id, medicine.active)
        brand = SubElement(listing, "fs:LegemiddelMerkevare")
        _medicine(brand, medicine, product.name_form_strength)
        _text(brand, "fs:Id", _id(product.fest_id))
        _text(brand, "fs:Varenavn", medicine.brand_name)
        _ingredients(brand, medicine, product)
        if medicine.driving_warning:
            _text(SubElement(brand, "fs:ProduktInfo"), "fs:Varseltrekant", "true")
        yield listing


def _packages(products: _Products, alike: Collection[UUID]) -> Iterator[Element]:
    for medicine, product in products:
        size, unit, packaging = _package(medicine)
        listing = _listing("OppfLegemiddelpakning", product.package_id, medicine.active)
        package = SubElement(listing, "fs:Legemiddelpakning")
        group = _PACKAGE_GROUP.get(medicine.prescription_group)
        substitution = product.virtual_id if product.virtual_id in alike else None
        _medicine(package, medicine, product.name_form_strength, group=group, substitution=substitution)
        _text(package, "fs:Id", _id(product.package_id))
        _text(package, "fs:Varenr", product.item_number)
        info = SubElement(package, "fs:Pakningsinfo")
        _text(info, "fs:RefLegemiddelMerkevare", _id(product.fest_id))
        _text(info, "fs:Pakningsstr", size)
        _code(info, "fs:EnhetPakning", unit, "", "7452")
        _code(info, "fs:Pakningstype", packaging, "", "7449")
        _text(info, "fs:Mengde", size.rpartition(" x ")[2])
        yield listing


def _package(medicine: MiniMedicine) -> tuple[str, str, str]:
    if medicine.form.short not in ("inj", "depotinj"):
        return medicine.form.package
    return _INJECTIONS.get(medicine.dose.amount.unit, medicine.form.package)


def _virtuals(products: _Products) -> Iterator[Element]:
    """One for each substance, form and strength in use, whatever the brand. Vaccines are prescribed by brand."""
    alike: dict[UUID, list[tuple[MiniMedicine, MiniProduct]]] = {}
    for medicine, product in products:
        if medicine.active and product.strengths:
            alike.setdefault(product.virtual_id, []).append((medicine, product))
    for fest_id, brands in alike.items():
        medicine, product = brands[0]
        listing = _listing("OppfLegemiddelVirkestoff", fest_id, active=True)
        virtual = SubElement(listing, "fs:LegemiddelVirkestoff")
        name = product.name_form_strength.removeprefix(medicine.brand_name)
        _medicine(virtual, medicine, f"{_first_upper(medicine.generic_name)}{name}")
        _text(virtual, "fs:Id", _id(fest_id))
        _ingredients(virtual, medicine, product)
        for _, brand in brands:
            _text(virtual, "fs:RefLegemiddelMerkevare", _id(brand.fest_id))
        for _, brand in brands:
            _text(virtual, "fs:RefPakning", _id(brand.package_id))
        yield listing


def _substances(products: _Products) -> Iterator[Element]:
    written: set[UUID] = set()
    for medicine, product in products:
        for name in medicine.substances:
            if (fest_id := _substance_id(name)) not in written:
                written.add(fest_id)
                listing = _listing("OppfVirkestoff", fest_id, active=True)
                substance = SubElement(listing, "fs:Virkestoff")
                _text(substance, "fs:Id", _id(fest_id))
                _text(substance, "fs:Navn", _first_upper(name))
                yield listing
        for name, strength in zip(medicine.substances, product.strengths, strict=False):
            if (fest_id := _strength_id(name, strength)) not in written:
                written.add(fest_id)
                yield _strength(fest_id, name, strength)


def _strength(fest_id: UUID, substance: str, strength: Strength) -> Element:
    listing = _listing("OppfVirkestoff", fest_id, active=True)
    element = SubElement(listing, "fs:VirkestoffMedStyrke")
    _text(element, "fs:Id", _id(fest_id))
    _amount(element, "fs:Styrke", strength.value, strength.unit)
    if strength.per_value is not None and strength.per_unit is not None:
        _amount(element, "fs:StyrkeNevner", strength.per_value, strength.per_unit)
    _text(element, "fs:RefVirkestoff", _id(_substance_id(substance)))
    _code(element, "fs:Styrkeoperator", "L", "Lik", "7445")
    return listing


def _warnings(warnings: Iterable[MiniWarning], products: _Products) -> Iterator[Element]:
    for warning in warnings:
        listing = _listing("OppfVarselSlv", warning.listing_id, active=True)
        element = SubElement(listing, "VarselSlv")
        _code(element, "Type", warning.kind, _WARNINGS[warning.kind], "7441")
        _text(element, "Overskrift", warning.heading)
        _text(element, "Varseltekst", warning.text)
        for audience, name in (("1", "Allmennlege"), ("3", "Sykehus")):
            _code(element, "Visningsregel", audience, name, "7442")
        _text(element, "FraDato", warning.since.isoformat())
        concerned = SubElement(element, "Referanseelement")
        _code(concerned, "Klasse", "1", "LegemiddelMerkevareId")
        for medicine, product in products:
            if medicine.atc_code == warning.atc_code:
                _text(concerned, "RefElement", _id(product.fest_id))
        yield listing


def _substitution_groups(alike: Collection[UUID]) -> Iterator[Element]:
    for virtual_id in sorted(alike):
        fest_id = stable_id("substitution", str(virtual_id))
        listing = _listing("OppfByttegruppe", fest_id, active=True)
        group = SubElement(listing, "Byttegruppe")
        _text(group, "Id", _id(fest_id))
        _code(group, "Kode", f"{fest_id.int % 1_000_000:06}", "")
        _text(group, "MerknadTilByttbarhet", "false")
        yield listing


def _interactions(interactions: Iterable[MiniInteraction], names: dict[str, str]) -> Iterator[Element]:
    for interaction in interactions:
        listing = _listing("OppfInteraksjon", interaction.fest_id, active=True)
        element = SubElement(listing, "Interaksjon")
        _text(element, "Id", _id(interaction.fest_id))
        _code(element, "Relevans", interaction.relevance, _RELEVANCE[interaction.relevance])
        _text(element, "KliniskKonsekvens", interaction.consequence)
        _text(element, "Interaksjonsmekanisme", interaction.mechanism)
        _code(element, "Kildegrunnlag", "4", "Indirekte data")
        _text(element, "Handtering", interaction.handling)
        for name, codes in interaction.groups:
            group = SubElement(element, "Substansgruppe")
            _text(group, "Navn", name)
            for code in codes:
                substance = SubElement(group, "Substans")
                _text(substance, "Substans", _first_upper(names[code]))
                _code(substance, "Atc", code, _first_upper(names[code]), "7180")
        yield listing


def _not_assessed(medicines: Iterable[MiniMedicine]) -> Iterator[Element]:
    names = {medicine.atc_code: medicine.generic_name for medicine in medicines if not medicine.interactions_assessed}
    for code, name in names.items():
        listing = _listing("OppfInteraksjon", stable_id("not assessed", code), active=True)
        element = SubElement(listing, "InteraksjonIkkeVurdert")
        _code(element, "Atc", code, _first_upper(name), "7180")
        yield listing


def _medicine(
    parent: Element, medicine: MiniMedicine, name: str, *, group: str | None = None, substitution: UUID | None = None
) -> None:
    """What every product block begins with. `group` where it is another than the medicine's."""
    group = group or medicine.prescription_group
    _code(parent, "fs:Atc", medicine.atc_code, _first_upper(medicine.generic_name), "7180")
    _text(parent, "fs:NavnFormStyrke", name)
    _code(parent, "fs:Reseptgruppe", group, f"Reseptgruppe {group}")
    _code(parent, "fs:LegemiddelformKort", medicine.form.code, medicine.form.text, "7448")
    kind = Coded("6", "Vaksine") if medicine.is_vaccine else Coded("7", "Legemiddel")
    if medicine.form.code == "219":
        kind = Coded("19", "Medisinsk gass")
    _code(parent, "fs:Preparattype", kind.code, kind.text)
    _code(parent, "fs:TypeSoknadSlv", "1", "Skal ikke søkes")
    if group == "A" and medicine.atc_code.startswith("N02A"):
        _text(parent, "fs:Opioidsoknad", "true")
    if substitution:
        member = SubElement(parent, "fs:PakningByttegruppe")
        _text(member, "fs:RefByttegruppe", _id(stable_id("substitution", str(substitution))))
        _text(member, "fs:GyldigFraDato", "2020-01-01")
    administration = SubElement(parent, "fs:AdministreringLegemiddel")
    _code(administration, "fs:Administrasjonsvei", medicine.route.code, medicine.route.text, "7477")
    if medicine.may_not_be_crushed or medicine.may_be_crushed:
        _code(administration, "fs:KanKnuses", *(_YES if medicine.may_be_crushed else _NO))
    if medicine.may_be_opened or (medicine.may_not_be_crushed and medicine.form.short in _CAPSULES):
        _code(administration, "fs:KanApnes", *(_YES if medicine.may_be_opened else _NO))
    if medicine.may_be_halved:
        _code(administration, "fs:Deling", "2", "Delbar i 2")
    if medicine.dose_unit:
        _code(administration, "fs:EnhetDosering", medicine.dose_unit.code, medicine.dose_unit.text, "7480")
    if medicine.black_triangle:
        _code(parent, "fs:SvartTrekant", "1", "Legemiddel med særlig overvåkning", "7510")


def _ingredients(parent: Element, medicine: MiniMedicine, product: MiniProduct) -> None:
    if not product.strengths:
        ingredient = SubElement(parent, "fs:SortertVirkestoffUtenStyrke")
        _text(ingredient, "fs:Sortering", "1")
        _text(ingredient, "fs:RefVirkestoff", _id(_substance_id(medicine.generic_name)))
    for order, (name, strength) in enumerate(zip(medicine.substances, product.strengths, strict=False), start=1):
        ingredient = SubElement(parent, "fs:SortertVirkestoffMedStyrke")
        _text(ingredient, "fs:Sortering", str(order))
        _text(ingredient, "fs:RefVirkestoffMedStyrke", _id(_strength_id(name, strength)))


def _listing(name: str, of: UUID, active: bool) -> Element:
    listing = Element(name)
    _text(listing, "Id", _id(stable_id("listing", str(of))))
    _text(listing, "Tidspunkt", _WRITTEN_AT)
    _code(listing, "Status", "A" if active else "U", "Aktiv oppføring" if active else "Utgått oppføring")
    return listing


def _substance_id(name: str) -> UUID:
    return stable_id("substance", name)


def _strength_id(name: str, strength: Strength) -> UUID:
    return stable_id("strength", name, str(strength))


def _first_upper(name: str) -> str:
    return name[:1].upper() + name[1:]


def _id(fest_id: UUID) -> str:
    return f"ID_{str(fest_id).upper()}"


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _code(parent: Element, name: str, code: str, text: str, code_list: str = "") -> None:
    """CV when `code_list` is given, else CS."""
    attributes = {"V": code} | ({"S": _OID + code_list} if code_list else {}) | ({"DN": text} if text else {})
    SubElement(parent, name, attributes)


def _amount(parent: Element, name: str, value: Decimal, unit: str) -> None:
    SubElement(parent, name, {"V": f"{value:f}", "U": unit})
