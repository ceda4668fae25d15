"""Checks of what people edit and of what dam recorded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from dam.adapters import machine
from dam.adapters.catalog import Catalog
from dam.adapters.desk_catalog import CLOCK_TOLERANCE
from dam.adapters.desk_rules import (
    CREDITS,
    PROGRAMMES,
    PURPOSES,
    load_pack,
    read_folder,
    read_rule_file,
)
from dam.adapters.marks import read_logos, read_marks
from dam.adapters.settings import Settings, Workspace
from dam.core import logos
from dam.core.credits import load_credits, load_programmes
from dam.core.errors import DamError, ProblemsError
from dam.core.presets import load_presets
from dam.core.rules import RulePack
from dam.core.watermark import load_marks
from dam.flows.doctor.check import Check, bad, closed, fine, note


def examine(
    workspace: Workspace, settings: Settings, now: Callable[[], datetime]
) -> Iterator[Check]:
    del settings
    pack: RulePack | None = None
    try:
        pack = load_pack(workspace)
        tried = sum(len(r.file.examples.passing) + len(r.file.examples.failing) for r in pack.rules)
        yield fine(
            "rule pack",
            f"rules: {len(pack.rules)}, examples that come out as they say: {tried}, digest "
            f"{pack.digest[:12]}",
        )
    except DamError as error:
        yield _unread("rule pack", error, "See them all with dam rules check")
    yield _credits(workspace)
    yield _looks(workspace)
    yield from _catalogue(workspace, pack, now().astimezone(UTC))


def _unread(name: str, error: DamError, advice: str) -> Check:
    """Of several problems the first: the command named in the advice tells all."""
    if isinstance(error, ProblemsError) and error.problems:
        return bad(name, error.problems[0], advice)
    return bad(name, error.what, error.hint or advice)


def _credits(workspace: Workspace) -> Check:
    name = "photographers"
    try:
        file = f"{workspace.rules.name}/{CREDITS}"
        roster = load_credits(read_rule_file(workspace.rules / CREDITS, file))
        programmes = load_programmes(read_folder(workspace.rules, PROGRAMMES)).values()
        logos.checked(programmes, read_logos(workspace.rules, programmes))
    except DamError as error:
        return _unread(name, error, "Correct it, then run dam doctor again")
    return fine(name, f"in the roster: {len(roster.file.photographers)}")


def _looks(workspace: Workspace) -> Check:
    """The visible mark and the presets of packs, which name its styles."""
    name = "watermark"
    try:
        marks = load_marks(read_marks(workspace.rules), workspace.rules.name)
        load_presets(read_folder(workspace.rules, PURPOSES), marks)
    except DamError as error:
        return _unread(name, error, "See them all with dam rules check")
    return fine(name, "in order")


def _catalogue(workspace: Workspace, pack: RulePack | None, now: datetime) -> Iterator[Check]:
    if not os.path.exists(workspace.database):  # noqa: PTH110  (it may be closed to this user)
        kept = workspace.originals
        if machine.reads(kept) and not any(kept.iterdir()):
            yield fine("catalogue", "none yet: it comes with the first photograph")
        else:
            yield closed("catalogue")
        return
    try:
        with Catalog.open(workspace.database, create=False, read_only=True) as catalog:
            found = [_whole(catalog), _ledger(catalog), _clock(catalog, now)]
            if pack is not None:
                found.append(_changed(catalog, pack))
    except DamError as error:
        found = [bad("catalogue", error.what, error.hint or "Restore it from a backup")]
    yield from found


def _whole(catalog: Catalog) -> Check:
    damages = catalog.damages()
    if damages:
        found = f"damages that SQLite finds in the file: {len(damages)}"
        return bad("catalogue", found, "Stop dam, keep a copy of .dam, restore it from a backup")
    return fine("catalogue", f"whole, photos: {sum(catalog.counts().values())}")


def _ledger(catalog: Catalog) -> Check:
    problems = catalog.verify_chain()
    if problems:
        return bad("ledger", problems[0], "Run dam verify: it tells everything that is wrong")
    return fine("ledger", f"whole, events: {catalog.head()[0]}")


def _clock(catalog: Catalog, now: datetime) -> Check:
    """A clock set back would let consents count that have ended."""
    last = catalog.last_event_at()
    if last is None or now >= last:
        return fine("clock", f"{now:%Y-%m-%d %H:%M} UTC, after all that was recorded")
    found = f"{now:%Y-%m-%d %H:%M} UTC, but something was recorded on {last:%Y-%m-%d %H:%M}"
    if now < last - CLOCK_TOLERANCE:
        return bad("clock", found, "Set the machine's clock right; until then dam decides nothing")
    return note("clock", found, "Set the machine's clock right (NTP)")


def _changed(catalog: Catalog, pack: RulePack) -> Check:
    name = "rule changes"
    if catalog.rule_pack(pack.digest) is not None:
        return fine(name, "these rules decide")
    return note(
        name,
        "the rules were changed and have decided nothing yet",
        "Run dam ingest, or let dam watch do it: everything is decided again",
    )
