"""Previews for review: made from the pixels of the look, redacted as the decision says.

A preview shows no face that the archive may not show; nobody who reviews needs to see it to
decide, but for one that could not be found: then there is nothing to destroy yet. It leaves the
workspace never. Whatever is given out is rendered from the original.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from dam.adapters.darkroom import Child, Darkroom
from dam.adapters.desk import Desk
from dam.core.errors import IntegrityError, RenditionRefused, UsageError
from dam.core.facts import digest_of
from dam.core.model import Decision, Purpose, Rights
from dam.core.readings import RenderJob
from dam.core.rows import AssetRow

#: Pixels of the longer side.
SIDE = 1024
_QUALITY = 80
_NOTHING = Rights((), "", "")


def digest(decision: Decision) -> str:
    """What tells previews of one photograph apart: what is destroyed in them."""
    return digest_of([[r.x, r.y, r.w, r.h] for r in decision.redact])


def make(desk: Desk, child: Child, asset: str, decision: Decision) -> None:
    """Make the preview of the photograph that the child holds, unless it is there.

    One that is refused is not made: the photograph is none the worse for it. Raises StorageError.
    """
    wanted = digest(decision)
    if desk.previews.place(asset, wanted).exists():
        desk.previews.drop_stale(asset, wanted)
        return
    work = desk.workspace.work / f"{asset}-{secrets.token_hex(4)}.jpg"
    job = RenderJob(
        target=str(work),
        rights=_NOTHING,
        mark="",
        quality=_QUALITY,
        max_side=SIDE,
        redact=tuple(r.face() for r in decision.redact),
        bare=True,
        quick=True,
    )
    try:
        child.render(job)
    except RenditionRefused:
        desk.previews.erase(asset)
        desk.renditions.erase(asset)
        return
    try:
        with desk.gate.shared():
            # It may have been taken back while the picture was made.
            if desk.catalog.restriction(asset) is None:
                desk.previews.keep(asset, wanted, work)
    finally:
        with suppress(OSError):
            work.unlink(missing_ok=True)


def of(desk: Desk, room: Darkroom, row: AssetRow) -> Path:
    """Where the preview of an asset stands, made now if it is not there.

    Raises UsageError where there can be none, IntegrityError for a damaged original.
    """
    made = [d for d in desk.catalog.decisions(row.id) if d.purpose is Purpose.ARCHIVE]
    if not made:
        raise UsageError("Nothing was decided of this photograph", "`dam show` tells why")
    place = desk.previews.place(row.id, digest(made[0]))
    if desk.catalog.restriction(row.id) is not None:
        raise UsageError(
            "The consent to this photograph was taken back: nobody looks at it any more",
            "`dam explain` tells why",
        )
    if not place.exists():
        if not desk.originals.verify(row.sha256):
            raise IntegrityError("The original is missing or damaged", "Drop the photograph again")
        with room.session() as child:
            child.look(str(desk.originals.path(row.sha256)))
            make(desk, child, row.id, made[0])
    if not place.exists():
        raise UsageError("No preview can be made of this photograph", "`dam explain` tells why")
    return place
