"""Work: one transaction of one actor, the charts that are open in it and why. One per request."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from journal.permissions import BY_PURPOSE, OPENS, Permission
from journal.platform import outbox
from journal.platform.caller import Actor, Caller, Command, Keys, Known
from journal.platform.errors import Denied, NotSignedIn, Unavailable
from journal.platform.ids import new_id
from journal.platform.shielding import without
from journal.platform.statement import Statement, await_commit, send_commit, transaction

# Each call with its signature; one line in the log, or more, for each.
_OPEN = Statement(
    sa.text("SELECT audit.open_charts(c ->> 0, c ->> 1) FROM json_array_elements(CAST(:calls AS json)) c")
)


class Ground(NamedTuple):
    """Why a chart may be opened. *ids*: every record of the person, since linked records are read together.

    *withheld*: the parts that the patient has closed to this reader, which are left out of the call. *instead*: what is opened in
    the place of a part, where the purpose of the ground needs less of it; *in_drawer* says what is then left. *drawer_until*: how
    long the reader has opened that with a reason.
    """

    patient_id: UUID
    ids: tuple[UUID, ...]
    code: str
    text: str
    purpose: str = "TREAT"
    relationship_id: UUID | None = None
    decision_ref: dict[str, Any] | None = None
    until: datetime | None = None
    withheld: tuple[str, ...] = ()
    instead: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    in_drawer: str = ""
    drawer_until: datetime | None = None

    def parts(self, permission: Permission) -> tuple[str, ...]:
        """The parts of the chart that a permission opens by this ground, as the log names them."""
        if not self.withheld and not self.instead:
            return OPENS[permission]
        left = (part for part in OPENS[permission] if part not in self.withheld)
        return tuple(opened for part in left for opened in self.instead.get(part, (part,)))


class Gate(Protocol):
    """Decides per patient and permission, and opens what it allows in the access log."""

    def grounds(
        self, work: "Work", wanted: Mapping[Permission, Collection[UUID]]
    ) -> dict[Permission, dict[UUID, Ground]]:
        """The ground for each patient; raises NoGround or NotFound for the first without one."""

    def shielded(self, work: "Work", grounds: Collection[Ground]) -> Collection[str]:
        """The words that tell where these patients are, and that whoever has these grounds is not told. After they are opened."""


@dataclass
class Look:
    """What was asked of the log in this Work, kept so that it can be written anew if the transaction fails."""

    action: str
    categories: tuple[str, ...]
    patients: list[dict[str, Any]]
    object_id: UUID | None = None


@dataclass
class Work:
    """One transaction of one actor."""

    caller: Caller
    gate: Gate
    keys: Keys
    request_id: str = ""
    db: Session = field(init=False)
    now: datetime = field(init=False)
    listeners: outbox.Listeners = field(default_factory=dict)
    _actor: Actor | None = None
    _opened: dict[tuple[UUID, str], Ground] = field(default_factory=dict)
    _grounds: dict[UUID, Ground] = field(default_factory=dict)
    _looks: list[Look] = field(default_factory=list)
    facts: list[outbox.Fact] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    command_id: UUID | None = None
    claimed: bool | None = None
    standings: Mapping[UUID, Any] = field(default_factory=dict)
    works: "Works | None" = None
    _closed: dict[UUID, frozenset[str]] = field(default_factory=dict)
    _narrowed: set[tuple[UUID, str]] = field(default_factory=set)
    _concluded: bool = False
    _shielded: set[str] = field(default_factory=set)
    _known: set[str] = field(default_factory=set)

    @property
    def signed_in(self) -> bool:
        return self._actor is not None

    @property
    def actor(self) -> Actor:
        """Who acts; NotSignedIn when nobody does."""
        if self._actor is None:
            raise NotSignedIn()
        return self._actor

    def admit(self, permission: Permission) -> None:
        """Stops here unless the role has the permission."""
        if not self.actor.may(permission):
            raise Denied()

    def open(
        self, permission: Permission, patient_ids: Collection[UUID], object_id: UUID | None = None
    ) -> dict[UUID, Ground]:
        """Opens these charts for what the permission stands for, and answers with the grounds used.

        Charts already open for all of it in this Work cost nothing. Raises Denied, NoGround or NotFound; the attempt is logged.
        """
        self.open_together({permission: patient_ids}, object_id)
        return {p: self._opened[p, OPENS[permission][0]] for p in patient_ids}

    def open_together(self, wanted: Mapping[Permission, Collection[UUID]], object_id: UUID | None = None) -> None:
        """As open() for each permission in turn, with one look at the grounds and one call of the log for all of them."""
        missing: dict[Permission, list[UUID]] = {}
        opened = set(self._opened)
        for permission, patient_ids in wanted.items():
            self.admit(permission)
            categories = OPENS[permission]
            enough = opened - self._not_whole_for(permission) if self._narrowed else opened
            closed = [
                p for p in patient_ids if not (enough and all((p, category) in enough for category in categories))
            ]
            if closed:
                missing[permission] = closed
                opened.update((p, category) for p in closed for category in categories)
        if not missing:
            return
        try:
            grounds = self.gate.grounds(self, missing)
        except Denied as refusal:
            for permission, patient_ids in missing.items():
                refused = [{"patient_id": p, "ground": None, "purpose": None} for p in patient_ids]
                self.remember_look(Look(permission, OPENS[permission], refused))
            raise refusal
        looks = [
            Look(permission, parts, _rows(alike), object_id)
            for permission, found in grounds.items()
            for parts, alike in _by_parts(permission, found.values()).items()
        ]
        self._write_log(looks, "success")
        new = {
            g.patient_id: g for found in grounds.values() for g in found.values() if g.patient_id not in self._grounds
        }
        self._shielded.update(self.gate.shielded(self, new.values()))
        for permission, found in grounds.items():
            for ground in found.values():
                for record in ground.ids:
                    self._grounds.setdefault(record, ground)
                    if ground.withheld:
                        self._closed[record] = self.closed(record).union(ground.withheld)
                    for part in OPENS[permission]:
                        if part not in ground.withheld:
                            self._mark(record, part, ground)

    def _not_whole_for(self, permission: Permission) -> set[tuple[UUID, str]]:
        return {(record, part) for record, part in self._narrowed if permission not in BY_PURPOSE[part]}

    def _mark(self, record: UUID, part: str, ground: Ground) -> None:
        """It is open, whole or in part: what one look has opened whole stays so."""
        if part not in ground.instead:
            self._narrowed.discard((record, part))
        elif (record, part) not in self._opened:
            self._narrowed.add((record, part))
        self._opened[record, part] = ground

    def note(
        self,
        permission: Permission,
        patient_id: UUID | None = None,
        ground: str = "control",
        *,
        object_id: UUID | None = None,
    ) -> None:
        """Logs an act that opens no chart: an auditor's reading, a change of rights. *object_id*: whom or what it was about."""
        row = {"patient_id": patient_id, "ground": ground, "purpose": "HSYSADMIN"}
        self._write_log([Look(permission, OPENS.get(permission, ()), [row], object_id)], "success")

    def remember_look(self, look: Look) -> None:
        """Has it written anew if the transaction fails: also what a function of the database logged by itself."""
        self._looks.append(look)

    def chart(self, patient_id: UUID, model: Any) -> sa.ColumnElement[bool]:
        """The condition for a patient's rows: every linked record of the person, never one alone."""
        ground = self._grounds.get(patient_id)
        return _in(model, ground.ids if ground else (patient_id,))

    def charts(self, patient_ids: Collection[UUID], model: Any) -> sa.ColumnElement[bool]:
        """As chart(), for several patients at once."""
        return _in(model, self.linked(patient_ids))

    def stands(self, standings: Mapping[UUID, Any]) -> None:
        """What access.standing said of these patients, along with something else: the gate need not ask anew."""
        self.standings = {**self.standings, **standings}

    def linked(self, patient_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """Every record id of these patients, with the patient that was asked for."""
        return {record: p for p in patient_ids if p in self._grounds for record in self._grounds[p].ids}

    def ids(self, *patient_ids: UUID) -> list[UUID]:
        """Every record id of these patients: the `ids` of a statement with in_charts()."""
        return list(self.linked(patient_ids))

    def ground(self, patient_id: UUID) -> Ground:
        """The ground by which this chart is open; KeyError when it is not."""
        return self._grounds[patient_id]

    def grounded(self, patient_id: UUID) -> Ground | None:
        """As ground(), None when the chart is not open."""
        return self._grounds.get(patient_id)

    def closed(self, patient_id: UUID) -> frozenset[str]:
        """The parts that were left out of what was opened in this Work, since the patient has closed them to who acts."""
        return self._closed.get(patient_id, frozenset())

    def narrowed(self, patient_id: UUID, part: str) -> bool:
        """Whether some of an opened part lies in a drawer, since the purpose of the ground does not need it."""
        return (patient_id, part) in self._narrowed

    def opened_by(self, patient_id: UUID, part: str) -> Ground:
        """The ground of the last look that opened this part of the chart; KeyError when it is not open."""
        return self._opened[patient_id, part]

    def beside(self, actor: Actor) -> AbstractContextManager["Work"]:
        """A transaction of its own for *actor*, with lines of its own in the log and the id of the same request.

        What it opens is open in it alone, and its lines stand whatever becomes of this one.
        """
        assert self.works is not None
        return self.works.open(Known(actor), self.request_id)

    @property
    def shields(self) -> bool:
        """Whether there is anything that whoever acts is not told."""
        return bool(self._shielded)

    def knows(self, *words: str) -> None:
        """Names that whoever acts has from somewhere else, without any chart: they stand where others are taken out."""
        self._known.update(words)

    def shields_with(self, before: "Work") -> None:
        """Takes out what *before* would have, too: what it found is said in this one."""
        self._shielded |= before._shielded

    def shield(self, text: str) -> str:
        """What is sent to whoever acts, without what tells where a protected patient is whom she has opened."""
        if not self.shields:
            return text
        who = self._actor
        if who is None:
            return without(text, self._shielded)
        own = (who.name, who.unit_name, who.parent_unit_name, who.municipality_name, who.supervised_by_name or "")
        return without(text, self._shielded, (*own, *self._known))

    def publish(self, fact: outbox.Fact) -> None:
        """Tells what happened: listeners in the transaction now, the outbox row at its end."""
        self.facts.append(fact)
        for listen in self.listeners.get(type(fact), ()):
            listen(self, fact)

    def finish(self) -> None:
        """The last statement before the commit, and with it: the outbox rows and the command's answer together."""
        if not self._concluded:
            outbox.store(self.db, self.facts, self.command_id, self.answer)
            send_commit(self.db)
            self._concluded = True

    def conclude(self) -> None:
        """Nothing more will be asked: the commit is on its way while the page is written.

        A command is not concluded: its answer, which is stored with it, is known when the view is done.
        """
        if not (self.facts or self.command_id):
            self.finish()

    def settle(self) -> None:
        """Waits for the commit that conclude() sent. Raises SQLAlchemy's DBAPIError: nobody is shown what is not logged."""
        if self._concluded and await_commit(self.db):
            self._looks.clear()

    def log_again(self, outcome: str) -> None:
        """The log rows went with the rollback: in a new transaction, write what was opened or refused."""
        looks, self._looks = self._looks, []
        self._write_log(looks, outcome)

    def _write_log(self, looks: Sequence[Look], outcome: str) -> None:
        signed: list[tuple[str, str]] = []
        for look in looks:
            self.remember_look(look)
            call = json.dumps(
                {
                    "at": self.now.isoformat(),
                    "action": look.action,
                    "categories": look.categories,
                    "object_id": look.object_id,
                    "patients": self._coded(look, outcome),
                    "outcome": outcome,
                    "request_id": self.request_id,
                },
                default=str,
            )
            signed.append((call, self.keys.sign(call)))
        # It goes with the first question to the charts, and before it: what it does not open, row-level security shows nobody.
        _OPEN.tell(self.db, _log_is_closed, calls=json.dumps(signed))

    def _coded(self, look: Look, outcome: str) -> list[dict[str, Any]]:
        """Each patient with the code over the line that it becomes (platform/line_code.py)."""
        who = self.actor
        told = {
            "at": self.now,
            "municipality_id": who.municipality_id,
            "unit_id": who.unit_id,
            "unit_name": who.unit_name,
        }
        told |= {"actor_id": who.person_id, "actor_name": who.name, "actor_role": who.role, "acting_as": who.role_id}
        told |= {"origin": who.origin, "session_id": who.session_id, "request_id": self.request_id}
        told |= {"action": look.action, "categories": look.categories, "object_id": look.object_id, "outcome": outcome}
        codes = self.keys.codes(told, look.patients)
        return [row | {"code": code} for row, code in zip(look.patients, codes, strict=True)]


def _log_is_closed() -> Unavailable:
    return Unavailable("Innsynsloggen kan ikke skrives, og da viser vi ingen journal. Prøv igjen om litt.")


def in_charts(model: Any) -> sa.ColumnElement[bool]:
    """As Work.charts(), for a statement that is built once and executed with {"ids": work.ids(...)}.

    What every page asks is built once (functools.cache): to build a statement takes longer than to run it.
    """
    condition: sa.ColumnElement[bool] = model.patient_id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)))
    return condition


def _in(model: Any, ids: Iterable[UUID]) -> sa.ColumnElement[bool]:
    condition: sa.ColumnElement[bool] = model.patient_id.in_(list(ids))
    return condition


def _by_parts(permission: Permission, grounds: Iterable[Ground]) -> dict[tuple[str, ...], list[Ground]]:
    found: dict[tuple[str, ...], list[Ground]] = {}
    for ground in grounds:
        found.setdefault(ground.parts(permission), []).append(ground)
    return found


def _rows(grounds: Collection[Ground]) -> list[dict[str, Any]]:
    return [
        {
            # As text: it is written down twice.
            "patient_id": str(patient_id),
            "ground": ground.code,
            "purpose": ground.purpose,
            "relationship_id": ground.relationship_id and str(ground.relationship_id),
            "decision_ref": ground.decision_ref,
        }
        for ground in grounds
        for patient_id in ground.ids
    ]


@dataclass(frozen=True)
class Works:
    """Opens Works: the sessions, the gate, the key and the listeners, put together once in journal/app.py."""

    sessions: sessionmaker[Session]
    gate: Gate
    keys: Keys
    listeners: outbox.Listeners = field(default_factory=dict)

    @contextmanager
    def open(
        self, caller: Caller, request_id: str = "", command: Command | None = None, about: UUID | None = None
    ) -> Iterator[Work]:
        """Commits when the block ends, rolls back when it raises; what was opened is logged either way.

        A *command* may be claimed with the same statement that says who asks; commands.claim says whether it was. The gate
        is told of the patient that the request is *about* in it too.
        """
        work = Work(caller, self.gate, self.keys, request_id or new_id().hex, listeners=self.listeners, works=self)
        try:
            with transaction(self.sessions) as work.db:
                told = caller.introduce(work.db, self.keys, command, about)
                work._actor, work.now, work.claimed, work.standings = told
                try:
                    yield work
                    work.finish()
                finally:
                    work.settle()
        except Exception as error:
            if work._looks and not isinstance(error, Unavailable):
                with transaction(self.sessions) as work.db:
                    work._actor, work.now, *_ = caller.introduce(work.db, self.keys)
                    work.log_again("refused" if isinstance(error, Denied) else "failed")
            raise
