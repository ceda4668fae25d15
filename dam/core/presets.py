"""How pictures are rendered and described for a purpose: the files of `rules/purposes/`.

A file is named after its purpose; a purpose without one takes the built-in preset. What leaves
the organisation goes with a mark, its credits and its terms, whatever a file says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from dam.core.errors import ProblemsError
from dam.core.facts import digest_of
from dam.core.fields import Ident, Strict
from dam.core.model import IMPLIED_PURPOSES, Face, Problem, Purpose
from dam.core.readings import Color
from dam.core.sidecar import validation_problems
from dam.core.tree import Tree, field_name, parse
from dam.core.watermark import Marks

MetadataKept = Literal["full", "credit"]
Redacting = Literal["rules", "all_faces"]
Naming = Literal["dated", "numbered"]
TextKind = Literal["captions", "credits", "terms", "contact_sheet", "booklet", "index"]
TEXTS: tuple[TextKind, ...] = (
    "captions", "credits", "terms", "contact_sheet", "booklet", "index",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """What a pack for a purpose is like.

    `size` is the longer side in pixels, None for that of the original; `quality` that of JPEG.
    `mark` names a style of `rules/watermark.yaml`, "" for the one named there for the purpose.
    `metadata`: `full`, or `credit` (no captions, no date). `redaction`: what the `rules` ask for,
    or every face besides. `naming`: `dated` (20211118-k7q2mz.jpg) or `numbered` (001.jpg).
    `languages` are tags, the first one is that of the booklet's cover. `pages` is how many
    pictures the booklet shows; all of them stand in the contact sheet.
    """

    purpose: Purpose
    size: int | None = None
    quality: int = 90
    colour: Color = Color.SRGB
    mark: str = ""
    metadata: MetadataKept = "full"
    redaction: Redacting = "rules"
    naming: Naming = "dated"
    texts: tuple[TextKind, ...] = TEXTS
    languages: tuple[str, ...] = ("fr", "ar", "en")
    pages: int = 60

    def digest(self) -> str:
        """Digest of everything that a pack takes from it."""
        return digest_of(
            [
                self.purpose.value,
                self.size,
                self.quality,
                self.colour.value,
                self.mark,
                self.metadata,
                self.redaction,
                self.naming,
                list(self.texts),
                list(self.languages),
                self.pages,
            ]
        )


_LISTED: Final[tuple[TextKind, ...]] = ("captions", "credits", "terms", "contact_sheet", "index")
_LOOKED_AT: Final[tuple[TextKind, ...]] = ("captions", "credits", "terms", "index")
#: What holds for a purpose without a file; the files that are shipped say the same.
BUILT_IN: Final[Mapping[Purpose, Preset]] = MappingProxyType(
    {
        Purpose.ARCHIVE: Preset(Purpose.ARCHIVE),
        Purpose.INTERNAL: Preset(Purpose.INTERNAL, size=1600, quality=82, texts=_LISTED, pages=0),
        Purpose.PRESS: Preset(Purpose.PRESS, size=3000, quality=90),
        Purpose.WEB: Preset(Purpose.WEB, size=1920, quality=82, texts=_LOOKED_AT, pages=0),
        Purpose.SOCIAL: Preset(
            Purpose.SOCIAL,
            size=1350,
            quality=85,
            # Networks strip metadata; what is stripped need not be handed out.
            metadata="credit",
            naming="numbered",
            texts=_LOOKED_AT,
            pages=0,
        ),
        Purpose.PRINT: Preset(
            Purpose.PRINT,
            quality=95,
            colour=Color.KEEP,
            texts=("captions", "credits", "terms", "contact_sheet"),
            pages=0,
        ),
        Purpose.DONOR: Preset(Purpose.DONOR, size=2400, quality=88),
    }
)

SIDES: Final = (320, 20_000)
QUALITIES: Final = (50, 100)
MAX_PAGES: Final = 500
#: What tells the recipient whose a picture is, what may be done with it and how it is taken back.
_NEEDED: Final[tuple[TextKind, ...]] = ("credits", "terms")


def _whole(low: int, high: int, also: str = "") -> BeforeValidator:
    """A whole number as people write it, from `low` to `high`, or the word `also`."""

    def read(value: object) -> object:
        text = value.strip().lower() if isinstance(value, str) else value
        if also and text == also:
            return None
        number = int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else text
        if isinstance(number, int) and not isinstance(number, bool) and low <= number <= high:
            return number
        or_ = f", or {also}" if also else ""
        raise ValueError(f"use a whole number from {low} to {high}{or_}")

    return BeforeValidator(read)


def _written(low: int, high: int, *words: str) -> WithJsonSchema:
    forms: list[dict[str, object]] = [
        {"type": "integer", "minimum": low, "maximum": high},
        {"type": "string", "pattern": "^[0-9]+$"},
    ]
    if words:
        forms.append({"enum": list(words)})
    return WithJsonSchema({"anyOf": forms})


Side = Annotated[int | None, _whole(*SIDES, "full"), _written(*SIDES, "full")]
Quality = Annotated[int, _whole(*QUALITIES), _written(*QUALITIES)]
Pages = Annotated[int, _whole(0, MAX_PAGES), _written(0, MAX_PAGES)]
SaidLanguage = Literal["fr", "ar", "en"]


class PurposeFile(Strict):
    """`rules/purposes/PURPOSE.yaml`: schema dam/purpose/1. What is left out is built in."""

    schema_: Literal["dam/purpose/1"] = Field(alias="schema")
    size: Side = None
    quality: Quality | None = None
    colour: Literal["srgb", "original"] | None = None
    mark: Ident | None = None
    metadata: MetadataKept | None = None
    redaction: Redacting | None = None
    naming: Naming | None = None
    texts: tuple[TextKind, ...] | None = None
    languages: tuple[SaidLanguage, ...] | None = Field(default=None, min_length=1)
    pages: Pages | None = None


def load_presets(files: Mapping[str, bytes], marks: Marks) -> Mapping[Purpose, Preset]:
    """The preset of every purpose, from files by their name (`rules/purposes/press.yaml`).

    `marks` are those of `rules/watermark.yaml`. Raises ProblemsError with every problem of every
    file at once, each with its line.
    """
    problems: list[Problem] = []
    found: dict[Purpose, Preset] = {}
    for where in sorted(files):
        purpose = _purpose(where, problems)
        if purpose is not None and purpose in found:
            problems.append(Problem(where, None, "", "another file is for the same purpose"))
        elif purpose is not None:
            found[purpose] = _read(where, files[where], purpose, marks, problems)
    for purpose, preset in BUILT_IN.items():
        if purpose not in found:
            _settle(found.setdefault(purpose, preset), marks, None, "", problems)
    if problems:
        raise ProblemsError(
            "The presets of packs cannot be used",
            tuple(str(problem) for problem in problems),
            "Mend the files; no pack is made until then",
        )
    return MappingProxyType({purpose: found[purpose] for purpose in Purpose})


def _purpose(where: str, problems: list[Problem]) -> Purpose | None:
    """The purpose that a file is named after. Of the archive dam.toml speaks."""
    named = {purpose.value: purpose for purpose in Purpose if purpose is not Purpose.ARCHIVE}
    purpose = named.get(where.rpartition("/")[2].rpartition(".")[0])
    if purpose is None:
        known = ", ".join(named)
        problems.append(Problem(where, None, "", f"the file must be named after one of: {known}"))
    return purpose


def _read(
    where: str, data: bytes, purpose: Purpose, marks: Marks, problems: list[Problem]
) -> Preset:
    usual = BUILT_IN[purpose]
    tree, unread = parse(data, where, json=False, own=True)
    problems += unread
    if tree is None or unread:
        return usual
    try:
        file = PurposeFile.model_validate(tree.value)
    except ValidationError as error:
        problems += validation_problems(error, tree, where, PurposeFile)
        _settle(_as_far_as_said(usual, tree), marks, tree, where, problems)
        return usual
    preset = Preset(
        purpose=purpose,
        size=file.size if "size" in file.model_fields_set else usual.size,
        quality=usual.quality if file.quality is None else file.quality,
        colour=_COLOURS[file.colour] if file.colour else usual.colour,
        mark=file.mark or usual.mark,
        metadata=file.metadata or usual.metadata,
        redaction=file.redaction or usual.redaction,
        naming=file.naming or usual.naming,
        texts=usual.texts if file.texts is None else file.texts,
        languages=usual.languages if file.languages is None else file.languages,
        pages=usual.pages if file.pages is None else file.pages,
    )
    _settle(preset, marks, tree, where, problems)
    return preset


def _as_far_as_said(usual: Preset, tree: Tree) -> Preset:
    """What can be looked at in a file in which something else is wrong."""
    said = tree.value if isinstance(tree.value, dict) else {}
    mark, texts, languages = said.get("mark"), said.get("texts"), said.get("languages")
    return replace(
        usual,
        mark=mark if isinstance(mark, str) else usual.mark,
        texts=tuple(kind for kind in TEXTS if kind in texts) if isinstance(texts, list) else TEXTS,
        languages=tuple(str(one) for one in languages) if isinstance(languages, list) else (),
    )


_COLOURS: Final = {"srgb": Color.SRGB, "original": Color.KEEP}


def _settle(
    preset: Preset, marks: Marks, tree: Tree | None, where: str, problems: list[Problem]
) -> None:
    """Tell what single fields cannot: styles that do not exist, and what must never be missing."""
    for word, message in _wrong(preset, marks):
        line = tree.line(word) if tree is not None else None
        problems.append(Problem(where, line, field_name((word,)), message))


def _wrong(preset: Preset, marks: Marks) -> Iterator[tuple[str, str]]:
    leaves = preset.purpose not in IMPLIED_PURPOSES
    if preset.mark and marks.named(preset.mark) is None:
        known = ", ".join(marks.known())
        yield "mark", f"there is no such style in rules/watermark.yaml: {known}"
    elif leaves and marks.of(preset.purpose, preset.mark).kind == "none":
        yield "mark", "what leaves the organisation cannot go without a mark"
    for word, listed in (("texts", preset.texts), ("languages", preset.languages)):
        if len(set(listed)) < len(listed):
            yield word, "something stands in it twice"
    lacking = [kind for kind in _NEEDED if kind not in preset.texts]
    if leaves and lacking:
        yield "texts", f"what leaves the organisation goes with its {' and '.join(lacking)}"


def to_destroy(
    preset: Preset, asked: Sequence[Face], found: Sequence[Face] | None
) -> tuple[Face, ...] | None:
    """The places of a picture that are destroyed for a preset; None where nobody can tell.

    `asked`: what the decision wants destroyed. `found`: every face that was detected, None where
    nobody looked, which under `all_faces` is no reason to show anybody.
    """
    if preset.redaction == "rules":
        return tuple(asked)
    if found is None:
        return None
    places = {(face.x, face.y, face.w, face.h) for face in asked}
    return (*asked, *(face for face in found if (face.x, face.y, face.w, face.h) not in places))
