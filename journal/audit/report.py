"""The patient's own report of who read her record (pasientjournalloven § 18), made by an auditor when she asks for it."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.audit.judging import barred_from
from journal.audit.report_rules import LAWS
from journal.audit.selecting import protected_of, records_of
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import LANGUAGES
from journal.platform.service import Service, without_patient
from journal.platform.shielding import hidden

LONGEST_REASON = 1000
A_YEAR = timedelta(days=367)

_READ = sa.text(
    """
    SELECT date_trunc(:grain, at AT TIME ZONE 'Europe/Oslo')::date AS day,
        count(DISTINCT (at AT TIME ZONE 'Europe/Oslo')::date) AS days, min(at) AS first_at, max(at) AS last_at, actor_id,
        coalesce(actor_name, '') AS name, coalesce(actor_role, '') AS role, coalesce(unit_name, '') AS unit, ground, outcome,
        array_agg(DISTINCT action) AS actions, count(*) AS looks, (array_agg(id ORDER BY at, id))[1] AS id,
        CASE WHEN (decision_ref ->> 'user_selected')::boolean THEN decision_ref ->> 'description' END AS reason
    FROM audit.access_log l WHERE patient_id = ANY (:records) AND at >= :since AND at < :until
        -- A look into linked records is a line of each, and is told once.
        AND (patient_id = :patient OR NOT EXISTS (SELECT FROM audit.access_log told
            WHERE (told.patient_id, told.at, told.xid, told.action) = (:patient, l.at, l.xid, l.action)))
    GROUP BY 1, actor_id, 6, 7, 8, ground, outcome, 14 ORDER BY 1 DESC, max(at) DESC, 13
    """
)
_COLUMNS = (
    *("id", "patient_id", "since", "until", "language", "looks", "withheld", "law", "reason"),
    *("recorded_by_name", "recorded_at"),
)
_REPORT = sa.table("log_report", *map(sa.column, _COLUMNS), schema="audit")


@dataclass(frozen=True)
class ReportLine:
    """What one person did in the record in one day, or one month, for one reason: one line, as people count.

    *id*: of the first look in it. *day*: the first of the month, when it is of a month. *reason*: what the reader chose of the
    reasons at the door, None for whoever needed none.
    """

    day: date
    days: int
    first_at: datetime
    last_at: datetime
    actor_id: UUID | None
    name: str
    role: str
    unit: str
    ground: str | None
    outcome: str
    actions: list[str]
    looks: int
    id: UUID
    reason: str | None


@dataclass(frozen=True)
class Report:
    """The lines of a period, newest first: day by day for up to a year, else month by month.

    *withheld*: how many are held back, by *law* (a code of LAWS).
    """

    patient_id: UUID
    since: datetime
    until: datetime
    lines: tuple[ReportLine, ...]
    language: str = "nb"
    withheld: int = 0
    law: str | None = None

    @property
    def by_month(self) -> bool:
        """Whether a line is of a month: ten years day by day would be a thousand sheets."""
        return _by_month(self.since, self.until)


@dataclass(frozen=True)
class Made:
    """A report that was made before."""

    id: UUID
    since: datetime
    until: datetime
    language: str
    withheld: int
    recorded_by_name: str
    recorded_at: datetime


class PatientReports(Service):
    """Of the lines of one's own municipality; another answers for its own. Each reading is in the log itself."""

    @without_patient(Permission.AUDIT_READ)
    def lines(self, patient_id: UUID, since: datetime | None, until: datetime | None) -> Report:
        """All that the log has from the day of *since* to the day of *until*, both with it; the last year unless said.

        Raises Invalid when the last day comes before the first.
        """
        self.work.note(Permission.AUDIT_READ, patient_id)
        first, end = self._period(since, until)
        return Report(patient_id, first, end, self._lines(patient_id, first, end))

    @without_patient(Permission.AUDIT_READ)
    def make(
        self,
        patient_id: UUID,
        *,
        since: datetime | None,
        until: datetime | None,
        language: str,
        withheld: list[UUID],
        law: str | None = None,
        reason: str = "",
    ) -> UUID:
        """Writes down that the report is made for the patient, and what is held back; answers with its id.

        Raises Invalid when a line is held back without a law and a reason, for a line that is not there, and for one of a reader
        whom this auditor may not judge.
        """
        self.work.note(Permission.AUDIT_READ, patient_id)
        first, end = self._period(since, until)
        lines = self._lines(patient_id, first, end)
        errors: dict[str, list[str]] = {}
        if not set(withheld) <= {line.id for line in lines}:
            errors["withheld"] = ["Linjen som skal holdes tilbake, er ikke i perioden."]
        readers = {line.actor_id for line in lines if line.actor_id and line.id in withheld}
        if barred_from(self.db, self.work.actor.person_id, readers):
            errors["withheld"] = ["Du kan ikke holde tilbake linjer om deg selv, en leder eller en nær slektning."]
        if withheld and law not in LAWS:
            errors["law"] = ["Velg hvilken lov linjene holdes tilbake etter."]
        if withheld and not reason:
            errors["reason"] = ["Skriv hvorfor linjene holdes tilbake. Det kommer ikke med på utskriften."]
        if not withheld and (law or reason):
            errors["withheld"] = ["Velg linjene som skal holdes tilbake, eller ta bort loven og grunnen."]
        if errors:
            raise Invalid(errors=errors)
        report_id = new_id()
        kept = {"withheld": json.dumps(sorted(map(str, withheld))), "law": law or None, "reason": reason or None}
        told = {"since": first, "until": end, "language": language if language in LANGUAGES else "nb"}
        self.db.execute(_INSERT, {"id": report_id, "patient_id": patient_id, **told, "looks": len(lines), **kept})
        return report_id

    @without_patient(Permission.AUDIT_READ)
    def read(self, patient_id: UUID, report_id: UUID) -> Report:
        """The report as it was made, without what is held back, and without units where the address is protected: who
        finds the paper must not find her. Raises NotFound.
        """
        self.work.note(Permission.AUDIT_READ, patient_id)
        of = sa.select(_REPORT).where(_REPORT.c.id == report_id, _REPORT.c.patient_id == patient_id)
        made: Any = self.db.execute(of).one_or_none()
        if made is None:
            raise NotFound("Denne rapporten finnes ikke.")
        back = set(map(UUID, made.withheld))
        lines = tuple(line for line in self._lines(patient_id, made.since, made.until) if line.id not in back)
        if protected_of(self.work, [patient_id]):
            lines = tuple(replace(line, unit=hidden()) for line in lines)
        return Report(patient_id, made.since, made.until, lines, made.language, len(back), made.law)

    @without_patient(Permission.AUDIT_READ)
    def made(self, patient_id: UUID) -> list[Made]:
        """Those that were made of this patient's record before, newest first."""
        self.work.note(Permission.AUDIT_READ, patient_id)
        of = sa.select(_REPORT).where(_REPORT.c.patient_id == patient_id).order_by(_REPORT.c.recorded_at.desc())
        return [
            Made(row.id, row.since, row.until, row.language, len(row.withheld), row.recorded_by_name, row.recorded_at)
            for row in self.db.execute(of)
        ]

    def _period(self, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
        last = clock.local_date(until or self.work.now)
        first = clock.local_date(since) if since else _year_before(last)
        if first > last:
            raise Invalid(errors={"until": ["Siste dag kan ikke være før første dag."]})
        return clock.day_bounds(first)[0], min(clock.day_bounds(last)[1], self.work.now)

    def _lines(self, patient_id: UUID, since: datetime, until: datetime) -> tuple[ReportLine, ...]:
        asked: dict[str, Any] = {"patient": patient_id, "since": since, "until": until}
        asked["records"] = records_of(self.work, patient_id)
        asked["grain"] = "month" if _by_month(since, until) else "day"
        rows: Any = self.db.execute(_READ, asked)
        return tuple(ReportLine(*row) for row in rows)


_INSERT = sa.text(
    """
    INSERT INTO audit.log_report (id, patient_id, since, until, language, looks, withheld, law, reason)
    VALUES (:id, :patient_id, :since, :until, :language, :looks, CAST(:withheld AS jsonb), :law, :reason)
    """
)


def _by_month(since: datetime, until: datetime) -> bool:
    return until - since > A_YEAR


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
