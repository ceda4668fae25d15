"""From what was read to decisions: statements, facts, records, all purposes decided.

The same code serves the real pass and the dry run, which is what makes the latter honest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache

from dam.adapters.desk import Desk
from dam.core import names, shoot_table, sidecar
from dam.core.decide import decide_all
from dam.core.facts import Facts
from dam.core.merge import Received, Statement, merge
from dam.core.model import Decision, Problem, Purpose
from dam.core.readings import Looked
from dam.core.record import ConsentItem, PhotoSidecar, PhotoStatement, ShootSheet
from dam.core.view import Dossier

#: A sidecar larger than this is no sidecar; the parser's own bound is the same.
MAX_SIDECAR_BYTES = 1024 * 1024
#: Sidecars and sheets that speak of one photo; with more of them none is read.
MAX_SIDECARS = 256
_TOO_MANY = "sidecars speak of this photograph, and more: nobody can tell which one is meant"


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
    #: What the picture looks like, where somebody has just looked at it.
    likeness: str | None = None

    def decision(self, purpose: Purpose) -> Decision:
        return next(d for d in self.decisions if d.purpose is purpose)

    def consents(self) -> frozenset[str]:
        """The numbers of all consents that the decisions looked at, or looked for."""
        named = {p.consent for p in self.facts.people.persons if p.consent}
        return frozenset(named | {r.item.id for r in self.dossier.records})

    @property
    def captured(self) -> date:
        return date.fromisoformat(self.facts.captured.value or "")


def form_of(name: str) -> str:
    """How a sidecar is written, by its name: json, csv, else yaml."""
    suffix = names.split(name.encode("utf-8", "surrogateescape"))[1].decode("ascii", "replace")
    return suffix if suffix in ("json", "csv") else "yaml"


def is_sidecar(name: str) -> bool:
    """Whether a file is named as a sidecar; one that merely ends like one is not."""
    role = names.claim(name.encode("utf-8", "surrogateescape")).role
    return role in (names.Role.SIDECAR, names.Role.SHOOT)


def parse_sheet(sheet: Sheet) -> sidecar.Parsed[PhotoSidecar] | sidecar.Parsed[ShootSheet]:
    """The sheet's model, or its problems. XMP has no such model and must not be asked for.

    A file that seems to speak of consent but is not named as a sidecar is never guessed at.
    """
    if not is_sidecar(sheet.name):
        problem = Problem(sheet.shown, None, "", names.MISNAMED)
        unread: sidecar.Parsed[PhotoSidecar] = sidecar.Parsed(None, (problem,))
        return unread
    return _parsed(sheet.data, sheet.kind, form_of(sheet.name), sheet.shown)


@lru_cache(maxsize=32)
def _parsed(
    data: bytes, kind: str, form: str, shown: str
) -> sidecar.Parsed[PhotoSidecar] | sidecar.Parsed[ShootSheet]:
    # One sheet of a folder is asked for with every photo of the folder.
    if kind == "photo":
        return sidecar.parse_photo(data, shown, form == "json")
    if form == "csv":
        return shoot_table.parse(data, shown)
    return sidecar.parse_shoot(data, shown, form == "json")


def consents_in(sheet: Sheet) -> tuple[ConsentItem, ...] | None:
    """Consent records that stand in a sheet; None where it cannot be read as a whole."""
    if sheet.kind == "xmp":
        return ()
    parsed = parse_sheet(sheet)
    return parsed.value.consents if parsed.value is not None else None


def statements(sheets: Iterable[Sheet], paths: Sequence[bytes]) -> tuple[Statement, ...]:
    """What the sheets say of a photo that came as `paths` (below the inbox), nearest first.

    A file that is misnamed, unreadable, or could belong to another photo too gives way to a
    clear sidecar of this photo that came later: that is how people mend it. A shoot sheet
    does not mend what was said of one photo. More than `MAX_SIDECARS` are not read, which holds.
    """
    sheets = tuple(sheets)
    if len(sheets) > MAX_SIDECARS:
        problem = Problem(sheets[0].shown, None, "", f"{MAX_SIDECARS} {_TOO_MANY}")
        return (Statement(sheets[0].shown, None, (str(problem),)),)
    ordered = sorted(sheets, key=lambda s: (s.kind != "photo", -len(s.folder), s.shown))
    parsed = {s.slot: parse_sheet(s) for s in ordered if s.kind != "xmp"}
    clear = [
        s.seen_at
        for s in ordered
        if s.kind == "photo" and not s.ambiguous and _speaks_of_people(parsed[s.slot].value)
    ]
    latest = max(clear, default=None)
    found: list[Statement] = []
    for sheet in ordered:
        outdated = latest is not None and latest > sheet.seen_at
        if sheet.kind == "xmp":
            if sheet.ambiguous and not outdated:
                found.append(Statement(sheet.shown, None, ambiguous=True))
            continue
        value = parsed[sheet.slot].value
        single = sheet.kind == "photo" or not is_sidecar(sheet.name)
        if outdated and (sheet.ambiguous or (value is None and single)):
            continue
        problems = tuple(str(p) for p in parsed[sheet.slot].problems)
        if isinstance(value, ShootSheet):
            found += _shoot(sheet, value, paths)
        else:
            found.append(Statement(sheet.shown, value, problems, sheet.ambiguous))
    return tuple(found)


def _speaks_of_people(value: PhotoStatement | None) -> bool:
    return value is not None and (value.people is not None or bool(value.crowd))


def _shoot(sheet: Sheet, value: ShootSheet, paths: Sequence[bytes]) -> list[Statement]:
    """The entries of a shoot sheet that match the photo, then the sheet's own defaults.

    Patterns are matched against the file name and against the path below the sheet's folder,
    for every way the photo came. An entry's `people` replaces the sheet's default `people`,
    as any default gives way.
    """
    depth = len(sheet.folder.split("/")) if sheet.folder else 0
    below = [
        parts
        for parts in (names.text(path).split("/") for path in paths)
        if names.key("/".join(parts[:depth])) == sheet.folder
    ]
    called = {name for parts in below for name in (parts[-1], "/".join(parts[depth:]))}
    exact, globs = _by_name(tuple(entry.match for entry in value.photos))
    meant = {number for name in called for number in exact.get(names.key(name), ())}
    meant |= {
        number
        for number in globs
        if any(names.matches(value.photos[number].match, name) for name in called)
    }
    entries = [value.photos[number] for number in sorted(meant)]
    found = [
        Statement(f"{sheet.shown} (photos: {names.show(entry.match)})", entry) for entry in entries
    ]
    default: PhotoStatement = value
    if any(_speaks_of_people(entry) for entry in entries):
        default = value.model_copy(update={"people": None, "crowd": None})
    return [*found, Statement(sheet.shown, default)]


@lru_cache(maxsize=32)
def _by_name(patterns: tuple[str, ...]) -> tuple[dict[str, list[int]], tuple[int, ...]]:
    """Which patterns mean one name, by its key, and which may mean several; all by number.

    A table has a line for each of thousands of photos: none looks at the lines of the others.
    """
    exact: dict[str, list[int]] = {}
    for number, pattern in enumerate(patterns):
        exact.setdefault(names.key(pattern), []).append(number)
    globs = (n for n, pattern in enumerate(patterns) if names.is_glob(names.key(pattern)))
    return exact, tuple(globs)


def received(photo: bytes, mtime_ns: int, day: date) -> Received:
    """How the photo arrived: folders below the inbox and the day of its file date (UTC)."""
    *folders, name = names.text(photo).split("/")
    try:
        modified = datetime.fromtimestamp(mtime_ns / 1e9, UTC).date()
    except (OverflowError, ValueError, OSError):
        modified = day
    return Received(tuple(folders), modified, day, name)


def weigh(
    desk: Desk,
    facts: Facts,
    sha256: str,
    photo: bytes,
    day: date,
    fresh: Mapping[tuple[str, str], ConsentItem] | None = None,
    likeness: str | None = None,
) -> Considered:
    """Decide every purpose on these facts and the records about their people.

    `likeness` is what the picture was seen to look like just now.
    """
    name = names.text(photo).rpartition("/")[2]
    dossier = desk.file_on(facts, sha256, name, fresh, likeness)
    return replace(decided_on(desk, dossier, day), likeness=likeness)


def decided_on(desk: Desk, dossier: Dossier, day: date | None = None) -> Considered:
    """Decide every purpose on a dossier, for today unless a day is given."""
    decisions = decide_all(dossier, desk.pack, tuple(Purpose), day or desk.day())
    return Considered(dossier.facts, dossier, decisions)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One photo as it came: content hash, its paths in the inbox, what its file date says.

    The first path is the one it first came by; its name is the one that counts.
    """

    sha256: str
    paths: tuple[bytes, ...]
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
        statements(sheets, arrival.paths),
        desk.credits.roster(),
        arrival.received,
        marks(sheets),
    )
    day, seen = arrival.received.day, looked.likeness
    return weigh(desk, facts, arrival.sha256, arrival.paths[0], day, fresh, seen)


def marks(sheets: Iterable[Sheet]) -> tuple[str, ...]:
    """Which sidecars in which version facts rest on, in the order in which they were said.

    Equal marks mean that nothing new was said.
    """
    said = sorted((s.seen_at, s.sha256, s.ambiguous) for s in sheets)
    return tuple(sha256 + ("?" if doubt else "") for _, sha256, doubt in said)
