"""What the drug catalogue holds, as plain facts. Codes are of the national code lists named in the docstrings."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

EntryKind = Literal["brand", "package", "dose", "virtual", "substance"]


@dataclass(frozen=True, slots=True)
class Coded:
    """A code from a national code list, and the text that stood beside it."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Amount:
    """An exact amount with the unit FEST gives (code list 9090 or 7452): 250 ml."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Strength:
    """How much of one substance: 1 mg/ml is 1, mg, 1, ml; a 5 mg tablet is 5, mg with no denominator."""

    value: Decimal
    unit: str
    per_value: Decimal | None = None
    per_unit: str | None = None

    def __str__(self) -> str:
        """`2,5 mg`, `1 mg/ml`, `100 mg/5 ml`."""
        shown = f"{_shown(self.value)} {self.unit}"
        if self.per_value is None:
            return shown
        per = "" if self.per_value == 1 else f"{_shown(self.per_value)} "
        return f"{shown}/{per}{self.per_unit}"


@dataclass(frozen=True, slots=True)
class Reference:
    """What an entry points to. `kind` is brand, package, substance or strength."""

    kind: str
    fest_id: UUID


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One substance in a product, with its exact strength; None where FEST gives none, or a range."""

    substance_id: UUID
    strength: Strength | None = None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One product, package, smallest unit, prescribable substance or substance.

    Codes: `form` 7448, `prescription_group` 7421 (A, B, C, CF, F), `routes` 7477, `dose_units` 7480, `storage` 7487,
    `product_type` 7424, `division` 7472. None means that FEST does not say: an unknown `crushable` is not a no.
    `strength` is the text; `strengths` are the exact ones, one for each substance, empty where any is given as a range.
    `ingredients` are the substances with FEST's ids, empty where the file does not say them all. A substance that is only
    the therapeutic part (morfin) refers to those that are whole (morfinhydroklorid). `substitution_group` is that of a
    package, until the end of `substitution_until`.
    """

    entry_kind: EntryKind
    listing_id: UUID | None = None
    fest_id: UUID | None = None
    active: bool = True
    changed_at: datetime | None = None
    atc_code: str | None = None
    atc_name: str | None = None
    generic_name: str | None = None
    name_form_strength: str = ""
    brand_name: str | None = None
    form_code: str | None = None
    form_text: str | None = None
    prescription_group: str | None = None
    product_type: str | None = None
    strength: str | None = None
    strengths: tuple[Strength, ...] = ()
    routes: tuple[Coded, ...] = ()
    dose_units: tuple[Coded, ...] = ()
    crushable: bool | None = None
    openable: bool | None = None
    division: Coded | None = None
    driving_warning: bool | None = None
    black_triangle: bool = False
    opioid_application: bool = False
    item_number: str | None = None
    barcodes: tuple[str, ...] = ()
    package: str | None = None
    storage: Coded | None = None
    amount: Amount | None = None
    lmr_number: str | None = None
    ingredients: tuple[Ingredient, ...] = ()
    substitution_group: UUID | None = None
    substitution_until: date | None = None
    refs: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Substance:
    """A substance of an interaction: matched by ATC code or by FEST's ids of the substance and its salts."""

    name: str
    atc_code: str | None
    substance_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class SubstanceGroup:
    """One side of an interaction. `name` is empty where the group is a single substance."""

    name: str
    substances: tuple[Substance, ...]


@dataclass(frozen=True, slots=True)
class Interaction:
    """An assessed interaction: medicines of two different groups used together.

    `relevance_code` is 7483 (1 should be avoided, 2 take precautions, 3 no action): the lower, the more severe.
    `evidence` is 7485; `audiences` are codes of 7442. An interaction withdrawn without content has no groups.
    """

    listing_id: UUID
    fest_id: UUID | None
    active: bool
    changed_at: datetime
    relevance_code: str = ""
    relevance_text: str = ""
    situation: str = ""
    consequence: str = ""
    mechanism: str = ""
    handling: str = ""
    evidence: str = ""
    audiences: tuple[str, ...] = ()
    groups: tuple[SubstanceGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class InteractionNotAssessed:
    """Nobody has assessed this ATC code: that no interaction is found says nothing about safety."""

    listing_id: UUID
    active: bool
    changed_at: datetime
    atc_code: str
    atc_name: str


@dataclass(frozen=True, slots=True)
class AuthorityWarning:
    """A message from the authority about what `about` points to: products, packages or substances, by their fest_id.

    `kind` is 7441 (1 safety, 2 shortage, 3 withdrawal, 9 dosing), `audiences` are codes of 7442. It has no id but that of
    its listing.
    """

    listing_id: UUID
    active: bool
    changed_at: datetime
    kind: Coded = Coded("", "")
    heading: str = ""
    text: str = ""
    link: str = ""
    valid_from: date | None = None
    audiences: tuple[str, ...] = ()
    about: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class SubstitutionGroup:
    """Byttegruppe: packages that the pharmacy may give for one another. `remark` where there are conditions, in `description`."""

    listing_id: UUID
    fest_id: UUID | None
    active: bool
    changed_at: datetime
    code: str = ""
    text: str = ""
    remark: bool = False
    description: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


Entry = CatalogueEntry | Interaction | InteractionNotAssessed | AuthorityWarning | SubstitutionGroup


def _shown(value: Decimal) -> str:
    """Decimal comma, no exponent, no needless zeros: 0.50 is `0,5`, 1E+3 is `1000`."""
    plain = f"{value:f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain).replace(".", ",")
