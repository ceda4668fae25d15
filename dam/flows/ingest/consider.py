"""From what was read to decisions: statements, facts, records, all purposes decided.

The same code serves the real pass and the dry run, which is what makes the latter honest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from dam.adapters.desk import Desk
from dam.core import names, sidecar
from dam.core.decide import decide_all
from dam.core.facts import Facts, Received, Statement, digest_of, merge
from dam.core.model import (
    ConsentItem,
    Decision,
    PhotoSidecar,
    PhotoStatement,
    Problem,
    Purpose,
    ShootSheet,
)
from dam.core.readings import Looked
from dam.core.view import Dossier

#: A sidecar larger than this is no sidecar; the parser's own bound is the same.
MAX_SIDECAR_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sidecar as read: its slot and name, kind, bytes, and the folder it stands in."""

    slot: str
    kind: str
    shown: str
    name: str
    folder: str
    data: bytes
    sha256: str
    seen_at: datetime
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Considered:
    """The outcome of thinking, before anything moves."""

    facts: Facts
    dossier: Dossier
    decisions: tuple[Decision, ...]

    def decision(self, purpose: Purpose) -> Decision:
        return next(d for d in self.decisions if d.purpose is purpose)

    @property
    def captured(self) -> date:
        return date.fromisoformat(self.facts.captured.value or "")


def is_json(name: str) -> bool:
    return name.casefold().endswith(".json")


def is_sidecar(name: str) -> bool:
    return name.casefold().endswith((".yaml", ".yml", ".json"))


def parse_sheet(sheet: Sheet) -> sidecar.Parsed[PhotoSidecar] | sidecar.Parsed[ShootSheet]:
    """The sheet's model, or its problems. XMP has no such model and must not be asked for.

    A file that seems to speak of consent but is not named as a sidecar is never guessed at.
    """
    if not is_sidecar(sheet.name):
        return sidecar.Parsed[PhotoSidecar](None, (Problem(sheet.shown, None, "", names.MISNAMED),))
    if sheet.kind == "photo":
        return sidecar.parse_photo(sheet.data, sheet.shown, is_json(sheet.name))
    return sidecar.parse_shoot(sheet.data, sheet.shown, is_json(sheet.name))


def consents_in(sheet: Sheet) -> tuple[ConsentItem, ...] | None:
    """Consent records that stand in a sheet; None where it cannot be read as a whole."""
    if sheet.kind == "xmp":
        return ()
    parsed = parse_sheet(sheet)
    return parsed.value.consents if parsed.value is not None else None


def statements(sheets: Iterable[Sheet], photo: bytes) -> tuple[Statement, ...]:
    """What the sheets say of the photo named `photo` (path in the inbox), nearest first.

    A file that is misnamed, or that could belong to another photo too, gives way to a clear
    sidecar that came later: that is how people mend it.
    """
    ordered = sorted(sheets, key=lambda s: (s.kind != "photo", -len(s.folder), s.shown))
    clear = [
        s.seen_at
        for s in ordered
        if s.kind != "xmp" and is_sidecar(s.name) and not s.ambiguous and parse_sheet(s).value
    ]
    latest = max(clear, default=None)
    found: list[Statement] = []
    for sheet in ordered:
        doubtful = sheet.ambiguous or (sheet.kind != "xmp" and not is_sidecar(sheet.name))
        if doubtful and latest is not None and latest > sheet.seen_at:
            continue
        if sheet.kind == "xmp":
            found += [Statement(sheet.shown, None, ambiguous=True)] if sheet.ambiguous else []
            continue
        parsed = parse_sheet(sheet)
        problems = tuple(str(p) for p in parsed.problems)
        value = parsed.value
        if isinstance(value, ShootSheet):
            found += _shoot(sheet, value, photo)
        else:
            found.append(Statement(sheet.shown, value, problems, sheet.ambiguous))
    return tuple(found)


def _shoot(sheet: Sheet, value: ShootSheet, photo: bytes) -> list[Statement]:
    """The entries of a shoot sheet that match the photo, then the sheet's own defaults.

    Patterns are matched against the file name and against the path below the sheet's folder.
    An entry's `people` replaces the sheet's default `people`, as any default gives way.
    """
    path = names.text(photo)
    below = path[len(sheet.folder) :].lstrip("/") if sheet.folder else path
    name = path.rpartition("/")[2]
    entries = [
        entry
        for entry in value.photos
        if names.matches(entry.match, name) or names.matches(entry.match, below)
    ]
    found = [
        Statement(f"{sheet.shown} (photos: {names.show(entry.match)})", entry) for entry in entries
    ]
    default: PhotoStatement = value
    if any(entry.people is not None or entry.crowd is not None for entry in entries):
        default = value.model_copy(update={"people": None, "crowd": None})
    return [*found, Statement(sheet.shown, default)]


def record_body(item: ConsentItem) -> dict[str, object]:
    """A record as the catalogue keeps it; what nobody said stays unsaid."""
    return item.model_dump(mode="json", exclude_unset=True)


def received(photo: bytes, mtime_ns: int, day: date) -> Received:
    """How the photo arrived: folders below the inbox and the day of its file date (UTC)."""
    folders = names.text(photo).split("/")[:-1]
    try:
        modified = datetime.fromtimestamp(mtime_ns / 1e9, UTC).date()
    except (OverflowError, ValueError, OSError):
        modified = day
    return Received(tuple(folders), modified, day)


def weigh(
    desk: Desk,
    facts: Facts,
    sha256: str,
    photo: bytes,
    day: date,
    fresh: Mapping[tuple[str, str], ConsentItem] | None = None,
) -> Considered:
    """Decide every purpose on these facts and the records about their people."""
    dossier = Dossier(
        facts=facts,
        sha256=sha256,
        name=names.text(photo).rpartition("/")[2],
        records=desk.records(facts, fresh),
    )
    return Considered(facts, dossier, decide_all(dossier, desk.pack, tuple(Purpose), day))


@dataclass(frozen=True, slots=True)
class Arrival:
    """One photo as it came: content hash, path in the inbox, and what its file date says."""

    sha256: str
    photo: bytes
    received: Received


def consider(
    desk: Desk,
    looked: Looked,
    arrival: Arrival,
    sheets: Sequence[Sheet],
    fresh: Mapping[tuple[str, str], ConsentItem] | None = None,
) -> Considered:
    """Merge what was read into facts, then decide every purpose."""
    facts = merge(
        looked,
        statements(sheets, arrival.photo),
        desk.credits.roster(),
        arrival.received,
        marks(sheets),
    )
    return weigh(desk, facts, arrival.sha256, arrival.photo, arrival.received.day, fresh)


def marks(sheets: Iterable[Sheet]) -> tuple[str, ...]:
    """Which sidecars in which version facts rest on; equal marks mean nothing new was said."""
    return tuple(sorted(s.sha256 + ("?" if s.ambiguous else "") for s in sheets))


def consent_digest(item: ConsentItem) -> str:
    return digest_of(record_body(item))
