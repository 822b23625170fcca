"""A protected address is shown to the few who are named for it, for a while, and each time is looked over.

Only adds: the version before this shows it to nobody.

Revision ID: 0069
Revises: 0068
"""

from alembic import op

from migrations.helpers import STAMPS, grant_insert, guard, opened, other_words_of_check, stamp, with_other_words

revision, down_revision, branch_labels, depends_on = "0069", "0068", None, None

READER, ACCESS = "access.address_reader", "access.justified_access"
REASON = (ACCESS, "justified_access_reason_check")
OTHER, ADDRESS = "'other'::text", "'other'::text, 'address'::text"
STAMPED = ", ".join(
    f"{name} {'text' if name in ('recorded_by_name', 'recorded_role') else 'uuid'} NOT NULL" for name in STAMPS
)
# It is read within the ground that she has: of her looks by that, those at the address are what is looked over.
KINDS = "access.opened_kinds(uuid[])"
OF_GROUND = "AND l.relationship_id = j.relationship_id"
OF_ADDRESS = f"{OF_GROUND} AND (j.reason <> 'address' OR l.action = 'patients:address')"


def upgrade() -> None:
    # A few, and no more: each of the named has one of the seats. Nobody names herself.
    op.execute(
        f"""CREATE TABLE {READER} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {STAMPED}, recorded_at timestamptz NOT NULL DEFAULT now(),
            practitioner_id uuid NOT NULL,
            seat smallint NOT NULL CHECK (seat BETWEEN 1 AND 5),
            valid_until timestamptz,
            PRIMARY KEY (patient_id, id),
            CONSTRAINT named_by_another CHECK (practitioner_id <> recorded_by))"""
    )
    op.execute(f"CREATE UNIQUE INDEX address_reader_seat ON {READER} (patient_id, seat) WHERE valid_until IS NULL")
    op.execute(
        f"CREATE UNIQUE INDEX address_reader_once ON {READER} (patient_id, practitioner_id) WHERE valid_until IS NULL"
    )
    # Whoever is named sees that she is, also before the chart is open: the gate asks it.
    guard(READER)
    own = "municipality_id = (SELECT audit.acting_for())"
    op.execute(
        f"CREATE POLICY reader ON {READER} TO journal_app"
        f" USING ({own} AND practitioner_id = (SELECT audit.acting_person()) OR {opened('patients')})"
        f" WITH CHECK ({own} AND {opened('patients')})"
    )
    op.execute(f"GRANT SELECT, UPDATE (valid_until) ON {READER} TO journal_app")
    grant_insert(READER)
    stamp(READER)
    other_words_of_check(*REASON, OTHER, ADDRESS)
    with_other_words(KINDS, "journal_door", (OF_GROUND, OF_ADDRESS))


def downgrade() -> None:
    with_other_words(KINDS, "journal_door", (OF_ADDRESS, OF_GROUND))
    # What was looked over stays, as the reason that was nearest.
    op.execute(f"UPDATE {ACCESS} SET reason = 'other' WHERE reason = 'address'")
    other_words_of_check(*REASON, ADDRESS, OTHER)
    op.execute(f"DROP TABLE {READER}")
