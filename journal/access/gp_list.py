"""The municipality's list of who is whose general practitioner, as a file that an operator brings: the ground follows from it.

The format is the journal's own: semicolons, UTF-8, the first line `patient;hpr;from;until`, then a line for each patient with her
national number, the doctor's HPR number, and the first and last day as 2026-11-23; the last day is empty while it goes on. The file
is the whole list: who stands on it no more loses the ground. What people of the municipality recorded themselves is left alone.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.platform import clock

HEADER = ["patient", "hpr", "from", "until"]
_NUMBER, _HPR = re.compile(r"[0-9]{11}"), re.compile(r"[0-9]{4,9}")
# A file that was cut off would end the grounds of half the municipality.
MOST_ENDED = 0.5


@dataclass(frozen=True)
class GpList:
    """What came of it, or would: grounds begun, those that were there, and those ended; lines about nobody the journal knows."""

    begun: int
    kept: int
    ended: int
    unknown_patients: int
    unknown_doctors: int


@dataclass(frozen=True)
class _Line:
    number: str
    hpr: str
    since: datetime
    until: datetime | None


_MUNICIPALITY = sa.text(
    "SELECT id FROM municipalities.municipality WHERE number = :number AND valid_until IS NULL AND joined_at IS NOT NULL"
)
_MATCH = sa.text(
    """
    SELECT t.line, i.patient_id, d.id AS practitioner_id
    FROM unnest(CAST(:numbers AS text[]), CAST(:hprs AS text[])) WITH ORDINALITY AS t (number, hpr, line)
    LEFT JOIN patients.identifier i ON i.value = t.number AND i.valid_until IS NULL AND i.in_error_at IS NULL
        AND i.kind IN ('FNR', 'DNR')
    LEFT JOIN LATERAL (
        SELECT p.id FROM municipalities.practitioner p JOIN municipalities.practitioner_role e ON e.practitioner_id = p.id
        WHERE p.hpr_number = t.hpr AND e.municipality_id = :municipality_id AND e.role = 'doctor'
          AND (e.valid_until IS NULL OR e.valid_until > now()) LIMIT 1) d ON true
    ORDER BY t.line
    """
)
_OPEN = sa.text(
    """
    SELECT patient_id, id, practitioner_id, valid_until FROM access.care_relationship
    WHERE municipality_id = :municipality_id AND ground = 'general_practitioner' AND decision_ref ->> 'id' = 'gp-list'
      AND (valid_until IS NULL OR valid_until > now()) AND in_error_at IS NULL
    """
)
_BEGIN = sa.text(
    """
    INSERT INTO access.care_relationship (patient_id, id, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_role,
        practitioner_id, ground, decision_ref, valid_from, valid_until, grace_until)
    SELECT :patient_id, gen_random_uuid(), :municipality_id, NULL, :recorded_by, 'Fastlegelisten', 'system', :practitioner_id,
        'general_practitioner', '{"id": "gp-list", "description": "Fastlegelisten", "user_selected": false}', :since,
        CAST(:until AS timestamptz), CAST(:until AS timestamptz) + access.grace(:municipality_id)
    """
)
_END = sa.text(
    """
    UPDATE access.care_relationship r
    SET valid_until = greatest(r.valid_from, CAST(:until AS timestamptz)),
        grace_until = greatest(r.valid_from, CAST(:until AS timestamptz)) + access.grace(r.municipality_id)
    WHERE r.patient_id = :patient_id AND r.id = :id
    """
)
# That it was read, also where nothing came of it: a ground tells when it began, and not that the list still says so.
_READ = sa.text(
    """
    INSERT INTO access.source_read (municipality_id, ground, lines, begun, kept, ended, unknown)
    VALUES (:of, 'general_practitioner', :lines, :begun, :kept, :ended, :unknown)
    """
)


def import_gp_list(migrator_url: str, number: str, file: Iterable[str], *, dry_run: bool, replace: bool) -> GpList:
    """Makes the open grounds of the municipality (by its *number*) those of the list; *dry_run* only says what would come of it.

    Raises ValueError for a municipality that is not here, a line that cannot be read, and a list that would end more than half of
    the grounds that are open, unless *replace* says that it shall. Doing it twice changes nothing.
    """
    lines = _read(file)
    with sa.create_engine(migrator_url, poolclass=sa.NullPool).begin() as connection:
        municipality_id = connection.scalar(_MUNICIPALITY, {"number": number})
        if municipality_id is None:
            raise ValueError(f"Kommune {number} er ikke i bruk her.")
        sent = {"numbers": [line.number for line in lines], "hprs": [line.hpr for line in lines]}
        found = connection.execute(_MATCH, {**sent, "municipality_id": municipality_id}).all()
        listed = {
            (row.patient_id, row.practitioner_id): lines[row.line - 1]
            for row in found
            if row.patient_id and row.practitioner_id
        }
        done = _settle(connection, municipality_id, listed, dry_run=dry_run, replace=replace)
        patients = sum(row.patient_id is None for row in found)
        doctors = sum(row.practitioner_id is None for row in found if row.patient_id)
        if not dry_run:
            counted = {"lines": len(lines), **dict(zip(("begun", "kept", "ended"), done, strict=True))}
            connection.execute(_READ, {"of": municipality_id, **counted, "unknown": patients + doctors})
    return GpList(*done, patients, doctors)


def _settle(
    connection: sa.Connection,
    municipality_id: UUID,
    listed: dict[tuple[UUID, UUID], _Line],
    *,
    dry_run: bool,
    replace: bool,
) -> tuple[int, int, int]:
    """How many were begun, kept and ended."""
    now: datetime = connection.scalar(sa.text("SELECT now()"))
    current = {pair: line for pair, line in listed.items() if line.until is None or line.until > now}
    rows: list[Any] = list(connection.execute(_OPEN, {"municipality_id": municipality_id}))
    held = {(row.patient_id, row.practitioner_id): row for row in rows}
    begun = [pair for pair in current if pair not in held]
    ended = [pair for pair in held if pair not in current]
    if len(ended) > len(held) * MOST_ENDED and not replace:
        raise ValueError(
            f"Listen ville avsluttet {len(ended)} av {len(held)} tilganger. Er filen hel? Bruk --replace hvis den er det."
        )
    if not dry_run:
        journal = {"municipality_id": municipality_id, "recorded_by": UUID(int=0)}
        for patient_id, practitioner_id in begun:
            line = current[patient_id, practitioner_id]
            whose = {"patient_id": patient_id, "practitioner_id": practitioner_id}
            connection.execute(_BEGIN, {**journal, **whose, "since": line.since, "until": line.until})
        for pair in held:
            until = current[pair].until if pair in current else now
            if until != held[pair].valid_until:
                connection.execute(_END, {"patient_id": pair[0], "id": held[pair].id, "until": until})
    return len(begun), len(held) - len(ended), len(ended)


def _read(file: Iterable[str]) -> list[_Line]:
    """Every line, or ValueError: a number is never said, since what is said may stand in a log."""
    rows = csv.reader(file, delimiter=";")
    if next(rows, None) != HEADER:
        raise ValueError(f"Den første linjen skal være {';'.join(HEADER)}.")
    lines = []
    for at, row in enumerate(rows, 2):
        if len(row) != len(HEADER) or not _NUMBER.fullmatch(row[0]) or not _HPR.fullmatch(row[1]):
            raise ValueError(
                f"Linje {at} kan ikke leses. Den skal ha fødselsnummer, HPR-nummer, første dag og siste dag."
            )
        try:
            since, until = date.fromisoformat(row[2]), date.fromisoformat(row[3]) if row[3] else None
        except ValueError as error:
            raise ValueError(f"Linje {at}: skriv dagene slik: 2026-11-23.") from error
        if until is not None and until < since:
            raise ValueError(f"Linje {at}: siste dag er før første dag.")
        ends = clock.day_bounds(until)[1] if until else None
        lines.append(_Line(row[0], row[1], clock.day_bounds(since)[0], ends))
    return lines
