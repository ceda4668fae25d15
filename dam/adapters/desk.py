"""Everything one workspace needs, opened together and closed together.

The only adapter that knows all the others: flows are handed a `Desk` and never open
anything themselves. The clock is an argument (`now`), an aware instant; a day is the
calendar day where the workspace stands, that is in the time zone `now` carries.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dam.adapters import aftermath
from dam.adapters.archive import Archive
from dam.adapters.catalog import Catalog, Unit
from dam.adapters.checkpoints import Checkpoints
from dam.adapters.desk_catalog import clock_runs_on, copied_catalog, may_write, open_catalog
from dam.adapters.desk_due import end_refused, touch
from dam.adapters.desk_rules import (
    CREDITS,
    PROGRAMMES,
    PURPOSES,
    load_pack,
    read_folder,
    read_rule_file,
    rule_files,
)
from dam.adapters.lock import Gate, WorkspaceLock
from dam.adapters.marks import read_marks
from dam.adapters.previews import Previews
from dam.adapters.renditions import Renditions
from dam.adapters.settings import Settings, Workspace, prepare
from dam.adapters.store import OriginalStore
from dam.core import ended, names, naming, private, rules, since
from dam.core.consent import Record
from dam.core.credits import Credits, ProgrammeFile, load_credits, load_programmes
from dam.core.ended import Ended
from dam.core.errors import IntegrityError, StorageError
from dam.core.facts import Facts, digest_of
from dam.core.model import Event, Purpose
from dam.core.presets import Preset, load_presets
from dam.core.private import Details
from dam.core.record import ConsentEvent, ConsentItem
from dam.core.rows import (
    AssetRow,
    ConsentVersion,
    ProvenanceRow,
    first_arrival,
)
from dam.core.told import Told
from dam.core.view import Dossier
from dam.core.waivers import Waiver
from dam.core.watermark import Marks, load_marks

if TYPE_CHECKING:
    from dam.adapters.credentials import Signer
    from dam.adapters.darkroom import Darkroom

_EMPTY = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class Desk:
    """The open workspace. `now` gives the present instant, aware, in the local time zone."""

    workspace: Workspace
    settings: Settings
    pack: rules.RulePack
    credits: Credits
    programmes: dict[str, ProgrammeFile]
    catalog: Catalog
    originals: OriginalStore
    archive: Archive
    now: Callable[[], datetime]
    rule_files: str
    marks: Marks
    previews: Previews
    presets: Mapping[Purpose, Preset]
    renditions: Renditions
    checkpoints: Checkpoints
    restricted: OriginalStore
    gate: Gate

    def finish(self) -> bool:
        """Carry out what withdrawals planned; see `aftermath.finish`."""
        return aftermath.finish(self.catalog, self.places(), self.gate)

    def keep_withdrawals(self) -> None:
        """Write what was taken back to the file that dam.toml names for it, where it changed.

        Raises StorageError where that cannot be written, UsageError where it is another
        workspace's: whoever restores a backup without it brings back what was taken back.
        """
        place = self.workspace.tombstones
        if place is None:
            return
        from dam.adapters import backup_file  # few workspaces keep such a file

        with self.catalog.snapshot():
            told, keys = self.catalog.taken_back(), self.catalog.since_keys()
        if place.exists():
            # Another workspace's is refused; one that is damaged is written anew.
            with suppress(IntegrityError):
                known = since.read(backup_file.read_since(place, since.MAX_BYTES), keys)
                told = told.joined(known)
                if known.says(keys) == told.says(keys):
                    return
        backup_file.write_since(place, told.write(keys))

    def places(self) -> aftermath.Places:
        """Where something of a photograph may lie."""
        return aftermath.Places(
            self.workspace.private,
            self.workspace.work,
            self.archive,
            self.originals,
            self.restricted,
        )

    def original(self, sha256: str) -> Path | None:
        """Where an original is, whole, for deciding on it: among the others or in restricted hold.

        None where it is in neither, or is no longer what was stored.
        """
        for store in (self.originals, self.restricted):
            if store.verify(sha256):
                return store.path(sha256)
        return None

    def places_of_original(self, sha256: str) -> tuple[Path, Path]:
        """Where an original is, or would be: among the others, or in restricted hold."""
        return self.originals.path(sha256), self.restricted.path(sha256)

    def ended(self, dossier: Dossier) -> Ended:
        """Who of those shown took a consent back, as of today."""
        return ended.ended(dossier, self.day(), self.pack.policy.default_term)

    def day(self) -> date:
        """Today's calendar day where the workspace stands."""
        return self.now().date()

    def instant(self) -> datetime:
        """The present instant in UTC, as the catalogue keeps it."""
        return self.now().astimezone(UTC)

    def facts(self, row: AssetRow) -> Facts | None:
        """The stored facts of an asset; None for what could never be read."""
        body = self.catalog.facts(row.facts_digest) if row.facts_digest else None
        return Facts.model_validate(body) if body is not None else None

    def origin(self, asset: str) -> ProvenanceRow:
        """The first arrival of an asset; its names and dates are the ones that count."""
        return first_arrival(self.catalog.provenance(asset))

    def records(
        self, facts: Facts, fresh: Mapping[tuple[str, str], ConsentItem] | None = None
    ) -> tuple[Record, ...]:
        """Every consent record about the declared people, by consent id and by subject.

        `fresh` holds records by (consent id, slot) that are not in the catalogue (dry run);
        they take the place of what their slot said before.
        """
        return self._told([facts], fresh).about(facts)

    def _told(
        self, facts: Iterable[Facts], fresh: Mapping[tuple[str, str], ConsentItem] | None
    ) -> Told:
        """What is told of anybody in these facts, read at once."""
        people = [p for each in facts for p in each.people.persons]
        subjects = {p.subject for p in people if p.subject}
        ids = {p.consent for p in people if p.consent}
        current = self.catalog.current_consents(sorted(ids), sorted(subjects))
        told = {(v.consent, v.slot): (v, item) for v, item in self.whole(current)}
        for (consent, slot), item in (fresh or {}).items():
            if consent in ids or item.subject.id in subjects:
                version, details = self.version_of(item, slot)
                ((version, item),) = self.whole([version], {version.revision: details})
                told[consent, slot] = version, item
        events = self.catalog.events_of({consent for consent, _ in told})
        return Told(
            told,
            {c: tuple(map(ConsentEvent.model_validate, bodies)) for c, bodies in events.items()},
        )

    def whole(
        self, versions: Iterable[ConsentVersion], details: Mapping[str, Details] | None = None
    ) -> Iterator[tuple[ConsentVersion, ConsentItem]]:
        """Each version with its record, birth dates in it: all that a decision needs.

        `details` by revision; else those of the catalogue. A record whose subject's details
        were erased is stated no longer: without the birth date nobody knows when it ends.
        """
        told = tuple(versions)
        if details is None:
            details = self.catalog.details(v.revision for v in told)
        erased = self.catalog.erased({v.consent for v in told})
        for version in told:
            body = private.join(version.body, details.get(version.revision, private.NOTHING))
            stated = version.stated and (version.consent, version.subject) not in erased
            yield replace(version, stated=stated), ConsentItem.model_validate(body)

    def dossier(self, row: AssetRow) -> Dossier | None:
        """All that a decision about a stored asset rests on; None where nothing was read."""
        facts = self.facts(row)
        if facts is None:
            return None
        return self.file_on(facts, row.sha256, names.text(self.origin(row.id).name))

    def file_on(
        self,
        facts: Facts,
        sha256: str,
        name: str,
        fresh: Mapping[tuple[str, str], ConsentItem] | None = None,
        likeness: str | None = None,
    ) -> Dossier:
        """The dossier on a photo that may not be stored yet; `fresh` as for `records`.

        `likeness` is what it was seen to look like, where that is not on record.
        """
        seen = {} if likeness is None else {sha256: likeness}
        return self.files_on([(facts, sha256, name)], fresh, seen)[0]

    def files_on(
        self,
        photos: Sequence[tuple[Facts, str, str]],
        fresh: Mapping[tuple[str, str], ConsentItem] | None = None,
        likenesses: Mapping[str, str] | None = None,
    ) -> list[Dossier]:
        """The dossiers on many photos (facts, SHA-256, name as dropped), read at once.

        `likenesses` by SHA-256, of those that were looked at just now.
        """
        told = self._told([facts for facts, _, _ in photos], fresh)
        shown = {p.subject for facts, _, _ in photos for p in facts.people.persons}
        known = self.catalog.names_of(sorted(subject for subject in shown if subject))
        waived: dict[str, list[Waiver]] = {}
        drawn = self.catalog.drawn_on(*(sha256 for _, sha256, _ in photos))
        traces = self.catalog.traces_of([sha256 for _, sha256, _ in photos], likenesses)
        for waiver in self.catalog.waivers_of(*(sha256 for _, sha256, _ in photos)):
            waived.setdefault(waiver.sha256, []).append(waiver)
        return [
            Dossier(
                facts,
                sha256,
                name,
                told.about(facts),
                waivers=tuple(waived.get(sha256, ())),
                naming=naming.find(facts, name, _names_in(facts, known)),
                drawn=drawn.get(sha256, ()),
                traces=traces.get(sha256, ()),
            )
            for facts, sha256, name in photos
        ]

    def version_of(
        self, item: ConsentItem, slot: str, told_in: str = ""
    ) -> tuple[ConsentVersion, Details]:
        """A record as the catalogue keeps it, its personal details apart.

        What nobody said stays unsaid, but for details that the source told before: leaving a
        birth date out must not let a consent last longer. Of an erased record none are kept.
        """
        body, details = private.part(
            item.model_dump(mode="json", exclude_unset=True, exclude={"schema_"})
        )
        key = ""
        if (item.id, item.subject.id) in self.catalog.erased([item.id]):
            details = private.NOTHING
        elif (known := self.catalog.consent_at(item.id, slot)) is not None and known.revision:
            old = self.catalog.details([known.revision]).get(known.revision, private.NOTHING)
            details = private.keep(body, details, known.body, old)
            key = known.revision if (known.body, old) == (body, details) else ""
        key = key or secrets.token_hex(16) if details else ""
        version = ConsentVersion(
            consent=item.id,
            slot=slot,
            # Details can be guessed from a digest over them; over the random key they cannot.
            digest=digest_of([body, key]) if key else digest_of(body),
            subject=item.subject.id,
            body=body,
            recorded_at=self.instant(),
            revision=key,
            told_in=told_in,
        )
        return version, details

    def put_consent(self, unit: Unit, item: ConsentItem, slot: str, told_in: str = "") -> bool:
        """Record one version of a consent from one source; true where it says something new.

        Call inside a transaction. Assets that use the record or show its subject become due;
        where it says no, their waivers end.
        """
        version, details = self.version_of(item, slot, told_in)
        if not unit.put_consent(version, details):
            return False
        touch(unit, item.id, item.subject.id)
        end_refused(unit, Record(item, slot, item.events), version.recorded_at)
        # No digest of the record: even without details it says much of one person.
        unit.append(Event("consent.recorded", item.id), version.recorded_at)
        return True

    def signer(self) -> Signer:
        """Signs finished pictures with the workspace's certificate (`dam export --c2pa`).

        Open it before anything is rendered: raises ConfigurationError where that cannot be done.
        """
        # It takes long to load, and few commands sign.
        from dam.adapters.credentials import open_signer

        return open_signer(self.workspace.certificate, self.workspace.key, self.now())

    def darkroom(self, workers: int | None = None) -> Darkroom:
        """Children that decode, look and render; to be used as a context manager."""
        # Pillow and lxml: not for those who only look things up.
        from dam.adapters.darkroom import Darkroom
        from dam.adapters.imaging import Limits

        settings = self.settings
        return Darkroom(
            workers or settings.workers,
            Limits(max_pixels=settings.max_pixels, max_bytes=settings.max_bytes),
            face_check=settings.face_check,
            seconds=settings.limits.seconds,
            memory_mb=settings.limits.memory_mb,
        )


def _names_in(facts: Facts, known: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    shown = (p.subject or "" for p in facts.people.persons)
    return {subject: known[subject] for subject in shown if subject in known}


def rules_changed(desk: Desk) -> bool:
    """Whether the files people edit are other than those the desk was opened with."""
    return rule_files(desk.workspace) != desk.rule_files


def _begin(catalog: Catalog, pack: rules.RulePack, now: Callable[[], datetime]) -> None:
    """What must be on record before anything else is: where a replay begins, a key, the rules."""
    if catalog.baseline_due():
        with catalog.transaction() as unit:
            if unit.baseline_due():
                unit.begin_replay()
    if not catalog.keyed(_EMPTY):
        with catalog.transaction() as unit:
            unit.make_tombstone_key()
    if catalog.rule_pack_on() != pack.digest:
        with catalog.transaction() as unit:
            unit.put_rule_pack(pack.digest, {"files": dict(pack.sources)})
            unit.use_rule_pack(pack.digest, now().astimezone(UTC))
            unit.append(Event("rules.used", pack.digest, {}), now().astimezone(UTC))


@contextmanager
def open_desk(
    workspace: Workspace,
    settings: Settings,
    now: Callable[[], datetime],
    *,
    writing: bool = False,
    alone: bool = False,
    untouched: bool = False,
    reading: bool = False,
) -> Iterator[Desk]:
    """Open everything. Without `writing` nothing is changed but SQLite's own passing files;

    with `untouched` not even those: a copy of the catalogue is read (for a dry run). `reading` is
    for whoever checks the workspace: no folder has to be writable, and what is wrong with the
    ledger stops nobody.
    `alone` takes the workspace's lock, as whoever empties the inbox must; others may read
    and export beside it.

    Raises ConfigurationError (unusable workspace, rules, roster, settings) and
    WorkspaceBusy where another process is writing.
    """
    files = rule_files(workspace)
    pack = load_pack(workspace)
    roster = load_credits(
        read_rule_file(workspace.rules / CREDITS, f"{workspace.rules.name}/{CREDITS}")
    )
    programmes = load_programmes(read_folder(workspace.rules, PROGRAMMES))
    marks = load_marks(read_marks(workspace.rules), workspace.rules.name)
    presets = load_presets(read_folder(workspace.rules, PURPOSES), marks)
    with ExitStack() as stack:
        prepare(workspace, dry_run=not writing, reading=reading)
        if writing and alone:
            stack.enter_context(WorkspaceLock(workspace.lock))
        if reading and not may_write(workspace):
            catalog = stack.enter_context(copied_catalog(workspace, stack))
        else:
            catalog = stack.enter_context(open_catalog(workspace, stack, now, writing, untouched))
        with suppress(*((IntegrityError,) if reading else ())):
            clock_runs_on(catalog, now().astimezone(UTC))
        if writing:
            _begin(catalog, pack, now)
        desk = Desk(
            workspace=workspace,
            settings=settings,
            pack=pack,
            credits=roster,
            programmes=programmes,
            catalog=catalog,
            originals=OriginalStore(workspace.originals),
            archive=Archive(workspace.archive),
            now=now,
            rule_files=files,
            marks=marks,
            previews=Previews(workspace.previews),
            presets=presets,
            renditions=Renditions(workspace.renditions),
            checkpoints=Checkpoints(workspace.private),
            restricted=OriginalStore(workspace.restricted),
            gate=Gate(workspace.gate),
        )
        if writing:
            # A disk that refuses stops no other work: it is tried again, and a pass tells it.
            with suppress(StorageError):
                desk.finish()
        yield desk
