"""A municipality takes the journal into use: itself, its top unit and its first administrator. Run by an operator."""

from uuid import UUID, uuid5

import sqlalchemy as sa

from journal.municipalities.directory import KnownMunicipality, municipalities
from journal.platform.ids import new_id

# A municipality's id is the same in every installation, whatever number it gets later.
_NAMESPACE = UUID("6f6b5a4e-0000-5000-8000-a4b1c0de0001")


def municipality_id(number: str) -> UUID:
    """The id of the municipality that has this number in 2024."""
    return uuid5(_NAMESPACE, number)


def top_unit_id(number: str) -> UUID:
    """The id of the unit that stands for the municipality itself."""
    return uuid5(_NAMESPACE, f"{number}/top")


def add_municipality(migrator_url: str, number: str, administrator: str) -> str:
    """Sets the municipality up with one administrator; answers with what to do next. Raises ValueError.

    Doing it twice changes nothing.
    """
    known = next((m for m in municipalities() if m.number == number), None)
    if known is None:
        raise ValueError(f"Ingen kommune har nummer {number}. Nummeret er fire sifre, for eksempel 1151 for Utsira.")
    with sa.create_engine(migrator_url, poolclass=sa.NullPool).begin() as connection:
        if _store(connection, known):
            _first_administrator(connection, number, administrator)
            return f"{known.name} er med. {administrator} kan logge inn og legge til enheter og ansatte."
    return f"{known.name} var med fra før. Ingenting er endret."


def list_country(connection: sa.Connection) -> None:
    """Every municipality of the country, joined or not."""
    connection.execute(_MUNICIPALITY, [_row(m) for m in municipalities()])


_MUNICIPALITY = sa.text(
    "INSERT INTO municipalities.municipality (id, number, name, county, population, latitude, longitude, valid_from)"
    " VALUES (:id, :number, :name, :county, :population, :latitude, :longitude, DATE '2024-01-01') ON CONFLICT DO NOTHING"
)


def _row(known: KnownMunicipality) -> dict[str, object]:
    fields = ("number", "name", "county", "population", "latitude", "longitude")
    return {"id": municipality_id(known.number), **{field: getattr(known, field) for field in fields}}


def _store(connection: sa.Connection, known: KnownMunicipality) -> bool:
    connection.execute(_MUNICIPALITY, _row(known))
    joined = connection.execute(
        sa.text("UPDATE municipalities.municipality SET joined_at = now() WHERE id = :id AND joined_at IS NULL"),
        {"id": municipality_id(known.number)},
    )
    if joined.rowcount:
        connection.execute(
            sa.text(
                "INSERT INTO municipalities.unit (municipality_id, id, name, kind) VALUES (:m, :id, :name, 'municipality')"
            ),
            {"m": municipality_id(known.number), "id": top_unit_id(known.number), "name": f"{known.name} kommune"},
        )
    return bool(joined.rowcount)


def _first_administrator(connection: sa.Connection, number: str, name: str) -> None:
    person, tenant = new_id(), municipality_id(number)
    connection.execute(
        sa.text("INSERT INTO municipalities.practitioner (id, name, registered_for) VALUES (:id, :name, :m)"),
        {"id": person, "name": name, "m": tenant},
    )
    connection.execute(
        sa.text(
            "INSERT INTO municipalities.practitioner_role (municipality_id, id, practitioner_id, unit_id, role)"
            " VALUES (:m, :id, :person, :unit, 'tenant_administrator')"
        ),
        {"m": tenant, "id": new_id(), "person": person, "unit": top_unit_id(number)},
    )
