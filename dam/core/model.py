"""The words of the design as frozen data.

Dates are calendar dates without a time zone; instants are UTC and aware.
Regions are fractions of the upright picture (0 to 1), the origin top left.
Subjects are pseudonyms (`S-0147`), never names.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date


class Disposition(enum.StrEnum):
    """What became of an asset or a decision."""

    APPROVED = "approved"
    HELD = "held"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


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


class Use(enum.StrEnum):
    """What whoever receives a picture will do with it; `editorial` unless somebody says else.

    A purpose tells where a rendition appears, a use to what end. Rules say which are forbidden,
    and a consent record may forbid any of them by name (`prohibited`).
    """

    EDITORIAL = "editorial"
    EDUCATIONAL = "educational"
    RESEARCH = "research"
    ADVOCACY = "advocacy"
    FUNDRAISING = "fundraising"
    COMMERCIAL = "commercial"
    ADVERTISING = "advertising"
    POLITICAL = "political"
    POLITICAL_PARTY = "political_party"
    DISCRIMINATORY = "discriminatory"


def one_word(written: str) -> str:
    """A word as rules spell it: `Political-Party`, `political party` are `political_party`."""
    return "_".join(written.casefold().replace("-", " ").replace("_", " ").split())


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
CARRIED_OUT = frozenset(Obligation)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a decision is not an approval: the rule, its words, its evidence.

    `message`, `advice` and `title` map language tags (en, fr, ar) to text. `evidence`
    are short statements "field = value (source)"; `subjects` are pseudonyms. `unknown`: the
    rule could not be checked, for want of a fact.
    """

    rule: str
    otherwise: Otherwise
    title: dict[str, str]
    message: dict[str, str]
    advice: dict[str, str]
    source: str
    evidence: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Redaction:
    """A rectangle of the picture to be destroyed, as fractions of the upright picture.

    `subject` is whose face it is (a pseudonym, or `person-N`), "" where nobody can say; `why`
    are the rules that oblige it and the regions drawn by hand, by id.
    """

    x: float
    y: float
    w: float
    h: float
    subject: str = ""
    why: tuple[str, ...] = ()

    def face(self) -> Face:
        return Face(self.x, self.y, self.w, self.h, 1.0)


@dataclass(frozen=True, slots=True)
class Waived:
    """A reason that a waiver lifts: the waiver's id, the role that gave it, its last day."""

    id: str
    by: str
    until: date
    reason: Reason

    @property
    def rule(self) -> str:
        return self.reason.rule


@dataclass(frozen=True, slots=True)
class Decision:
    """approve, hold or refuse, for one purpose, territory and day, replayable from its digests.

    `holds_until` is the first day on which the decision could change by the calendar
    alone (None: never). `consents` are (consent id, digest of the record as it counted).
    `waived` are the reasons that do not stand because of a waiver, whatever was decided.
    `redact` is what must be destroyed wherever this picture is shown, whatever was decided; with
    an approval that is what the obligation to redact faces means.
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
    waived: tuple[Waived, ...] = ()
    redact: tuple[Redaction, ...] = ()

    def identity(self) -> tuple[str, str, date, str, str]:
        """What tells this decision apart: all else follows from it."""
        return (
            self.purpose.value,
            self.territory,
            self.day,
            self.facts_digest,
            self.pack_digest,
        )
