"""verify: is everything here what it must be, and nothing else? It changes nothing.

Cheap checks come first, the bytes of files last. What a check cannot read is a finding too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dam.adapters import survey
from dam.adapters.desk import Desk
from dam.core.checkpoint import MAX_BYTES
from dam.core.errors import DamError, WorkspaceBusy
from dam.core.verification import FILE, NOTHING, UNREADABLE, Code, Depth, Finding
from dam.flows.verify import around, ledger, shelf, stores
from dam.flows.verify.work import Work

#: What a row of another kind than dam writes makes of the code that reads it.
_ALTERED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """`findings` comes while it is looked; what was `checked` is told once it has ended."""

    findings: Iterator[Finding]
    checked: Mapping[str, int]


def verify(
    desk: Desk,
    depth: Depth,
    checkpoints: tuple[Path, ...] = (),
    *,
    begin: Callable[[int], None] = lambda total: None,
    step: Callable[[], None] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Verification:
    """Look at everything; `checkpoints` are files of those that are kept elsewhere.

    `begin` is told how many steps there will be, about, `step` each of them. Raises UsageError
    for a file of a checkpoint that cannot be read.
    """
    work = Work(desk, depth, sleep, step)
    elsewhere = [(path.name, survey.read(path, MAX_BYTES)) for path in checkpoints]
    return Verification(_everything(work, elsewhere, begin), work.checked)


def _everything(
    work: Work, elsewhere: Sequence[tuple[str, bytes]], begin: Callable[[int], None]
) -> Iterator[Finding]:
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("catalogue", lambda: _catalogue(work, begin)),
        (".dam", lambda: around.private(work)),
        ("ledger", lambda: ledger.chain(work)),
        ("ledger", lambda: ledger.checkpoints(work, elsewhere)),
        ("ledger", lambda: ledger.replay(work)),
        ("catalogue: facts", lambda: shelf.facts(work)),
        ("catalogue: tombstones", lambda: stores.known_again(work)),
        (".dam/originals", lambda: stores.listed(work)),
        ("archive", lambda: shelf.listed(work)),
        ("archive", lambda: shelf.decided(work)),
        ("packs", lambda: around.packs(work)),
        (".dam", lambda: around.caches(work)),
        ("archive", lambda: shelf.read(work)),
        (".dam/originals", lambda: stores.read(work)),
    )
    for place, check in checks:
        if not work.depth.percent and check in (checks[-1][1], checks[-2][1]):
            continue
        try:
            yield from check()
        except WorkspaceBusy:
            raise
        except DamError as error:
            # One broken record must not hide what else is wrong.
            yield Finding(Code.RECORD_UNREADABLE, place, "", error.what)
        except _ALTERED:
            yield Finding(Code.RECORD_UNREADABLE, place, "", UNREADABLE)


def _catalogue(work: Work, begin: Callable[[int], None]) -> Iterator[Finding]:
    workspace = work.desk.workspace
    place = workspace.database.name
    if workspace.database.parent == workspace.private:
        place = f".dam/{place}"
    # A new workspace has none yet.
    used = any(
        next(survey.inside(workspace.private, folder), None)
        for folder in ("originals", "restricted", "checkpoints")
    )
    if used and not workspace.database.exists():
        yield Finding(Code.CATALOGUE_DAMAGED, place, FILE, NOTHING)
    for damage in work.desk.catalog.damages():
        yield Finding(Code.CATALOGUE_DAMAGED, place, "", damage)
    photos = sum(work.desk.catalog.counts().values())
    begin(round(photos * (3 + 2 * work.depth.percent / 100)))
