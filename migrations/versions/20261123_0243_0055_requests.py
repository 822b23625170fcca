"""What patients ask for (code list 7614): who asked, what was checked, and what became of it, step by step.

Revision ID: 0055
"""

from alembic import op

from migrations.helpers import guard

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

_STAMP = """
    municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
    recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
    recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
    recorded_at timestamptz NOT NULL DEFAULT now()"""
# What a patient asked tells something of her: only who reads the log in this transaction sees it.
_READ = "municipality_id = (SELECT audit.acting_for()) AND (SELECT audit.reading_log())"


def upgrade() -> None:
    # No key to the patient: it would tell whoever tries an id whether there is such a person.
    op.execute(
        f"""CREATE TABLE oversight.request ({_STAMP},
            patient_id uuid NOT NULL, id uuid NOT NULL,
            kind text NOT NULL CHECK (kind IN ('1', '2', '3', '4', '5', '6', '7', '8')),
            received_on date NOT NULL, due_on date NOT NULL CHECK (due_on >= received_on),
            asker text NOT NULL CHECK (asker IN ('patient', 'parent', 'guardian', 'next_of_kin', 'authorised')),
            asker_name text NOT NULL, checked text NOT NULL CHECK (length(checked) BETWEEN 1 AND 500),
            text text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
            PRIMARY KEY (municipality_id, patient_id, id), UNIQUE (municipality_id, id),
            CHECK ((asker = 'patient') = (asker_name = '')))"""
    )
    # The number makes two who act at once one after the other: the second is told to look again.
    op.execute(
        f"""CREATE TABLE oversight.request_step ({_STAMP},
            request_id uuid NOT NULL, number integer NOT NULL CHECK (number > 0),
            kind text NOT NULL CHECK (kind IN
                ('taken', 'granted', 'partly', 'refused', 'letter', 'appealed', 'forwarded', 'closed', 'note')),
            text text NOT NULL CHECK (length(text) <= 4000),
            language text CHECK (language IN ('nb', 'nn', 'en')),
            PRIMARY KEY (municipality_id, request_id, number),
            FOREIGN KEY (municipality_id, request_id) REFERENCES oversight.request (municipality_id, id),
            CHECK ((kind = 'letter') = (language IS NOT NULL)),
            CHECK (text <> '' OR kind IN ('taken', 'letter', 'closed')))"""
    )
    given = {
        "request": "patient_id, id, kind, received_on, due_on, asker, asker_name, checked, text",
        "request_step": "request_id, number, kind, text, language",
    }
    for table, columns in given.items():
        guard(f"oversight.{table}")
        op.execute(f"CREATE POLICY auditor ON oversight.{table} TO journal_app USING ({_READ}) WITH CHECK ({_READ})")
        op.execute(f"GRANT SELECT, INSERT ({columns}) ON oversight.{table} TO journal_app")


def downgrade() -> None:
    op.execute("DROP TABLE oversight.request_step")
    op.execute("DROP TABLE oversight.request")
