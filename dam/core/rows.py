"""What the catalogue takes in and gives out: one frozen dataclass for each kind of row.

Instants are aware and UTC; dates are calendar dates. Digests are SHA-256 in lower-case hex.
Keys (`folder_key`, `name_key`, `stem_key`) are names folded for comparison, made by whoever
reads the inbox; folders are relative to the inbox, parts joined by `/`, the inbox itself is "".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypedDict

from dam.core.model import Disposition
from dam.core.redaction import Drawn
from dam.core.waivers import Waiver

SidecarKind = Literal["photo", "shoot", "xmp"]
RenditionState = Literal["planned", "filed", "removed"]
PackState = Literal["sealed", "made", "dropped"]


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One photograph by content. `note` says why it waits where no decision does."""

    id: str
    sha256: str
    size: int
    format: str
    width: int | None
    height: int | None
    disposition: Disposition
    archived_as: str | None
    captured_on: date | None
    captured_source: str
    photographer: str | None
    programme: str | None
    country: str | None
    city: str | None
    facts_digest: str | None
    added_at: datetime
    note: str = ""
    note_hint: str = ""


class AssetChange(TypedDict, total=False):
    """The fields of an asset that may change; its identity and its bytes never do."""

    format: str
    width: int | None
    height: int | None
    disposition: Disposition
    archived_as: str | None
    captured_on: date | None
    captured_source: str
    photographer: str | None
    programme: str | None
    country: str | None
    city: str | None
    facts_digest: str | None
    note: str
    note_hint: str


@dataclass(frozen=True, slots=True)
class ProvenanceRow:
    """Where and as what an original was dropped. `folder` and `name` are the bytes as dropped.

    `shown` is safe to display. `removed` is true once the source is gone from the inbox.
    """

    asset: str
    folder: bytes
    name: bytes
    shown: str
    folder_key: str
    name_key: str
    stem_key: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    seen_at: datetime
    removed: bool = False


def first_arrival(rows: Iterable[ProvenanceRow]) -> ProvenanceRow:
    """Of all arrivals of one asset (at least one) the first."""
    return min(rows, key=lambda p: (p.seen_at, p.folder, p.name))


@dataclass(frozen=True, slots=True)
class SidecarRow:
    """The current version of one sidecar; `slot` is `folder_key + "/" + name_key`."""

    slot: str
    kind: SidecarKind
    sha256: str
    shown: str
    folder_key: str
    name_key: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A sidecar speaks of an asset; `ambiguous` where it could speak of another one as well."""

    asset: str
    slot: str
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class ConsentVersion:
    """A consent record as one source (`slot`) told it; `body` is JSON-able.

    `stated` is false where a later version of the source no longer mentions the record: what
    it said still limits, and it permits nothing until it is said again.
    """

    consent: str
    slot: str
    digest: str
    subject: str
    body: dict[str, object]
    recorded_at: datetime
    stated: bool = True
    revision: str = ""
    told_in: str = ""


@dataclass(frozen=True, slots=True)
class RenditionRow:
    """The derived file of one asset for one purpose; `relative` is its path below the archive."""

    asset: str
    purpose: str
    relative: str | None
    sha256: str | None
    size: int | None
    state: RenditionState
    made_at: datetime


@dataclass(frozen=True, slots=True)
class AssetState:
    """What deciding an asset again starts from, read together with that of many others.

    `facts` is the stored body, `mark` the due mark, `sidecars` the linked ones (seen at,
    SHA-256, ambiguous), `rendition` that of one purpose; `decided` tells the current decisions
    apart: purpose, territory, day, facts digest, rule pack digest.
    """

    row: AssetRow
    facts: dict[str, object] | None
    mark: int | None
    sidecars: tuple[tuple[datetime, str, bool], ...]
    provenance: tuple[ProvenanceRow, ...]
    rendition: RenditionRow | None
    consents: frozenset[str]
    decided: frozenset[tuple[str, str, date, str, str]]

    def origin(self) -> ProvenanceRow:
        """The first arrival of the asset; its names and dates are the ones that count."""
        return first_arrival(self.provenance)


@dataclass(frozen=True, slots=True)
class PackRow:
    """A press pack: to whom, for what, where and until when it may be used.

    `state`: `sealed` from when it is on record until it has got its name (after a crash in between
    it may be out, and counts as out), `made`, or `dropped`, which never went out. `rules_digest`
    is that of the rule pack that decided, `preset_digest` that of how it was rendered, `head_seq`
    and `head_hash` where the ledger ended then.
    """

    id: str
    purpose: str
    recipient: str
    territory: str
    day: date
    made_at: datetime
    path: str
    manifest_sha256: str
    state: PackState = "made"
    use: str = "editorial"
    until: date | None = None
    format: str = "folder"
    rules_digest: str = ""
    preset_digest: str = ""
    head_seq: int = 0
    head_hash: str = ""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class PackItemRow:
    """One file of a pack. `consents` are (consent id, digest of the record as it counted),

    `facts_digest` is that of the decision it rests on, `until` the last day it may be used.
    """

    pack: str
    asset: str
    file: str
    sha256: str
    consents: tuple[tuple[str, str], ...] = ()
    facts_digest: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A waiver with the asset it is for and when it was recorded."""

    asset: str
    waiver: Waiver
    given_at: datetime


@dataclass(frozen=True, slots=True)
class WaiverEnd:
    """How a waiver ended before its last day, and by which role; "" where nobody ended it.

    `refused`: somebody shown said no. `replaced`: a later one covers all that it did.
    """

    waiver: str
    why: Literal["ended", "refused", "replaced"]
    role: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A region drawn by hand with the asset it is on and when it was recorded."""

    asset: str
    drawn: Drawn
    drawn_at: datetime


@dataclass(frozen=True, slots=True)
class DrawnEnd:
    """That a region drawn by hand counts no longer, and the role that removed it."""

    redaction: str
    role: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Restriction:
    """Why an asset's original is not among the others: it was taken back (`withdrawn`), is a `copy`

    of one that was, or is `erased`. `tombstone` is the asset's own, "" where it has none.
    """

    asset: str
    state: Literal["withdrawn", "copy", "erased"]
    tombstone: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PackMark:
    """One file of a pack that its recipient may use no longer, why and since when."""

    pack: str
    file: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Leaving:
    """Something that must still leave the disk, in the order of `row`.

    `file`: the archive file `what` of an asset. `cache`: what was made of it for quick use.
    `restrict`, `erase`: all that was made of an asset
    whose original is `what` (SHA-256), which goes into restricted hold or for good. `bytes`: a
    stored sidecar (SHA-256). `scrub`: what the catalogue's own file still holds of deleted rows.
    """

    row: int
    kind: Literal["file", "cache", "restrict", "erase", "bytes", "scrub"]
    asset: str
    what: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One sealed ledger event; `seq` counts from 1 without gaps."""

    seq: int
    id: str
    at: datetime
    type: str
    subject: str
    body: dict[str, object]
    prev: str
    hash: str
