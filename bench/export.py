"""The job `export`: a whole press pack by the real command, beside a bare decode + resize + encode.

The command starts, decides, renders, writes texts, booklets and the contact sheet, reads everything
back, syncs it and puts it on record; the baseline does none of that. Nothing is kept between
rounds: every picture is rendered from its original each time; then once more for another pack,
from what was kept.

Photographs are taken in by the real command, face check included, because nothing else lets them
into a pack; that takes longer than what is measured here, and is not counted.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from bench import baselines, places
from bench.harness import Contestant, give_up, in_turn
from bench.ingest import Photographs, quarters
from bench.result import Beside, Result
from dam.core.model import Purpose
from dam.core.presets import BUILT_IN


def export(place: Path, source: Photographs, rounds: int, purpose: str) -> Result:
    photos = source.put(place / "photographs")
    root, preset = place / "workspace", BUILT_IN[Purpose(purpose)]
    places.make(root)
    places.drop(root, photos, places.CAPTIONED)
    places.carry_out(places.dam(root, "ingest"), places.settings())
    places.all_filed(root, len(photos))
    side = preset.size or 20_000
    bare = baselines.resizing(place / "photographs", len(photos), side, preset.quality)
    fresh = _packing("dam", root, purpose, len(photos), fresh=True)
    kept = _packing("dam, from what was kept", root, purpose, len(photos), fresh=False)
    runs = in_turn([fresh, kept, bare], rounds, place)
    return Result(
        job="export",
        about={**source.told(photos), "purpose": purpose, "rounds": rounds},
        runs=runs,
        beside=[Beside(fresh.name, bare.name), Beside(kept.name, bare.name)],
        count=len(photos),
        unit="picture",
        figures=quarters(runs[fresh.name][-1]),
    )


def _packing(name: str, root: Path, purpose: str, count: int, *, fresh: bool) -> Contestant:
    """A pack for somebody, with every picture in it; `fresh`: nothing was kept before."""

    def ready(folder: Path) -> Sequence[str]:
        if fresh:
            shutil.rmtree(root / ".dam" / "renditions", ignore_errors=True)
        out = str(folder / "pack")
        return places.dam(root, "export", purpose, "--recipient", "Le Matin", "--out", out)

    def check(folder: Path) -> None:
        made = len(list((folder / "pack" / "data" / "images").glob("*.jpg")))
        if made != count:
            give_up(f"only {made} of {count} pictures are in the pack")

    return Contestant(name, ready, check)
