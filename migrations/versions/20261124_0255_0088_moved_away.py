"""Who moves to another municipality takes with her what was personal: it ends within the hour, as it does by death.

A stay and a service are ended by whoever answers for them, and stand on the list until then. Only adds: the version before this
runs the same function.

Revision ID: 0088
Revises: 0087
"""

from migrations.helpers import in_place

revision, down_revision, branch_labels, depends_on = "0088", "0087", None, None

END = "access.end_grounds()"
DEAD = """            -- Of a leaver who had a dead patient: the shorter."""
# A general practitioner is kept by many who move, and is ended by the list of them.
MOVED = """            moved AS (
                SELECT r.patient_id, r.id, access.grace(r.municipality_id) AS grace FROM patients.patient_history h
                JOIN patients.patient p ON p.patient_id = h.patient_id
                JOIN access.care_relationship r ON r.patient_id = h.patient_id AND r.recorded_at < h.recorded_at
                    AND r.ground IN ('route', 'task', 'referral', 'patient_request')
                    AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL
                JOIN municipalities.municipality m ON m.id = r.municipality_id
                WHERE h.was ->> 'home_municipality_number' = m.number AND p.home_municipality_number <> m.number),
            -- Of a leaver who had a dead patient: the shorter."""
EACH = "FROM over o GROUP BY"
BOTH = "FROM (SELECT * FROM over UNION ALL SELECT * FROM moved) o GROUP BY"


def upgrade() -> None:
    in_place(END, DEAD, MOVED)
    in_place(END, EACH, BOTH)


def downgrade() -> None:
    in_place(END, BOTH, EACH)
    in_place(END, MOVED, DEAD)
