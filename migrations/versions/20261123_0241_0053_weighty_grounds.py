"""What the patient has closed is opened on weighty grounds, for a while, and by no other row than one that is looked over.

Only adds: the version before this makes no such row.

Revision ID: 0053
Revises: 0052
"""

from alembic import op

from migrations.helpers import define, let_read, other_words_of_check, with_other_words

revision, down_revision, branch_labels, depends_on = "0053", "0052", None, None

RELATIONSHIP, ACCESS = "access.care_relationship", "access.justified_access"
CHECKS = (
    (RELATIONSHIP, "care_relationship_ground_check", ("'justified'::text", "'justified'::text, 'weighty'::text")),
    (
        ACCESS,
        "justified_access_reason_check",
        ("'other'::text", "'other'::text, 'closed-life'::text, 'closed-harm'::text"),
    ),
)
STANDING = "access.standing_of(uuid[], uuid, uuid[], timestamptz)"
AGAINST = "AND (r.against_person_id = person OR r.against_unit_id = ANY (units)))"
STANDING_KNOWS = (
    (AGAINST, f"{AGAINST[:-1]} AND NOT access.weighed(k.ids, person, r.category, r.against_person_id, moment))"),
    # While it lasts it is what she reads by, and what the log says.
    ("ORDER BY r.valid_until IS NULL DESC", "ORDER BY r.ground = 'weighty' DESC, r.valid_until IS NULL DESC"),
)
CLOSED = "access.closed_to(uuid, uuid[], text[])"
LASTS = "AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()));"
CLOSED_KNOWS = (
    (
        LASTS,
        f"""{LASTS[:-2]}
                  AND NOT access.weighed(h.leading || ARRAY(SELECT l.linked_patient_id FROM patients.link l
                      WHERE l.patient_id = h.leading AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL),
                      reader, r.category, r.against_person_id, now()));""",
    ),
)


def upgrade() -> None:
    for table, name, words in CHECKS:
        other_words_of_check(table, name, *words)
    op.execute(
        f"""ALTER TABLE {RELATIONSHIP} ADD CONSTRAINT weighty_ends CHECK (ground <> 'weighty'
            OR practitioner_id IS NOT NULL AND unit_id IS NULL AND grace_until IS NULL
               AND valid_until IS NOT NULL AND valid_until <= valid_from + interval '24 hours')"""
    )
    let_read("journal_finder", ACCESS)
    # By the row that is looked over and no other. A whole record stays closed: it looks like none. What is closed to her by name
    # is opened where life is in danger, and not otherwise.
    define(
        "access.weighed(ids uuid[], reader uuid, category text, by_name uuid, moment timestamptz) RETURNS boolean STABLE",
        f"""
        BEGIN
            RETURN category NOT IN ('*', 'patients') AND EXISTS (
                SELECT FROM {ACCESS} j
                JOIN {RELATIONSHIP} o ON (o.patient_id, o.id) = (j.patient_id, j.relationship_id)
                WHERE j.patient_id = ANY (ids) AND j.recorded_by = reader
                  AND (j.reason = 'closed-life' OR j.reason = 'closed-harm' AND by_name IS DISTINCT FROM reader)
                  AND o.ground = 'weighty' AND o.practitioner_id = reader AND o.in_error_at IS NULL
                  AND o.valid_from <= moment AND o.valid_until > moment);
        END""",
        owner="journal_finder",
    )
    op.execute(
        "REVOKE ALL ON FUNCTION access.weighed(uuid[], uuid, text, uuid, timestamptz) FROM journal_app, journal_owner, journal_door"
    )
    _standing(*STANDING_KNOWS)
    with_other_words(CLOSED, "journal_finder", *CLOSED_KNOWS)
    op.execute(f"REVOKE ALL ON FUNCTION {CLOSED} FROM journal_app, journal_owner, journal_door")


def _standing(*words: tuple[str, str]) -> None:
    """Of whom, and when, is not for the application to ask (0052)."""
    with_other_words(STANDING, "journal_finder", *words)
    op.execute(f"REVOKE ALL ON FUNCTION {STANDING} FROM journal_app, journal_owner")


def downgrade() -> None:
    with_other_words(CLOSED, "journal_finder", *((new, old) for old, new in reversed(CLOSED_KNOWS)))
    op.execute(f"REVOKE ALL ON FUNCTION {CLOSED} FROM journal_app, journal_owner, journal_door")
    _standing(*((new, old) for old, new in reversed(STANDING_KNOWS)))
    op.execute("DROP FUNCTION access.weighed(uuid[], uuid, text, uuid, timestamptz)")
    op.execute(f"DROP POLICY journal_finder ON {ACCESS}")
    op.execute(f"REVOKE SELECT ON {ACCESS} FROM journal_finder")
    op.execute(f"ALTER TABLE {RELATIONSHIP} DROP CONSTRAINT weighty_ends")
    # What was opened so is over within a day, and stays as the emergency that it was nearest.
    op.execute(f"UPDATE {RELATIONSHIP} SET ground = 'emergency' WHERE ground = 'weighty'")
    op.execute(f"UPDATE {ACCESS} SET reason = 'emergency' WHERE reason IN ('closed-life', 'closed-harm')")
    for table, name, (old, new) in CHECKS:
        other_words_of_check(table, name, new, old)
