"""What leaves the journal for a case: a PDF for people, CSV and FHIR for machines, their hashes, and a signature over those.

The signature is of the bytes of `manifest.json`, by Ed25519 with a key from a file, and lies beside it; whoever has the
public key needs nothing else: `akson check-export FILE --key PUBLIC`.
"""

import csv
import io
import json
import unicodedata
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_COLUMNS = (
    *("at", "actor_name", "actor_role", "unit_name", "actor_id", "patient_id", "action", "categories", "ground"),
    *("reason", "purpose", "outcome", "origin", "request_id", "id"),
)
# What a spreadsheet would take for a formula, also in full width and after a space.
_FORMULA = ("=", "+", "-", "@")
_ASIDE = ("\t", "\r", "\n")
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")


def as_csv(lines: list[dict[str, Any]]) -> bytes:
    """The lines, separated by semicolons as Norwegian spreadsheets read them, in UTF-8 with its mark first."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for line in lines:
        writer.writerow([_cell(line[column]) for column in _COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    text = " ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    seen = (one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) not in _UNSEEN)
    return f"'{text}" if text.startswith(_ASIDE) or next(seen, "") in _FORMULA else text


def packed(files: Mapping[str, bytes], key: Ed25519PrivateKey, *, by: str, at: datetime) -> bytes:
    """A ZIP of the files, with the manifest and its signature."""
    public = key.public_key().public_bytes_raw().hex()
    hashes = {name: sha256(content).hexdigest() for name, content in files.items()}
    told = {"files": hashes, "made_by": by, "made_at": at.astimezone(UTC).isoformat(timespec="seconds"), "key": public}
    manifest = json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        signed = {MANIFEST: manifest, SIGNATURE: key.sign(manifest).hex().encode()}
        for name, content in {**files, **signed}.items():
            package.writestr(zipfile.ZipInfo(name, at.astimezone(UTC).timetuple()[:6]), content)
    return out.getvalue()


def checked(package: Path | io.BytesIO, key: Ed25519PublicKey) -> list[str]:
    """What is wrong with such a ZIP, a sentence (bokmål) for each; none when all is as it was made."""
    with zipfile.ZipFile(package) as opened:
        names = opened.namelist()
        content = {name: opened.read(name) for name in names}
    if len(content) < len(names):
        return ["Samme fil ligger der flere ganger."]
    manifest, signature = content.pop(MANIFEST, b""), content.pop(SIGNATURE, b"")
    try:
        key.verify(bytes.fromhex(signature.decode()), manifest)
    except (InvalidSignature, ValueError):
        return ["Signaturen er ikke laget med denne nøkkelen, eller listen over filer er endret."]
    told = json.loads(manifest)["files"]
    wrong = [
        f"Filen {name} er endret, eller mangler."
        for name in told
        if sha256(content.get(name, b"")).hexdigest() != told[name]
    ]
    return wrong + [f"Filen {name} er lagt til." for name in content if name not in told]
