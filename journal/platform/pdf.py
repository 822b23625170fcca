"""A page for paper: a template of ours and what it is filled with, as a tagged PDF (PDF/UA-1) that a screen reader can read.

What is filled in is data that the template reads: never markup, whoever wrote it. The typesetter is given no folder, no
network and no fonts but its own, so a page looks the same on every machine.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import typst

from journal.platform.language import Phrase, in_reader_language

# What the fonts of the typesetter have: Latin with the Sámi letters, Greek, Cyrillic, and the signs of ordinary text.
_LEFT_OUT = re.compile(
    "[^\u0020-\u007e\u00a0-\u00ac\u00ae-\u024f\u0370-\u0377\u037a-\u037f\u0384-\u03ff\u0400-\u045f\u1e00-\u1eff"
    "\u2010-\u2027\u2030-\u203a\u20a0-\u20ac\u2150\u2151\u2153-\u215e\u2190-\u2193\u2212\u2248-\u2265]"
)


def pdf(template: bytes, filled: Mapping[str, Any], at: datetime, shield: Callable[[str], str]) -> bytes:
    """The template filled in; it reads the mapping, as JSON, from `sys.inputs.data`. `at`: when it was made. `shield`: Work's,
    which takes out what the reader is not told.

    Raises typst.TypstError for a template that is wrong.
    """
    data = shield(json.dumps(_said(filled), ensure_ascii=False))
    made = typst.compile(
        template,
        sys_inputs={"data": data},
        format="pdf",
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=at.replace(microsecond=0),
    )
    assert isinstance(made, bytes)
    return made


def printable(text: str) -> str:
    """The text on one line; a sign that no font of ours has stands as its number ([U+1F600]), seen and not left out."""
    # Only what breaks a line: a no-break space keeps a number with its unit on paper too.
    composed = unicodedata.normalize("NFC", re.sub(r"[\t\n\r\f\v]+", " ", text))
    return _LEFT_OUT.sub(lambda found: f"[U+{ord(found[0]):04X}]", composed)


def _said(value: Any) -> Any:
    """With every text in the reader's language and printable."""
    if isinstance(value, str):
        return printable(in_reader_language(value) if isinstance(value, Phrase) else value)
    if isinstance(value, Mapping):
        return {name: _said(inside) for name, inside in value.items()}
    if isinstance(value, Sequence):
        return [_said(inside) for inside in value]
    return value
