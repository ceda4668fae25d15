"""The job `ingest`: a card's worth of photographs by the real command, beside its baselines.

`dam` decides by its rules, credits, files durably and keeps track of everything, and (unless
told otherwise) looks for faces; no baseline does. What each does, its words in `bench.baselines`
say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import baselines, places
from bench.harness import Contestant, Spent, give_up, in_turn
from bench.photographs import given, megabytes, photographs
from bench.result import Beside, Result


@dataclass(frozen=True, slots=True)
class Photographs:
    """Which are measured: those of a folder, else so many of so many megapixels."""

    folder: Path | None
    count: int
    megapixels: float

    def put(self, folder: Path) -> list[Path]:
        """Copies or drawings of them. Ends everything where there are none."""
        if self.folder is None:
            return photographs(folder, self.count, self.megapixels)
        found = given(self.folder, folder) if self.folder.is_dir() else []
        return found or give_up(f"{self.folder} is no folder with JPEGs in it")

    def told(self, photos: Sequence[Path]) -> dict[str, object]:
        size = {"megapixels": self.megapixels} if self.folder is None else {}
        return {"photographs": len(photos), **size, "megabytes_each": megabytes(photos)}


def dam_ingest(photos: Sequence[Path], *, faces: bool) -> Contestant:
    """`dam ingest` in a workspace of its own each time."""

    def ready(folder: Path) -> Sequence[str]:
        places.make(folder / "workspace", faces=faces)
        places.drop(folder / "workspace", photos)
        return places.dam(folder / "workspace", "ingest")

    def check(folder: Path) -> None:
        places.all_filed(folder / "workspace", len(photos))

    return Contestant("dam", ready, check, places.settings(faces=faces))


def ingest(place: Path, source: Photographs, rounds: int, *, faces: bool, against: str) -> Result:
    names, notes = baselines.wanted(against)
    photos = source.put(place / "photographs")
    others = [baselines.contestant(n, place / "photographs", len(photos)) for n in names]
    if len(photos) > 1:
        _warm(place, photos[:1], names, faces=faces)
    runs = in_turn([dam_ingest(photos, faces=faces), *others], rounds, place)
    return Result(
        job="ingest",
        about={**source.told(photos), "face_check": checked(faces), "rounds": rounds},
        runs=runs,
        beside=[Beside("dam", n) for n in names],
        count=len(photos),
        unit="photo",
        figures=baselines.told(names),
        notes=[*notes, *faces_off(faces)],
    )


def checked(faces: bool) -> str:
    return "on" if faces else "off"


def faces_off(faces: bool) -> list[str]:
    """What a reader must know where the face check is off."""
    return [] if faces else [_FACES_OFF]


_FACES_OFF = (
    "Without the face check a photograph with a sidecar is held; here a rule of the measured "
    "workspace was changed to let those pass of which somebody says that nobody is shown."
)


def _warm(place: Path, photos: Sequence[Path], names: Sequence[str], *, faces: bool) -> None:
    """Each once on a single photograph: programs are then in memory, for all of them."""
    single = places.renew(place / "single")
    (single / photos[0].name).hardlink_to(photos[0])
    others = [baselines.contestant(n, single, 1) for n in names]
    in_turn([dam_ingest(photos, faces=faces), *others], 1, place)


def memory(place: Path, count: int, megapixels: float, *, faces: bool) -> Result:
    """The job `memory`: whether many photographs take more than a few."""
    photos = photographs(place / "photographs", count, megapixels)
    runs = in_turn([dam_ingest(photos, faces=faces)], 1, place)
    return Result(
        job="memory",
        about={"photographs": count, "megapixels": megapixels, "face_check": checked(faces)},
        runs=runs,
        count=count,
        unit="photo",
        figures=quarters(runs["dam"][0]),
        notes=faces_off(faces),
    )


def quarters(spent: Spent) -> dict[str, object]:
    """The most of each in the first and in the last quarter of the time, in MiB."""
    looks = spent.looks
    quarter = max(1, len(looks) // 4)
    found: dict[str, object] = {}
    for when, part in (("first", looks[:quarter]), ("last", looks[-quarter:])):
        found[f"parent_mib_{when}_quarter"] = round(max(look.parent for look in part), 1)
        found[f"worker_mib_{when}_quarter"] = round(max(look.worker for look in part), 1)
        found[f"tree_mib_{when}_quarter"] = round(max(look.tree for look in part), 1)
    return found
