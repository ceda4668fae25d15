"""The job `render`: every filed photograph anew after its credit changed, beside its baselines.

`dam ingest` decides again, takes each rendition out of the archive and makes it anew from its
original: what is left of taking in where nothing is copied, read for the first time or looked at
for faces. What single steps of a rendition cost, `python -m bench stages` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count as counting
from pathlib import Path

from bench import baselines, places
from bench.harness import Contestant, give_up, in_turn
from bench.ingest import Photographs, checked, faces_off
from bench.result import Beside, Result

_LINE = 'line: "Photo'


def render(place: Path, source: Photographs, rounds: int, *, faces: bool, against: str) -> Result:
    names, notes = baselines.wanted(against)
    photos = source.put(place / "photographs")
    root = place / "workspace"
    places.make(root, faces=faces)
    places.drop(root, photos)
    places.carry_out(places.dam(root, "ingest"), places.settings(faces=faces))
    places.all_filed(root, len(photos))
    others = [baselines.contestant(n, place / "photographs", len(photos)) for n in names]
    return Result(
        job="render",
        about={**source.told(photos), "face_check": checked(faces), "rounds": rounds},
        runs=in_turn([_again(root, len(photos), faces=faces), *others], rounds, place),
        beside=[Beside("dam", n) for n in names],
        count=len(photos),
        unit="photo",
        figures=baselines.told(names),
        notes=[*notes, *faces_off(faces)],
    )


def _again(root: Path, count: int, *, faces: bool) -> Contestant:
    """`dam ingest` once the visible line of `rules/credits.yaml` is another one."""
    numbers = counting(1)
    before: dict[Path, int] = {}

    def ready(folder: Path) -> Sequence[str]:
        del folder
        before.update({path: path.stat().st_mtime_ns for path in places.filed(root)})
        credits_ = root / "rules" / "credits.yaml"
        told = credits_.read_text(encoding="utf-8")
        head, found, rest = told.partition(_LINE)
        if not found:
            give_up("rules/credits.yaml has no line that this bench knows how to change")
        rest = rest[rest.index(" :") :]
        credits_.write_text(f"{head}{_LINE} {next(numbers)}{rest}", encoding="utf-8")
        return places.dam(root, "ingest")

    def check(folder: Path) -> None:
        del folder
        places.all_filed(root, count)
        same = sum(before.get(path) == path.stat().st_mtime_ns for path in places.filed(root))
        if same:
            give_up(f"{same} of {count} renditions were not made anew")

    return Contestant("dam", ready, check, places.settings(faces=faces))
