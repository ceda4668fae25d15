"""What people write down, as validated data: consent records, photo sidecars, shoot sheets.

A consent record follows ISO/IEC TS 27560:2023 as the W3C DPV guide maps it. What is not said
takes the strictest meaning. Regions are fractions of the upright picture (0 to 1), the origin
top left; dates are calendar dates; subjects are pseudonyms (`S-0147`), never names.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from dam.core.fields import (
    Captions,
    Country,
    Fraction,
    Ident,
    IsoDate,
    Language,
    Sha256,
    Strict,
    Term,
    Territory,
    Text,
    Year,
    YesNo,
    lowered,
)
from dam.core.model import (
    AgeBand,
    Assent,
    ConsentState,
    GiverRole,
    LocationPermission,
    Method,
    NamePermission,
    Purpose,
    Risk,
    Situation,
)

#: More than any photograph, sheet or shoot has; a table has as many rows (`shoot_table`).
MAX_PEOPLE = 1_000
MAX_CONSENTS = 5_000
MAX_PHOTOS = 5_000


class Region(Strict):
    """A rectangle on the upright picture, as fractions of its width and height, from top left."""

    x: Fraction
    y: Fraction
    w: Fraction
    h: Fraction


class Notice(Strict):
    ref: Text
    sha256: Sha256 | None = None
    language: Language
    interpreter: YesNo = False


class Controller(Strict):
    organisation: Text | None = None
    contact: Text | None = None
    jurisdiction: Text | None = None
    retention: Text | None = None
    withdrawal_contact: Text | None = None


class Scope(Strict):
    purposes: tuple[Purpose, ...] = Field(min_length=1)
    prohibited: tuple[Ident, ...] = ()
    territories: tuple[Territory, ...] = Field(min_length=1)
    valid_from: IsoDate
    valid_until: IsoDate | None = None
    #: A term such as `5y`, `18m` or `90d`, counted from `valid_from`.
    valid_for: Term | None = None


class RiskDecision(Strict):
    by: Ident
    on: IsoDate
    visible: YesNo
    reason: Text
    review_on: IsoDate | None = None


class ConsentSubject(Strict):
    id: Ident
    age_band: AgeBand = AgeBand.UNKNOWN
    birth_year: Year | None = None
    birth_date: IsoDate | None = None
    unaccompanied: YesNo | None = None
    situation: Situation = Situation.UNKNOWN
    risk: Risk | None = None
    risk_reasons: tuple[Ident, ...] = ()
    risk_decision: RiskDecision | None = None


class Permissions(Strict):
    face: YesNo = False
    name: NamePermission = NamePermission.NONE
    location: LocationPermission = LocationPermission.NONE


class Giver(Strict):
    role: GiverRole
    method: Method
    on: IsoDate
    witness: Text | None = None
    authority_evidence: Text | None = None


class Evidence(Strict):
    file: Text
    sha256: Sha256 | None = None


class ConsentEvent(Strict):
    state: ConsentState
    on: IsoDate
    by: Text | None = None
    reason: Text | None = None


class AssetScope(Strict):
    """Which photographs a record speaks of: by content or by file pattern."""

    sha256: Sha256 | None = None
    match: Text | None = None
    region: Region | None = None


class ConsentItem(Strict):
    """A consent record as it stands inside a sidecar (without `schema`)."""

    id: Ident
    subject: ConsentSubject
    notice: Notice | None = None
    controller: Controller | None = None
    scope: Scope
    permissions: Permissions = Permissions()
    givers: tuple[Giver, ...] = ()
    child_assent: Assent | None = None
    evidence: tuple[Evidence, ...] = ()
    events: tuple[ConsentEvent, ...] = ()
    assets: tuple[AssetScope, ...] = ()


class NamedSubject(ConsentSubject):
    """A subject with what only the register takes, and keeps apart (`dam.core.private`)."""

    name: Text | None = Field(default=None, repr=False)
    first_name: Text | None = Field(default=None, repr=False)
    contact: Text | None = Field(default=None, repr=False)


class NamedGiver(Giver):
    """A giver with what only the register takes, and keeps apart."""

    name: Text | None = Field(default=None, repr=False)
    contact: Text | None = Field(default=None, repr=False)


class NamedItem(ConsentItem):
    """A consent record as the register takes it in: names and contacts may stand in it."""

    subject: NamedSubject
    givers: tuple[NamedGiver, ...] = ()


class ConsentRecord(NamedItem):
    """A consent record as a file of its own (ISO/IEC TS 27560 as the W3C DPV guide maps it)."""

    schema_: Literal["dam/consent/1"] = Field(alias="schema")


class Person(Strict):
    """A depicted person as a sidecar tells it. What is not told takes the strictest meaning."""

    subject: Ident | None = None
    age_band: AgeBand = AgeBand.UNKNOWN
    identifiable: YesNo = True
    region: Region | None = None
    consent: Ident | None = None


class Location(Strict):
    country: Country | None = None
    region: Text | None = None
    city: Text | None = None
    place: Text | None = None


PeopleNone = Annotated[
    Literal["none"],
    BeforeValidator(lowered),
    WithJsonSchema(
        {"anyOf": [{"enum": ["none"]}, {"type": "string", "pattern": "^[Nn][Oo][Nn][Ee]$"}]}
    ),
]


def _people_form(value: object) -> str:
    return "people:none" if isinstance(value, str) else "people:list"


#: Told apart by their form, so that a mistake in one is not reported against both.
People = Annotated[
    Annotated[PeopleNone, Tag("people:none")]
    | Annotated[tuple[Person, ...], Field(max_length=MAX_PEOPLE), Tag("people:list")],
    Discriminator(_people_form),
]


class PhotoStatement(Strict):
    """What people say of a photograph: the common part of photo sidecar and shoot sheet."""

    photographer: Ident | None = None
    programme: Ident | None = None
    caption: Captions | None = None
    location: Location | None = None
    captured: IsoDate | None = None
    embargo: IsoDate | None = None
    tags: tuple[Ident, ...] = ()
    crowd: YesNo | None = None
    redact_others: YesNo | None = None
    #: None: nobody said (unknown). "none": a person stated that nobody is shown.
    people: People | None = None


class PhotoSidecar(PhotoStatement):
    """`IMG_0001.JPG.consent.yaml`: schema dam/photo/1."""

    schema_: Literal["dam/photo/1"] = Field(alias="schema")
    consents: tuple[ConsentItem, ...] = Field(default=(), max_length=MAX_CONSENTS)


class ShootPhoto(PhotoStatement):
    """One entry of `photos:` in a shoot sheet: the files it matches and what is said of them."""

    match: Text


class ShootSheet(PhotoStatement):
    """`consent.yaml` of a folder: schema dam/shoot/1. Its photo fields are defaults."""

    schema_: Literal["dam/shoot/1"] = Field(alias="schema")
    photos: tuple[ShootPhoto, ...] = Field(default=(), max_length=MAX_PHOTOS)
    consents: tuple[ConsentItem, ...] = Field(default=(), max_length=MAX_CONSENTS)
