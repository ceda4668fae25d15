"""Pictures of packs for tests: what `render_all` is handed, made from an open desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace as Paths
from dam.adapters.settings import load_settings
from dam.core.decide import decide
from dam.core.errors import DamError
from dam.core.model import Face, Purpose
from dam.core.presets import Preset, to_destroy
from dam.flows.export.rendering import Made, Wanted, render_all
from tests import rooms
from tests.workspaces import Workspace, environment

Answers = dict[str, Made | DamError]


@contextmanager
def desk_of(workspace: Workspace, **env: str) -> Iterator[Desk]:
    settings = load_settings(workspace.root, environment({"DAM_WORKERS": "2", **env}))
    paths = Paths.at(workspace.root, settings)

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=1)

    with rooms.forked(), open_desk(paths, settings, now, writing=True) as desk:
        yield desk


def wanted(
    desk: Desk,
    out: Path,
    preset: Preset | Purpose = Purpose.PRESS,
    *,
    assets: tuple[str, ...] = (),
    page: bool = False,
    pack: str = "P-1",
) -> list[Wanted]:
    """One picture for each approved asset, as an export for the preset's purpose would ask."""
    preset = desk.presets[preset] if isinstance(preset, Purpose) else preset
    out.mkdir(exist_ok=True)
    found = []
    for row in desk.catalog.assets():
        facts, dossier = desk.facts(row), desk.dossier(row)
        if row.archived_as is None or facts is None or dossier is None:
            continue
        if assets and row.id not in assets:
            continue
        decision = decide(dossier, desk.pack, preset.purpose, desk.day())
        boxes = tuple(Face(b.x, b.y, b.w, b.h, b.score) for b in facts.faces.boxes)
        seen = None if facts.faces.count is None else boxes
        redact = to_destroy(preset, [r.face() for r in decision.redact], seen)
        assert redact is not None
        rights, line = desk.credits.rights(facts, pack=pack)
        if preset.metadata == "credit":
            rights = replace(rights, captions=(), captured=None)
        found.append(
            Wanted(
                asset=row.id,
                sha256=row.sha256,
                rights=rights,
                line=line,
                redact=redact,
                preset=preset,
                style=desk.marks.of(preset.purpose, preset.mark),
                target=out / f"{row.id}.jpg",
                thumb=out / f"{row.id}-thumb.jpg",
                page=out / f"{row.id}-page.jpg" if page else None,
            )
        )
    return found


def rendered(desk: Desk, asked: list[Wanted], room: Darkroom | None = None) -> Answers:
    """What became of each, by asset."""
    steps: list[None] = []
    with nullcontext(room) if room is not None else desk.darkroom(2) as lent:
        done = list(render_all(desk, lent, asked, lambda: steps.append(None)))
    assert [one for one, _ in done] == asked
    assert len(steps) == len(asked)
    return {one.asset: made for one, made in done}


def made(
    workspace: Workspace, out: Path, preset: Preset | Purpose, *, page: bool = False
) -> Answers:
    """All approved pictures of a workspace, rendered for a preset."""
    with desk_of(workspace) as desk:
        return rendered(desk, wanted(desk, out, preset, page=page))


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def kept(workspace: Workspace) -> list[Path]:
    folder = workspace.root / ".dam" / "renditions"
    return sorted(path for path in folder.rglob("*") if path.is_file())
