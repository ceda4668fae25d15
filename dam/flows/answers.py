"""Questions about the workspace: status, list, show, explain. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dam.adapters import inbox, pulse
from dam.adapters.desk import Desk
from dam.adapters.inbox_aside import counted
from dam.core import names
from dam.core.consent import Record
from dam.core.decide import WORLD
from dam.core.errors import DamError, FindingsError, UsageError
from dam.core.explain import Explanation, Question, same
from dam.core.explain import explain as why
from dam.core.facts import Facts
from dam.core.heartbeat import Heartbeat
from dam.core.likely import slips
from dam.core.model import Decision, Disposition, Purpose, Use
from dam.core.origins import File, Sources
from dam.core.rows import AssetRow, ProvenanceRow, Restriction, SidecarRow
from dam.core.surveys import file_of
from dam.core.view import Dossier, contradictions
from dam.core.waivers import Waiver

#: So many ids are offered for one that was mistyped.
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Watching:
    """What a watcher told last, whether one runs now, and how many seconds ago it last looked."""

    runs: bool
    beat: Heartbeat | None
    age: float | None


@dataclass(frozen=True, slots=True)
class Status:
    """How many assets stand where, what waits, and what the rules are.

    `recalls` are those that nobody has acknowledged. `inbox` is how many photographs lie in the
    inbox; `left_alone` what else lies there, by the reason for which nobody takes it.
    """

    counts: dict[Disposition, int]
    due: int
    rules: int
    pack_digest: str
    photographers: int
    packs: int
    recalls: int
    waivers: int
    inbox: int
    left_alone: dict[str, int]
    watching: Watching


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything about one asset. `facts` is None for what could never be read."""

    row: AssetRow
    facts: Facts | None
    records: tuple[Record, ...]
    decisions: tuple[Decision, ...]
    provenance: tuple[ProvenanceRow, ...]
    day: date
    default_term: str
    waivers: tuple[Waiver, ...] = ()
    restriction: Restriction | None = None

    def dossier(self) -> Dossier:
        """What the decisions rested on."""
        return Dossier(self.facts or Facts(), self.row.sha256, "", self.records)


def status(desk: Desk) -> Status:
    """Raises StorageError where the inbox cannot be read: nobody knows what lies there then."""
    found = inbox.scan(desk.workspace.inbox)
    return Status(
        counts=desk.catalog.counts(),
        due=len(desk.catalog.due_assets()),
        rules=len(desk.pack.rules),
        pack_digest=desk.pack.digest,
        photographers=len(desk.credits.file.photographers),
        packs=len(desk.catalog.packs()),
        recalls=sum(recall.open for recall in desk.catalog.recalls()),
        waivers=sum(map(len, waivers(desk).values())),
        inbox=sum(item.kind is inbox.Kind.PHOTO for item in found),
        left_alone=counted(found),
        watching=watching(desk),
    )


def watching(desk: Desk) -> Watching:
    """The watcher of this workspace, by its lock and its heartbeat."""
    private = desk.workspace.private
    beat = pulse.last(private)
    return Watching(pulse.runs(private), beat, beat.age(desk.instant()) if beat else None)


def require_watcher(found: Watching, most: timedelta) -> None:
    """Raises FindingsError where no watcher runs, or its last look is older than `most`."""
    if not found.runs:
        raise FindingsError("No watcher runs on this workspace", "Start dam watch")
    if found.age is None or found.age > most.total_seconds():
        ago = "not yet" if found.age is None else f"{int(found.age)} seconds ago"
        raise FindingsError(f"The watcher last looked {ago}", "See dam doctor")


def waivers(desk: Desk) -> dict[str, tuple[Waiver, ...]]:
    """The waivers that have not ended and whose last day has not passed, by asset."""
    found: dict[str, tuple[Waiver, ...]] = {}
    for row in desk.catalog.live_waivers():
        if row.waiver.until >= desk.day():
            found[row.asset] = (*found.get(row.asset, ()), row.waiver)
    return found


def assets(desk: Desk, disposition: Disposition | None, limit: int | None) -> Iterator[AssetRow]:
    """Assets in the order in which they came."""
    return desk.catalog.assets(disposition, limit)


def resolve(desk: Desk, wanted: str) -> AssetRow:
    """The asset that an id, a unique beginning of one, a SHA-256 or a file name means.

    Raises UsageError where there is none, and where there are several.
    """
    text = wanted.strip().lower()
    row = desk.catalog.asset(text) or (desk.catalog.asset_by_sha(text) if len(text) == 64 else None)
    if row is not None:
        return row
    found = desk.catalog.find(text) if text else ()
    if len(found) == 1 and (only := desk.catalog.asset(found[0])) is not None:
        return only
    if found:
        raise UsageError(f"{len(found)} assets begin so: {', '.join(found)}", "Give more of the id")
    if "." in text or "/" in text:
        return _dropped_as(desk, wanted)
    near = _near(desk, text)
    hint = f"Did you mean {', '.join(near)}?" if near else "`dam list` shows ids"
    raise UsageError("There is no asset with this id", hint)


def _dropped_as(desk: Desk, wanted: str) -> AssetRow:
    """The asset that was dropped under this file name, alone or with its folders. An id has no dot.

    What stands before `inbox/` is left out; other folders are the last ones of where it lay.
    """
    *above, name = wanted.strip().split("/")
    folders = [folder for folder in above if folder not in ("", ".")]
    whole = "inbox" in folders
    if whole:
        folders = folders[folders.index("inbox") + 1 :]
    asked = names.key("/".join(folders))
    end = f"/{asked}" if asked else ""
    found = sorted(
        {
            asset
            for asset, folder in desk.catalog.arrivals_named(names.key(name))
            if folder == asked or (not whole and f"/{folder}".endswith(end))
        }
    )
    if len(found) == 1 and (only := desk.catalog.asset(found[0])) is not None:
        return only
    if found:
        raise UsageError(
            f"{len(found)} photos came under this name: {', '.join(found)}",
            "Give one of these ids, or the folder as well",
        )
    raise UsageError("No photo came under this name", "`dam list` shows ids")


def names_of(desk: Desk, asset: str) -> tuple[str, ...]:
    """Where and as what a photograph was dropped, safe to display, the first arrival first."""
    return tuple(row.shown for row in desk.catalog.provenance(asset))


def _near(desk: Desk, text: str) -> tuple[str, ...]:
    """A few ids that begin as somebody may have meant who mistyped `text`."""
    found: dict[str, None] = {}
    for slip in slips(text):
        found |= dict.fromkeys(desk.catalog.find(slip))
        if len(found) >= _NEAR:
            break
    return tuple(found)[:_NEAR]


def show(desk: Desk, wanted: str) -> Shown:
    """All that is known of one asset. Raises UsageError for an id that means none."""
    row = resolve(desk, wanted)
    facts = desk.facts(row)
    return Shown(
        row=row,
        facts=facts,
        records=desk.records(facts) if facts else (),
        decisions=desk.catalog.decisions(row.id),
        provenance=desk.catalog.provenance(row.id),
        day=desk.day(),
        default_term=desk.pack.policy.default_term,
        waivers=waivers(desk).get(row.id, ()),
        restriction=desk.catalog.restriction(row.id),
    )


@dataclass(frozen=True, slots=True)
class Explained:
    """One asset and why it may or may not be used.

    `stored` is the decision that the catalogue holds for the purpose; `explanation` is None for
    what could never be read. `asked_anew`: the question is not the one that is stored.
    `contradictions` is what the sources contradict each other about, records among them;
    `dropped_as` the names under which it came, the first arrival first.
    """

    row: AssetRow
    facts: Facts | None
    stored: Decision | None
    explanation: Explanation | None
    asked_anew: bool
    contradictions: tuple[str, ...] = ()
    dropped_as: tuple[str, ...] = ()

    @property
    def current(self) -> bool:
        """Whether the stored decision still is what the rules say today."""
        told = self.explanation
        return told is not None and self.stored is not None and same(self.stored, told.decision)


def explain(
    desk: Desk,
    wanted: str,
    purpose: Purpose,
    *,
    territory: str | None = None,
    use: str | None = None,
    day: date | None = None,
) -> Explained:
    """Why one asset may or may not serve a purpose: there, for that use, on that day.

    What is left out is as the stored decision has it: everywhere, editorial, today. It is
    decided anew on the facts, the records and the rules of now. Raises UsageError for an id
    that means no asset.
    """
    row = resolve(desk, wanted)
    dossier = desk.dossier(row)
    stored = next((d for d in desk.catalog.decisions(row.id) if d.purpose is purpose), None)
    anew = (territory, use, day) != (None, None, None)
    came = names_of(desk, row.id)
    if dossier is None:
        return Explained(row, None, stored, None, anew, dropped_as=came)
    question = Question(purpose, day or desk.day(), territory or WORLD, use or Use.EDITORIAL)
    told = why(dossier, desk.pack, question, sources(desk, row, dossier))
    standings = dossier.standings(question.day, desk.pack.policy.default_term)
    differing = contradictions(dossier, standings, question.day)
    return Explained(row, dossier.facts, stored, told, anew, tuple(differing), came)


def sources(desk: Desk, row: AssetRow, dossier: Dossier) -> Sources:
    """The sidecars and sheets that speak of an asset, and where records were imported from."""
    linked = {sidecar.slot: sidecar for sidecar, _ in desk.catalog.sidecars_of(row.id)}
    for record in dossier.records:
        elsewhere = desk.catalog.sidecar(record.source) if record.source not in linked else None
        if elsewhere is not None:
            linked[elsewhere.slot] = elsewhere
    subjects = sorted({p.subject for p in dossier.facts.people.persons if p.subject})
    versions = desk.catalog.current_consents(sorted({r.item.id for r in dossier.records}), subjects)
    return Sources(
        files=tuple(_file(desk, s) for s in linked.values() if s.kind != "xmp"),
        told_in={(v.consent, v.slot): v.told_in for v in versions if v.told_in},
        photo=names.show(desk.origin(row.id).name),
        paths=tuple(
            "/".join(filter(None, (names.text(p.folder), names.text(p.name))))
            for p in desk.catalog.provenance(row.id)
        ),
    )


def _file(desk: Desk, sidecar: SidecarRow) -> File:
    """A sidecar with the lines of its parts, as far as it can be read."""
    try:
        return file_of(sidecar, desk.originals.read_bytes(sidecar.sha256))
    except DamError:
        return file_of(sidecar, None)
