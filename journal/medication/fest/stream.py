"""A file of M30 as a stream of its entries: whole ones, one at a time, without namespaces; the rest is passed over."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

from journal.medication.fest.elements import KEPT, BrokenCatalogue, instant

_PART = 1 << 16
_LARGEST = 16 << 20
"""Bytes in one entry. The largest real ones are some hundred kilobytes; what never ends would fill the memory."""

_DEEPEST = 50
"""Elements inside one another; the real ones go to nine."""

_ROOT, _CATALOGUE, _LISTING = 1, 2, 3


class Source(Protocol):
    """A file, or what counts while one is read."""

    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, /) -> int: ...
    def tell(self) -> int: ...


def listings(stream: Source, names: frozenset[str]) -> Iterator[Element]:
    """The entries (`Oppf…`) of these names, in the order of the file, which is seen to be whole at the end.

    Raises BrokenCatalogue for what is not whole, not well-formed or not FEST, has a DTD, or has an entry without end.
    """
    found = _Listings(names)
    for _ in _parts(stream, found):
        yield from found.whole
        found.whole.clear()


def fetched_at(stream: Source) -> datetime:
    """When the file was taken from FEST (HentetDato), which stands first in it. The stream is left where it stood.

    Raises BrokenCatalogue, as `listings`.
    """
    start, found = stream.tell(), _Listings(frozenset())
    for _ in _parts(stream, found):
        if found.fetched or found.ended:
            break
    if not found.fetched:
        raise BrokenCatalogue(f"Filen sier ikke når den er hentet fra FEST (HentetDato). {KEPT}")
    stream.seek(start)
    return instant(found.fetched)


class _Listings:
    """What the parser tells to: builds the entries that are asked for. The elements of others are never made."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names, self._depth = names, 0
        self._builder: TreeBuilder | None = None
        self.whole: list[Element] = []
        self.ended = 0
        """How many entries have ended, whatever their names."""
        self.fetched = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self._depth += 1
        if self._builder is None:
            if self._depth == _ROOT and name != "FEST":
                raise BrokenCatalogue(f"Filen er ikke en legemiddelkatalog fra FEST (M30). {KEPT}")
            wanted = self._depth == _LISTING and name in self._names
            if not wanted and not (self._depth == _CATALOGUE and name == "HentetDato"):
                return
            self._builder = TreeBuilder()
        if self._depth > _DEEPEST:
            raise ValueError("elements without end")
        self._builder.start(name, attributes)

    def data(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def end(self, tag: str) -> None:
        if self._builder is not None:
            self._builder.end(tag.rpartition("}")[2])
        if self._depth <= _LISTING:
            self._end_listing()
        self._depth -= 1

    def _end_listing(self) -> None:
        if self._builder is not None:
            element = self._builder.close()
            self._builder = None
            if self._depth == _LISTING:
                self.whole.append(element)
            else:
                self.fetched = (element.text or "").strip()
        self.ended += self._depth == _LISTING

    def close(self) -> None:
        """The file is whole."""


def _parts(stream: Source, found: _Listings) -> Iterator[None]:
    """Feeds the file to the parser, and stops after each part of it."""
    parser = DefusedXMLParser(target=found, forbid_dtd=True)
    since = 0
    try:
        while part := stream.read(_PART):
            ended = found.ended
            parser.feed(part)
            since = 0 if found.ended > ended else since + len(part)
            if since > _LARGEST:
                raise ValueError("an entry without end")
            yield
        parser.close()
        yield
    except DefusedXmlException as error:
        raise BrokenCatalogue(f"Filen har innhold som ikke hører hjemme i en legemiddelkatalog. {KEPT}") from error
    except (ParseError, ValueError, LookupError) as error:
        raise BrokenCatalogue(f"Filen er ikke hel, eller den er skadet. Last den ned på nytt. {KEPT}") from error
