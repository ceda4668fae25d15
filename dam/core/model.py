"""The words of the design as frozen data.

Dates are calendar dates without a time zone; instants are UTC and aware.
Regions are fractions of the upright picture (0 to 1), the origin top left.
Subjects are pseudonyms (`S-0147`), never names.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)


class Disposition(enum.StrEnum):
    """What became of an asset or a decision. Order of strictness: see `strictest`."""

    APPROVED = "approved"
    HELD = "held"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


STRICTNESS = {
    Disposition.APPROVED: 0,
    Disposition.HELD: 1,
    Disposition.REFUSED: 2,
    Disposition.QUARANTINED: 3,
}


class Purpose(enum.StrEnum):
    """What a rendition is for (DPV purpose). `archive` and `internal` follow from any consent."""

    ARCHIVE = "archive"
    INTERNAL = "internal"
    PRESS = "press"
    WEB = "web"
    SOCIAL = "social"
    PRINT = "print"
    DONOR = "donor"


IMPLIED_PURPOSES = frozenset({Purpose.ARCHIVE, Purpose.INTERNAL})


class ConsentState(enum.StrEnum):
    """The W3C DPV consent states. Only given and renewed count."""

    UNKNOWN = "unknown"
    REQUESTED = "requested"
    REQUEST_DEFERRED = "request_deferred"
    REFUSED = "refused"
    GIVEN = "given"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    RENEWED = "renewed"


IN_FORCE_STATES = frozenset({ConsentState.GIVEN, ConsentState.RENEWED})
#: States by which a person said no, or somebody entitled said it for them.
REFUSING_STATES = frozenset({ConsentState.REFUSED, ConsentState.REVOKED, ConsentState.WITHDRAWN})


class AgeBand(enum.StrEnum):
    A0_5 = "0-5"
    A6_11 = "6-11"
    A12_15 = "12-15"
    A16_17 = "16-17"
    ADULT = "adult"
    UNKNOWN = "unknown"


#: Youngest first; unknown counts as a minor and is the strictest of all.
AGE_ORDER = (
    AgeBand.UNKNOWN,
    AgeBand.A0_5,
    AgeBand.A6_11,
    AgeBand.A12_15,
    AgeBand.A16_17,
    AgeBand.ADULT,
)


class Situation(enum.StrEnum):
    REFUGEE = "refugee"
    ASYLUM_SEEKER = "asylum_seeker"
    MIGRANT = "migrant"
    IDP = "idp"
    OTHER = "other"
    UNKNOWN = "unknown"


class Risk(enum.StrEnum):
    LOW = "low"
    ELEVATED = "elevated"
    HIGH = "high"
    NEVER_PUBLISH = "never_publish"


class GiverRole(enum.StrEnum):
    SUBJECT = "subject"
    PARENT = "parent"
    LEGAL_GUARDIAN = "legal_guardian"
    APPOINTED_REPRESENTATIVE = "appointed_representative"
    SOCIAL_WORKER = "social_worker"


class Method(enum.StrEnum):
    WRITTEN = "written"
    FINGERPRINT = "fingerprint"
    AUDIO = "audio"
    VIDEO = "video"
    DIGITAL = "digital"


class Assent(enum.StrEnum):
    GIVEN = "given"
    REFUSED = "refused"
    TOO_YOUNG = "too_young"
    NOT_SOUGHT = "not_sought"


class NamePermission(enum.StrEnum):
    NONE = "none"
    PSEUDONYM = "pseudonym"
    FIRST = "first"
    FULL = "full"


class LocationPermission(enum.StrEnum):
    NONE = "none"
    COUNTRY = "country"
    REGION = "region"
    EXACT = "exact"


_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


def _yes_no(value: object) -> object:
    """`yes no true false` in any case, as text, mean what a person means; nothing else passes."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _YES_NO:
        return _YES_NO[value.strip().lower()]
    raise ValueError("use one of: yes, no, true, false")


def _iso_date(value: object) -> object:
    """Only YYYY-MM-DD: 03/04/2021 means different days to different people."""
    if isinstance(value, datetime):
        raise ValueError("use a date written YYYY-MM-DD, without a time")
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        text = value.strip()
        # fromisoformat alone would also take the week date 2021-W44-4.
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
    raise ValueError("use a date written YYYY-MM-DD, for example 2021-10-28")


def _number(value: object) -> object:
    """Decimal numbers only: `1_000`, `0x10` and `nan` are mistakes, not numbers.

    An exponent passes: that is how programs write very small fractions (`1e-07`).
    """
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text):
            return float(text)
        raise ValueError("use a plain number, for example 0.25")
    return value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _territory(value: object) -> object:
    if isinstance(value, str):
        text = value.strip()
        return "world" if text.lower() == "world" else text.upper()
    return value


YesNo = Annotated[bool, BeforeValidator(_yes_no)]
IsoDate = Annotated[date, BeforeValidator(_iso_date)]
Number = Annotated[float, BeforeValidator(_number)]
Fraction = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]
#: A pseudonym or record number: letters, digits, `-`, `_`, `.`; never a name with spaces.
Ident = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", strip_whitespace=True)
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Country = Annotated[str, BeforeValidator(_upper), StringConstraints(pattern=r"^[A-Z]{2}$")]
Territory = Annotated[
    str, BeforeValidator(_territory), StringConstraints(pattern=r"^([A-Z]{2}|world)$")
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Sha256 = Annotated[str, BeforeValidator(_lower), StringConstraints(pattern=r"^[0-9a-f]{64}$")]
#: A length of time such as `5y`, `18m` or `90d`.
Term = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}[ymd]$")]
Captions = dict[Language, Text]


class Strict(BaseModel):
    """Frozen, nothing unknown accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    birth_year: Annotated[int, BeforeValidator(_number), Field(ge=1900, le=2200)] | None = None
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


class ConsentRecord(ConsentItem):
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


PeopleNone = Annotated[Literal["none"], BeforeValidator(_lower)]


def _people_form(value: object) -> str:
    return "people:none" if isinstance(value, str) else "people:list"


#: Told apart by their form, so that a mistake in one is not reported against both.
People = Annotated[
    Annotated[PeopleNone, Tag("people:none")] | Annotated[tuple[Person, ...], Tag("people:list")],
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
    #: None: nobody said (unknown). "none": a person stated that nobody is shown.
    people: People | None = None


class PhotoSidecar(PhotoStatement):
    """`IMG_0001.JPG.consent.yaml`: schema dam/photo/1."""

    schema_: Literal["dam/photo/1"] = Field(alias="schema")
    consents: tuple[ConsentItem, ...] = ()


class ShootPhoto(PhotoStatement):
    """One entry of `photos:` in a shoot sheet: the files it matches and what is said of them."""

    match: Text


class ShootSheet(PhotoStatement):
    """`consent.yaml` of a folder: schema dam/shoot/1. Its photo fields are defaults."""

    schema_: Literal["dam/shoot/1"] = Field(alias="schema")
    photos: tuple[ShootPhoto, ...] = ()
    consents: tuple[ConsentItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where (file shown, 1-based line or None), what, what to do."""

    where: str
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        return (
            f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"
        )


@dataclass(frozen=True, slots=True)
class Credit:
    """Whom a photograph is credited to, from the roster `rules/credits.yaml`."""

    id: str
    name: str
    line: str
    copyright: str
    source: str = ""
    web_statement: str = ""
    licensor: str = ""


@dataclass(frozen=True, slots=True)
class Rights:
    """Everything a rendition says in its metadata. Nothing else may be in there.

    `captions` and `usage_terms` map language tags to text. `captured` is the calendar
    day only when the rules let it out (None otherwise).
    """

    creators: tuple[str, ...]
    credit_line: str
    copyright: str
    source: str = ""
    captions: tuple[tuple[str, str], ...] = ()
    usage_terms: tuple[tuple[str, str], ...] = ()
    web_statement: str = ""
    licensor: str = ""
    data_mining: str = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"
    digital_source_type: str = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
    captured: date | None = None
    pack: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """A detected face on the upright picture, as fractions of its size; score 0 to 1."""

    x: float
    y: float
    w: float
    h: float
    score: float


@dataclass(frozen=True, slots=True)
class Event:
    """One ledger event. `body` is JSON-able, without personal data."""

    type: str
    subject: str
    body: dict[str, object] = field(default_factory=dict)


class Otherwise(enum.StrEnum):
    """What a rule does when its requirement is not met."""

    HOLD = "hold"
    REFUSE = "refuse"
    OBLIGE = "oblige"


class Obligation(enum.StrEnum):
    """What an approval demands of the rendition."""

    CREDIT = "credit"
    WATERMARK = "watermark"
    REDACT_FACES = "redact_faces"
    DROP_LOCATION = "drop_location"


#: What renditions can do today. A rule that obliges anything else is refused at load: an
#: obligation that nobody carries out would be an approval without its condition.
CARRIED_OUT = frozenset({Obligation.CREDIT, Obligation.WATERMARK})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a decision is not an approval: the rule, its words, its evidence.

    `message`, `advice` and `title` map language tags (en, fr, ar) to text. `evidence`
    are short statements "field = value (source)"; `subjects` are pseudonyms.
    """

    rule: str
    otherwise: Otherwise
    title: dict[str, str]
    message: dict[str, str]
    advice: dict[str, str]
    source: str
    evidence: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """approve, hold or refuse, for one purpose, territory and day, replayable from its digests.

    `holds_until` is the first day on which the decision could change by the calendar
    alone (None: never). `consents` are (consent id, digest of the record as it counted).
    """

    purpose: Purpose
    territory: str
    day: date
    disposition: Disposition
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    facts_digest: str
    pack_digest: str
    holds_until: date | None
    consents: tuple[tuple[str, str], ...] = ()
