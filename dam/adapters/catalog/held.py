"""What the ledger says of a row: the same words when it is written and when it is looked at later.

No personal data: digests of what says none, else references and commitments (`core.commitment`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dam.adapters.catalog.columns import dumps
from dam.core import chain, commitment
from dam.core.recalls import Recall
from dam.core.rows import AssetRow, DrawnRow, PackMark, PackRow, RenditionRow, WaiverRow
from dam.core.tombstones import Tombstone

#: How a field of an asset is called in the ledger.
FIELDS = {"disposition": "disposition", "archived_as": "filed", "facts_digest": "facts"}

_DECISION = (
    "purpose",
    "territory",
    "day",
    "disposition",
    "facts_digest",
    "pack_digest",
    "holds_until",
)


def path(archived_as: str | None) -> str | None:
    """The digest of a path below the workspace; None for none."""
    return None if archived_as is None else hashlib.sha256(archived_as.encode()).hexdigest()


def asset(changes: Mapping[str, Any]) -> dict[str, str | None]:
    """The fields of an asset that the ledger tells, of those in `changes`."""
    told: dict[str, str | None] = {}
    for name, called in FIELDS.items():
        if name in changes:
            value = changes[name]
            told[called] = path(value) if name == "archived_as" else value
    return {name: None if value is None else str(value) for name, value in told.items()}


def new_asset(row: AssetRow) -> dict[str, str | None]:
    told = asset({name: getattr(row, name) for name in FIELDS})
    return {name: value for name, value in told.items() if value is not None}


def rendition(row: RenditionRow) -> dict[str, str | None]:
    """The state, content and place of a rendition, as one field of its asset."""
    where = path(row.relative)
    return {f"rendition:{row.purpose}": f"{row.state} {row.sha256 or '-'} {where or '-'}"}


def decisions(rows: list[Mapping[str, Any]]) -> str:
    """The digest of the decisions in force, each by its columns, `told` being the body's text."""
    told = ([*(_text(row[name]) for name in _DECISION), _body(row["told"])] for row in rows)
    return commitment.decisions(told)


def _body(told: str) -> str:
    return hashlib.sha256(told.encode()).hexdigest()


def _text(value: object) -> str:
    return "" if value is None else str(value)


def waiver(row: WaiverRow, body: str) -> str:
    given = row.waiver
    said = [given.id, row.asset, given.rule, given.by, str(given.given_on), str(given.until)]
    return chain.digest([*said, chain.instant(row.given_at), body])


def region(row: DrawnRow) -> str:
    drawn = row.drawn
    box = dumps({"box": list(map(float, drawn.box))})
    return chain.digest(
        [drawn.id, row.asset, drawn.subject, drawn.by, chain.instant(row.drawn_at), box]
    )


def pack(row: PackRow, items: int) -> dict[str, str]:
    return {
        "purpose": row.purpose,
        "territory": row.territory,
        "day": row.day.isoformat(),
        "manifest": row.manifest_sha256,
        "assets": str(items),
        "state": row.state,
    }


def tombstone(row: Tombstone, lifted_at: datetime | None) -> dict[str, str | None]:
    told = [row.id, row.digest, row.likeness, chain.instant(row.at), row.why, row.event]
    lifted = None if lifted_at is None else chain.instant(lifted_at)
    return {"record": chain.digest(told), "lifted": lifted}


def mark(row: PackMark) -> tuple[str, dict[str, str | None]]:
    """The id of a mark on a file of a pack, and what is told of it."""
    return f"{row.pack} {row.file} {row.why}", {"at": chain.instant(row.at)}


def recall(told: Recall) -> dict[str, str | None]:
    """What a recall asks for and what came of it, without what was noted of the answer."""
    row = told.row
    opened = [row.id, row.pack, chain.instant(row.opened_at), row.deadline.isoformat(), row.role]
    files = [[each.file, chain.instant(each.added_at), _at(each.told_at)] for each in told.files]
    letters = [
        [each.number, each.kind, chain.instant(each.at), each.deadline.isoformat()]
        for each in told.letters
    ]
    record = chain.digest([*opened, files, letters])
    return {"pack": row.pack, "record": record, "ended": _at(row.ended_at)}


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else chain.instant(instant)
