"""The job `withdraw`: one consent is taken back among many photographs and packs.

The catalogue is filled by `bench.holdings`; every photograph has a (tiny) original and a file in
the archive, so that what is touched on the disk can be listed and compared with what must be.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import holdings
from dam.adapters import starter
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace, load_settings, prepare
from dam.core.likeness import Likeness
from dam.core.rows import PackItemRow, PackRow
from dam.flows import consents, ingest
from dam.flows.ingest.again import again, batches

CONSENT = "C-000007"
_IN_A_PACK = 20


def withdraw(count: int, packs: int, *, erase: bool = False) -> dict[str, object]:
    """Take one consent back of so many photographs, in so many packs."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "workspace"
        made = make(root, count, packs)
        before = files(root)
        with opened(root) as desk, desk.darkroom(1) as room:
            touched = set(desk.catalog.assets_using_consents([CONSENT]))
            begun, used = time.perf_counter(), time.process_time()
            done = consents.withdraw_everywhere(
                desk,
                room,
                CONSENT,
                consents.Statement(datetime.now(UTC).date(), consents.Speaker.PARENT),
                ingest.taking_back(ingest.Order(erase)),
                erase=erase,
            )
            seconds, cpu = time.perf_counter() - begun, time.process_time() - used
        after = files(root)
        changed = {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}
        strange = {n for n in changed if not _expected(n, touched, made)}
    return {
        "photographs": count,
        "packs": packs,
        "photographs_concerned": len(touched),
        "packs_marked": len(done.ended.packs),
        "seconds": round(seconds, 3),
        "processor_seconds": round(cpu, 3),
        "files_changed": len(changed),
        "files_changed_that_need_not": sorted(strange),
    }


def _expected(name: str, touched: set[str], made: dict[str, str]) -> bool:
    """Whether a file belongs to one of the photographs concerned, or to the catalogue."""
    if name.startswith((".dam/catalogue.db", ".dam/gate")):
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


@contextmanager
def opened(root: Path) -> Iterator[Desk]:
    settings = load_settings(root, {})
    place = Workspace.at(root, settings)
    with open_desk(place, settings, lambda: datetime.now(UTC), writing=True) as desk:
        yield desk


def make(root: Path, count: int, packs: int) -> dict[str, str]:
    """A workspace of filed photographs; the SHA-256 of each original by its asset."""
    starter.write_workspace(root)
    prepare(Workspace.at(root, load_settings(root, {})))
    said = root / "said.json"
    numbers = range(holdings.consents_for(count))
    # A file of records is read up to 8 MiB.
    for start in range(0, len(numbers), 1000):
        part = [holdings.consent(n) for n in numbers[start : start + 1000]]
        said.write_text(json.dumps(part))
        with opened(root) as desk:
            consents.import_(desk, consents.read([said])[0])
    said.unlink()
    chance = random.Random(2026)
    made: dict[str, str] = {}
    with opened(root) as desk:
        ids = [ident for batch in holdings.fill(desk, count) for ident in batch]
        for batch in batches(ids):
            again(desk, batch)
        for ident in ids:
            row = desk.catalog.asset(ident)
            assert row is not None
            assert row.archived_as is not None
            made[ident] = row.sha256
            for path in (desk.originals.path(row.sha256), root / row.archived_as):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(ident.encode())
        with desk.catalog.transaction() as unit:
            for ident in ids:
                ways = tuple(chance.getrandbits(64) for _ in range(8))
                unit.put_likeness(ident, Likeness(ways, chance.getrandbits(240)).text())
            for number in range(packs):
                unit.add_pack(*_pack(number, chance.sample(ids, min(_IN_A_PACK, count))))
    return made


def _pack(number: int, ids: list[str]) -> tuple[PackRow, list[PackItemRow]]:
    ident, at = f"P-{number:05}", datetime.now(UTC)
    pack = PackRow(ident, "press", f"Journal {number}", "world", at.date(), at, "/out", "0" * 64)
    return pack, [PackItemRow(ident, one, f"images/{one}.jpg", "0" * 64) for one in ids]
