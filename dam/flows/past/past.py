"""The workspace as it was known before an instant: each photograph with what was decided of it.

Facts, records, events, waivers, regions, names and the rule pack are those that had been recorded;
what cannot be had any more is a doubt, and a photograph in doubt is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple

from pydantic import ValidationError

from dam.adapters.catalog import KnownFacts
from dam.adapters.desk import Desk
from dam.core import names, naming, rules
from dam.core.decide import WORLD, decide_all
from dam.core.errors import RulePackError
from dam.core.explain import same
from dam.core.facts import NAMES_SOUGHT, Facts, digest_of
from dam.core.model import Decision, Disposition, Purpose, Use
from dam.core.past import HINT, Doubt, Why, doubted, undecided, unusable
from dam.core.plan import ARCHIVE, archive_name
from dam.core.rows import AssetRow, EventRow, Restriction, first_arrival
from dam.core.view import Dossier
from dam.flows.past.told import Said

#: So many assets are read and decided together; the catalogue takes 500 at most.
BATCH = 200

_DECIDED = tuple(f"asset.{word.value}" for word in Disposition)
_FILED, _RETRACTED = "rendition.filed", "rendition.retracted"
_WORDS_ERASED = "words.erased"
_CHANGES = ("waiver.given", "waiver.ended", "redaction.drawn", "redaction.removed")


class Then(NamedTuple):
    """One asset as it was: what the decisions rested on (None where nothing had been read), what

    was to be decided of every purpose (none where nothing had been read), and what of it cannot
    be recomputed. With a `doubt` nothing is approved.
    """

    asset: AssetRow
    dossier: Dossier | None
    decisions: tuple[Decision, ...]
    doubt: Doubt | None


@dataclass(frozen=True, slots=True)
class Look:
    """All that was known of one asset.

    `asset` is its row as it was; with `rejected` its note says why it could not be used. `made`
    are the decisions on record then, with when they were made. `changed` is when something they
    rest on was last recorded, the facts apart. `doubts` are those that concern every purpose.
    """

    asset: AssetRow
    facts: KnownFacts | None
    dossier: Dossier | None
    made: dict[Purpose, tuple[datetime, Decision]]
    changed: datetime | None
    said: Said
    doubts: tuple[Doubt, ...] = ()
    rejected: bool = False


@dataclass(frozen=True)
class Past:
    """The workspace as it was known before the instant `before`; `day` is the day decided for.

    `pack_use` is the digest of the rule pack in use and since when; `pack` None where it cannot
    be had, then `doubts` says why, and holds everything.
    """

    desk: Desk
    day: date
    before: datetime
    pack_use: tuple[str, datetime] | None
    pack: rules.RulePack | None
    doubts: tuple[Doubt, ...] = ()

    @classmethod
    def known(cls, desk: Desk, day: date, before: datetime) -> Past:
        """What was known before an instant, for the day on which it lies."""
        use = desk.catalog.rule_pack_use(before)
        if use is None:
            return cls(desk, day, before, None, None, (Doubt(Why.RULES_UNKNOWN),))
        pack, doubts = _pack(desk, use[0])
        return cls(desk, day, before, use, pack, doubts)

    @property
    def pack_digest(self) -> str:
        """The digest of the rule pack in use; "" where that is not on record."""
        return self.pack_use[0] if self.pack_use is not None else ""

    @property
    def term(self) -> str:
        """The default term of a consent by the rules of then; the shortest where none are known."""
        return self.pack.policy.default_term if self.pack is not None else "1d"

    def batches(self) -> Iterator[list[Then]]:
        """Every asset that had come, by the time it came, so many at once."""
        rows = self.desk.catalog.assets_before(self.before)
        while batch := list(islice(rows, BATCH)):
            yield self.assets(batch)

    def assets(self, rows: Sequence[AssetRow]) -> list[Then]:
        """These assets (rows of now, at most 500) as they were."""
        return [self.then(look) for look in self.looks(rows)]

    def dossiers(self, rows: Sequence[AssetRow]) -> dict[str, Dossier]:
        """What the decisions about these assets rested on; none for what had not been read."""
        looks = self.looks(rows)
        return {look.asset.id: look.dossier for look in looks if look.dossier is not None}

    def then(self, look: Look) -> Then:
        """What was to be decided of an asset for every purpose, everywhere, for editorial use."""
        decisions, doubts = self.decide(look, tuple(Purpose))
        return Then(
            self._row(look, decisions, doubts), look.dossier, decisions, next(iter(doubts), None)
        )

    def decide(
        self,
        look: Look,
        purposes: Sequence[Purpose],
        territory: str = WORLD,
        use: str = Use.EDITORIAL,
    ) -> tuple[tuple[Decision, ...], tuple[Doubt, ...]]:
        """What was to be decided, and what of it cannot be recomputed; doubts hold it."""
        doubts = (*self.doubts, *look.doubts)
        if look.dossier is None and not doubts:
            return (), ()
        if look.dossier is None or self.pack is None:
            made = undecided(purposes, self.day, self.pack_digest, territory)
        else:
            made = decide_all(look.dossier, self.pack, purposes, self.day, territory, use=use)
            doubts = (*doubts, *self._compared(look, made, territory, use))
        made = doubted(made, doubts)
        if look.rejected:
            made = unusable(made, look.asset.note, look.asset.note_hint)
        return made, doubts

    def agrees(self, look: Look, decision: Decision) -> bool | None:
        """Whether the decision on record then said the same; None where there was none."""
        known = look.made.get(decision.purpose)
        return None if known is None else same(known[1], decision)

    def overtaken(self, look: Look, decision: Decision) -> bool:
        """Whether the decision on record then no longer was what the rules said, by the calendar

        or by what had been recorded since.
        """
        known = look.made.get(decision.purpose)
        return known is not None and self._turned(look, known, decision)

    def there(self, ids: Sequence[str], purpose: Purpose, territory: str) -> dict[str, Decision]:
        """What was to be decided of these assets for one use in one territory."""
        rows = [row for ident in ids if (row := self.desk.catalog.asset(ident)) is not None]
        return {
            look.asset.id: made[0]
            for look in self.looks(rows)
            if (made := self.decide(look, (purpose,), territory)[0])
        }

    def looks(self, rows: Sequence[AssetRow]) -> list[Look]:
        """What was known of these assets (rows of now, at most 500), read at once."""
        ids = [row.id for row in rows]
        catalog, before = self.desk.catalog, self.before
        kept = catalog.facts_before(ids, before)
        made = catalog.decisions_before(ids, before)
        facts: dict[str, Facts] = {}
        for asset, known in kept.items():
            try:
                facts[asset] = Facts.model_validate(known.body)
            except ValidationError:
                continue
        said = Said(self.desk, facts.values(), before)
        events: dict[str, list[EventRow]] = {}
        for event in catalog.ledger_of(
            ids, (*_DECIDED, _FILED, _RETRACTED, _WORDS_ERASED, *_CHANGES)
        ):
            events.setdefault(event.subject, []).append(event)
        gone = {r.asset for r in catalog.restrictions_of(ids).values() if self._erased_since(r)}
        dossiers = self._dossiers({r.id: r for r in rows if r.id in facts}, facts, said)
        found = []
        for row in rows:
            mine = events.get(row.id, [])
            look = Look(
                asset=_of_facts(row, facts.get(row.id), kept.get(row.id)),
                facts=kept.get(row.id),
                dossier=dossiers.get(row.id),
                made=made.get(row.id, {}),
                changed=self._changed(said, facts.get(row.id), mine),
                said=said,
            )
            if row.id in gone:
                look = replace(look, doubts=(Doubt(Why.PHOTO_ERASED),))
            found.append(self._stood(row, look, mine, facts.get(row.id)))
        return found

    def _dossiers(
        self, rows: dict[str, AssetRow], facts: dict[str, Facts], said: Said
    ) -> dict[str, Dossier]:
        ids, catalog = list(rows), self.desk.catalog
        came = catalog.arrivals_before(ids, self.before)
        waived = catalog.waivers_before(ids, self.before)
        drawn = catalog.drawn_before(ids, self.before)
        contents = [row.sha256 for row in rows.values()]
        traces = catalog.traces_of(contents, before=self.before)
        found = {}
        for ident, row in rows.items():
            arrivals = came.get(ident) or catalog.provenance(ident)
            name = names.text(first_arrival(arrivals).name)
            known = facts[ident]
            found[ident] = Dossier(
                known,
                row.sha256,
                name,
                said.about(known),
                waivers=waived.get(ident, ()),
                naming=naming.find(known, name, said.names(known)),
                drawn=drawn.get(ident, ()),
                traces=traces.get(row.sha256, ()),
            )
        return found

    def _changed(
        self, said: Said, facts: Facts | None, events: Iterable[EventRow]
    ) -> datetime | None:
        times = [e.at for e in events if e.type in _CHANGES and e.at < self.before]
        if facts is not None and (at := said.changed(facts)) is not None:
            times.append(at)
        if self.pack_use is not None:
            times.append(self.pack_use[1])
        return max(times, default=None)

    def _stood(
        self, row: AssetRow, look: Look, events: Sequence[EventRow], facts: Facts | None
    ) -> Look:
        """The look with where the asset stood, by the ledger, and what is in doubt."""
        doubts = [*look.doubts, *(look.said.doubts(facts) if facts is not None else ())]
        if any(e.type == _WORDS_ERASED and e.at >= self.before for e in events):
            doubts += self._rewritten(look.facts)
        if look.facts is None and look.made:
            doubts.append(Doubt(Why.FACTS_UNDATED))
        if look.facts is not None and facts is None:
            doubts.append(Doubt(Why.FACTS_UNREADABLE))
        renditions = [e for e in events if e.type in (_FILED, _RETRACTED)]
        last = next((e for e in reversed(renditions) if e.at < self.before), None)
        filed = last is not None and last.type == _FILED
        archive = look.made.get(Purpose.ARCHIVE)
        approved = archive is not None and archive[1].disposition is Disposition.APPROVED
        if approved and not filed and (renditions or row.note):
            doubts.append(Doubt(Why.NOT_FILED))
        asset = look.asset
        if filed and last is not None:
            unmoved = row.archived_as if last is renditions[-1] else None
            asset = replace(asset, archived_as=unmoved or _filed_as(asset))
        refused = _rejection(events, look.made, self.before)
        if refused is not None:
            word = Disposition(refused.type.removeprefix("asset."))
            asset = replace(asset, disposition=word, note=str(refused.body["why"]))
        return replace(look, asset=asset, doubts=tuple(doubts), rejected=refused is not None)

    def _erased_since(self, held: Restriction) -> bool:
        return held.state == "erased" and held.at >= self.before

    def _rewritten(self, known: KnownFacts | None) -> Iterator[Doubt]:
        """The doubt that facts are under which say less than on the day they were recorded."""
        if known is not None and known.body is not None and digest_of(known.body) != known.digest:
            yield Doubt(Why.ERASED)

    def _row(self, look: Look, decisions: Sequence[Decision], doubts: Sequence[Doubt]) -> AssetRow:
        """The asset's own row as it was; in doubt it is held, and the note says why."""
        if look.rejected:
            return look.asset
        archive = next((d for d in decisions if d.purpose is Purpose.ARCHIVE), None)
        if archive is None:
            return replace(look.asset, note="Not decided yet")
        row = replace(look.asset, disposition=archive.disposition)
        return replace(row, note=doubts[0].told, note_hint=HINT) if doubts else row

    def _compared(
        self, look: Look, made: Sequence[Decision], territory: str, use: str
    ) -> tuple[Doubt, ...]:
        """What speaks against the recomputed decisions themselves."""
        if look.dossier is None or look.facts is None:
            return ()
        doubts: dict[Doubt, None] = {}
        for decision in made:
            if look.dossier.facts.version < NAMES_SOUGHT:
                unknown = (r.rule for r in decision.reasons if r.unknown)
                doubts.update((Doubt(Why.FACTS_OLDER, rule), None) for rule in unknown)
            known = look.made.get(decision.purpose)
            if (
                known is not None
                and (territory, use) == (WORLD, Use.EDITORIAL)
                and not same(known[1], decision)
                and not self._turned(look, known, decision)
            ):
                doubts[Doubt(Why.DECIDED_OTHERWISE, decision.purpose.value)] = None
        return tuple(doubts)

    def _turned(self, look: Look, known: tuple[datetime, Decision], decision: Decision) -> bool:
        """Whether the decision on record had been overtaken, by the calendar or by what came."""
        made_at, earlier = known
        if earlier.holds_until is not None and earlier.holds_until <= self.day:
            return True
        if (earlier.facts_digest, earlier.pack_digest) == (
            decision.facts_digest,
            decision.pack_digest,
        ):
            return False
        newer = look.changed is not None and look.changed >= made_at
        return newer or (look.facts is not None and look.facts.recorded_at > made_at)


def _pack(desk: Desk, digest: str) -> tuple[rules.RulePack | None, tuple[Doubt, ...]]:
    """The rule pack of a digest as its files were kept; else why it cannot be had."""
    if digest == desk.pack.digest:
        return desk.pack, ()
    body = desk.catalog.rule_pack(digest)
    files = body.get("files") if body is not None else None
    if not isinstance(files, dict):
        return None, (Doubt(Why.RULES_LOST),)
    try:
        pack = rules.load({str(name): str(text).encode() for name, text in files.items()})
    except RulePackError:
        return None, (Doubt(Why.RULES_UNREADABLE),)
    return (pack, ()) if pack.digest == digest else (None, (Doubt(Why.RULES_LOST),))


def _of_facts(row: AssetRow, facts: Facts | None, known: KnownFacts | None) -> AssetRow:
    """The row of an asset with what its facts of then say; see `settle.summary`."""
    told = facts or Facts()
    captured = told.captured.value
    return replace(
        row,
        disposition=Disposition.HELD,
        archived_as=None,
        format=told.format,
        width=told.width or None,
        height=told.height or None,
        captured_on=date.fromisoformat(captured) if captured else None,
        captured_source=", ".join(told.captured.sources),
        photographer=told.photographer.value,
        programme=told.programme.value,
        country=told.country.value,
        city=told.city.value,
        facts_digest=known.digest if known is not None else None,
        note="",
        note_hint="",
    )


def _filed_as(asset: AssetRow) -> str | None:
    """Where a rendition was filed: that follows from the day of capture and the asset."""
    if asset.captured_on is None:
        return None
    return f"{ARCHIVE}/{archive_name(asset.id, asset.captured_on)}"


def _rejection(
    events: Sequence[EventRow], made: dict[Purpose, tuple[datetime, Decision]], before: datetime
) -> EventRow | None:
    """The event by which the asset could not be used then, whatever the rules said; else None."""
    told = [e for e in events if e.type in _DECIDED and e.at < before]
    if not told or "why" not in told[-1].body:
        return None
    archive = made.get(Purpose.ARCHIVE)
    return None if archive is not None and archive[0] > told[-1].at else told[-1]
