"""Which insulin it is, in words: the names alone are mixed up, and the wrong one of two is a common serious error.

Source: the ATC system, A10A. A meal follows what works fast; what works long is given at the same time each day.
"""

from journal.platform.language import phrases

_KINDS = phrases(
    {
        "A10AB": "hurtigvirkende insulin, til måltid",
        "A10AC": "middels langtidsvirkende insulin",
        "A10AD": "blandingsinsulin, til måltid",
        "A10AE": "langtidsvirkende insulin",
    }
)


def insulin_text(atc_code: str | None) -> str | None:
    """`hurtigvirkende insulin, til måltid`; None for what is no insulin to inject."""
    return _KINDS.get((atc_code or "")[:5])
