"""Reading one photograph for deciding: its original, the sidecars linked to it, what is known."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from dam.adapters.darkroom import Child
from dam.adapters.desk import Desk
from dam.core import names
from dam.core.errors import IntegrityError
from dam.core.facts import VERSION, Facts
from dam.core.model import Purpose
from dam.core.readings import Looked, Status
from dam.core.rows import AssetRow, AssetState, ProvenanceRow, first_arrival
from dam.flows.ingest.consider import (
    MAX_SIDECARS,
    Arrival,
    Considered,
    Sheet,
    consider,
    decided_on,
    received,
)
from dam.flows.ingest.sidecars import stored_sheet


def photo_path(row: ProvenanceRow) -> bytes:
    return row.folder + b"/" + row.name if row.folder else row.name


def sheets_of(desk: Desk, asset: str) -> tuple[Sheet, ...]:
    """The sidecars linked to an asset, each in its current version; one too many at most."""
    return tuple(
        stored_sheet(desk, row, ambiguous=ambiguous)
        for row, ambiguous in desk.catalog.sidecars_of(asset)[: MAX_SIDECARS + 1]
    )


def xmp_of(sheets: Iterable[Sheet]) -> bytes | None:
    """The XMP sidecar's bytes: `IMG.jpg.xmp` before `IMG.xmp`.

    Several of the same rank cannot be told apart: what is handed on for them is no XML at all,
    so that the block becomes unreadable, which holds.
    """
    found = [s for s in sheets if s.kind == "xmp"]
    whole = [s for s in found if names.claim(s.name.encode("utf-8", "surrogateescape")).whole]
    data = [s.data for s in whole or found]
    return (data[0] if len(data) == 1 else b"several") if data else None


def paths_of(came: Iterable[ProvenanceRow]) -> tuple[bytes, ...]:
    """Every path in the inbox an asset came by, the first one first."""
    rows = sorted(came, key=lambda p: (p.seen_at, p.folder, p.name))
    return tuple(dict.fromkeys(photo_path(row) for row in rows))


def look(desk: Desk, child: Child, row: AssetRow) -> Considered:
    """Read the original with the sidecars linked to it now, and decide.

    Raises UnusablePhoto where the original is no photograph, IntegrityError where it is
    missing or no longer what was stored; the child keeps the pixels.
    """
    sheets = sheets_of(desk, row.id)
    came = desk.catalog.provenance(row.id)
    first = first_arrival(came)
    looked = _seen(desk, child, row.sha256, xmp_of(sheets))
    received_as = received(photo_path(first), first.mtime_ns, desk.day())
    return consider(desk, looked, Arrival(row.sha256, paths_of(came), received_as), sheets)


def _seen(desk: Desk, child: Child, sha256: str, xmp: bytes | None) -> Looked:
    """What the child sees on an original, in whichever store that is whole.

    The child holds the very bytes that it decodes against their digest: nobody reads them twice.
    """
    for path in desk.places_of_original(sha256):
        with suppress(IntegrityError):
            return child.look(str(path), xmp, sha256=sha256)
    raise IntegrityError(
        "An original is missing or damaged in the store", "Drop the photograph again"
    )


def stored_facts(desk: Desk, state: AssetState) -> Facts | None:
    """The stored facts of an asset; None where they no longer say all there is.

    That is so when a sidecar came or changed, when the photo came by another way, when the
    roster no longer has its photographer, when nobody could look for faces then, and when an
    earlier version of dam did not look for what this one does.
    """
    if state.facts is None or state.row.note:
        return None
    facts = Facts.model_validate(state.facts)
    linked = tuple(sha256 + ("?" if doubt else "") for _, sha256, doubt in sorted(state.sidecars))
    if facts.version < VERSION or linked != facts.sidecars or facts.faces.count is None:
        return None
    known = facts.photographer.status is Status.KNOWN
    if not known or desk.credits.photographer(facts.photographer.value or "") is None:
        return None
    if state.mark is not None and len({photo_path(p) for p in state.provenance}) > 1:
        return None
    return facts


def rethought(desk: Desk, row: AssetRow) -> Considered | None:
    """Decide anew on the stored facts of an asset; None where they do not say all there is."""
    if not row.facts_digest:
        return None
    states = desk.catalog.states([row.id], Purpose.ARCHIVE.value)
    return on_stored_facts(desk, states.values()).get(row.id)


def on_stored_facts(desk: Desk, states: Iterable[AssetState]) -> dict[str, Considered]:
    """Decide anew those assets whose stored facts say all there is, by id."""
    kept = [(state, facts) for state in states if (facts := stored_facts(desk, state)) is not None]
    photos = [(facts, state.row.sha256, names.text(state.origin().name)) for state, facts in kept]
    return {
        state.row.id: decided_on(desk, dossier)
        for (state, _), dossier in zip(kept, desk.files_on(photos), strict=True)
    }
