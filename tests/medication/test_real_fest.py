"""Three real entries of FEST, from the file to the round: imported by the command, found, prescribed, listed and due."""

import io
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from journal import cli
from journal.app import JournalApp
from journal.medication import import_catalogue
from journal.platform.clock import local_date, norwegian_date
from journal.platform.quantity import NBSP
from journal.platform.settings import Settings
from tests.conftest import Browser, World
from tests.medication.test_change import chosen, selected, value
from tests.medication.test_fest import FS, M30, SNIPPETS
from tests.reference import needs_reference

ClientFor = Callable[..., Browser]
TOMORROW = local_date(datetime.now(UTC)) + timedelta(days=1)

pytestmark = needs_reference


class Real(NamedTuple):
    """An entry, how the doctor seeks and orders it, and what must come of it in the nearest week."""

    file: str
    catalogue: str
    element: str
    sought: str
    name: str
    form: dict[str, str]
    said: str
    doses: list[str]


OXYCODONE = Real(
    "Litt-FEST-OppfLegemiddeldose.xml",
    "Legemiddeldose",
    "OppfLegemiddeldose",
    "oxyco",
    "Oxycodone Orifarm mikst oppl 1 mg/ml",
    {"amount": "5", "unit": "ml", "pattern": "daily", "times": "08 14 20"},
    f"mikstur, oppløsning 1{NBSP}mg per ml|5{NBSP}ml",
    ["5 ml"] * 21,
)
MONOKET = Real(
    "Litt-FEST-OppfLegemiddelpakning.xml",
    "Legemiddelpakning",
    "OppfLegemiddelpakning",
    "monoket 50",
    "Monoket OD SySk depotkaps, hard 50 mg",
    {"amount": "1", "unit": "kapsel", "pattern": "daily", "times_of_day[]": "1"},
    f"depotkapsel, hard 50{NBSP}mg|1{NBSP}kapsel|morgen",
    ["1 kapsel"] * 7,
)
BOTOX = Real(
    "botox.xml",
    "Legemiddelpakning",
    "OppfLegemiddelpakning",
    "botulinum",
    "Botox pulv til inj væske, oppl 50 E",
    {
        "amount": "50",
        "unit": "enhet",
        "pattern": "every_days",
        "days": "84",
        "first_day": norwegian_date(TOMORROW),
        "times": "10",
    },
    f"50{NBSP}enheter",
    ["50 enhet"],
)
REAL = (OXYCODONE, MONOKET, BOTOX)


def fest_file(*entries: Real) -> str:
    """The real entries as they stand, in the root and the catalogues of FEST."""
    catalogues = []
    for catalogue in dict.fromkeys(real.catalogue for real in entries):
        inside = "".join(
            (SNIPPETS / real.file).read_text(encoding="utf-8") for real in entries if real.catalogue == catalogue
        )
        catalogues.append(f"<Kat{catalogue}>{inside}</Kat{catalogue}>")
    fetched = "<HentetDato>2026-11-01T06:00:00</HentetDato>"
    return f'<FEST xmlns="{M30}" xmlns:fs="{FS}">{fetched}{"".join(catalogues)}</FEST>'


@pytest.fixture(scope="module")
def imported(app: JournalApp, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """`akson import fest FILE`, as an operator gives it; afterwards the catalogue is empty again."""
    folder: Path = tmp_path_factory.mktemp("fest")
    keys = {name: secrets.token_hex(32) for name in ("AKSON_SECRET_KEY", "AKSON_MAC_KEY")}
    urls = {"AKSON_DATABASE_URL": settings.database_url, "AKSON_MIGRATOR_URL": settings.migrator_url}
    told = {"AKSON_ENVIRONMENT": "test", "AKSON_PUBLIC_URL": settings.public_url, "AKSON_ALLOW_SYNTHETIC_IDS": "1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, text in {**keys, **urls, **told}.items():
            patch.setenv(name, text)
        for entries in (REAL, ()):
            file = folder / f"fest{len(entries)}.xml"
            file.write_text(fest_file(*entries), encoding="utf-8")
            assert cli.main(["import", "fest", "--replace", str(file)]) == 0
            if entries:
                yield


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("real", REAL, ids=lambda real: real.file)
def test_a_real_entry_is_found_prescribed_listed_and_due(world: World, client_for: ClientFor, real: Real) -> None:
    patient_id, lars = world.patient(), client_for(world.lars)
    url = f"/patients/{patient_id}/medication"

    hits = re.findall(
        r'<li><a href="([^"]+item=([0-9a-f-]+))"[^>]*><b>.*?</b> (.*?)</?[as]',
        lars.get(f"{url}/prescribe?q={real.sought}").text,
    )
    assert [name.strip() for _href, _item, name in hits] == [real.name]
    href, item, _name = hits[0]
    form = lars.get(href).text
    assert real.name in form
    assert selected(form, "unit") == [], "FEST does not say the unit, so the doctor must"

    signed = lars.act(f"{url}/prescribe", real.form | {"item": item, "indication": "prøve"})
    assert signed.status_code == 303

    listed = lars.get(signed.location).text
    assert [text for text in real.said.split("|") if text not in listed] == []
    expected = world.migrator.execute(
        """SELECT trim_scale(d.amount)::text || ' ' || d.unit, c.name_form_strength
           FROM medication.dose d JOIN medication.medication_request r ON (r.patient_id, r.id) = (d.patient_id, d.request_id)
           JOIN medication.catalogue_item c ON c.id = r.catalogue_item_id
           WHERE d.patient_id = %s AND d.due_at >= (%s::timestamp AT TIME ZONE 'Europe/Oslo')
             AND d.due_at < (%s::timestamp AT TIME ZONE 'Europe/Oslo') ORDER BY d.due_at""",
        (patient_id, TOMORROW, TOMORROW + timedelta(days=7)),
    ).fetchall()
    assert expected == [(amount, real.name) for amount in real.doses]


@pytest.mark.usefixtures("imported")
def test_an_error_in_the_prescription_loses_nothing_that_was_typed(world: World, client_for: ClientFor) -> None:
    patient_id, lars = world.patient(), client_for(world.lars)
    url = f"/patients/{patient_id}/medication/prescribe"
    (item,) = set(re.findall(r"item=([0-9a-f-]+)", lars.get(f"{url}?q=monoket").text))
    ticked = {"pattern": "weekdays", "weekdays[]": ["1", "5"], "times_of_day[]": ["1", "5"], "exact": "true"}

    answer = lars.act(url, ticked | {"item": item, "amount": "", "unit": "kapsel", "indication": "angina"})

    assert answer.status_code == 422
    assert (chosen(answer.text, "weekdays[]"), chosen(answer.text, "times_of_day[]")) == (["1", "5"], ["1", "5"])
    assert (chosen(answer.text, "pattern"), chosen(answer.text, "exact")) == (["weekdays"], ["true"])
    assert (selected(answer.text, "unit"), value(answer.text, "indication")) == (["kapsel"], "angina")


@pytest.mark.usefixtures("imported")
def test_a_package_gives_way_to_its_brand(settings: Settings, migrator: psycopg.Connection[Any]) -> None:
    """With the brand in the file it is the brand that is prescribed, and its packages are not in the doctor's way."""
    brand_id = "ID_77B973DC-024F-4532-B175-4C1E0DEA045C"
    brand = (
        "<OppfLegemiddelMerkevare><Id>ID_00000001-BBBB-4BBB-8BBB-BBBBBBBBBBBB</Id><Tidspunkt>2026-06-01T12:00:00</Tidspunkt>"
        '<Status V="A"/><fs:LegemiddelMerkevare><fs:Atc V="C01DA14" DN="Isosorbidmononitrat"/>'
        "<fs:NavnFormStyrke>Monoket OD depotkaps 50 mg</fs:NavnFormStyrke>"
        f"<fs:Id>{brand_id}</fs:Id><fs:Varenavn>Monoket OD</fs:Varenavn></fs:LegemiddelMerkevare></OppfLegemiddelMerkevare>"
    )
    whole = fest_file(MONOKET).replace("</FEST>", f"<KatLegemiddelMerkevare>{brand}</KatLegemiddelMerkevare></FEST>")
    import_catalogue(settings.migrator_url, io.BytesIO(whole.encode()), replace=True)

    query = "SELECT name_form_strength FROM medication.catalogue_item WHERE active AND prescribable"
    assert migrator.execute(query).fetchall() == [("Monoket OD depotkaps 50 mg",)]
    word = "SELECT count(*) FROM medication.catalogue_word w JOIN medication.catalogue_item i ON i.id = w.item_id"
    assert migrator.execute(f"{word} WHERE i.active AND i.kind = 'package'").fetchone() == (0,)
