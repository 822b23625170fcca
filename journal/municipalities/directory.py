"""Norway's municipalities as they have been since 1 January 2024, to choose from when one joins.

From Statistics Norway's classification 131 (number, name, county) and Wikidata (population, position of the
administrative centre). A municipality that uses the journal is a tenant with its own history of numbers and names; this
list is only where it starts.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class KnownMunicipality:
    """One municipality."""

    number: str
    """Four digits; the first two are the county's."""
    name: str
    county: str
    population: int
    latitude: float
    """Degrees north (WGS 84)."""
    longitude: float
    """Degrees east (WGS 84)."""


@cache
def municipalities() -> tuple[KnownMunicipality, ...]:
    """All municipalities by number."""
    text = files(__package__).joinpath("data/municipalities.csv").read_text(encoding="utf-8")
    return tuple(
        KnownMunicipality(
            number=row["number"],
            name=row["name"],
            county=row["county"],
            population=int(row["population"]),
            latitude=float(row["lat"]),
            longitude=float(row["lon"]),
        )
        for row in csv.DictReader(text.splitlines())
    )
