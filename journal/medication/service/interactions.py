"""What the catalogue says of medicines together, and of each: facts for the rules to judge, nothing judged here."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.fest import Coded, Ingredient, Strength
from journal.medication.fest.tables import (
    CatalogueIngredient,
    CatalogueItem,
    CatalogueReference,
    CatalogueWarning,
    CatalogueWarningAbout,
)
from journal.permissions import Permission
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

_LEVELS = (1, 3, 4, 5, 7)
"""The lengths of an ATC code: main group, therapeutic, pharmacological, chemical, substance."""


@dataclass(frozen=True)
class Asked:
    """A medicine by its ATC code, by the catalogue's entry (whose substances are then asked about too), or by substances."""

    atc_code: str | None = None
    catalogue_item_id: UUID | None = None
    substance_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Side:
    """One of the two in an interaction: which of the medicines asked about (counted from 0), and what it was found by."""

    medicine: int
    substance: str
    group: str


@dataclass(frozen=True)
class FoundInteraction:
    """An interaction between two of the medicines. `relevance` is 7483: 1 should be avoided, 2 take precautions, 3 no action.

    The texts are the catalogue's own, empty where it says nothing; `evidence` is 7485, `audiences` are codes of 7442.
    """

    fest_id: UUID
    relevance: str
    relevance_text: str
    situation: str
    consequence: str
    mechanism: str
    handling: str
    evidence: str
    audiences: tuple[str, ...]
    first: Side
    second: Side


@dataclass(frozen=True)
class Interactions:
    """What is known between the medicines asked about, worst first.

    `not_assessed` are the medicines (counted from 0) of which nobody can say: FEST has not assessed the code, the medicine has
    neither code nor substance, or there is no catalogue with interactions (then `loaded` is False, and it is all of them).
    That nothing is found of them is not safety.
    """

    found: tuple[FoundInteraction, ...]
    not_assessed: tuple[int, ...]
    loaded: bool


@dataclass(frozen=True)
class Facts:
    """What the catalogue says of an item, withdrawn or not. None is unknown: it is not a no. Codes as in `CatalogueEntry`.

    `ingredients` are its substances; `counted_as` gives, for each of them, the substance to count on: a salt is counted as its
    therapeutic part, so that the two salts of morphine are one substance.
    """

    id: UUID
    active: bool
    atc_code: str | None
    prescription_group: str | None
    ingredients: tuple[Ingredient, ...]
    counted_as: tuple[UUID, ...]
    crushable: bool | None
    openable: bool | None
    division: Coded | None
    driving_warning: bool | None
    black_triangle: bool
    opioid_application: bool


@dataclass(frozen=True)
class FoundWarning:
    """The authority's message about an item, its substances or its packages. `kind` is 7441."""

    fest_id: UUID
    kind: Coded
    heading: str
    text: str
    link: str
    valid_from: date | None
    audiences: tuple[str, ...]


class Assessed(Service):
    """What the catalogue says beside names and strengths. Nobody's chart is touched."""

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def interactions(self, of: Collection[Asked]) -> Interactions:
        """The interactions between any two of these medicines, and which of them are not assessed. One statement.

        A medicine is on a side of an interaction when its ATC code is one of the side's or begins with it, or when one of its
        substances is. Two medicines of the same side do not interact by it.
        """
        medicines = list(of)
        codes = [(n, start) for n, one in enumerate(medicines) for start in _starts(one.atc_code)]
        items = [(n, one.catalogue_item_id) for n, one in enumerate(medicines) if one.catalogue_item_id]
        substances = [(n, each) for n, one in enumerate(medicines) for each in one.substance_ids]
        said = _interacting().one(
            self.db,
            code_of=[n for n, _ in codes],
            codes=[start for _, start in codes],
            item_of=[n for n, _ in items],
            items=[item_id for _, item_id in items],
            substance_of=[n for n, _ in substances],
            substances=[substance_id for _, substance_id in substances],
        )
        known = {n for n, _ in codes} | {n for n, _ in substances} | set(said.with_substance)
        unknown = set(range(len(medicines))) - known if said.has_any else set(range(len(medicines)))
        not_assessed = tuple(sorted(unknown | set(said.not_assessed)))
        return Interactions(tuple(map(_found, said.found)), not_assessed, said.has_any)

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def catalogue_facts(self, item_ids: Collection[UUID]) -> dict[UUID, Facts]:
        """What the catalogue says of these items, also of withdrawn ones. One statement."""
        rows: dict[UUID, list[Any]] = defaultdict(list)
        for row in _facts().rows(self.db, items=list(item_ids)):
            rows[row.id].append(row)
        return {item_id: _facts_of(of_item) for item_id, of_item in rows.items()}

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def warnings(self, item_id: UUID) -> tuple[FoundWarning, ...]:
        """What the authority warns of, for the item, its substances, its packages or its brands; the newest first."""
        rows = _warnings().rows(self.db, item_id=item_id)
        return tuple(
            FoundWarning(
                row.fest_id,
                Coded(row.kind_code, row.kind),
                row.heading,
                row.text,
                row.link,
                row.valid_from,
                tuple(row.audiences),
            )
            for row in rows
        )


def _starts(atc_code: str | None) -> Iterable[str]:
    """`N02AA01` is also of the groups N, N02, N02A and N02AA."""
    code = atc_code or ""
    return [code[:length] for length in _LEVELS if len(code) >= length]


def _found(said: dict[str, Any]) -> FoundInteraction:
    first, second = (Side(said[f"medicine_{n}"], said[f"substance_{n}"], said[f"group_{n}"]) for n in (1, 2))
    texts = ("relevance", "relevance_text", "situation", "consequence", "mechanism", "handling", "evidence")
    told = {name: said[name] for name in texts}
    return FoundInteraction(
        fest_id=UUID(said["fest_id"]), audiences=tuple(said["audiences"]), first=first, second=second, **told
    )


def _facts_of(rows: list[Any]) -> Facts:
    item, parts = rows[0], [row for row in rows if row.substance_id is not None]
    return Facts(
        id=item.id,
        active=item.active,
        atc_code=item.atc_code,
        prescription_group=item.prescription_group,
        ingredients=tuple(Ingredient(row.substance_id, _strength(row)) for row in parts),
        counted_as=tuple(row.therapeutic_id or row.substance_id for row in parts),
        crushable=item.crushable,
        openable=item.openable,
        division=Coded(item.division_code, item.division or "") if item.division_code else None,
        driving_warning=item.driving_warning,
        black_triangle=item.black_triangle,
        opioid_application=item.opioid_application,
    )


def _strength(row: Any) -> Strength | None:
    value: Decimal | None = row.value
    return None if value is None else Strength(value, row.unit, row.per_value, row.per_unit)


@cache
def _interacting() -> Statement:
    """One row. Written in SQL: it is all joins of arrays, and SQLAlchemy's words for those hide what is asked."""
    return Statement(
        sa.text(
            """
            WITH of_item AS (
                SELECT DISTINCT m.n, g.substance_id
                FROM unnest(CAST(:item_of AS integer[]), CAST(:items AS uuid[])) AS m (n, item_id)
                JOIN medication.catalogue_item i ON i.id = m.item_id
                JOIN medication.catalogue_ingredient g ON g.fest_id = i.fest_id),
            substance AS (
                SELECT n, substance_id FROM of_item
                UNION SELECT * FROM unnest(CAST(:substance_of AS integer[]), CAST(:substances AS uuid[]))),
            every AS (
                SELECT n, substance_id FROM substance
                UNION
                SELECT s.n, r.fest_id FROM substance s
                JOIN medication.catalogue_reference r ON r.target_id = s.substance_id AND r.kind = 'substance'
                JOIN medication.catalogue_item i ON i.fest_id = r.fest_id AND i.kind = 'substance'),
            code AS (SELECT * FROM unnest(CAST(:code_of AS integer[]), CAST(:codes AS text[])) AS c (n, atc_code)),
            hit AS (
                SELECT c.n, s.fest_id, s.side, s.position, s.name, s.group_name
                FROM code c JOIN medication.catalogue_interaction_substance s ON s.atc_code = c.atc_code
                UNION ALL
                SELECT e.n, s.fest_id, s.side, s.position, s.name, s.group_name
                FROM every e JOIN medication.catalogue_interaction_substance s ON s.substance_id = e.substance_id),
            side AS (SELECT DISTINCT ON (fest_id, side, n) * FROM hit ORDER BY fest_id, side, n, position),
            pair AS (
                SELECT DISTINCT ON (i.fest_id, least(a.n, b.n), greatest(a.n, b.n)) i.*,
                    a.n AS medicine_1, a.name AS substance_1, a.group_name AS group_1,
                    b.n AS medicine_2, b.name AS substance_2, b.group_name AS group_2
                FROM side a JOIN side b ON b.fest_id = a.fest_id AND b.side > a.side AND b.n <> a.n
                JOIN medication.catalogue_interaction i ON i.fest_id = a.fest_id AND i.active
                ORDER BY i.fest_id, least(a.n, b.n), greatest(a.n, b.n), a.side, b.side)
            SELECT
                (SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.relevance, p.medicine_1, p.medicine_2, p.fest_id), '[]')
                 FROM pair p) AS found,
                ARRAY(SELECT DISTINCT c.n FROM code c
                      JOIN medication.catalogue_not_assessed u ON u.atc_code = c.atc_code AND u.active) AS not_assessed,
                ARRAY(SELECT DISTINCT n FROM substance) AS with_substance,
                EXISTS (SELECT FROM medication.catalogue_interaction i WHERE i.active) AS has_any
            """
        )
    )


@cache
def _facts() -> Statement:
    item, part, ref, base = CatalogueItem, CatalogueIngredient, CatalogueReference, sa.orm.aliased(CatalogueItem)
    # Of several therapeutic parts the first by id: the same one for every salt that has them.
    therapeutic = (
        sa.select(ref.fest_id)
        .join(base, sa.and_(base.fest_id == ref.fest_id, base.kind == "substance"))
        .where(ref.kind == "substance", ref.target_id == part.substance_id)
        .order_by(ref.fest_id)
        .limit(1)
        .scalar_subquery()
    )
    asked = item.id == sa.any_(sa.bindparam("items", type_=sa.ARRAY(sa.Uuid)))
    own = (item.id, item.active, item.atc_code, item.prescription_group, item.crushable, item.openable)
    more = (item.division_code, item.division, item.driving_warning, item.black_triangle, item.opioid_application)
    parts = (part.substance_id, part.value, part.unit, part.per_value, part.per_unit)
    found = sa.select(*own, *more, *parts, therapeutic.label("therapeutic_id"))
    return Statement(found.outerjoin(part, part.fest_id == item.fest_id).where(asked).order_by(item.id, part.position))


@cache
def _warnings() -> Statement:
    item, part, ref, about = CatalogueItem, CatalogueIngredient, CatalogueReference, CatalogueWarningAbout
    warning = CatalogueWarning
    mine = sa.select(item.fest_id).where(item.id == sa.bindparam("item_id", type_=sa.Uuid)).cte("mine")
    own = mine.c.fest_id
    concerns = sa.union(
        sa.select(own.label("target_id")),
        sa.select(part.substance_id).join(mine, part.fest_id == own),
        sa.select(ref.target_id).join(mine, ref.fest_id == own),
        sa.select(ref.fest_id).join(mine, sa.and_(ref.target_id == own, ref.kind == "brand")),
    ).cte("concerns")
    told = sa.select(about.fest_id).join(concerns, about.target_id == concerns.c.target_id)
    found = sa.select(*warning.__table__.columns).where(warning.active, warning.fest_id.in_(told))
    return Statement(found.order_by(warning.valid_from.desc().nulls_last(), warning.fest_id))
