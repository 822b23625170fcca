"""What makes two alerts the same: the medicines they are about, and the doses they rest on."""

import hashlib

from journal.medication.rules.safety.medicine import Ordered
from journal.medication.rules.stored import canonical


def identity(medicine: Ordered) -> str:
    """The same for the same medicine in any order: its ATC code and form, or the substances of one that has none."""
    return f"{medicine.atc_code or '+'.join(sorted(medicine.substance_names))}/{medicine.form_code or ''}"


def basis_of(*medicines: Ordered) -> str:
    """A text that changes when the dosage of any of them does, in whatever order they are told."""
    doses = sorted(
        f"{identity(one)} {canonical(one.dosage.to_json()) if one.dosage is not None else ''}" for one in medicines
    )
    return hashlib.sha256("\n".join(doses).encode()).hexdigest()[:16]
