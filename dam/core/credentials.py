"""Content credentials as data: what a signed picture says of itself, by C2PA 2 and CAWG 1.1.

A claim says what the picture's metadata say already (author, copyright, the day, the pack), what
dam did to it, and that nobody may train on it. It has no ingredient and no thumbnail: those would
be the picture as it was before its faces were destroyed. Nobody shown, no file name, no hour, no
machine and no user is in it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from dam import __version__
from dam.core.model import Purpose, Rights
from dam.core.plain import line, tidy

Json = dict[str, object]

ACTIONS = "c2pa.actions.v2"
TRAINING = "cawg.training-mining"
METADATA = "cawg.metadata"
#: The one assertion that the signing library makes: which bytes the signature is about.
DATA_HASH = "c2pa.hash.data"


class Deed(enum.StrEnum):
    """What was done to a picture on its way from the original, in the order in which it is."""

    #: From another format (HEIC, camera raw, TIFF ...) to JPEG.
    CONVERTED = "converted"
    #: Turned upright.
    TURNED = "turned"
    #: Made smaller.
    RESIZED = "resized"
    #: Its colours were converted into another colour space.
    COLOUR = "colour"
    #: Faces or regions were destroyed; how many and whose is said nowhere.
    REDACTED = "redacted"
    #: A visible mark was drawn on it (a logo, tiles).
    MARKED = "marked"
    #: A visible credit line was written on it.
    CREDITED = "credited"


#: Action and description (C2PA 2.4, table 8, list of pre-defined actions). `c2pa.watermarked` and
#: `c2pa.redacted` are none of them: the one is an invisible watermark with a soft binding, the
#: other an assertion of an ingredient that was taken out.
_SAID: dict[Deed, tuple[str, str]] = {
    Deed.CONVERTED: ("c2pa.converted", "Converted to JPEG"),
    Deed.TURNED: ("c2pa.orientation", "Turned upright"),
    Deed.RESIZED: ("c2pa.resized", "Made smaller"),
    Deed.COLOUR: ("c2pa.adjustedColor", "Converted to another colour space"),
    Deed.REDACTED: ("c2pa.edited", "Parts of the picture were destroyed to protect people"),
    Deed.MARKED: ("c2pa.edited", "A visible mark was added"),
    Deed.CREDITED: ("c2pa.addedText", "A visible credit line was added"),
}
#: Every entry that CAWG, Training and Data Mining Assertion 1.1, clause 3 knows.
_TRAINING = (
    "cawg.ai_generative_training",
    "cawg.ai_inference",
    "cawg.ai_training",
    "cawg.data_mining",
)
_CONTEXT = {
    "dam": "urn:x-dam:pack#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What one signed picture says. Texts are those of its metadata, made plain (`tidy`).

    `deeds` in the order in which they were done. `captured` is the day, None where it may not
    be told or is only guessed. `source_type` is an IPTC digital source type.
    """

    pack: str
    purpose: Purpose
    creators: tuple[str, ...]
    organisation: str
    credit_line: str
    copyright: str
    source_type: str
    web_statement: str = ""
    data_mining: str = ""
    captured: date | None = None
    deeds: tuple[Deed, ...] = ()


def claim_of(rights: Rights, purpose: Purpose, deeds: Iterable[Deed]) -> Claim:
    """The claim of a picture whose metadata say `rights`; captions stay out of it.

    `deeds` in any order. It never says that these were all: what was done to a picture before
    it was dropped, nobody knows.
    """
    told, done = tidy(rights), set(deeds)
    return Claim(
        pack=told.pack,
        purpose=purpose,
        creators=told.creators,
        organisation=told.source,
        credit_line=told.credit_line,
        copyright=told.copyright,
        source_type=told.digital_source_type,
        web_statement=told.web_statement,
        data_mining=told.data_mining,
        captured=told.captured,
        deeds=tuple(deed for deed in Deed if deed in done),
    )


def generator() -> Json:
    """The program that made it: its name and version, nothing of the machine it runs on."""
    return {"name": "dam", "version": __version__}


def assertions(claim: Claim) -> dict[str, Json]:
    """All that a claim asserts, by label."""
    return {
        ACTIONS: {"actions": _actions(claim)},
        TRAINING: {"entries": {entry: {"use": "notAllowed"} for entry in _TRAINING}},
        METADATA: _metadata(claim),
    }


def _actions(claim: Claim) -> list[Json]:
    """First that it was created, as a claim without a parent ingredient must begin."""
    told: list[Json] = [{"action": "c2pa.created", "digitalSourceType": claim.source_type}]
    for deed in claim.deeds:
        action, description = _SAID[deed]
        told.append({"action": action, "description": description, "softwareAgent": generator()})
    return told


def _metadata(claim: Claim) -> Json:
    """CAWG, Metadata Assertion 1.1: XMP properties as JSON-LD. Empty ones are left out."""
    told: Json = {
        "dc:creator": list(claim.creators),
        "dc:rights": claim.copyright,
        "dc:identifier": claim.pack,
        "photoshop:Credit": claim.credit_line,
        "photoshop:Source": claim.organisation,
        "photoshop:DateCreated": claim.captured.isoformat() if claim.captured else "",
        "plus:DataMining": claim.data_mining,
        "xmpRights:WebStatement": claim.web_statement,
        "dam:purpose": claim.purpose.value,
    }
    kept = {name: value for name, value in told.items() if value}
    used = {name.partition(":")[0] for name in kept}
    return {"@context": {k: v for k, v in _CONTEXT.items() if k in used}, **kept}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that pictures are signed with, as far as people are told.

    `since` and `until` are aware instants, `fingerprint` SHA-256 in hex over its DER, `algorithm`
    as C2PA names it (`es256`). `subject` and `issuer` are the organisations in it, else their
    whole names. `own` is true where it hangs from an authority that is nobody else's.
    """

    subject: str
    issuer: str
    since: datetime
    until: datetime
    fingerprint: str
    algorithm: str
    own: bool

    def ended(self, now: datetime) -> bool:
        return now >= self.until

    def begun(self, now: datetime) -> bool:
        return now >= self.since


#: A certificate lasts so many days, unless somebody says otherwise. Signatures have no
#: time stamp of an authority: they count as long as their certificate does.
DAYS = 1095
MOST_DAYS = 3650


def organisation_name(text: str) -> str:
    """The name that stands in a certificate, made plain; "" where it cannot stand there.

    X.520 allows 64 characters (ub-organization-name).
    """
    name = line(text)
    return name if len(name) <= 64 else ""
