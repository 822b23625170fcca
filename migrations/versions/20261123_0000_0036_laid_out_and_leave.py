"""A dose may lie before the patient, neither given nor not given.

Only adds: the version before this shows such a dose as open, and signs it; it reads the columns of dose_to_sign by name.

Revision ID: 0036
Revises: 0031
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, stamp, with_other_words

revision, down_revision, branch_labels, depends_on = "0036", "0031", None, None

LAID_OUT = "medication.dose_laid_out"
SIGN = "medication.dose_to_sign(uuid[], uuid)"
# At their beginning, after what stands there in every version of it.
SIGN_KNOWS = (
    ("TABLE(patient_id uuid, ", "TABLE(patient_id uuid, laid_out uuid, two_signatures boolean, "),
    (
        "SELECT d.patient_id, ",
        "SELECT d.patient_id, (SELECT l.id FROM medication.dose_laid_out l WHERE l.patient_id = d.patient_id"
        " AND l.dose_id = d.id AND l.in_error_at IS NULL), r.two_signatures, ",
    ),
)


def upgrade() -> None:
    _laid_out()
    _dose_to_sign(*SIGN_KNOWS)


def _laid_out() -> None:
    op.execute(
        f"""CREATE TABLE {LAID_OUT} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            dose_id uuid NOT NULL,
            request_id uuid NOT NULL,
            request_version integer NOT NULL,
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, dose_id) REFERENCES medication.dose (patient_id, id),
            FOREIGN KEY (patient_id, request_id) REFERENCES medication.medication_request (patient_id, id))"""
    )
    op.execute(
        f"CREATE UNIQUE INDEX one_live_laying_per_dose ON {LAID_OUT} (patient_id, dose_id) WHERE in_error_at IS NULL"
    )
    chart_table(LAID_OUT)
    stamp(LAID_OUT)


def _dose_to_sign(*changes: tuple[str, str]) -> None:
    with_other_words(SIGN, "journal_owner", *changes)
    op.execute(f"REVOKE EXECUTE ON FUNCTION {SIGN} FROM journal_door, journal_finder")


def downgrade() -> None:
    _dose_to_sign(*((new, old) for old, new in SIGN_KNOWS))
    op.execute(f"DROP TABLE {LAID_OUT}")
