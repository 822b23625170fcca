"""Every permission of the journal, and which of them each role has. Roles are sets of permissions; there is no superuser."""

from enum import StrEnum


class Permission(StrEnum):
    """What may be done, named "<context>:<action>". Alphabetical, so that a new one has one place to stand."""

    ACCESS_APPOINT = "access:appoint"
    ACCESS_ENROL = "access:enrol"
    ACCESS_ENTRUST = "access:entrust"
    ACCESS_JUSTIFY = "access:justify"
    ACCESS_LEND = "access:lend"
    ACCESS_MANAGE = "access:manage"
    ACCESS_REASON = "access:reason"
    ACCESS_RESCUE = "access:rescue"
    ACCESS_RESTRICT = "access:restrict"
    ACCESS_REVIEW = "access:review"
    ACCESS_SEE = "access:see"
    ACCESS_SOURCES = "access:sources"
    AUDIT_ANSWER = "audit:answer"
    AUDIT_READ = "audit:read"
    CARE_APPOINT = "care:appoint"
    CARE_GRANT = "care:grant"
    CARE_RAISE = "care:raise"
    CARE_READ = "care:read"
    CARE_WRITE = "care:write"
    CHART_DIET = "chart:diet"
    CHART_DOWNTIME = "chart:downtime"
    CHART_LIST = "chart:list"
    CHART_OWN = "chart:own"
    CHART_PREPARE = "chart:prepare"
    CHART_READ = "chart:read"
    MEDICATION_ADMINISTER = "medication:administer"
    MEDICATION_APPOINT = "medication:appoint"
    MEDICATION_CATALOGUE = "medication:catalogue"
    MEDICATION_CHECK = "medication:check"
    MEDICATION_CONFIRM = "medication:confirm"
    MEDICATION_DELEGATE = "medication:delegate"
    MEDICATION_DOWNTIME = "medication:downtime"
    MEDICATION_GIVE = "medication:give"
    MEDICATION_IMPORT = "medication:import"
    MEDICATION_KEEP = "medication:keep"
    MEDICATION_PRESCRIBE = "medication:prescribe"
    MEDICATION_PRESCRIBE_BESIDE = "medication:prescribe-beside"
    MEDICATION_PRINT = "medication:print"
    MEDICATION_READ = "medication:read"
    MEDICATION_RECEIVE = "medication:receive"
    MUNICIPALITIES_MANAGE = "municipalities:manage"
    MUNICIPALITIES_READ = "municipalities:read"
    NOTES_DRAWER = "notes:drawer"
    NOTES_READ = "notes:read"
    NOTES_WRITE = "notes:write"
    OBSERVATIONS_READ = "observations:read"
    OBSERVATIONS_WRITE = "observations:write"
    PATIENTS_ADDRESS = "patients:address"
    PATIENTS_ADMIT = "patients:admit"
    PATIENTS_DISCHARGE = "patients:discharge"
    PATIENTS_FIND = "patients:find"
    PATIENTS_READ = "patients:read"
    PATIENTS_REGISTER = "patients:register"
    PATIENTS_WRITE = "patients:write"
    RECORDS_ERASE = "records:erase"


class Role(StrEnum):
    """What somebody is employed as. A person acts in one role at a time."""

    NURSE = "nurse"
    HEALTH_ASSISTANT = "health_assistant"
    ASSISTANT = "assistant"
    STUDENT = "student"
    DOCTOR = "doctor"
    UNIT_MANAGER = "unit_manager"
    TENANT_ADMINISTRATOR = "tenant_administrator"
    CASE_OFFICER = "case_officer"
    KITCHEN = "kitchen"
    AUDITOR = "auditor"
    SYSTEM = "system"


P = Permission
_READS = frozenset(
    {
        P.ACCESS_JUSTIFY,
        P.ACCESS_RESCUE,
        P.CARE_READ,
        P.CHART_LIST,
        P.CHART_READ,
        P.MEDICATION_CATALOGUE,
        P.MEDICATION_PRINT,
        P.MEDICATION_READ,
        P.MUNICIPALITIES_READ,
        P.NOTES_DRAWER,
        P.NOTES_READ,
        P.OBSERVATIONS_READ,
        P.PATIENTS_ADDRESS,
        P.PATIENTS_FIND,
        P.PATIENTS_READ,
    }
)
_CARES = _READS | {
    P.CARE_WRITE,
    P.CHART_OWN,
    P.MEDICATION_ADMINISTER,
    P.MEDICATION_GIVE,
    P.NOTES_WRITE,
    P.OBSERVATIONS_WRITE,
}
_RESIDENCE = frozenset({P.CARE_GRANT, P.PATIENTS_ADMIT, P.PATIENTS_DISCHARGE, P.PATIENTS_REGISTER})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.NURSE: _CARES
    | _RESIDENCE
    | {
        P.ACCESS_LEND,
        P.ACCESS_RESTRICT,
        P.ACCESS_SEE,
        P.CHART_DOWNTIME,
        P.MEDICATION_CONFIRM,
        P.MEDICATION_DELEGATE,
        P.MEDICATION_IMPORT,
        P.MEDICATION_KEEP,
        P.MEDICATION_RECEIVE,
        P.PATIENTS_WRITE,
    },
    Role.HEALTH_ASSISTANT: _CARES,
    # Without authorisation: today's visits, doses that are delegated by name, measurements and tasks. Writes and prints no record.
    Role.ASSISTANT: _CARES - {P.MEDICATION_PRINT, P.NOTES_DRAWER, P.NOTES_WRITE},
    # Under a named supervisor: writes, gives medicines with her beside (service/supervised.py) and never alone, opens neither
    # chart nor drawer on a reason of her own.
    Role.STUDENT: _CARES
    - {P.ACCESS_JUSTIFY, P.ACCESS_RESCUE, P.MEDICATION_ADMINISTER, P.NOTES_DRAWER, P.PATIENTS_ADDRESS},
    Role.DOCTOR: _CARES
    | {
        P.ACCESS_RESTRICT,
        P.MEDICATION_IMPORT,
        P.MEDICATION_PRESCRIBE,
        P.MEDICATION_PRESCRIBE_BESIDE,
        P.PATIENTS_WRITE,
    }
    | _RESIDENCE,
    Role.UNIT_MANAGER: _READS
    | _RESIDENCE
    | {
        P.ACCESS_APPOINT,
        P.ACCESS_ENROL,
        P.ACCESS_ENTRUST,
        P.ACCESS_LEND,
        P.ACCESS_REASON,
        P.ACCESS_REVIEW,
        P.ACCESS_SEE,
        P.ACCESS_SOURCES,
        P.AUDIT_ANSWER,
        P.CARE_APPOINT,
        P.CARE_WRITE,
        P.CHART_DOWNTIME,
        P.MEDICATION_APPOINT,
        P.MEDICATION_DELEGATE,
        P.MEDICATION_DOWNTIME,
        P.MEDICATION_KEEP,
        P.PATIENTS_WRITE,
        P.RECORDS_ERASE,
    },
    # An administrator runs the municipality and sees no patient.
    Role.TENANT_ADMINISTRATOR: frozenset(
        {
            P.ACCESS_ENROL,
            P.ACCESS_MANAGE,
            P.ACCESS_REVIEW,
            P.ACCESS_SEE,
            P.ACCESS_SOURCES,
            P.MEDICATION_APPOINT,
            P.MEDICATION_DELEGATE,
            P.MEDICATION_DOWNTIME,
            P.MUNICIPALITIES_MANAGE,
            P.MUNICIPALITIES_READ,
        }
    ),
    # Decides on services: who the patient is, what she has of services and stays, and what is to be done. No medicines, no notes.
    Role.CASE_OFFICER: frozenset(
        {
            P.ACCESS_JUSTIFY,
            P.CARE_GRANT,
            P.CARE_READ,
            P.MUNICIPALITIES_READ,
            P.PATIENTS_ADDRESS,
            P.PATIENTS_FIND,
            P.PATIENTS_READ,
            P.PATIENTS_REGISTER,
        }
    ),
    # What must not be eaten, and by whom.
    Role.KITCHEN: frozenset({P.CHART_DIET}),
    # An auditor sees who looked, not what they saw.
    Role.AUDITOR: frozenset({P.ACCESS_REVIEW, P.AUDIT_READ, P.MUNICIPALITIES_READ}),
    Role.SYSTEM: frozenset(
        {
            P.ACCESS_SOURCES,
            P.CARE_RAISE,
            P.CHART_PREPARE,
            P.MEDICATION_CATALOGUE,
            P.MEDICATION_CHECK,
            P.MEDICATION_READ,
            P.OBSERVATIONS_READ,
            P.PATIENTS_READ,
        }
    ),
}
_RIGHTS = {role.value: rights for role, rights in ROLE_PERMISSIONS.items()}

# Acts that ask who it is anew when that was proved some while ago (Section.act says the single routes that do so too).
FRESH = frozenset(
    {
        P.ACCESS_APPOINT,
        P.ACCESS_ENROL,
        P.ACCESS_ENTRUST,
        P.ACCESS_LEND,
        P.ACCESS_MANAGE,
        P.ACCESS_RESCUE,
        P.ACCESS_RESTRICT,
        P.MEDICATION_PRESCRIBE,
        P.MEDICATION_PRESCRIBE_BESIDE,
        P.RECORDS_ERASE,
    }
)

# The part of the chart that a permission opens. PostgreSQL shows a patient's rows category by category
# (row-level security), so a look logged as medication cannot read a note.
OPENS: dict[Permission, tuple[str, ...]] = {
    P.ACCESS_ENTRUST: ("patients",),
    P.ACCESS_JUSTIFY: ("patients", "access"),
    P.ACCESS_REASON: ("patients", "access"),
    P.ACCESS_RESCUE: ("patients", "access"),
    P.ACCESS_RESTRICT: ("patients", "access"),
    P.CARE_GRANT: ("patients", "care"),
    P.CARE_READ: ("patients", "care"),
    P.CARE_WRITE: ("patients", "care"),
    # What somebody has signed herself, and whose it is: no other row of the chart.
    P.CHART_OWN: ("own", "notes:mine", "medication:mine"),
    # Names, what must not be eaten and how: patients.diets() shows it, and no row of the chart.
    P.CHART_DIET: ("diet",),
    P.CHART_PREPARE: ("patients", "medication", "observations", "chart"),
    P.CHART_READ: ("patients", "medication", "observations", "notes", "care"),
    P.MEDICATION_ADMINISTER: ("patients", "medication", "observations"),
    P.MEDICATION_CHECK: ("patients", "medication", "observations"),
    P.MEDICATION_CONFIRM: ("patients", "medication"),
    P.MEDICATION_GIVE: ("patients", "medication", "observations"),
    P.MEDICATION_IMPORT: ("patients", "medication"),
    P.MEDICATION_KEEP: ("patients", "medication"),
    P.MEDICATION_PRESCRIBE: ("patients", "medication", "observations"),
    P.MEDICATION_PRESCRIBE_BESIDE: ("patients", "medication", "observations"),
    P.MEDICATION_PRINT: ("patients", "medication", "observations"),
    P.MEDICATION_READ: ("patients", "medication", "observations"),
    P.MEDICATION_RECEIVE: ("patients", "medication", "observations"),
    P.NOTES_DRAWER: ("patients", "notes", "notes:sensitive"),
    P.NOTES_READ: ("patients", "notes"),
    P.NOTES_WRITE: ("patients", "notes"),
    P.OBSERVATIONS_READ: ("patients", "observations"),
    P.OBSERVATIONS_WRITE: ("patients", "observations"),
    P.PATIENTS_ADDRESS: ("patients", "patients:address"),
    P.PATIENTS_ADMIT: ("patients", "care"),
    P.PATIENTS_DISCHARGE: ("patients", "care"),
    P.PATIENTS_READ: ("patients",),
    P.PATIENTS_REGISTER: ("patients", "care"),
    P.PATIENTS_WRITE: ("patients",),
    P.RECORDS_ERASE: ("patients", "medication", "observations", "notes", "care"),
    P.AUDIT_READ: ("audit",),
}

# By part of the chart, what is whole without that of it which the purpose of a ground does not need (access/purpose.py). An erasure
# reaches all of it, and medicines are given by any measurement; the overview shows those of fourteen days.
BY_PURPOSE: dict[str, frozenset[Permission]] = {
    "notes": frozenset({P.CHART_READ, P.NOTES_DRAWER, P.NOTES_READ, P.NOTES_WRITE}),
    "observations": frozenset({P.OBSERVATIONS_READ, P.OBSERVATIONS_WRITE}),
}


def permissions_of(role: str) -> frozenset[Permission]:
    """The permissions of a role; none for a role nobody knows (fail closed)."""
    return _RIGHTS.get(role, frozenset())
