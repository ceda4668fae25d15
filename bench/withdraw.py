"""The job `withdraw`: one consent is taken back among many photographs and packs.

The catalogue is filled by `bench.holdings`; every photograph has a (tiny) original and a file in
the archive, so that what is touched on the disk can be listed and compared with what must be.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

from bench import holdings, places
from bench.harness import run
from bench.result import Result
from dam.adapters.desk import Desk
from dam.core.likeness import Likeness
from dam.core.rows import PackItemRow, PackRow
from dam.flows.ingest.again import again, batches

CONSENT = "C-000007"
_IN_A_PACK = 20


def withdraw(place: Path, count: int, packs: int, *, erase: bool = False) -> Result:
    """Take one consent back of so many photographs, in so many packs, by the real command."""
    root = place / "workspace"
    made = make(root, count, packs)
    with places.opened(root) as desk:
        touched = set(desk.catalog.assets_using_consents([CONSENT]))
    before = files(root)
    words = ("consent", "withdraw", CONSENT, "--by", "parent", *(["--erase"] if erase else []))
    spent = run(places.dam(root, *words))
    after = files(root)
    with places.opened(root) as desk:
        marked = {mark.pack for mark in desk.catalog.pack_marks()}
    changed = {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}
    strange = {n for n in changed if not _expected(n, touched, made)}
    return Result(
        job="withdraw",
        about={"assets": count, "packs": packs, "erase": erase},
        runs={"dam consent withdraw": (spent,)},
        figures={
            "assets_concerned": len(touched),
            "packs_marked": len(marked),
            "files_changed": len(changed),
            "files_changed_that_need_not": sorted(strange),
        },
    )


def _expected(name: str, touched: set[str], made: dict[str, str]) -> bool:
    """Whether a file belongs to one of the photographs concerned, or to no photograph at all."""
    if name.startswith((".dam/catalogue.db", ".dam/gate", ".dam/lock", ".dam/log/")):
        return True
    if name.startswith("archive/"):
        return any(asset in name for asset in touched)
    return Path(name).name in {made[asset] for asset in touched}


def files(root: Path) -> dict[str, tuple[int, int, int]]:
    """Every file with its inode, size and time of change."""
    found = {}
    for path in root.rglob("*"):
        if path.is_file():
            told = path.stat()
            found[str(path.relative_to(root))] = (told.st_ino, told.st_size, told.st_mtime_ns)
    return found


def make(root: Path, count: int, packs: int) -> dict[str, str]:
    """A workspace of filed photographs; the SHA-256 of each original by its asset."""
    places.make(root)
    places.remembered(root)
    chance = random.Random(2026)
    with places.opened(root) as desk:
        numbers = range(holdings.consents_for(count))
        holdings.register(desk, [holdings.consent(n) for n in numbers])
        ids = [ident for batch in holdings.fill(desk, count) for ident in batch]
        for batch in batches(ids):
            again(desk, batch)
        made = {ident: _files_of(desk, root, ident) for ident in ids}
        with desk.catalog.transaction() as unit:
            for ident in ids:
                ways = tuple(chance.getrandbits(64) for _ in range(8))
                unit.put_likeness(ident, Likeness(ways, chance.getrandbits(240)).text())
            for number in range(packs):
                unit.add_pack(*_pack(number, chance.sample(ids, min(_IN_A_PACK, count))))
    return made


def _files_of(desk: Desk, root: Path, ident: str) -> str:
    """Its original and its rendition, a few bytes each; the SHA-256 that the original goes by."""
    row = desk.catalog.asset(ident)
    assert row is not None
    assert row.archived_as is not None
    for path in (desk.originals.path(row.sha256), root / row.archived_as):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ident.encode())
    return row.sha256


def _pack(number: int, ids: list[str]) -> tuple[PackRow, list[PackItemRow]]:
    ident, at = f"P-{number:05}", datetime.now(UTC)
    pack = PackRow(ident, "press", f"Journal {number}", "world", at.date(), at, "/out", "0" * 64)
    return pack, [PackItemRow(ident, one, f"images/{one}.jpg", "0" * 64) for one in ids]
