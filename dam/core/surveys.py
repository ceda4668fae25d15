"""A sidecar as a place in which facts stand: its bytes with the lines of their parts."""

from __future__ import annotations

from dam.core import shoot_table
from dam.core.origins import File
from dam.core.rows import SidecarRow
from dam.core.tree import survey


def file_of(sidecar: SidecarRow, data: bytes | None) -> File:
    """The file with its lines as far as it can be read; `data` None where it cannot be had."""
    shoot = sidecar.kind == "shoot"
    if data is None:
        return File(sidecar.slot, sidecar.shown, shoot, None)
    if sidecar.name_key.endswith(".csv"):
        return File(sidecar.slot, sidecar.shown, shoot, shoot_table.survey(data, sidecar.shown))
    tree, _ = survey(data, sidecar.shown, json=sidecar.name_key.endswith(".json"))
    return File(sidecar.slot, sidecar.shown, shoot, tree)
