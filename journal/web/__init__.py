"""The shell around every page; knows no context. What views import."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from journal.permissions import FRESH, Permission
from journal.platform.caller import Actor
from journal.platform.errors import Invalid
from journal.platform.language import phrase
from journal.platform.work import Work

V = TypeVar("V", bound=Callable[..., Any])

# Fields of every form that belong to the shell, not to the view.
PROOF_FIELDS = frozenset({"proof_pin", "proof_again"})
SECOND_FIELDS = frozenset({"second_session", "second_pin"})
SHELL_FIELDS = frozenset({"csrf_token", "command_id"}) | PROOF_FIELDS | SECOND_FIELDS
_LEFT_OUT = {fields.Field.default_error_messages[why] for why in ("required", "null")}


class Section(Blueprint):
    """A context's pages. A route says its permission, whether it is a command, and may so be listed and tested."""

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name, template_folder="templates")

    def page(self, rule: str, permission: Permission | None) -> Callable[[V], V]:
        """A GET page. *permission* None: open to whoever is not signed in."""
        return self._route(rule, "GET", permission, "none")

    def act(
        self,
        rule: str,
        permission: Permission | None,
        *,
        repeatable: bool = False,
        fresh: bool = False,
        beside: bool = False,
    ) -> Callable[[V], V]:
        """A POST: CSRF token always, and a command id unless doing it twice is the same as once (*repeatable*).

        *fresh*: who acts has proved lately who she is; said of the permissions in FRESH for each command.
        *beside*: it is done by another than whose screen it is, who says so with her PIN: the view's Work is hers.
        """
        return self._route(
            rule,
            "POST",
            permission,
            "repeatable" if repeatable else "command",
            fresh=fresh or (permission in FRESH and not repeatable),
            beside=beside,
        )

    def told(self, rule: str) -> Callable[[V], V]:
        """A POST from another program, which is signed: no browser sends it, so it has no CSRF token. The view checks it."""
        return self._route(rule, "POST", None, "signed")

    def _route(
        self,
        rule: str,
        method: str,
        permission: Permission | None,
        idempotency: str,
        *,
        fresh: bool = False,
        beside: bool = False,
    ) -> Callable[[V], V]:
        def register(view: V) -> V:
            said = cast(Any, view)
            said.permission, said.idempotency, said.fresh, said.beside = permission, idempotency, fresh, beside
            self.add_url_rule(rule, view_func=view, methods=[method])
            return view

        return register


def current_work() -> Work:
    """The Work of this request."""
    return cast(Work, g.work)


def screen_of() -> Actor:
    """Whose screen an act came from that another does beside her, by PIN."""
    return cast(Actor, g.screen_of)


def form_body(schema: type[Schema] | Schema) -> dict[str, Any]:
    """The form or JSON body, validated; raises Invalid with a sentence per field. Unknown fields are refused."""
    sent: Any = request.get_json() if request.is_json else request.form
    return _load(schema, {k: v for k, v in _single(sent).items() if k not in SHELL_FIELDS})


def query_body(schema: type[Schema] | Schema) -> dict[str, Any]:
    """The query string, validated like a form."""
    return _load(schema, _single(request.args))


def typed() -> dict[str, Any]:
    """What was typed in the form that came in, as a template draws it again; lists for names that end in `[]`."""
    return _single(request.form)


def _single(values: Any) -> dict[str, Any]:
    if not isinstance(values, MultiDict):
        return dict(values)
    return {key: values.getlist(key) if key.endswith("[]") else values[key] for key in values}


def _load(schema: type[Schema] | Schema, sent: dict[str, Any]) -> dict[str, Any]:
    loader = _made(schema) if isinstance(schema, type) else schema
    try:
        return cast(dict[str, Any], loader.load(sent))
    except ValidationError as error:
        raise Invalid(
            errors={str(k): _sentences(v) for k, v in cast(Any, error).normalized_messages().items()}
        ) from error


@cache
def _made(schema: type[Schema]) -> Schema:
    """Made once: it copies each of its fields, and keeps nothing of what it loads."""
    return schema()


def _sentences(messages: Any) -> list[str]:
    if isinstance(messages, dict):
        return [sentence for part in messages.values() for sentence in _sentences(part)]
    listed = messages if isinstance(messages, list) else [messages]
    return [_in_plain_words(said if isinstance(said, str) else str(said)) for said in listed]


def _in_plain_words(said: str) -> str:
    """The library speaks English to whoever leaves out a field or sends what no choice of the form holds."""
    if said in _LEFT_OUT:
        return phrase("Fyll ut feltet.")
    return phrase("Velg en av mulighetene.") if said.startswith(("Must be one of", "Not a valid ")) else said


def render(template: str, **context: Any) -> str:
    """A page or a part of one, the last thing that a view does: what it shows has been asked for, and no more can be."""
    current_work().conclude()
    return render_template(template, **context)


class Notice(NamedTuple):
    """What is amiss and who reads it can mend, with the page where that is done."""

    text: str
    url: str
    link: str


def notices() -> list[Notice]:
    """What the contexts have to say to whoever is signed in, for the page where her role begins."""
    lent: tuple[Callable[[Work], Notice | None], ...] = current_app.extensions["notices"]
    return [said for notice in lent if (said := notice(current_work()))]


def see_other(endpoint: str, **values: Any) -> Response:
    """303: after a command the browser fetches the page that shows what was done."""
    return Response(status=303, headers={"Location": url_for(endpoint, **values)})


def wants_fragment() -> bool:
    """True when htmx asks: then only the part that changed is drawn."""
    return request.headers.get("HX-Request") == "true"


def own_address(target: str) -> bool:
    """Whether a redirect target stays inside the journal."""
    parts = urlsplit(target)
    return (
        not parts.scheme
        and not parts.netloc
        and target.startswith("/")
        and not target.startswith("//")
        and "\\" not in target
    )
