"""Reads the words of a PDF page by page, as a screen reader or a search would: through its own maps from glyphs to letters."""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property

from werkzeug.test import TestResponse

_OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)\bendobj", re.S)
_STREAM = re.compile(rb"/Length (\d+).*?stream\r?\n", re.S)
# Parentheses inside a string stand as they are where they come in pairs; three deep is more than a glyph's number makes.
_STRING = rb"(?:\\.|[^\\()])*"
for _ in range(3):
    _STRING = rb"(?:\\.|[^\\()]|\(" + _STRING + rb"\))*"
_RUN = re.compile(rb"/(\w+) [\d.]+ Tf|\(" + _STRING + rb"\)|<[0-9A-Fa-f]+>|\bET\b", re.S)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class Paper:
    """A PDF as bytes."""

    file: bytes

    @cached_property
    def objects(self) -> dict[int, bytes]:
        return {int(number): body for number, body in _OBJECT.findall(self.file)}

    @cached_property
    def pages(self) -> list[str]:
        """The words of each page, in the order they are set."""
        return [self._words(body) for body in self.objects.values() if re.search(rb"/Type\s*/Page\b(?!s)", body)]

    @property
    def text(self) -> str:
        return " ".join(self.pages)

    def has(self, entry: bytes) -> bool:
        """Whether an entry stands in any dictionary of the file: /MarkInfo, /StructTreeRoot …"""
        return any(entry in re.sub(rb"stream.*", b"", body, flags=re.S) for body in self.objects.values())

    @property
    def metadata(self) -> str:
        """The XMP, where a PDF says which standards it keeps."""
        (found,) = [body for body in self.objects.values() if b"/Type/Metadata" in body]
        return self._stream(found).decode()

    def _words(self, page: bytes) -> str:
        fonts = {name: self._letters(int(number)) for name, number in self._fonts(page)}
        (contents,) = re.findall(rb"/Contents (\d+) 0 R", page)
        letters: dict[int, str] = {}
        said: list[str] = []
        for found in _RUN.finditer(self._stream(self.objects[int(contents)])):
            if found[1]:
                letters = fonts[found[1]]
            elif found[0] == b"ET":
                said.append(" ")
            else:
                codes = _codes(found[0])
                said.append("".join(letters.get(code, "") for code in codes))
        return re.sub(r"\s+", " ", "".join(said))

    def _fonts(self, page: bytes) -> list[tuple[bytes, bytes]]:
        reference = re.search(rb"/Resources (\d+) 0 R", page)
        resources = self.objects[int(reference[1])] if reference else page
        fonts = re.search(rb"/Font\s*<<(.*?)>>", resources, re.S)
        return re.findall(rb"/(\w+) (\d+) 0 R", fonts[1]) if fonts else []

    def _letters(self, font: int) -> dict[int, str]:
        pointed = re.search(rb"/ToUnicode (\d+) 0 R", self.objects[font])
        assert pointed, "a font without a map can be neither read aloud nor searched"
        pairs = re.findall(
            rb"<([0-9A-F]{4})> <([0-9A-F]+)>", self._stream(self.objects[int(pointed[1])]).split(b"beginbfchar", 1)[1]
        )
        return {int(glyph, 16): bytes.fromhex(letter.decode()).decode("utf-16-be") for glyph, letter in pairs}

    def _stream(self, body: bytes) -> bytes:
        # By its length: what is compressed may end with what looks like the end of a line.
        head = _STREAM.search(body)
        assert head
        data = body[head.end() : head.end() + int(head[1])]
        return zlib.decompress(data) if b"FlateDecode" in body else data


def words(answer: TestResponse) -> str:
    """What an answer says, on a page or on paper, or in the papers of a package."""
    if answer.mimetype == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as package:
            papers = [package.read(name) for name in package.namelist() if name.endswith(".pdf")]
        return " ".join(Paper(paper).text for paper in papers)
    return Paper(answer.data).text if answer.mimetype == "application/pdf" else answer.text


def _codes(string: bytes) -> list[int]:
    if string.startswith(b"<"):
        raw = bytes.fromhex(string[1:-1].decode())
    else:
        raw = re.sub(rb"\\([0-7]{3}|.)", _unescaped, string[1:-1], flags=re.S)
    return [int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw) - 1, 2)]


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8)]) if len(code) == 3 else _ESCAPES.get(code, code)
