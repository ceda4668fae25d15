"""Logos of programmes: PNG or SVG files, proved harmless before anything draws them.

An SVG can name other files, carry scripts, pictures and texts in fonts that nobody has. A logo
is paths: whatever refers to anything outside of it is refused (SVG 2, section 2.3, secure static
mode, and stricter).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.parsers import expat

from dam.core.credits import ProgrammeFile
from dam.core.errors import ProblemsError
from dam.core.png import plain_png

FOLDER = "rules/programmes/logos"
MAX_BYTES = 512 * 1024
_DEPTH = 64
_NODES = 20_000
#: Copies of copies grow by the power of their depth.
_COPIES = 16
_SVG = "http://www.w3.org/2000/svg"
_REFUSED = {
    "script": "a script",
    "image": "a picture; use a PNG file for it",
    "feImage": "a picture; use a PNG file for it",
    "foreignObject": "another document",
    "text": "letters; turn them into paths",
    "style": "a style sheet; write its properties at each shape",
}
#: Whatever loads: `url(x)` but for a part of the same file, `@import`, `expression(...)`.
_LOADS = re.compile(r"url\s*\(\s*['\"]?\s*(?!#|['\"\s])|@import|\\|expression\s*\(", re.IGNORECASE)


def checked(programmes: Iterable[ProgrammeFile], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The logos that these programmes name, harmless. Raises ProblemsError with every problem."""
    found: dict[str, bytes] = {}
    problems: list[str] = []
    for name in sorted({logo.file for p in programmes for logo in p.logos}):
        if (data := files.get(name)) is None:
            problems.append(f"{FOLDER}/{name}: is not there")
            continue
        try:
            found[name] = harmless(name, data)
        except ValueError as error:
            problems.append(f"{FOLDER}/{name}: {error}")
    if problems:
        raise ProblemsError(
            "A logo cannot be used",
            tuple(problems),
            "Mend it, or take it out of the programme's file",
        )
    return found


def harmless(name: str, data: bytes) -> bytes:
    """The file as it may be drawn. Raises ValueError in words for whoever drew it."""
    if name.endswith(".png"):
        return plain_png(data)
    if len(data) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES // 1024} KiB")
    _Svg().read(data)
    return data


class _Svg:
    """Reads one SVG file and refuses what is more than shapes."""

    def __init__(self) -> None:
        self.depth = self.nodes = self.copies = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.ProcessingInstructionHandler = self.instruction

    def read(self, data: bytes) -> None:
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            raise ValueError(f"is no SVG file (line {error.lineno})") from None
        except (LookupError, UnicodeError):
            raise ValueError("is no SVG file") from None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.nodes += 1
        space, _, local = name.rpartition(" ")
        if self.nodes == 1 and (space, local) != (_SVG, "svg"):
            raise ValueError("is no SVG file")
        self.copies += local == "use"
        if self.depth > _DEPTH or self.nodes > _NODES or self.copies > _COPIES:
            raise ValueError("is nested too deep or too large; simplify it")
        if (what := _REFUSED.get(local)) is not None:
            raise ValueError(f"holds {what}")
        for word, value in attributes.items():
            plain = word.rpartition(" ")[2]
            if plain.lower().startswith("on"):
                raise ValueError("holds a script")
            if plain in ("href", "src") and not value.strip().startswith("#"):
                raise ValueError("refers to another file")
            if plain == "base" or _LOADS.search(value):
                raise ValueError("refers to another file")

    def end(self, _name: str) -> None:
        self.depth -= 1

    def doctype(self, *_declared: object) -> None:
        raise ValueError("has a DOCTYPE; save it without")

    def instruction(self, *_told: object) -> None:
        raise ValueError("has a processing instruction; save it without")
