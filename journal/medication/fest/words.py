"""The words by which a medicine is found."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)?")


def words(text: str) -> list[str]:
    """The words of a text as they are stored and sought: composed, in lower case, each once, the longest first.

    `Paracet tab 500 mg` is `paracet`, `tab`, `500`, `mg`; `2,5` and `2.5` are the same word.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    found = {word.replace(".", ",") for word in _WORD.findall(folded)}
    return sorted(found, key=lambda word: (-len(word), word))
