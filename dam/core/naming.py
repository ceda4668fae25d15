"""Where an exact place and a true name stand: in the caption, the metadata, the file name.

A town or a venue, or coordinates, are an exact place; a country or a region is none. Texts are
compared without regard to case, accents, Arabic vowel marks and the particles that Arabic writes
together with a word (`بطنجة` is `طنجة`), as whole words. What is found is where and how much,
never the name itself.

A name or a place is found as somebody has written it down, and towns under the spellings of
`dam.core.towns`; `كريم` is not found where only `Karim` is known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from dam.core.facts import Facts, NameSaid, PlaceSaid
from dam.core.towns import SPELLINGS

CAPTION, METADATA, FILE_NAME = "caption", "metadata", "file name"

#: What goes out with the pixels: captions that a person wrote into a sidecar. The original's
#: metadata and file name stay (renditions are written from an allow-list, names are generated);
#: the place columns of a pack are what `drop_location` is about.
LEAVES = (CAPTION,)

#: A photograph does not show more people; beyond that a name is taken to stand everywhere.
MAX_NAMES = 200

_SOFT = re.compile(r"[-_\u00ad\u200b-\u200f\u2010-\u2012\u2060\ufeff]")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_PARTS = re.compile(r"[/,;|()\[\]،؛\n]|\s[-–—]\s")
_LETTERS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "ـ": None}
    | {"ى": "ي", "ة": "ه", "ٱ": "ا", "ک": "ك", "ی": "ي"}
)
#: Written with ى these are no names; with ي they may be (علي).
_PREPOSITIONS = re.compile(r"\b[وف]?(?:على|إلى|الى|حتى|متى)\b")
_COORDINATES = re.compile(
    r"\d{1,3}[.,٫]\d{3,}\s*°?\s*[NSns]?\s*[,;/ ]\s*-?\d{1,3}[.,٫]\d{3,}"
    r"|\d{1,3}\s*°\s*\d{1,2}|\bgeo:|\bmaps\."
)
#: From this length on a word is also found where it is written as two.
_LONG = 7
#: Parts of names that alone name nobody, and frequent words as short as some names.
_PARTICLES = frozenset(
    re.findall(
        r"\w+",
        """
        abd abdel abou abu ait al and are ben bin bint bou das de del den der des dit dos du el
        en et ibn la las le les los of oum ould san the un une van von y
        am an as at au be by ce do es go he if il in is it je lo ma me mi my ne ni no nu on or
        ou sa se si so su ta te to tu up us we ya yo
        ابن ابو ابي ال ام بن بنت عبد اب ان او اي قد كل لا لم لن ما مع من هو هي في عن يا
        """,
    )
)


@dataclass(frozen=True, slots=True)
class Naming:
    """What `find` found: by where, how exactly a place is named; by subject and where, how much
    of a true name."""

    places: Mapping[str, PlaceSaid] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, NameSaid]] = field(default_factory=dict)

    def body(self) -> list[object]:
        """The same as JSON-able data, for a digest."""
        return [dict(self.places), {subject: dict(said) for subject, said in self.names.items()}]


class Said:
    """Texts ready to be searched for words, each text apart from the next."""

    __slots__ = ("ends", "joined", "joined_ends", "joined_starts", "spaced", "starts")

    def __init__(self, *texts: str) -> None:
        self.starts: set[int] = set()
        self.ends: set[int] = set()
        self.joined_starts: set[int] = set()
        self.joined_ends: set[int] = set()
        spaced: list[str] = []
        joined: list[str] = []
        at = together = 0
        for text in texts:
            for number, run in enumerate(_runs(text)):
                gap = "" if number == 0 else " "
                for word in run:
                    at += len(gap)
                    spaced += (gap, word)
                    joined.append(word)
                    for offset in _offsets(word):
                        self.starts.add(at + offset)
                        self.joined_starts.add(together + offset)
                    at, together, gap = at + len(word), together + len(word), ""
                    self.ends.add(at)
                    self.joined_ends.add(together)
            # No word reaches from one text into the next.
            spaced.append("\n")
            joined.append("\n")
            at, together = at + 1, together + 1
        self.spaced, self.joined = "".join(spaced), "".join(joined)

    def has(self, words: Sequence[str]) -> bool:
        """Whether these folded words stand there one after the other, apart or together."""
        phrase = "".join(words)
        if not phrase or phrase not in self.joined:
            return False
        if len(words) == 1 and _stands(phrase, self.spaced, self.starts, self.ends):
            return True
        whole = len(words) > 1 or len(phrase) >= _LONG
        return whole and _stands(phrase, self.joined, self.joined_starts, self.joined_ends)


def _stands(phrase: str, text: str, starts: set[int], ends: set[int]) -> bool:
    at = text.find(phrase)
    while at >= 0:
        if at in starts and at + len(phrase) in ends:
            return True
        at = text.find(phrase, at + 1)
    return False


def _runs(text: str) -> list[list[str]]:
    """The folded words, those together that only a hyphen, underscore or change of case parts."""
    text = _PREPOSITIONS.sub(" ", unicodedata.normalize("NFKC", text))
    parted = _SOFT.sub("\0", _CAMEL.sub("\0", text))
    if not parted.isascii():
        apart = unicodedata.normalize("NFKD", parted.casefold())
        parted = "".join(c for c in apart if not unicodedata.combining(c)).translate(_LETTERS)
    runs = (_WORD.findall(run) for run in re.split(r"[^\w\0]+|(?<=\w)'", parted.casefold()))
    return [run for run in runs if run]


def words(text: str) -> tuple[str, ...]:
    """The folded words of a text."""
    return tuple(word for run in _runs(text) for word in run)


def _offsets(word: str) -> set[int]:
    """Where a word may begin: behind the Arabic and, so, in, to, like, will, and the article."""
    found = {0}
    if not "\u0621" <= word[:1] <= "\u064a":
        return found
    if word[0] in "وف":
        found.add(1)
    found |= {at + 1 for at in found if word[at : at + 1] in ("ب", "ل", "ك", "س")}
    return found | {at + 2 for at in found if word.startswith(("ال", "لل"), at)}


def _bare(phrase: tuple[str, ...]) -> tuple[str, ...]:
    """Without the Arabic article in front; `للدار` has lost its first letter."""
    first = phrase[0]
    return (first[2:], *phrase[1:]) if first.startswith("ال") and len(first) > 4 else phrase


# Places ----------------------------------------------------------------------------------


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """What to look for of a place: each part between commas and slashes, long enough to tell."""
    found = dict.fromkeys(phrase for part in _PARTS.split(text) if (phrase := words(part)))
    wide = (p for p in found if len("".join(p)) > 2 and not all(w.isdigit() for w in p))
    return tuple(dict.fromkeys(v for phrase in wide for v in (phrase, _bare(phrase))))


@lru_cache(maxsize=2048)
def _venue(text: str) -> tuple[tuple[str, ...], ...]:
    return _phrases(text)


@lru_cache(maxsize=2048)
def _town(text: str) -> tuple[tuple[str, ...], ...]:
    """The same of a town, and its names in other languages."""
    said = Said(text)
    own = _phrases(text)
    known = (p for row in _spellings() if any(said.has(p) for p in row) for p in row)
    return tuple(dict.fromkeys((*own, *known)))


@lru_cache(maxsize=1)
def _spellings() -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(
        tuple(dict.fromkeys(p for name in row for p in _phrases(name))) for row in SPELLINGS
    )


def place_said(said: Said, facts: Facts) -> PlaceSaid | None:
    """How exactly texts name a place of the photograph; None where they name none."""
    if any(said.has(p) for venue in facts.place.venues for p in _venue(venue)):
        return "venue"
    if any(said.has(p) for town in facts.place.towns for p in _town(town)):
        return "town"
    return None


# Names -----------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _wanted(
    names: tuple[str, ...],
) -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    """What to look for of one person's names: first names, and all that is more than those.

    A name that is part of a longer one is the first name. Where none is, the family name is
    what stands before a comma, or in capitals beside other words; else all but the first word.
    """
    whole = {name: words(name)[:8] for name in names}
    firsts = {w for a in whole.values() for b in whole.values() if {*a} < {*b} for w in a}
    alone: set[tuple[str, ...]] = set()
    more: set[tuple[str, ...]] = set()
    for name, spelled in whole.items():
        given = [w for w in spelled if w in firsts] or list(words(_given(name))[:8])
        rest = [w for w in spelled if w not in given]
        alone |= {(w,) for w in given if _tells(w)} | set(pairwise(given))
        more |= {(w,) for w in rest if _tells(w)}
        if spelled and not any(map(_tells, spelled)):
            more.add(spelled)
        # Abdel Karim is written as one word as well.
        more |= {(a + b,) for a, b in pairwise(spelled)} - {("".join(given),)}
    return _with_bare(alone), _with_bare(more - alone)


def _given(name: str) -> str:
    """The first name in a full one, as far as its writing tells."""
    family, comma, given = name[:400].partition(",")
    if comma:
        return given
    pieces = family.split()
    capital = [p for p in pieces if len(p) > 1 and p.isupper()]
    if not capital or len(capital) == len(pieces):
        return " ".join(pieces[:1])
    return " ".join(p for p in pieces if p not in capital)


def _with_bare(phrases: Iterable[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
    return frozenset(variant for p in phrases for variant in (p, _bare(p)))


def _tells(word: str) -> bool:
    return len(word) > 1 and word not in _PARTICLES and not word.isdigit()


def name_said(said: Said, names: Iterable[str]) -> NameSaid | None:
    """How much of a person's names texts say: the first name, more than that, or nothing."""
    first, more = _wanted(tuple(names))
    if any(said.has(p) for p in more):
        return "full"
    return "first" if any(said.has(p) for p in first) else None


def named_in(names: Sequence[str], captions: Iterable[str], file: str) -> dict[str, NameSaid]:
    """Where names stand that the photo's own metadata gives to people, and how much of them.

    `captions` are the written ones. More than `MAX_NAMES` names are not looked for: they are
    taken to stand everywhere.
    """
    if not names:
        return {}
    if len(names) > MAX_NAMES:
        return dict.fromkeys((METADATA, CAPTION, FILE_NAME), "full")
    found: dict[str, NameSaid] = {METADATA: "full"}
    for where, said in ((CAPTION, Said(*captions)), (FILE_NAME, Said(file))):
        much = {name_said(said, (name,)) for name in names}
        if much != {None}:
            found[where] = "full" if "full" in much else "first"
    return found


# Both ------------------------------------------------------------------------------------


def find(facts: Facts, file: str, names: Mapping[str, Sequence[str]]) -> Naming:
    """Where a place of the photograph and the known `names` of its subjects stand.

    `file` is its name as dropped. A name that only the photo's own metadata gives is in the
    facts already (`people.named_in`).
    """
    written = facts.caption.written
    own = [text for lang, text in facts.caption.value.items() if written.get(lang) != text]
    texts = {CAPTION: Said(*written.values()), METADATA: Said(*own), FILE_NAME: Said(file)}
    places: dict[str, PlaceSaid] = {}
    for where, said in texts.items():
        exact = place_said(said, facts)
        if exact is not None:
            places[where] = exact
    if facts.gps or facts.place.in_metadata:
        places[METADATA] = "venue" if facts.gps else places.get(METADATA, "town")
    if any(_COORDINATES.search(text) for text in written.values()):
        places[CAPTION] = "venue"
    return Naming(
        {where: places[where] for where in texts if where in places},
        {subject: found for subject in sorted(names) if (found := _where(texts, names[subject]))},
    )


def _where(texts: Mapping[str, Said], names: Sequence[str]) -> dict[str, NameSaid]:
    said = ((where, name_said(text, names)) for where, text in texts.items())
    return {where: much for where, much in said if much is not None}
