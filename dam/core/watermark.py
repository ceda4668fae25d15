"""The visible mark of every purpose: `rules/watermark.yaml`.

A workspace without the file marks everything with the credit line in a lower corner. A purpose
that leaves the organisation is never without a mark: where platforms strip metadata, the
picture alone says whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from dam.core.errors import ProblemsError
from dam.core.facts import digest_of
from dam.core.fields import Ident, Number, Strict, YesNo
from dam.core.model import IMPLIED_PURPOSES, Problem, Purpose
from dam.core.png import transparent_png
from dam.core.readings import KeepIn, MarkKind, MarkPlace, MarkStyle
from dam.core.sidecar import validation_problems
from dam.core.tree import Tree, field_name, parse

#: Both relative to `rules/`.
FILE: Final = "watermark.yaml"
LOGOS: Final = "logos"
BUILT_IN: Final = "corner"

Logo = Annotated[str, StringConstraints(pattern=r"^logos/[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.png$")]

#: What the numbers of a kind may be, and what they are where nothing is said. Below these a
#: line is neither read nor a mark; contrast is made for letters of at least half opacity.
_LIMITS: Final[dict[MarkKind, dict[str, tuple[float, float, float]]]] = {
    "credit": {"size": (0.012, 0.026, 0.1), "margin": (0, 0.025, 0.2), "opacity": (0.5, 1, 1)},
    "logo": {"size": (0.03, 0.1, 0.3), "margin": (0, 0.025, 0.2), "opacity": (0.5, 1, 1)},
    "tiled": {"size": (0.02, 0.04, 0.1), "margin": (0, 0.025, 0.2), "opacity": (0.1, 0.2, 0.6)},
    "none": {},
}
_TAKES: Final[dict[MarkKind, frozenset[str]]] = {
    "credit": frozenset({"place", "size", "margin", "opacity", "keep_in"}),
    "logo": frozenset({"place", "size", "margin", "opacity", "keep_in", "line", "logo"}),
    "tiled": frozenset({"place", "size", "margin", "opacity", "keep_in", "line"}),
    "none": frozenset(),
}


class StyleFile(Strict):
    kind: MarkKind
    place: MarkPlace | None = None
    size: Number | None = None
    margin: Number | None = None
    opacity: Number | None = None
    keep_in: KeepIn | None = None
    line: YesNo | None = None
    logo: Logo | None = None

    def said(self) -> dict[str, object]:
        """What the file says about the style, `kind` apart."""
        return {k: v for k, v in self.model_dump().items() if v is not None and k != "kind"}


class WatermarkFile(Strict):
    """`rules/watermark.yaml`: schema dam/watermark/1."""

    schema_: Literal["dam/watermark/1"] = Field(alias="schema")
    styles: dict[Ident, StyleFile] = Field(default_factory=dict)
    purposes: dict[Purpose, Ident] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Marks:
    """The styles by purpose, ready for use; without any, all purposes take the built-in one."""

    names: Mapping[Purpose, str] = field(default_factory=lambda: MappingProxyType({}))
    styles: Mapping[Purpose, MarkStyle] = field(default_factory=lambda: MappingProxyType({}))
    digests: Mapping[Purpose, str] = field(default_factory=lambda: MappingProxyType({}))
    #: Every style of the file by its name, the built-in one among them.
    by_name: Mapping[str, MarkStyle] = field(
        default_factory=lambda: MappingProxyType({BUILT_IN: MarkStyle()})
    )

    def known(self) -> tuple[str, ...]:
        """What the styles are called."""
        return tuple(self.by_name)

    def named(self, name: str) -> MarkStyle | None:
        """The style of that name; None where the file has none."""
        return self.by_name.get(name)

    def of(self, purpose: Purpose, name: str = "") -> MarkStyle:
        """The style of that name, or that of the purpose where the name is empty or unknown."""
        return self.by_name.get(name) or self.style(purpose)

    def name(self, purpose: Purpose) -> str:
        """What the style is called in the file."""
        return self.names.get(purpose, BUILT_IN)

    def style(self, purpose: Purpose) -> MarkStyle:
        """How renditions for this purpose are marked."""
        return self.styles.get(purpose, MarkStyle())

    def digest(self, purpose: Purpose) -> str:
        """Digest of what the mark looks like; empty for the built-in style."""
        return self.digests.get(purpose, "")


def load_marks(files: Mapping[str, bytes], folder: str = "rules") -> Marks:
    """The marks out of `watermark.yaml` and `logos/*.png`, by their path under `folder`.

    Raises ProblemsError with every problem at once, each with its line.
    """
    if FILE not in files:
        return Marks()
    where = f"{folder}/{FILE}"
    tree, unread = parse(files[FILE], where, json=False, own=True)
    problems = list(unread)
    marks = Marks()
    if tree is not None and not problems:
        try:
            file = WatermarkFile.model_validate(tree.value)
        except ValidationError as error:
            problems += validation_problems(error, tree, where, WatermarkFile)
        else:
            marks = _settled(_Reading(tree, where, folder, files, problems), file)
    if problems:
        raise ProblemsError(
            "The watermark cannot be used",
            tuple(str(p) for p in problems),
            f"Mend {where}; nothing is rendered until then",
        )
    return marks


@dataclass(frozen=True, slots=True)
class _Reading:
    tree: Tree
    where: str
    folder: str
    files: Mapping[str, bytes]
    problems: list[Problem]

    def wrong(self, message: str, *path: str) -> None:
        self.problems.append(Problem(self.where, self.tree.line(*path), field_name(path), message))


def _settled(reading: _Reading, file: WatermarkFile) -> Marks:
    styles = {BUILT_IN: MarkStyle()}
    for name, style in file.styles.items():
        for message, word in _wrong(style):
            reading.wrong(message, "styles", name, word)
        styles[name] = _style(reading, name, style)
    names = {purpose: file.purposes.get(purpose, BUILT_IN) for purpose in Purpose}
    for purpose, name in names.items():
        path = ("purposes", purpose.value)
        if name not in styles:
            reading.wrong(f"there is no such style under styles: {', '.join(styles)}", *path)
        elif styles[name].kind == "none" and purpose not in IMPLIED_PURPOSES:
            reading.wrong("what leaves the organisation cannot go without a mark", *path)
    if reading.problems:
        return Marks()
    used = {purpose: styles[name] for purpose, name in names.items()}
    digests = {purpose: style_digest(style) for purpose, style in used.items()}
    return Marks(
        MappingProxyType(names),
        MappingProxyType(used),
        MappingProxyType(digests),
        MappingProxyType(styles),
    )


def _wrong(style: StyleFile) -> Iterator[tuple[str, str]]:
    """What the kind of a style does not take or bear: message and word."""
    said = style.said()
    for word in sorted(set(said) - _TAKES[style.kind]):
        yield f"means nothing for a style of kind {style.kind}: delete the line", word
    for word, (low, _, high) in _LIMITS[style.kind].items():
        value = said.get(word)
        if isinstance(value, float) and not low <= value <= high:
            yield f"must be from {low:g} to {high:g} for a style of kind {style.kind}", word
    if style.kind == "logo" and style.logo is None:
        yield f"is missing: name a file such as {LOGOS}/name.png", "logo"


def _style(reading: _Reading, name: str, style: StyleFile) -> MarkStyle:
    """The style with what its kind takes; a logo that cannot be used is told."""
    usual = MarkStyle(kind=style.kind)

    def number(word: str, said: float | None) -> float:
        return said if said is not None else _LIMITS[style.kind].get(word, (0, 0, 0))[1]

    made = replace(
        usual,
        place=style.place or usual.place,
        size=number("size", style.size),
        margin=number("margin", style.margin),
        opacity=number("opacity", style.opacity),
        keep_in=style.keep_in or usual.keep_in,
        line=usual.line if style.line is None else style.line,
    )
    if style.kind != "logo" or style.logo is None:
        return made
    data = reading.files.get(style.logo)
    if data is None:
        message = f"there is no such file in {reading.folder}/{LOGOS}"
    else:
        try:
            return replace(made, logo=transparent_png(data))
        except ValueError as problem:
            message = f"the logo {problem}"
    reading.wrong(message, "styles", name, "logo")
    return made


def style_digest(style: MarkStyle) -> str:
    """Digest of what a mark looks like; empty for the built-in style."""
    if style == MarkStyle():
        return ""
    looks = {f.name: getattr(style, f.name) for f in fields(style)}
    return digest_of({**looks, "logo": style.logo.hex()})
