"""What an attacker types into every field of every form, and asks in every address: no fault, and no markup of hers comes back.

`make attacks` sends all of attacks.py, also in addresses; the suite sends some of each kind in the forms.
"""

import inspect
import os
import re
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from werkzeug.test import TestResponse

from journal.app import JournalApp
from journal.permissions import Permission, permissions_of
from tests.architecture import attacks, routes
from tests.architecture.charts import Connection
from tests.architecture.test_authorisation_matrix import FORMS, LINES, Country, Who, form_of, settle
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
PAYLOADS = attacks.ALL if os.environ.get("AKSON_ATTACKS") else attacks.FEW
_RAW = re.compile(rf"<\s*{attacks.MARK}")
_ASKED = re.compile(r"query_body\(([\w.]+)\)")


def wrong(answer: TestResponse, of: str, payload: str) -> list[str]:
    """A fault (also what takes the database longer than it may), or markup that is still markup."""
    if answer.status_code < 500 and not (answer.mimetype == "text/html" and _RAW.search(answer.text)):
        return []
    return [f"{of}, {payload[:40]!r}: {answer.status_code}"]


def able(country: Country, said: str) -> Who:
    """Somebody who may do this: an attacker who is let in gets furthest."""
    may = [
        w
        for w in country.people
        if w.staff and (said == "open" or Permission(said) in permissions_of(w.staff.actor.role))
    ]
    return next((who for who in may if who.name in ("doctor", "nurse")), may[0])


def targets(country: Country, method: str) -> Iterator[tuple[str, Who, str]]:
    """Each route of this method, who may use it, and its address for the chart that is there."""
    for of, rule, endpoint, said, *_ in LINES:
        if of == method:
            who = able(country, said)
            actor_id = who.staff.actor.person_id if who.staff else None
            chart = country.patients["own"]
            yield endpoint, who, routes.address(rule, chart, role_id=country.role_id, actor_id=actor_id)


def asked(view: Any) -> set[str]:
    """What a page asks of its address, by the schema that it names."""
    of = inspect.unwrap(view)
    schemas = [attrgetter(name)(inspect.getmodule(of)) for name in _ASKED.findall(inspect.getsource(of))]
    return {"back", "language", *(field for schema in schemas for field in schema().fields)}


def test_no_field_of_a_form_takes_an_attack_for_more_than_text(
    world: World, migrator: Connection, client_for: ClientFor
) -> None:
    country = settle(world, migrator, client_for, ("own",))
    found: list[str] = []
    sent = 0
    for endpoint, who, path in targets(country, "POST"):
        for field in FORMS.get(endpoint, {}):
            for payload in PAYLOADS:
                form = {**form_of(endpoint, who.staff, country), field: payload}
                found += wrong(who.browser.act(path, form), f"{endpoint} {field}", payload)
                sent += 1
    for endpoint, who, path in targets(country, "GET"):
        found += wrong(who.browser.get(path), endpoint, "what was stored")

    print(f"\nattacks in forms: {sent}")  # noqa: T201
    assert not found, "\n".join(found)


def test_no_address_takes_an_attack_for_more_than_text(
    app: JournalApp, world: World, migrator: Connection, client_for: ClientFor
) -> None:
    country = settle(world, migrator, client_for, ("own",))
    found: list[str] = []
    sent = 0
    for endpoint, who, path in targets(country, "GET"):
        for name in asked(app.view_functions[endpoint]):
            for payload in PAYLOADS:
                found += wrong(who.browser.get(path, query_string={name: payload}), f"{endpoint}?{name}", payload)
                sent += 1

    print(f"\nattacks in addresses: {sent}")  # noqa: T201
    assert sent and not found, "\n".join(found)
