"""What comes in from the municipality's own list of critical medicines."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields

from journal.platform.fields import StrictInteger
from journal.platform.language import phrase

ATC = re.compile(r"[A-Z]\d\d([A-Z]([A-Z](\d\d)?)?)?")
_MOST = 100


class AtcCodes(fields.Field[list[str]]):
    """ATC groups as people write them, `H02AB, C01AA05`: sorted, each once. A whole anatomical group (`C`) is too much."""

    def _deserialize(self, value: object, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        codes = sorted(set(re.split(r"[\s,;]+", str(value).strip().upper())) - {""})
        for code in codes:
            if not ATC.fullmatch(code):
                said = phrase("%(code)s er ikke en ATC-kode. Skriv for eksempel H02AB.", code=code[:20])
                raise ValidationError(said)
        if len(codes) > _MOST:
            raise ValidationError(phrase("Skriv høyst %(most)s koder.", most=_MOST))
        return codes


class ChooseCritical(Schema):
    """The groups, none for no more than the rule's, and the version of the choice that was seen (0 for none)."""

    version = StrictInteger(required=True, least=0)
    atc_codes = AtcCodes(required=True)
