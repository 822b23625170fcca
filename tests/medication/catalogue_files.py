"""Small catalogues for the tests of the import, and what stands in the database after it."""

import io
from typing import Any

import psycopg

from tests.medication.test_fest import BRAND_ID, brand, catalogue, listing, m30, package, strength

Connection = psycopg.Connection[Any]
OTHER_ID = "ID_00000009-AAAA-4AAA-8AAA-AAAAAAAAAAAA"


def other_brand(name: str = "Annetium tab 10 mg", **kwargs: Any) -> str:
    return brand(name=name, number=9, **kwargs).replace(BRAND_ID, OTHER_ID)


def small(*brands: str) -> io.BytesIO:
    """A catalogue of these brands, and the strength they have."""
    return m30(catalogue("LegemiddelMerkevare", *brands), catalogue("Virkestoff", strength(number=7)))


def of_day(day: str, file: io.BytesIO) -> io.BytesIO:
    """The same file, taken from FEST another day of November 2026."""
    return io.BytesIO(file.getvalue().replace(b"2026-11-01T06:00:00", f"2026-11-{day}T06:00:00".encode(), 1))


def state(migrator: Connection) -> dict[str, Any]:
    """Everything that stands in the catalogue, and the version in use."""
    tables = [
        name
        for (name,) in migrator.execute(
            """SELECT relname FROM pg_class WHERE relnamespace = 'medication'::regnamespace AND relkind = 'r'
               AND relname ~ '^catalogue_' AND relname <> 'catalogue_setting' ORDER BY 1"""
        )
    ]
    query = "SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM medication.{} t"
    return {name: migrator.execute(query.format(name)).fetchone() for name in tables}


def item(migrator: Connection, fest_id: str) -> Any:
    with migrator.cursor(row_factory=psycopg.rows.namedtuple_row) as cursor:
        return cursor.execute(
            "SELECT *, xmin::text FROM medication.catalogue_item WHERE fest_id = %s", (fest_id[3:],)
        ).fetchone()


def order(chosen: Any) -> dict[str, str]:
    """What the doctor writes to order it."""
    dose = {"amount": "1", "unit": "tablett", "pattern": "daily", "times": "8"}
    return {"item": str(chosen.id), "indication": "prøve", **dose}


def nothing_waits(migrator: Connection) -> bool:
    found = migrator.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'waiting\\_%'").fetchone()
    return found == (0,)


def write_large(out: Any, number: int) -> None:
    """So many packages of one brand, and as many warnings and interactions, each with a long text."""
    text = "Lang tekst om behandlingen. " * 120
    head, tail = m30("<!-- -->").getvalue().split(b"<!-- -->")
    out.write(head + catalogue("LegemiddelMerkevare", brand()).encode() + b"<KatLegemiddelpakning>")
    for n in range(number):
        own = f"ID_{n:08}-CCCC-4CCC-8CCC-CCCCCCCCCCCC"
        written = package(number=n + 10).replace("ID_00000003-AAAA-4AAA-8AAA-AAAAAAAAAAAA", own)
        out.write(written.encode())
    out.write(b"</KatLegemiddelpakning><KatVarselSlv>")
    for n in range(number):
        inside = (
            f'<Type V="1"/><Overskrift>Om</Overskrift><Varseltekst>{text}</Varseltekst><FraDato>2026-01-01</FraDato>'
        )
        out.write(listing("VarselSlv", f"<VarselSlv>{inside}</VarselSlv>", number=n + 200_000).encode())
    out.write(b"</KatVarselSlv><KatInteraksjon>")
    for n in range(number):
        inside = f'<Id>ID_{n:08}-DDDD-4DDD-8DDD-DDDDDDDDDDDD</Id><Relevans V="2"/><KliniskKonsekvens>{text}</KliniskKonsekvens>'
        out.write(listing("Interaksjon", f"<Interaksjon>{inside}</Interaksjon>", number=n + 400_000).encode())
    out.write(b"</KatInteraksjon>" + tail)
