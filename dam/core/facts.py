"""What is known of an asset: each value known, absent or unreadable, with its sources.

Names of people never enter the facts: metadata that names somebody becomes a count. How several
sources become one set of facts is `dam.core.merge`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Literal

from pydantic import Field as PydanticField

from dam.core.fields import Strict
from dam.core.model import AGE_ORDER, AgeBand
from dam.core.readings import Status
from dam.core.record import Region

#: What is looked for in a photograph and its sidecars. Facts of an earlier version do not say
#: whether it is there: such a photograph is looked at again, and until then that is unknown.
VERSION = 3
#: The first versions that say whether names and places stand somewhere.
NAMES_SOUGHT = 1

#: How much of a true name stands somewhere, how exactly a place is named there.
NameSaid = Literal["first", "full"]
PlaceSaid = Literal["town", "venue"]

#: Sources of a capture day that is only a guess: good for filing, never written into a picture.
FILE_DATE = "file date"
DAY_RECEIVED = "day received"


class TextFact(Strict):
    """One text with its status and sources. `value` is None unless known."""

    status: Status = Status.ABSENT
    value: str | None = None
    sources: tuple[str, ...] = ()


class CaptionFact(Strict):
    """Captions by language tag; `und` where the block did not say which language.

    `written` are those that a person wrote into a sidecar; only they are published. What
    stands in the original's own metadata was never meant for it, and may name somebody.
    """

    status: Status = Status.ABSENT
    value: dict[str, str] = PydanticField(default_factory=dict)
    written: dict[str, str] = PydanticField(default_factory=dict)
    sources: tuple[str, ...] = ()


class PersonFact(Strict):
    """A declared person. `subject` is a pseudonym or None where the sidecar gave none."""

    subject: str | None
    age_band: AgeBand
    age_stated: bool
    identifiable: bool
    region: Region | None = None
    consent: str | None = None
    sources: tuple[str, ...] = ()


class PeopleFact(Strict):
    """Who is shown. `stated` is unknown when no person has said.

    `redact_others`: a sidecar asks that faces of nobody listed are destroyed, and none forbids it.
    `mentioned` counts the people that the photo's own metadata speaks of; `minors_mentioned`
    those of them that it says are, or may be, minors. `named_in` tells where a name that the
    metadata gives to a person stands (metadata, caption, file name) and how much of it; the
    name itself stays in the original.
    """

    stated: Literal["unknown", "none", "crowd", "listed"] = "unknown"
    redact_others: bool = False
    persons: tuple[PersonFact, ...] = ()
    mentioned: int = 0
    minors_mentioned: int = 0
    #: Block and tag of what speaks of people in the metadata.
    mentioned_by: tuple[str, ...] = ()
    named_in: dict[str, NameSaid] = PydanticField(default_factory=dict)
    sources: tuple[str, ...] = ()


class PlaceFact(Strict):
    """The exact places that anybody named for the photograph: `towns`, and `venues` in them.

    `in_metadata`: the original's own metadata tells one, by its name or by coordinates.
    """

    towns: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    in_metadata: bool = False


class BoxFact(Strict):
    """Where a face was found: fractions of the upright picture from top left, score 0 to 1."""

    x: float
    y: float
    w: float
    h: float
    score: float


class FacesFact(Strict):
    """Faces counted on the picture; `count` is None when nobody looked.

    `boxes` tell where they are: as many as were counted, or nobody kept them.
    """

    count: int | None = None
    boxes: tuple[BoxFact, ...] = ()
    status: Status = Status.ABSENT
    source: str = ""
    detail: str = ""


class BlockFact(Strict):
    name: str
    status: Status
    detail: str = ""


class Facts(Strict):
    """All that is known of one asset apart from the consent records."""

    format: str = ""
    width: int = 0
    height: int = 0
    captured: TextFact = TextFact()
    photographer: TextFact = TextFact()
    creator: TextFact = TextFact()
    programme: TextFact = TextFact()
    caption: CaptionFact = CaptionFact()
    country: TextFact = TextFact()
    city: TextFact = TextFact()
    place: PlaceFact = PlaceFact()
    embargo: TextFact = TextFact()
    tags: tuple[str, ...] = ()
    gps: bool = False
    release_status: TextFact = TextFact()
    people: PeopleFact = PeopleFact()
    faces: FacesFact = FacesFact()
    blocks: tuple[BlockFact, ...] = ()
    problems: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    #: Names of sidecars that could belong to another photograph as well.
    ambiguous: tuple[str, ...] = ()
    #: SHA-256 of every sidecar these facts rest on as they were said, `?` behind an ambiguous one.
    sidecars: tuple[str, ...] = ()
    version: int = 0

    def body(self) -> dict[str, object]:
        """The facts as JSON-able data, for storing; `Facts.model_validate` takes them back."""
        return self.model_dump(mode="json")

    def digest(self) -> str:
        """SHA-256 in hex over the canonical JSON of the facts."""
        return digest_of(self.body())


def digest_of(body: object) -> str:
    """SHA-256 in hex over sorted, compact JSON."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def youngest(bands: Iterable[AgeBand]) -> AgeBand:
    """The strictest of several age bands; `unknown` is stricter than all, none given is unknown."""
    return min(bands, key=AGE_ORDER.index, default=AgeBand.UNKNOWN)
