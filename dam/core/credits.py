"""Whom to credit and how: the roster `rules/credits.yaml` and the programmes.

The visible line, the copyright and the usage terms of every rendition come from here, so
that picture, EXIF, IIM and XMP say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from string import Formatter
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, ValidationError

from dam.core.errors import ProblemsError
from dam.core.facts import DAY_RECEIVED, FILE_DATE, Facts
from dam.core.fields import Ident, Language, Strict, Text
from dam.core.merge import Roster
from dam.core.model import Problem, Rights
from dam.core.sidecar import validation_problems
from dam.core.tree import parse

M = TypeVar("M", bound=BaseModel)
_PLACEHOLDERS = frozenset({"name", "organisation", "year"})


def _template(text: str) -> str:
    """Only {name}, {organisation} and {year} may stand in a template, without format tricks."""
    for _, placeholder, spec, conversion in Formatter().parse(text):
        if placeholder is not None and (placeholder not in _PLACEHOLDERS or spec or conversion):
            raise ValueError("only {name}, {organisation} and {year} can stand in braces")
    return text


Template = Annotated[Text, AfterValidator(_template)]


class Photographer(Strict):
    id: Ident
    name: Text
    aliases: tuple[Text, ...] = ()
    #: Credit line of this person where it differs from the common one.
    line: Template | None = None


class CreditsFile(Strict):
    """`rules/credits.yaml`: schema dam/credits/1."""

    schema_: Literal["dam/credits/1"] = Field(alias="schema")
    line: Template = "Photo : {name} / {organisation}"
    copyright: Template = "© {year} {name} / {organisation}"
    organisation: Text
    usage_terms: dict[Language, Text] = Field(default_factory=dict)
    web_statement: Text | None = None
    licensor: Text | None = None
    photographers: tuple[Photographer, ...] = Field(min_length=1)


#: A file of `rules/programmes/logos/`, never of a folder in it or outside.
LogoName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.(png|svg)$", strip_whitespace=True
    ),
]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$", strip_whitespace=True)]


class Logo(Strict):
    """A logo on the last page of a booklet: its file, whose it is, and where it stands."""

    file: LogoName
    alt: dict[Language, Text] = Field(min_length=1)
    row: Literal["institution", "partner", "donor"]


class ProgrammeFile(Strict):
    """`rules/programmes/ID.yaml`: schema dam/programme/1. Texts by language."""

    schema_: Literal["dam/programme/1"] = Field(alias="schema")
    id: Ident
    title: dict[str, Text]
    subtitle: dict[Language, Text] = Field(default_factory=dict)
    #: Paragraphs.
    text: dict[Language, tuple[Text, ...]] = Field(default_factory=dict)
    institution: dict[str, Text] = Field(default_factory=dict)
    led_by: dict[Language, Text] = Field(default_factory=dict)
    carried_out_by: dict[Language, Text] = Field(default_factory=dict)
    in_partnership_with: dict[Language, Text] = Field(default_factory=dict)
    campaign: dict[str, Text] = Field(default_factory=dict)
    donor: dict[str, Text] = Field(default_factory=dict)
    thanks: dict[Language, Text] = Field(default_factory=dict)
    partners: tuple[Text, ...] = ()
    places: tuple[Text, ...] = ()
    colour: Colour | None = None
    logos: tuple[Logo, ...] = ()


#: The programme speaks French first; the first language given is also the default one.
_LANGUAGES = ("fr", "en", "ar")


def in_order(texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Texts by language: French, English, Arabic, then the others by their tag."""
    first = [lang for lang in _LANGUAGES if lang in texts]
    return tuple((lang, texts[lang]) for lang in (*first, *sorted(set(texts) - set(first))))


@dataclass(frozen=True, slots=True)
class Credits:
    """The roster ready for use."""

    file: CreditsFile

    def roster(self) -> Roster:
        """Ids with every name that means the same person, for matching."""
        return Roster(
            {
                p.id: frozenset(" ".join(n.casefold().split()) for n in (p.name, *p.aliases))
                for p in self.file.photographers
            }
        )

    def photographer(self, ident: str) -> Photographer | None:
        return next((p for p in self.file.photographers if p.id == ident), None)

    def rights(self, facts: Facts, *, pack: str = "") -> tuple[Rights, str]:
        """What a rendition of this asset says, and its visible credit line.

        Captions are those that a person wrote into a sidecar, by language; what the
        original's own metadata said stays with the original. Raises KeyError when the
        photographer is not in the roster: such an asset is never approved.
        """
        person = self.photographer(facts.photographer.value or "")
        if person is None:
            raise KeyError("photographer")
        year = (facts.captured.value or "")[:4]
        guessed = {FILE_DATE, DAY_RECEIVED} & set(facts.captured.sources)
        taken = None if guessed else facts.captured.value
        words = {"name": person.name, "organisation": self.file.organisation, "year": year}
        line = (person.line or self.file.line).format(**words)
        return (
            Rights(
                creators=(person.name,),
                credit_line=line,
                copyright=self.file.copyright.format(**words),
                source=self.file.organisation,
                captions=in_order(facts.caption.written),
                usage_terms=in_order(self.file.usage_terms),
                web_statement=self.file.web_statement or "",
                licensor=self.file.licensor or "",
                captured=date.fromisoformat(taken) if taken else None,
                pack=pack,
            ),
            line,
        )


def _load(data: bytes, where: str, model: type[M]) -> tuple[M | None, list[Problem]]:
    tree, problems = parse(data, where, json=False, own=True)
    if tree is None or problems:
        return None, list(problems)
    try:
        return model.model_validate(tree.value), []
    except ValidationError as error:
        return None, list(validation_problems(error, tree, where, model))


def load_credits(data: bytes, where: str = "rules/credits.yaml") -> Credits:
    """The roster out of its file. Raises ProblemsError with every problem at once."""
    file, problems = _load(data, where, CreditsFile)
    if file is not None:
        seen: dict[str, str] = {}
        ids = [p.id.casefold() for p in file.photographers]
        for ident in sorted({i for i in ids if ids.count(i) > 1}):
            problems.append(
                Problem(where, None, "photographers", f"two people have the same id: {ident}")
            )
        for person in file.photographers:
            for name in (person.id, person.name, *person.aliases):
                key = " ".join(name.casefold().split())
                if seen.setdefault(key, person.id) != person.id:
                    problems.append(
                        Problem(
                            where, None, "photographers", f"two people share a name: {person.id}"
                        )
                    )
    if file is None or problems:
        raise ProblemsError(
            "The roster of photographers cannot be used",
            tuple(str(p) for p in problems),
            f"Mend {where}; until then no photo can be credited, so none is approved",
        )
    return Credits(file)


def load_programmes(files: Mapping[str, bytes]) -> dict[str, ProgrammeFile]:
    """Programmes by id, from file names and bytes. Raises ProblemsError with every problem."""
    found: dict[str, ProgrammeFile] = {}
    problems: list[Problem] = []
    for name in sorted(files):
        programme, wrong = _load(files[name], name, ProgrammeFile)
        problems += wrong
        if programme is not None and programme.id in found:
            problems.append(Problem(name, None, "id", "another programme file has the same id"))
        elif programme is not None:
            found[programme.id] = programme
    if problems:
        raise ProblemsError(
            "A programme file cannot be used", tuple(str(p) for p in problems), "Mend it"
        )
    return found
