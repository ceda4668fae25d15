"""From a decision to the effects to carry out, as data; and the names of filed pictures.

Nothing here touches a disk: `dam ingest --dry-run` makes the same plan and stops.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date

from dam.core.model import Decision, Disposition

ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Publish:
    """Render the original and file it under `relative` (below the archive folder)."""

    relative: str


@dataclass(frozen=True, slots=True)
class Retract:
    """Take the filed rendition out of the archive: its approval has ended."""

    relative: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Nothing moves: what is filed stays, what is held stays held."""


Effect = Publish | Retract | Keep


def asset_id(sha256: str, length: int = 8) -> str:
    """A short id of letters and digits made from the content hash (5 bits a character).

    The same photograph gets the same id wherever it is dropped; on a collision the caller
    asks for a greater `length` (at most 51).
    """
    text = base64.b32encode(bytes.fromhex(sha256)).decode("ascii").lower()
    # Letters and digits that are read out on the telephone without doubt: no i, l, o, u.
    return text.translate(str.maketrans("ilou", "0189"))[:length]


def archive_name(asset: str, captured: date) -> str:
    """`YYYY/MM/DD/YYYYMMDD-<id>.jpg`: no name, no place, no camera counter."""
    day = captured.isoformat()  # strftime leaves years before 1000 short
    return f"{day.replace('-', '/')}/{day.replace('-', '')}-{asset}.jpg"


def plan(asset: str, filed_as: str | None, captured: date, decision: Decision) -> Effect:
    """What to do with one asset under its decision for the archive.

    `filed_as` is where its rendition stands now (below the archive folder), or None.
    """
    approved = decision.disposition is Disposition.APPROVED
    if approved and filed_as is None:
        return Publish(archive_name(asset, captured))
    if not approved and filed_as is not None:
        return Retract(filed_as)
    return Keep()
