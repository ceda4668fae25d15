"""Press packs that went out, and what of them would not go out so on the day of an audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from dam.adapters.desk import Desk
from dam.core import findings
from dam.core.audit import PackLine
from dam.core.decide import WORLD, decide
from dam.core.findings import Finding, in_pack
from dam.core.model import Decision, Disposition, Purpose
from dam.core.recalls import Standing
from dam.core.rows import PackItemRow, PackRow
from dam.flows.audit.anew import BATCH, dossiers
from dam.flows.audit.shelf import Shelf

#: What is decided of assets for a purpose in a territory.
There = Callable[[Sequence[str], Purpose, str], Mapping[str, Decision]]


def today(desk: Desk, day: date) -> There:
    """What is decided of assets now, for a territory of which nothing is kept."""

    def there(ids: Sequence[str], purpose: Purpose, territory: str) -> Mapping[str, Decision]:
        return {
            asset: decide(dossier, desk.pack, purpose, day, territory)
            for asset, dossier in dossiers(desk, ids).items()
        }

    return there


def packs(
    desk: Desk, shelves: Sequence[Shelf], day: date, there: There
) -> tuple[list[PackLine], list[Finding]]:
    """Every pack that had gone out on a day, oldest first, and a finding for each picture in one

    that is not approved.
    """
    lines: list[PackLine] = []
    found: list[Finding] = []
    for pack in desk.catalog.packs():
        if pack.day > day:
            continue
        entry = desk.catalog.pack(pack.id)
        items = entry[1] if entry else ()
        told = list(_ended(shelves, pack, items, there))
        lines.append(PackLine(pack, len(items), len({f.asset for f in told})))
        found += told
    return lines, found


def unanswered(desk: Desk, day: date, *, past: bool) -> list[tuple[Finding, frozenset[str]]]:
    """A finding for each recall that was open on a day, with the assets that are asked back; of a

    `past` day what was on record at its end.
    """
    midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=desk.now().tzinfo)
    end = midnight.astimezone(UTC)
    packs = {pack.id: pack for pack in desk.catalog.packs()}
    found: list[tuple[Finding, frozenset[str]]] = []
    for now in desk.catalog.recalls():
        recall = now.known(end) if past else now
        if (
            recall is None
            or (told := findings.unanswered(Standing(recall, packs[recall.row.pack], day))) is None
        ):
            continue
        _, items = desk.catalog.pack(recall.row.pack) or (None, ())
        files = {asked.file for asked in recall.files}
        found.append((told, frozenset(item.asset for item in items if item.file in files)))
    return found


def _ended(
    shelves: Sequence[Shelf], pack: PackRow, items: Sequence[PackItemRow], there: There
) -> Iterable[Finding]:
    for start in range(0, len(items), BATCH):
        batch = items[start : start + BATCH]
        ids = [item.asset for item in batch]
        stood = _stand(shelves, pack, ids, there)
        for item in batch:
            disposition, subjects = stood.get(item.asset, (Disposition.HELD, ()))
            if (told := in_pack(pack, item, disposition, subjects)) is not None:
                yield told


def _stand(
    shelves: Sequence[Shelf], pack: PackRow, ids: Sequence[str], there: There
) -> dict[str, tuple[Disposition, tuple[str, ...]]]:
    """What each of these assets may do for the pack's purpose and territory, and because of whom.

    What is kept speaks of the whole world; for one territory it is decided here.
    """
    purpose = Purpose(pack.purpose)
    stood: dict[str, tuple[Disposition, tuple[str, ...]]] = {}
    for shelf in shelves:
        found = shelf.verdicts(ids, purpose)
        ended = [a for a, v in found.items() if v.disposition is not Disposition.APPROVED]
        made = shelf.decisions(ended, purpose) if ended else {}
        for asset, verdict in found.items():
            stood[asset] = verdict.disposition, _subjects(made.get(asset))
    if pack.territory != WORLD:
        for asset, decision in there(ids, purpose, pack.territory).items():
            if stood.get(asset, (None,))[0] is not Disposition.QUARANTINED:
                stood[asset] = decision.disposition, _subjects(decision)
    return stood


def _subjects(decision: Decision | None) -> tuple[str, ...]:
    if decision is None:
        return ()
    return tuple(sorted({s for reason in decision.reasons for s in reason.subjects}))
