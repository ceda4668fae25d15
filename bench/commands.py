"""The jobs `start`, `list` and `growth`: what starting costs, and what very many cost.

Every command is a cold process each time; what it reads of the disk is in memory already.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import copies, places
from bench.harness import Contestant, Spent, always, give_up, in_turn, run, say
from bench.ingest import checked, faces_off
from bench.photographs import photographs
from bench.result import Beside, Result

_PASS = "python -c pass"


def _least() -> Contestant:
    return always(_PASS, [sys.executable, "-c", "pass"])


def _help() -> Contestant:
    return always("dam --help", [sys.executable, "-m", "dam", "--help"])


def start(place: Path, rounds: int) -> Result:
    """The job `start`: to the first word, and to the first photograph looked at."""
    places.make(place / "workspace", faces=False)
    places.drop(place / "workspace", photographs(place / "photographs", 1, 0.1))
    look = places.dam(place / "workspace", "ingest", "--dry-run")
    measured = [
        _help(),
        always("dam --version", [sys.executable, "-m", "dam", "--version"]),
        always("one tiny photo, dry run", look, places.settings(faces=False)),
    ]
    return Result(
        job="start",
        about={"rounds": rounds},
        runs=in_turn([_least(), *measured], rounds, place),
        notes=[
            "The dry run ends once one photograph of 0.1 megapixels was read and decided, without "
            "the face check; what it does to end is in it."
        ],
    )


def answers(place: Path, catalogue: Path | None, count: int, rounds: int, *, whole: bool) -> Result:
    """The job `list`: questions to a catalogue of so many photographs.

    `whole`: also a list of them all, which prints a line for each.
    """
    root = copies.held(catalogue, place / "workspace", count)
    asset = copies.examples(root, 1)[0]
    questions = [
        ("list", "--limit", "100"),
        ("list", "--disposition", "held", "--limit", "100"),
        ("show", asset),
        ("status",),
        ("explain", asset),
        *([("list",)] if whole else []),
    ]
    measured = [
        always(f"dam {' '.join(q).replace(asset, 'ASSET')}", places.dam(root, *q))
        for q in questions
    ]
    if rounds > 1:
        in_turn(measured, 1, place / "once")
    runs = in_turn([_least(), _help(), *measured], rounds, place)
    return Result(
        job="list",
        about={"assets": count, "rounds": rounds},
        runs=runs,
        figures={"worst_answer_seconds": round(_worst(runs, measured), 3)},
    )


def _worst(runs: Mapping[str, Sequence[Spent]], measured: Iterable[Contestant]) -> float:
    return max(spent.seconds for one in measured for spent in runs[one.name])


@dataclass(frozen=True, slots=True)
class Growing:
    """Small photographs, `photos` of so many megapixels a round, into catalogues of `many` and of
    `few`; the larger one is kept in `catalogue` if that is named."""

    many: int
    few: int
    photos: int
    megapixels: float
    catalogue: Path | None = None


def growth(place: Path, given: Growing, rounds: int, *, faces: bool) -> Result:
    """The job `growth`: a photograph into a catalogue of very many, beside one into that of a few.

    Other photographs each round, and each time this is run: what a kept catalogue has is no news
    to it.
    """
    if given.many <= given.few:
        give_up("growth needs more assets beside few")
    first = int(time.time()) * 1000
    folders = (place / f"photographs-{n}" for n in range(rounds))
    fresh = [
        photographs(folder, given.photos, given.megapixels, first + n * given.photos)
        for n, folder in enumerate(folders)
    ]
    kept = given.catalogue
    # On one disk, else the disks would be compared.
    beside = kept.with_name(f"{kept.name}-{given.few}") if kept else None
    few = copies.held(beside, place / "few", given.few, faces=faces)
    many = copies.held(kept, place / "many", given.many, faces=faces)
    names = (f"{given.many} assets", f"{given.few} assets")
    for root in (few, many):
        say("a pass with nothing to do")
        run(places.dam(root, "ingest"), places.settings(faces=faces))
    measured = [
        _taking(name, root, fresh, faces=faces)
        for name, root in zip(names, (many, few), strict=True)
    ]
    return Result(
        job="growth",
        about={
            "photographs": given.photos,
            "megapixels": given.megapixels,
            "face_check": checked(faces),
            "rounds": rounds,
        },
        runs=in_turn(measured, rounds, place),
        beside=[Beside(*names)],
        count=given.photos,
        unit="photo",
        notes=faces_off(faces),
    )


def _taking(name: str, root: Path, fresh: Sequence[Sequence[Path]], *, faces: bool) -> Contestant:
    """`dam ingest` in a workspace that stays, with other photographs every round."""
    rounds = iter(fresh)

    def ready(folder: Path) -> Sequence[str]:
        places.drop(root, next(rounds))
        return places.dam(root, "ingest", "--strict")

    return Contestant(name, ready, env=places.settings(faces=faces))
