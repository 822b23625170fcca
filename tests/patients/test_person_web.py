"""The pages of who the patient is, and of flags: every act through its form, nothing typed lost, nothing protected shown."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.conftest import Browser
from tests.patients.conftest import Make, number_for

BORN = date(1938, 3, 14)
ClientFor = Callable[..., Browser]
_IDS = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")  # any digits may stand in one
SECRET = {"address_line_1": "Skjultveien 1", "postal_code": "9998", "city": "Hemmeligby", "phone": "68 05 99 99"}
IDENTITY = {"family_name": "Nordmann", "given_name": "Kari", "birth_date": "14.03.1938", "sex": "female"}


def test_contact_is_changed_and_the_old_stands_below_with_who_and_when(
    world: Any, person: Make, client_for: ClientFor
) -> None:
    path, nina = f"/patients/{person(at=world.ward, phone='68 05 00 01')}/personal", client_for(world.nina)
    assert "Ingen opplysninger er endret ennå" in nina.get(path).text
    form = {"phone": "68 05 00 02", "city": "Bodø", "language": "so", "version": "1"}
    assert nina.act(f"{path}/contact", form).status_code == 303
    page = nina.get(path).text
    assert all(
        word in page for word in ("68 05 00 02", "Somali", "Telefon: <b>68 05 00 01</b>", "Endret av Nina Nordli")
    )
    stale = nina.act(f"{path}/contact", {**form, "phone": "68 05 00 09"})
    assert stale.status_code == 409 and 'value="68 05 00 09"' in stale.text and 'name="version" value="2"' in stale.text


def test_a_wrong_field_keeps_what_was_typed_in_the_form_it_was_typed_in(
    world: Any, person: Make, client_for: ClientFor
) -> None:
    path, nina = f"/patients/{person(at=world.ward)}/personal", client_for(world.nina)
    page = nina.act(f"{path}/contact", {"postal_code": "12", "city": "Vågan", "version": "1"})
    assert page.status_code == 422 and 'value="Vågan"' in page.text and "fire sifre" in page.text
    assert page.text.count(' id="f-postal_code"') == 1 and 'href="#f-postal_code"' in page.text
    page = nina.act(f"{path}/identity", {**IDENTITY, "birth_date": "31.02.1938", "version": "1"})
    assert page.status_code == 422 and 'value="31.02.1938"' in page.text and "Datoen finnes ikke" in page.text


def test_a_name_is_corrected_and_found(world: Any, person: Make, client_for: ClientFor) -> None:
    patient_id, nina = person("Ukjent", "Kvinne", at=world.ward), client_for(world.nina)
    form = {**IDENTITY, "family_name": "Kjentkvinne", "version": "1"}
    assert nina.act(f"/patients/{patient_id}/personal/identity", form).status_code == 303
    assert "KJENTKVINNE" in nina.get(f"/patients/{patient_id}/personal").text
    assert f"/patients/{patient_id}" in nina.act("/search", {"text": "kjentkvinne"}).text


def test_a_number_is_added_and_marked_as_wrong(world: Any, person: Make, client_for: ClientFor) -> None:
    old, new = number_for(BORN), number_for(BORN)
    path, nina = f"/patients/{person(at=world.ward, number=old)}/personal", client_for(world.nina)
    assert nina.act(f"{path}/numbers", {"national_id": new}).status_code == 303
    page = nina.get(path).text
    assert page.index(f"{new[:6]} {new[6:]}") < page.index(f"{old[:6]} {old[6:]}") and "Erstattet" in page
    number_id = page.split(f"{path}/numbers/")[1][:36]
    assert nina.act(f"{path}/numbers/{number_id}/in-error", {"reason": ""}).status_code == 422
    assert nina.act(f"{path}/numbers/{number_id}/in-error", {"reason": "Tastet feil"}).status_code == 303
    assert f"{new[:6]} {new[6:]}" not in nina.get(path).text
    wrong = nina.act(f"{path}/numbers", {"national_id": "14833800175"})
    assert wrong.status_code == 422 and 'value="14833800175"' in wrong.text


def test_no_page_shows_a_protected_address_whatever_is_done(world: Any, person: Make, client_for: ClientFor) -> None:
    """Kode 6: not today's address, not that of before, not after a refused form, and not when the protection ends."""
    patient_id = person(at=world.ward, confidentiality="strictly_confidential", **SECRET)
    nina, siri, here = client_for(world.nina), client_for(world.siri), f"/patients/{patient_id}"
    pages = [
        who.get(f"{here}/{page}") for who in (nina, siri) for page in ("personal", "links", "flags", "related-persons")
    ]
    pages += [
        nina.act(f"{here}/personal/contact", {"language": "xx", "version": "1"}),
        nina.act(f"{here}/personal/contact", {"language": "so", "version": "1"}),
        nina.act(f"{here}/personal/numbers", {"national_id": "1"}),
        nina.get(f"{here}/personal"),
        nina.act(f"{here}/personal/identity", {**IDENTITY, "confidentiality": "none", "version": "2"}),
        nina.get(f"{here}/personal"),
    ]
    assert [page.status_code for page in pages] == [200] * 8 + [422, 303, 422, 200, 303, 200]
    assert "Strengt fortrolig adresse (kode 6)" in pages[0].text and "vises ikke her" in pages[0].text
    assert [word for word in SECRET.values() for page in pages if word in _IDS.sub("", page.text)] == []
    assert "Adresse: <b>vises ikke</b>" in pages[-1].text


def test_an_address_becomes_hidden_when_it_is_protected(world: Any, person: Make, client_for: ClientFor) -> None:
    path, nina = f"/patients/{person(at=world.ward, **SECRET)}/personal", client_for(world.nina)
    assert "Skjultveien 1, 9998 Hemmeligby" in nina.get(path).text
    assert nina.act(f"{path}/contact", {**SECRET, "city": "Nyby", "version": "1"}).status_code == 303
    form = {**IDENTITY, "confidentiality": "confidential", "version": "2"}
    assert nina.act(f"{path}/identity", form).status_code == 303
    page = nina.get(path).text
    assert [word for word in (*SECRET.values(), "Nyby") if word in page] == []


def test_a_flag_is_raised_stands_in_the_banner_and_is_ended_with_a_reason(
    world: Any, person: Make, client_for: ClientFor
) -> None:
    path, nina = f"/patients/{person(at=world.ward)}/flags", client_for(world.nina)
    assert "Ingen varsler er registrert" in nina.get(path).text
    undecided = nina.act(path, {"kind": "cpr", "text": "HLR minus"})
    assert (
        undecided.status_code == 422
        and 'value="HLR minus"' in undecided.text
        and "hvem som har bestemt" in undecided.text
    )
    assert nina.act(path, {"kind": "infection", "text": "MRSA", "sub": "kontaktsmitte"}).status_code == 303
    page = nina.get(path).text
    assert "MRSA" in page.split('class="cave"')[1].split("ctabs")[0]
    entry_id = page.split('id="flag-')[1][:36]
    empty = nina.act(f"{path}/{entry_id}/end", {"version": "1", "reason": ""})
    assert empty.status_code == 422 and 'href="#f-reason"' in empty.text and empty.text.count('id="f-reason"') == 1
    assert nina.act(f"{path}/{entry_id}/end", {"version": "1", "reason": "Tre negative prøver"}).status_code == 303
    page = nina.get(path).text
    assert "Tre negative prøver" in page and "MRSA" not in page.split('class="cave"')[1].split("ctabs")[0]


def test_kin_are_changed_and_marked_as_a_mistake_from_their_page(
    world: Any, person: Make, client_for: ClientFor
) -> None:
    path, nina = f"/patients/{person(at=world.ward)}/related-persons", client_for(world.nina)
    nina.act(path, {"name": "Berit", "phone": "68 05 00 03"})
    entry_id = nina.get(path).text.split('id="kin-')[1][:36]
    wrong = nina.act(f"{path}/{entry_id}/correct", {"name": "Berit", "phone": "ring", "version": "1"})
    assert wrong.status_code == 422 and 'value="ring"' in wrong.text and wrong.text.count('id="f-phone"') == 1
    assert nina.act(f"{path}/{entry_id}/correct", {"name": "Berit Bø", "version": "1"}).status_code == 303
    assert "Berit Bø" in nina.get(path).text and "68 05 00 03" not in nina.get(path).text
    assert nina.act(f"{path}/{entry_id}/in-error", {"reason": "Feil pasient"}).status_code == 303
    assert "Ingen pårørende er registrert" in nina.get(path).text


def test_an_allergy_that_cannot_be_marked_keeps_the_reason_and_says_where(
    world: Any, person: Make, client_for: ClientFor
) -> None:
    path, nina = f"/patients/{person(at=world.ward)}/allergies", client_for(world.nina)
    nina.act(path, {"kind": "allergy", "substance": "Penicillin"})
    entry_id = nina.get(path).text.split('id="allergy-')[1][:36]
    stale = nina.act(f"{path}/{entry_id}/refuted", {"version": "7", "reason": "Negativ prikktest"})
    assert stale.status_code == 409 and 'value="Negativ prikktest"' in stale.text
    assert nina.act(f"{path}/{entry_id}/in-error", {"reason": "Feil pasient"}).status_code == 303
    assert "Penicillin" not in nina.get(path).text and "Allergier ikke spurt om" in nina.get(path).text


@pytest.mark.parametrize("page", ["personal", "flags", "related-persons"])
def test_whoever_only_reads_sees_the_page_without_forms(
    world: Any, person: Make, client_for: ClientFor, page: str
) -> None:
    path = f"/patients/{person('Solheim', at=world.ward)}/{page}"
    shown = client_for(world.siri).get(path)
    assert shown.status_code == 200 and "<form" not in shown.text.split('class="page"')[1]
    assert "Solheim" not in client_for(world.unn).get(path).text
