"""Was this photograph lawful on that day? One answer, with all that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from dam.adapters.desk import Desk
from dam.core import names
from dam.core.consent import NO_END, Standing
from dam.core.decide import WORLD
from dam.core.errors import DamError, UsageError
from dam.core.explain import Question
from dam.core.explain import explain as why
from dam.core.model import Purpose, Use
from dam.core.origins import File, Sources
from dam.core.past import PastAnswer, Recorded, Sent, Used, Why
from dam.core.rows import AssetRow, ConsentVersion, SidecarRow
from dam.core.surveys import file_of
from dam.core.view import Dossier
from dam.core.waivers import counting
from dam.flows.past.days import at
from dam.flows.past.past import Look, Past


def explain(
    desk: Desk,
    row: AssetRow,
    day: date,
    purpose: Purpose,
    *,
    territory: str | None = None,
    use: str | None = None,
) -> PastAnswer:
    """Whether an asset was lawful at the end of a day, by what was known then.

    Raises UsageError for a day that cannot be asked for, or on which it had not come yet.
    """
    past = at(desk, day)
    if row.added_at >= past.before:
        came = row.added_at.astimezone(desk.now().tzinfo).date()
        raise UsageError(f"This photo came on {came}: nothing was known of it on {day}")
    (look,) = past.looks([row])
    question = Question(purpose, day, territory or WORLD, use or Use.EDITORIAL)
    made, doubts = past.decide(look, [purpose], question.territory, question.use)
    told = None
    if look.dossier is not None and past.pack is not None and not doubts and not look.rejected:
        told = why(look.dossier, past.pack, question, _sources(desk, past, look, look.dossier))
    return PastAnswer(
        asset=past.then(look).asset,
        question=question,
        decision=next(iter(made), None),
        explanation=told,
        recorded=_recorded(past, look, purpose),
        pack=past.pack_use,
        facts=(look.facts.digest, look.facts.recorded_at) if look.facts is not None else None,
        records=tuple(_used(past, look)),
        waivers=counting(look.dossier, day) if look.dossier is not None else (),
        drawn=look.dossier.drawn if look.dossier is not None else (),
        packs=tuple(_sent(desk, past, row)),
        later=tuple(look.said.learned(day)),
        doubts=doubts,
    )


def _recorded(past: Past, look: Look, purpose: Purpose) -> Recorded | None:
    """The decision on record then, beside the one for the same question as recomputed."""
    known = look.made.get(purpose)
    if known is None:
        return None
    made, doubts = past.decide(look, [purpose])
    if any(doubt.why is not Why.DECIDED_OTHERWISE for doubt in doubts) or not made:
        return Recorded(known[1], known[0], None, overtaken=False)
    agrees = past.agrees(look, made[0]) is True
    return Recorded(known[1], known[0], agrees, not agrees and past.overtaken(look, made[0]))


def _used(past: Past, look: Look) -> Iterator[Used]:
    if look.dossier is None:
        return
    standings = look.dossier.standings(past.day, past.term)
    by_id = {(s.subject, s.id): s for own in standings.values() for s in own}
    lost = {doubt.what for doubt in look.doubts if doubt.why is Why.ERASED}
    for record in look.dossier.records:
        version = look.said.versions[record.item.id, record.source]
        standing = by_id[record.item.subject.id, record.item.id]
        used = _one(record.digest(), record.stated, version, standing)
        yield replace(used, ends=None, because="") if used.subject in lost else used


def _one(digest: str, counts: bool, version: ConsentVersion, standing: Standing) -> Used:
    return Used(
        consent=version.consent,
        subject=version.subject,
        source=version.slot,
        digest=digest,
        recorded_at=version.recorded_at,
        counts=counts,
        state=standing.state.value,
        since=standing.state_on,
        ends=standing.ends if standing.ends < NO_END else None,
        because=standing.ends_because,
    )


def _sent(desk: Desk, past: Past, row: AssetRow) -> Iterator[Sent]:
    """Every pack made before the day ended, each judged by what was known when it was made."""
    for pack in desk.catalog.packs_with_asset(row.id):
        if pack.made_at >= past.before:
            continue
        made = next(iter(desk.catalog.ledger_of([pack.id], ("pack.made",))), None)
        # Packs of earlier versions have it in the ledger alone.
        use = str(made.body.get("use", pack.use)) if made is not None else pack.use
        then = Past.known(desk, pack.day, pack.made_at + timedelta(microseconds=1))
        (look,) = then.looks([row])
        decided, doubts = then.decide(look, [Purpose(pack.purpose)], pack.territory, use)
        found = desk.catalog.pack(pack.id)
        items = found[1] if found is not None else ()
        yield Sent(
            pack=pack,
            use=use,
            disposition=decided[0].disposition if decided else look.asset.disposition,
            doubts=doubts,
            consents=next((i.consents for i in items if i.asset == row.id), ()),
        )


def _sources(desk: Desk, past: Past, look: Look, dossier: Dossier) -> Sources:
    """As `answers.sources`, of that day."""
    slots = sorted({record.source for record in dossier.records})
    arrivals = desk.catalog.arrivals_before([look.asset.id], past.before).get(look.asset.id, ())
    sidecars = desk.catalog.sidecars_before(look.asset.id, slots, past.before)
    return Sources(
        files=tuple(_file(desk, s) for s in sidecars if s.kind != "xmp"),
        told_in={key: v.told_in for key, v in look.said.versions.items() if v.told_in},
        photo=names.show(dossier.name),
        paths=tuple(
            "/".join(filter(None, (names.text(p.folder), names.text(p.name)))) for p in arrivals
        ),
    )


def _file(desk: Desk, sidecar: SidecarRow) -> File:
    try:
        return file_of(sidecar, desk.originals.read_bytes(sidecar.sha256))
    except DamError:
        return file_of(sidecar, None)
