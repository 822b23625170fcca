"""What the messages are written in: a whole small file, and texts, dates and instants read exactly or refused."""

from datetime import UTC, date, datetime, time
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

from journal.medication.sources.entries import BrokenSource
from journal.platform import clock
from journal.platform.language import phrase

_DEEPEST = 60
"""Elements inside one another; the real ones go to 20."""


class _Bounded(TreeBuilder):
    """Builds the elements, without namespaces, and no deeper than any message goes."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("elements without end")
        return super().start(_plain(tag), {_plain(name): value for name, value in attrs.items()})

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(_plain(tag))


def parse(content: bytes) -> Element:
    """The root of the document, its names without namespaces. Raises BrokenSource for what is not whole, or has a DTD."""
    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(content)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise BrokenSource(
            "Filen har innhold som ikke hører hjemme i en helsemelding. Be avsenderen om en ny fil."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise BrokenSource("Filen er ikke hel, eller den er ikke XML. Last den ned på nytt, og prøv igjen.") from error
    return root


def text(element: Element | None, path: str) -> str | None:
    """The words at the path; None where there are none."""
    found = None if element is None else element.find(path)
    return ((found.text or "").strip() or None) if found is not None else None


def value(element: Element, path: str, attribute: str = "V") -> str | None:
    """The attribute of the element at the path: V of a code or a timestamp; None where there is none."""
    found = element.find(path)
    return None if found is None else (found.get(attribute, "").strip() or None)


def day(written: str | None) -> date | None:
    """A date, whatever time and zone stand after it. Raises BrokenSource."""
    if written is None:
        return None
    try:
        return date.fromisoformat(written[:10])
    except ValueError as error:
        said = phrase("Filen har en dato journalen ikke forstår: «%(written)s».", written=written[:40])
        raise BrokenSource(said) from error


def instant(written: str | None) -> datetime | None:
    """UTC; a time without a zone is wall time in Norway. Raises BrokenSource."""
    if written is None:
        return None
    if "T" not in written and (only := day(written)):
        # A date may have a zone too, `2019-07-16+02:00`, which is Norway's.
        return clock.instant(only, time.min)
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        said = phrase("Filen har et tidspunkt journalen ikke forstår: «%(written)s».", written=written[:40])
        raise BrokenSource(said) from error
    return clock.instant(at.date(), at.time()) if at.tzinfo is None else at.astimezone(UTC)


def _plain(name: str) -> str:
    return name.rpartition("}")[2]
