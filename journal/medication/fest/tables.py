"""The tables of the catalogue. What stands in one stays: what is gone from FEST is marked withdrawn, since orders point to it.

Everything but the items is keyed by FEST's own ids. An item has an id of ours beside it, the same in every version.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base
from journal.platform.ids import new_id

_HERE = {"schema": "medication"}
_NONE = sa.text("'[]'")


class CatalogueItem(Base):
    """A product or substance of the national catalogue (FEST). Withdrawn ones stay, since old orders point to them.

    `prescribable`: whether it is found when prescribing, as a brand is, and not each of its packages. The rest is as in
    `entries.CatalogueEntry`: an unknown `crushable` is not a no.
    """

    __tablename__ = "catalogue_item"
    __table_args__ = _HERE

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fest_id: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    prescribable: Mapped[bool]
    withdrawn_at: Mapped[datetime | None]
    atc_code: Mapped[str | None]
    generic_name: Mapped[str]
    brand_name: Mapped[str | None]
    name_form_strength: Mapped[str]
    form: Mapped[str | None]
    form_code: Mapped[str | None]
    strength: Mapped[str | None]
    strength_value: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    strength_unit: Mapped[str | None]
    route: Mapped[str | None]
    route_code: Mapped[str | None]
    prescription_group: Mapped[str | None]
    dose_unit: Mapped[str | None]
    item_number: Mapped[str | None]
    high_risk: Mapped[bool] = mapped_column(server_default=sa.false())
    time_critical: Mapped[bool] = mapped_column(server_default=sa.false())
    product_type: Mapped[str | None]
    routes: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default=_NONE)
    dose_units: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default=_NONE)
    crushable: Mapped[bool | None]
    openable: Mapped[bool | None]
    division_code: Mapped[str | None]
    division: Mapped[str | None]
    driving_warning: Mapped[bool | None]
    black_triangle: Mapped[bool] = mapped_column(server_default=sa.false())
    opioid_application: Mapped[bool] = mapped_column(server_default=sa.false())
    package: Mapped[str | None]
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    amount_unit: Mapped[str | None]
    barcodes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    storage_code: Mapped[str | None]
    storage: Mapped[str | None]
    lmr_number: Mapped[str | None]
    substitution_group: Mapped[UUID | None]
    substitution_until: Mapped[date | None]


class CatalogueWord(Base):
    """A word by which a catalogue item is found, folded as `words` folds it."""

    __tablename__ = "catalogue_word"
    __table_args__ = (
        sa.Index("catalogue_word_item", "item_id"),
        _HERE,
    )

    word: Mapped[str] = mapped_column(sa.Text(collation="C"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueItem.id), primary_key=True)


class CatalogueIngredient(Base):
    """A substance in a product, with its exact strength. `substance_id` is the fest_id of an item of the kind substance."""

    __tablename__ = "catalogue_ingredient"
    __table_args__ = (
        sa.Index("catalogue_ingredient_substance", "substance_id"),
        _HERE,
    )

    fest_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueItem.fest_id), primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    substance_id: Mapped[UUID]
    value: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    unit: Mapped[str | None]
    per_value: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    per_unit: Mapped[str | None]


class CatalogueReference(Base):
    """What an item points to: a package its brand, a substance to prescribe its brands, a therapeutic part its salts."""

    __tablename__ = "catalogue_reference"
    __table_args__ = (
        sa.Index("catalogue_reference_target", "target_id", "kind"),
        _HERE,
    )

    fest_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueItem.fest_id), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    target_id: Mapped[UUID] = mapped_column(primary_key=True)


class CatalogueInteraction(Base):
    """An assessed interaction, as `entries.Interaction`. `relevance` is 7483: 1 is worst."""

    __tablename__ = "catalogue_interaction"
    __table_args__ = _HERE

    fest_id: Mapped[UUID] = mapped_column(primary_key=True)
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    withdrawn_at: Mapped[datetime | None]
    relevance: Mapped[str]
    relevance_text: Mapped[str]
    situation: Mapped[str]
    consequence: Mapped[str]
    mechanism: Mapped[str]
    handling: Mapped[str]
    evidence: Mapped[str]
    audiences: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))


class CatalogueInteractionSubstance(Base):
    """One substance of one side of an interaction: an ATC code (or the start of some), or FEST's id of the substance."""

    __tablename__ = "catalogue_interaction_substance"
    __table_args__ = (
        sa.Index("catalogue_interaction_atc", "atc_code"),
        sa.Index("catalogue_interaction_substance_id", "substance_id"),
        _HERE,
    )

    fest_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueInteraction.fest_id), primary_key=True)
    side: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    group_name: Mapped[str]
    name: Mapped[str]
    atc_code: Mapped[str | None]
    substance_id: Mapped[UUID | None]


class CatalogueNotAssessed(Base):
    """An ATC code whose interactions nobody has assessed."""

    __tablename__ = "catalogue_not_assessed"
    __table_args__ = _HERE

    atc_code: Mapped[str] = mapped_column(primary_key=True)
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    withdrawn_at: Mapped[datetime | None]
    name: Mapped[str]


class CatalogueWarning(Base):
    """A message from the authority. `fest_id` is that of its listing: it has no other."""

    __tablename__ = "catalogue_warning"
    __table_args__ = _HERE

    fest_id: Mapped[UUID] = mapped_column(primary_key=True)
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    withdrawn_at: Mapped[datetime | None]
    kind_code: Mapped[str]
    kind: Mapped[str]
    heading: Mapped[str]
    text: Mapped[str]
    link: Mapped[str]
    valid_from: Mapped[date | None]
    audiences: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))


class CatalogueWarningAbout(Base):
    """What a warning is about: the fest_id of a product, a package or a substance."""

    __tablename__ = "catalogue_warning_about"
    __table_args__ = (
        sa.Index("catalogue_warning_about_target", "target_id"),
        _HERE,
    )

    fest_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueWarning.fest_id), primary_key=True)
    target_id: Mapped[UUID] = mapped_column(primary_key=True)


class CatalogueSubstitutionGroup(Base):
    """Byttegruppe: packages that may be given for one another, on the conditions in `description`."""

    __tablename__ = "catalogue_substitution_group"
    __table_args__ = _HERE

    fest_id: Mapped[UUID] = mapped_column(primary_key=True)
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    withdrawn_at: Mapped[datetime | None]
    code: Mapped[str]
    text: Mapped[str]
    remark: Mapped[bool]
    description: Mapped[str]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]


class CatalogueImport(Base):
    """A version of the catalogue; the newest is in use. `source_date` is when its file was taken from FEST (HentetDato).

    `checked_at`: when somebody last came with the same file. `reader`: how much this program takes from a file; one that
    takes more reads the same file again.
    """

    __tablename__ = "catalogue_import"
    __table_args__ = _HERE

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    imported_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    source_hash: Mapped[str]
    active_count: Mapped[int]
    withdrawn_count: Mapped[int]
    source_date: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    reader: Mapped[int] = mapped_column(server_default="1")
    interaction_count: Mapped[int | None]
    changed_count: Mapped[int | None]
