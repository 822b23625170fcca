"""What the purpose of a ground does not need of notes and measurements is shown where the log says that it is open, and not else.

A look logged as *notes* has all of them, as before. One logged as *notes:own* has the entries that the reader or her units have
written of, with *notes:recent* also those of the last ninety days: the entry whole, with all its versions. Measurements likewise,
row by row.

Only adds: the version before this logs every look at notes and measurements as all of them.

Revision ID: 0071
Revises: 0070
"""

from alembic import op

from migrations.helpers import define, opened, other_words_of_check, with_other_words

revision, down_revision, branch_labels, depends_on = "0071", "0070", None, None

NOTE, DRAFT, OPENING = "notes.note", "notes.draft", "access.drawer_opening"
WITHIN = "notes.within_reach(uuid, uuid, uuid[], uuid, boolean)"
MINE = "recorded_by = (SELECT audit.acting_person()) AND municipality_id = (SELECT audit.acting_for())"
HERE = "municipality_id = (SELECT audit.acting_for())"
NARROW = (
    f"{opened('notes:own')} AND notes.within_reach(patient_id, entry_id, (SELECT audit.acting_units())::uuid[],"
    f" (SELECT audit.acting_person()), {opened('notes:recent')})"
)
SEEN = f"CASE WHEN sensitive IS NULL THEN {opened('notes')} OR {NARROW} ELSE {opened('notes:sensitive')} END"
WRITTEN = f"({opened('notes')} OR {opened('notes:own')})"

MEASURED = "observations.observation"
RECENT = "effective_at >= now() - interval '90 days'"
MEASURED_SEEN = (
    f"({opened('observations')}"
    f" OR {opened('observations:own')} AND (unit_id = ANY ((SELECT audit.acting_units())::uuid[])"
    f" OR recorded_by = (SELECT audit.acting_person()) OR {RECENT} AND {opened('observations:recent')}))"
)
MEASURED_WRITTEN = f"({opened('observations')} OR {opened('observations:own')}) AND {HERE}"

DRAWER = "notes.drawer_holds(uuid[])"
DRAWER_KNOWS = (
    "ids <@ audit.opened_charts('notes')",
    "(ids <@ audit.opened_charts('notes') OR ids <@ audit.opened_charts('notes:own'))",
)
STANDING = "access.standing_of(uuid[], uuid, uuid[], timestamptz)"
# What opens least comes last: purpose.NARROWEST_LAST.
STANDING_KNOWS = (
    "ORDER BY r.ground = 'weighty' DESC, r.valid_until IS NULL DESC",
    "ORDER BY r.ground = 'weighty' DESC, coalesce(array_position('{8,17,22,27,28}', r.service_code), 0), r.valid_until IS NULL DESC",
)
REASON = ("access.justified_access", "justified_access_reason_check")
OTHER = "'other'::text"
WITH_REST = "'other'::text, 'rest-care'::text, 'rest-planning'::text, 'rest-danger'::text, 'rest-patient-asks'::text"
# It is read within the ground of the unit: of the looks by that, hers with this reason are what is looked over.
KINDS = "access.opened_kinds(uuid[])"
KINDS_KNOW = (
    "AND l.relationship_id = j.relationship_id",
    "AND l.relationship_id = j.relationship_id"
    " AND (NOT starts_with(j.reason, 'rest-') OR l.actor_id = j.recorded_by AND l.decision_ref ->> 'id' = j.reason)",
)


def upgrade() -> None:
    op.execute(f"GRANT SELECT (unit_id, recorded_by, effective_at) ON {NOTE} TO journal_finder")
    # Asked of an entry by the policy alone, which says who asks: an entry is never shown without its newest version.
    define(
        "notes.within_reach(patient uuid, entry uuid, units uuid[], person uuid, recent boolean) RETURNS boolean STABLE",
        f"""
        BEGIN
            RETURN EXISTS (SELECT FROM {NOTE} n WHERE n.patient_id = patient AND n.entry_id = entry
                AND (n.unit_id = ANY (units) OR n.recorded_by = person
                     OR recent AND n.effective_at >= now() - interval '90 days'));
        END""",
        owner="journal_finder",
    )
    # Whether there is more than the reader's reach, of charts that are open so: not how much, nor what.
    define(
        "notes.rest_holds(ids uuid[]) RETURNS boolean STABLE",
        f"""
        DECLARE
            units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();
            recent uuid[] := audit.opened_charts('notes:recent');
        BEGIN
            RETURN ids <@ audit.opened_charts('notes:own') AND EXISTS (
                SELECT FROM {NOTE} n WHERE n.patient_id = ANY (ids) AND n.sensitive IS NULL
                    AND NOT notes.within_reach(n.patient_id, n.entry_id, units, person, n.patient_id = ANY (recent)));
        END""",
        owner="journal_finder",
    )
    with_other_words(DRAWER, "journal_finder", DRAWER_KNOWS)
    _measured()
    _policies(SEEN, f"{WRITTEN} AND {HERE}", f"{MINE} AND {WRITTEN}")
    _standing(STANDING_KNOWS)
    other_words_of_check(*REASON, OTHER, WITH_REST)
    with_other_words(KINDS, "journal_door", KINDS_KNOW)


def _measured() -> None:
    op.execute("GRANT USAGE ON SCHEMA observations TO journal_finder")
    op.execute(f"GRANT SELECT (patient_id, unit_id, recorded_by, effective_at) ON {MEASURED} TO journal_finder")
    op.execute(f"CREATE POLICY journal_finder ON {MEASURED} TO journal_finder USING (true) WITH CHECK (true)")
    define(
        "observations.rest_holds(ids uuid[]) RETURNS boolean STABLE",
        f"""
        DECLARE
            units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();
            recent uuid[] := audit.opened_charts('observations:recent');
        BEGIN
            RETURN ids <@ audit.opened_charts('observations:own') AND EXISTS (
                SELECT FROM {MEASURED} o WHERE o.patient_id = ANY (ids)
                    AND (o.unit_id = ANY (units)) IS NOT TRUE AND o.recorded_by <> person
                    AND NOT (o.patient_id = ANY (recent) AND {RECENT}));
        END""",
        owner="journal_finder",
    )
    op.execute(f"ALTER POLICY chart ON {MEASURED} USING ({MEASURED_SEEN}) WITH CHECK ({MEASURED_WRITTEN})")


def _policies(seen: str, written: str, own: str) -> None:
    op.execute(f"ALTER POLICY chart ON {NOTE} USING ({seen}) WITH CHECK ({written})")
    for table in (DRAFT, OPENING):
        op.execute(f"ALTER POLICY author ON {table} WITH CHECK ({own})")


def _standing(words: tuple[str, str]) -> None:
    """Of whom, and when, is not for the application to ask (0052)."""
    with_other_words(STANDING, "journal_finder", words)
    op.execute(f"REVOKE ALL ON FUNCTION {STANDING} FROM journal_app, journal_owner")


def downgrade() -> None:
    with_other_words(KINDS, "journal_door", KINDS_KNOW[::-1])
    # What was looked over stays, as the reason that was nearest.
    op.execute("UPDATE access.justified_access SET reason = 'other' WHERE reason LIKE 'rest-%'")
    other_words_of_check(*REASON, WITH_REST, OTHER)
    _standing(STANDING_KNOWS[::-1])
    notes = opened("notes")
    _policies(
        f"{notes} AND (sensitive IS NULL OR {opened('notes:sensitive')})", f"{notes} AND {HERE}", f"{MINE} AND {notes}"
    )
    measured = opened("observations")
    op.execute(f"ALTER POLICY chart ON {MEASURED} USING ({measured}) WITH CHECK ({measured} AND {HERE})")
    op.execute("DROP FUNCTION observations.rest_holds(uuid[])")
    op.execute(f"DROP POLICY journal_finder ON {MEASURED}")
    op.execute(f"REVOKE SELECT (patient_id, unit_id, recorded_by, effective_at) ON {MEASURED} FROM journal_finder")
    op.execute("REVOKE USAGE ON SCHEMA observations FROM journal_finder")
    with_other_words(DRAWER, "journal_finder", DRAWER_KNOWS[::-1])
    op.execute("DROP FUNCTION notes.rest_holds(uuid[])")
    op.execute(f"DROP FUNCTION {WITHIN}")
    op.execute(f"REVOKE SELECT (unit_id, recorded_by, effective_at) ON {NOTE} FROM journal_finder")
