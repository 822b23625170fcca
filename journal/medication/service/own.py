"""What somebody has signed of medicines herself, for when she has no other ground any more (decision 0040)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.rules import Dosage
from journal.medication.rules.reasons import Reason
from journal.medication.rules.sentence import dose_sentence
from journal.medication.rules.words import say
from journal.permissions import Permission
from journal.platform.language import joined, phrase, phrases
from journal.platform.quantity import Quantity
from journal.platform.service import Service, on_patients
from journal.platform.statement import Statement

_SIGNED = Statement(sa.text("SELECT * FROM medication.signed_by_oneself(:ids)"))
_DID = phrases(
    {
        "prescribe": "Forskrev",
        "change": "Endret",
        "hold": "Pauset",
        "resume": "Gjenopptok",
        "stop": "Seponerte",
        "complete": "Avsluttet",
    }
)


@dataclass(frozen=True)
class OwnSignature:
    """An order or a dose that the reader signed: when it was so, when she signed it, what she did, and with what."""

    patient_id: UUID
    effective_at: datetime
    recorded_at: datetime
    title: str
    text: str


class OwnSignatures(Service):
    """The reader's own orders and doses."""

    @on_patients(Permission.CHART_OWN)
    def signed(self, patient_ids: Collection[UUID]) -> list[OwnSignature]:
        """Those of these patients, of the employment she acts in. One statement."""
        return [_own(row) for row in _SIGNED.rows(self.db, ids=self.work.ids(*patient_ids))]


def _own(row: Any) -> OwnSignature:
    name = " ".join(filter(None, (row.generic_name, row.brand_name and row.brand_name.upper(), row.strength)))
    did = _DID[row.change] if row.change else phrase("Ga") if row.given else phrase("Ga ikke")
    said = [name]
    if row.dosage:
        said.append(dose_sentence(Dosage.from_json(row.dosage)))
    if row.amount is not None and row.unit:
        said.append(say(Quantity(row.amount, row.unit)))
    if row.reason_code:
        said.append(Reason(row.reason_code).text)
    return OwnSignature(row.patient_id, row.effective_at, row.recorded_at, did, joined(" – ", said))
