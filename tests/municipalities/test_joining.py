"""From nothing to a ward that can start a round."""

import re


def _page(client, path="/municipality"):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.text


def _choice(page, text):
    """The value of the option with this text."""
    return re.search(rf'<option value="([0-9a-f-]+)"[^>]*>{text}<', page)[1]


def test_an_administrator_adds_a_home_a_ward_and_a_nurse_who_takes_a_patient_in(world, client_for, migrator):
    tora = client_for(world.tora)
    top = _choice(_page(tora), "Osloprøven kommune")
    assert tora.act("/municipality/units", {"name": "Lia", "kind": "nursing_home", "parent_id": top}).status_code == 303
    home = _choice(_page(tora), "Lia")
    assert tora.act("/municipality/units", {"name": "Lia 1", "kind": "ward", "parent_id": home}).status_code == 303
    ward = _choice(_page(tora), "Lia 1")
    nurse = {"name": "Ny Nurse", "role": "nurse", "unit_id": ward, "hpr_number": "9912345", "authorisation": "SP"}
    assert tora.act("/municipality/staff", nurse).status_code == 303
    assert "Ny Nurse" in _page(tora)
    row = migrator.execute(
        "SELECT r.id FROM municipalities.practitioner_role r JOIN municipalities.practitioner p ON p.id = practitioner_id"
        " WHERE name = 'Ny Nurse' AND municipality_id = %s",
        (world.oslo["id"],),
    ).fetchone()
    migrator.execute("DELETE FROM municipalities.practitioner_role WHERE id = %s", row)
    migrator.execute(
        "DELETE FROM municipalities.qualification q USING municipalities.practitioner p"
        " WHERE p.id = practitioner_id AND hpr_number = '9912345'"
    )
    migrator.execute("DELETE FROM municipalities.practitioner WHERE hpr_number = '9912345'")


def test_a_doctor_without_an_hpr_number_is_asked_for_it_and_nothing_typed_is_lost(world, client_for):
    tora = client_for(world.tora)
    doctor = {"name": "Uten Nummer", "role": "doctor", "unit_id": str(world.ward["id"]), "hpr_number": ""}
    answer = tora.act("/municipality/staff", doctor)
    assert answer.status_code == 422
    assert "må ha HPR-nummer" in answer.text
    assert "Uten Nummer" in answer.text


def test_a_unit_of_another_municipality_cannot_be_built_upon(world, client_for):
    tora = client_for(world.tora)
    answer = tora.act("/municipality/units", {"name": "Tyv", "kind": "ward", "parent_id": str(world.bodo_ward["id"])})
    assert answer.status_code == 422


def test_an_ended_role_is_nobody_from_the_next_request(world, client_for):
    siri, tora = client_for(world.siri), client_for(world.tora)
    assert siri.get("/my-list").status_code == 200
    assert tora.act(f"/municipality/roles/{world.siri.actor.role_id}/end").status_code == 303
    assert siri.get("/my-list").headers["Location"] == "/sign-in?next=/my-list"


def test_nobody_ends_or_gives_her_own_role(world, client_for):
    tora = client_for(world.tora)
    assert tora.act(f"/municipality/roles/{world.tora.actor.role_id}/end").status_code == 422
