"""The composition root: wires gate, listeners and pages together, and runs every view inside one Work."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import flask
import sqlalchemy as sa
from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

import journal.access.at_work_web
import journal.access.devices_web
import journal.access.held
import journal.access.justified_web
import journal.access.lock_web
import journal.access.sign_in_web
import journal.access.sources_web
import journal.access.web
import journal.audit.checks_web
import journal.audit.report_web
import journal.audit.web
import journal.care.grounds_web
import journal.care.ladder_web
import journal.care.web
import journal.chart.address_web
import journal.chart.danger_web
import journal.chart.downtime.web
import journal.chart.erasures_web
import journal.chart.own_web
import journal.chart.purpose_web
import journal.chart.restrictions_web
import journal.chart.web
import journal.medication.web
import journal.municipalities.role_web
import journal.municipalities.web
import journal.notes.web
import journal.observations.web
import journal.oversight.requests_web
import journal.oversight.rule_proposals_web
import journal.oversight.simulator_web
import journal.oversight.unusual_web
import journal.oversight.web
import journal.patients.web
from journal import metrics
from journal.access import AccessGate, SessionCookie, Times, providers, require_proof, warn
from journal.listeners import LISTENERS
from journal.permissions import Permission
from journal.platform import clock, commands, language, log
from journal.platform.caller import Caller, Command, Keys, Known, Nobody
from journal.platform.db import connect
from journal.platform.errors import Invalid, JournalError, Unavailable
from journal.platform.ids import new_id
from journal.platform.settings import Settings
from journal.platform.work import Works
from journal.web import PROOF_FIELDS, Section, errors, security, shell
from journal.web.addresses import Addresses
from journal.web.pages import Pages

SECTIONS: tuple[Section, ...] = (
    journal.access.at_work_web.bp,
    journal.access.sources_web.bp,
    journal.access.web.bp,
    journal.access.sign_in_web.bp,
    journal.access.justified_web.bp,
    journal.access.devices_web.bp,
    journal.access.lock_web.bp,
    journal.audit.web.bp,
    journal.audit.checks_web.bp,
    journal.audit.report_web.bp,
    journal.care.web.bp,
    journal.care.grounds_web.bp,
    journal.care.ladder_web.bp,
    journal.chart.web.bp,
    journal.chart.restrictions_web.bp,
    journal.chart.danger_web.bp,
    journal.chart.address_web.bp,
    journal.chart.erasures_web.bp,
    journal.chart.own_web.bp,
    journal.chart.purpose_web.bp,
    journal.chart.downtime.web.bp,
    journal.medication.web.bp,
    journal.municipalities.web.bp,
    journal.municipalities.role_web.bp,
    journal.notes.web.bp,
    journal.observations.web.bp,
    journal.oversight.web.bp,
    journal.oversight.rule_proposals_web.bp,
    journal.oversight.simulator_web.bp,
    journal.oversight.unusual_web.bp,
    journal.oversight.requests_web.bp,
    journal.patients.web.bp,
)

# What the shell lends room for: each context says its own entry, and who sees it.
MENU = (
    journal.chart.web.MENU,
    journal.medication.web.MENU,
    journal.care.web.MENU,
    journal.patients.web.MENU,
    journal.patients.web.DIET_MENU,
    journal.medication.web.KEEPING_MENU,
    *journal.medication.web.MORE_MENU,
    journal.care.ladder_web.MENU,
    journal.chart.own_web.MENU,
    journal.chart.downtime.web.MENU,
    journal.access.at_work_web.MENU,
    journal.access.justified_web.MENU,
    journal.access.devices_web.MENU,
    journal.audit.web.MENU,
    journal.oversight.requests_web.MENU,
    journal.oversight.unusual_web.MENU,
    journal.oversight.unusual_web.QUESTIONS_MENU,
    journal.access.sources_web.MENU,
    journal.municipalities.web.MENU,
    *journal.municipalities.role_web.MENU,
    journal.medication.web.SETTINGS_MENU,
    journal.access.justified_web.SETTINGS_MENU,
    journal.oversight.rule_proposals_web.MENU,
)


TABS = (
    journal.chart.web.TAB,
    journal.medication.web.TAB,
    journal.notes.web.TAB,
    journal.observations.web.TAB,
    *journal.care.web.TABS,
    *journal.patients.web.TABS,
    journal.chart.restrictions_web.TAB,
    journal.chart.erasures_web.TAB,
)
# By these one comes into a chart. Not by the round, which is not held up by who is whose sister.
WAYS_IN = frozenset(tab.endpoint for tab in TABS)


LONGEST_BODY = 1_000_000  # bytes of what is sent in


class JournalApp(Flask):
    """Runs every view inside one Work, so that a view can neither forget the commit nor do it twice."""

    works: Works
    settings: Settings
    headers: list[tuple[str, str]]
    jinja_environment = Pages
    jinja_env: Pages

    @cached_property
    def addresses(self) -> Addresses:
        return Addresses(self.url_map.iter_rules())

    def ensure_sync(self, func: Any) -> Any:
        """Nothing here is asynchronous; Flask would look for that anew at every request."""
        return func

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """As Flask's, with the headers that every response carries, whoever made it."""

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, *self.headers], *error)

        return super().wsgi_app(environ, start)

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """As Flask's."""
        known = f"{request.blueprint}{endpoint}" if endpoint.startswith(".") else endpoint
        return self.addresses.written(known, values) or super().url_for(endpoint, **values)

    def caller(self) -> Caller:
        """Who sent this request: the session behind the cookie, or nobody."""
        token = request.cookies.get(security.cookie_name(self.settings))
        if not token:
            return Nobody()
        try:
            secret = base64.urlsafe_b64decode(token)
        except ValueError:
            return Nobody()
        idle = timedelta(minutes=self.settings.session_idle_minutes)
        return SessionCookie(secret, idle, timedelta(hours=self.settings.session_max_hours))

    @contextmanager
    def _work(self, command: Command | None = None, caller: Caller | None = None) -> Iterator[None]:
        """A Work of whoever asks, or of *caller*, who is answered in her own language.

        What an earlier one of the same request takes out is taken out of its answer too: an error tells who was first.
        """
        about, before = (request.view_args or {}).get("patient_id"), g.get("work")
        with self.works.open(caller or self.caller(), g.request_id, command, about) as g.work:
            if before is not None:
                g.work.shields_with(before)
            if g.work.signed_in:
                language.use(g.work.actor.language)
            yield

    def dispatch_request(self) -> ResponseReturnValue:
        """Works are opened and committed here and nowhere else."""
        if request.endpoint in ("static", "healthz") or request.routing_exception is not None:
            return super().dispatch_request()
        view: Any = self.view_functions[request.endpoint or ""]
        once = view.idempotency == "command"
        command = security.command() if once else None
        fresh = getattr(view, "fresh", False)
        if fresh:
            self._prove()
        beside = self._beside(view.permission) if getattr(view, "beside", False) else None
        with self._work(command, beside):
            if view.permission is not None:
                g.work.admit(view.permission)
                if request.endpoint in WAYS_IN:
                    warn(g.work, view.permission, (request.view_args or {})["patient_id"])
            if request.method == "POST" and view.idempotency != "signed" and beside is None:
                security.refuse_forgery(self.settings, g.work)
                security.refuse_hidden_words()
            if fresh:
                require_proof(g.work, Times.of(self.settings))
            if once:
                if command is None:
                    raise Invalid("Skjemaet mangler et kommandonummer. Last siden på nytt og prøv igjen.")
                if (done := commands.claim(g.work, command)) is not None:
                    return flask.redirect(done["location"], done["status"])
            answer = self.make_response(super().dispatch_request())
            if g.work.command_id:
                g.work.answer = {"status": answer.status_code, "location": answer.headers.get("Location", request.path)}
        return answer

    def _prove(self) -> None:
        """A proof that came with the act, in a transaction of its own: a wrong PIN is counted whatever becomes of the act."""
        if any(field in request.form for field in PROOF_FIELDS):
            with self._work():
                security.refuse_forgery(self.settings, g.work)
                journal.access.held.prove(g.work)

    def _beside(self, permission: Permission) -> Caller:
        """Whose act it is that comes from another's screen, by her PIN, in a transaction of its own: a wrong one is counted.

        Whose screen it is must herself have the permission and a ground for the patient. Raises Invalid, whatever was wrong.
        """
        with self._work():
            security.refuse_forgery(self.settings, g.work)
            g.work.admit(permission)
            if patient_id := (request.view_args or {}).get("patient_id"):
                g.work.open(permission, [patient_id])
            g.screen_of, actor = g.work.actor, journal.access.held.beside(g.work)
        if actor is None:
            raise Invalid(
                "PIN-koden stemte ikke, eller den som skal signere, er ikke logget inn på denne maskinen. Etter fem feil må den "
                "det gjelder, logge inn på vanlig måte."
            )
        return Known(actor)

    def handle_user_exception(self, e: Exception) -> Any:
        """An error page may show a patient too: the failed Work is over, so the page gets one of its own."""
        error = errors.known(e)
        try:
            if isinstance(error, Unavailable):
                return errors.plain(error)
            try:
                with self._work():
                    return self.make_response(super().handle_user_exception(error))
            except JournalError as again:
                # A context that draws its form again opens the chart anew, and that may be refused in its turn.
                with self._work():
                    return errors.answer(again)
        except (sa.exc.SQLAlchemyError, Unavailable):
            return errors.plain(Unavailable())

    def handle_exception(self, e: Exception) -> Any:
        """The last resort, when the error page itself fails. Flask would log the error's text, which may hold a name."""
        return self.finalize_request(errors.plain(errors.known(e)), from_error_handler=True)


def create_app(settings: Settings) -> JournalApp:
    """The WSGI application. Raises InsecureStart when the installation is not safe to start."""
    app = JournalApp("journal", static_folder="web/static", template_folder="web/templates")
    app.settings, app.headers = settings, security.headers(settings)
    app.config.update(
        MAX_CONTENT_LENGTH=LONGEST_BODY,
        MAX_FORM_MEMORY_SIZE=1_000_000,
        SEND_FILE_MAX_AGE_DEFAULT=30 * 24 * 3600,
    )
    providers(settings)
    sessions = connect(settings.database_url, pgbouncer=settings.pgbouncer)
    app.works = Works(sessions, AccessGate(), Keys(settings.mac_key, settings.log_key), LISTENERS)
    log.configure()
    for section in SECTIONS:
        app.register_blueprint(section)
    _refuse_unsaid(app)
    app.register_error_handler(JournalError, errors.answer)
    app.register_error_handler(HTTPException, errors.answer)
    app.add_url_rule("/healthz", "healthz", _health, methods=["GET"])
    app.before_request(_start)
    metrics.watch(app, sessions)
    app.after_request(security.kept_nowhere)
    app.after_request(security.shielded)
    _furnish(app)
    return app


def _furnish(app: JournalApp) -> None:
    """What every template may use, and what all of them show."""
    pages, settings = app.jinja_env, app.settings
    assert app.static_folder is not None and app.static_url_path is not None
    pages.write_in(
        _=language.on_page,
        asset=shell.assets(Path(app.static_folder), app.static_url_path),
        icon=pages.macro("macros/icon.html", "icon"),
        mark=pages.macro("macros/icon.html", "mark"),
        legend=pages.macro("macros/medication.html", "legend"),
    )
    pages.globals.update(
        ngettext=language.on_page_counted,
        new_id=new_id,
        csrf_token=lambda: security.csrf_token(settings, g.work),
        role_text=shell.role_text,
        menu=pages.macro("macros/menu.html", "menu"),
        chart_tabs=shell.chart_tabs(pages, TABS),
        time_left=journal.access.justified_web.time_left,
        door=journal.access.justified_web.door,
        ways_to_prove=journal.access.sign_in_web.ways_to_prove,
        seems_near=journal.access.justified_web.seems_near,
    )
    pages.filters.update(moment=clock.moment, clock=clock.hhmm, lately=clock.lately, date=clock.norwegian_date)
    app.extensions["locked"] = journal.access.held.way_in
    app.extensions["notices"] = (
        journal.medication.web.notice,
        journal.medication.web.expiring_notice,
        journal.medication.web.downtime_notice,
        journal.access.justified_web.review_notice,
        journal.municipalities.role_web.notice,
        journal.oversight.rule_proposals_web.notice,
    )
    app.context_processor(lambda: {"shell": shell.Shell(settings, g.get("work"), MENU)})


def _start() -> None:
    g.request_id = new_id().hex
    language.use(request.args.get("language", language.SOURCE))


def _health() -> Response:
    """200 when the database answers; a balancer takes the machine out of use otherwise."""
    app: Any = flask.current_app
    try:
        with app.works.sessions() as db:
            db.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return Response(language.gettext("Databasen svarer ikke.") + "\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")


def _refuse_unsaid(app: Flask) -> None:
    """A route without a said permission and idempotency class stops the program from starting."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint != "static" and not hasattr(view, "idempotency"):
            raise TypeError(f"{rule.endpoint} is a route that was not made with Section.page or Section.act")
