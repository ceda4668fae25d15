"""`python -m bench JOB`: measurements of the real command, beside named baselines.

Each job says what it does beside what, in one run, in turn. docs/performance.md explains all.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import audit, commands, decide, export, ingest, render, stages, watch, withdraw
from bench.baselines import BASELINES
from bench.commands import Growing
from bench.ingest import Photographs
from bench.result import Result, written

Job = Callable[[Path, argparse.Namespace], Result]


def _source(given: argparse.Namespace) -> Photographs:
    return Photographs(given.photos, given.generate, given.megapixels)


#: What each job does with the options that it takes, in a folder of its own.
JOBS: dict[str, Job] = {
    "ingest": lambda place, o: ingest.ingest(
        place, _source(o), o.rounds, faces=o.faces, against=o.against
    ),
    "render": lambda place, o: render.render(
        place, _source(o), o.rounds, faces=o.faces, against=o.against
    ),
    "watch": lambda place, o: watch.watch(
        place, _source(o), o.burst, o.rounds, o.quiet, faces=o.faces
    ),
    "memory": lambda place, o: ingest.memory(place, o.generate, o.megapixels, faces=o.faces),
    "growth": lambda place, o: commands.growth(
        place,
        Growing(o.assets, o.few, o.generate, o.megapixels, o.catalogue),
        o.rounds,
        faces=o.faces,
    ),
    "list": lambda place, o: commands.answers(
        place, o.catalogue, o.assets, o.rounds, whole=o.whole
    ),
    "start": lambda place, o: commands.start(place, o.rounds),
    "audit": lambda place, o: audit.audit(place, o.assets, o.made, o.rounds),
    "decide": lambda place, o: decide.decide(place, o.assets, o.sample, o.rounds),
    "export": lambda place, o: export.export(place, _source(o), o.rounds, o.purpose),
    "withdraw": lambda place, o: withdraw.withdraw(place, o.assets, o.packs, erase=o.erase),
    "stages": lambda place, o: stages.stages(place, o.megapixels, o.rounds, o.space),
}


class _Jobs:
    """The options of each job; those that several take are said once."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._jobs = parser.add_subparsers(dest="job", required=True)

    def add(self, name: str, told: str, rounds: int | None = 3) -> argparse.ArgumentParser:
        job: argparse.ArgumentParser = self._jobs.add_parser(name, help=told, description=told)
        job.add_argument("--format", choices=["table", "json"], default="table")
        job.add_argument("--place", type=Path, metavar="DIR", help="where to work; else TMPDIR")
        if rounds is not None:
            job.add_argument("--rounds", type=int, default=rounds, metavar="R")
        return job


def _drawn(job: argparse.ArgumentParser, count: int, megapixels: float) -> None:
    job.add_argument("--generate", type=int, default=count, metavar="N", help="so many drawn ones")
    job.add_argument("--megapixels", type=float, default=megapixels, metavar="M")


def _photographs(job: argparse.ArgumentParser, count: int, megapixels: float = 24.0) -> None:
    job.add_argument("--photos", type=Path, metavar="DIR", help="the JPEGs of a folder instead")
    _drawn(job, count, megapixels)


def _faces(job: argparse.ArgumentParser) -> None:
    job.add_argument(
        "--faces", choices=["on", "off"], default="on", help="the face check; on unless said"
    )


def _against(job: argparse.ArgumentParser, names: str) -> None:
    job.add_argument(
        "--against", default=names, metavar="LIST", help=f"of {','.join(BASELINES)}, or ''"
    )


def _held(job: argparse.ArgumentParser) -> None:
    job.add_argument("--assets", type=int, default=1_000_000, metavar="N")
    job.add_argument(
        "--catalogue", type=Path, metavar="DIR", help="made there once, and taken from there again"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    jobs = _Jobs(parser)
    for name, told, names in (
        ("ingest", "dam ingest beside scripts and bare codecs", "script,vips,turbo,pillow"),
        ("render", "every rendition anew beside the same", "turbo,pillow"),
    ):
        job = jobs.add(name, told)
        _photographs(job, 40)
        _faces(job)
        _against(job, names)
    job = jobs.add("watch", "from the inbox to the archive, one by one and in a burst")
    _photographs(job, 20)
    _faces(job)
    job.add_argument("--burst", type=int, default=0, metavar="N", help="so many at once; 0: none")
    job.add_argument("--quiet", type=float, default=0.5, metavar="S", help="the quiet time")
    job = jobs.add("memory", "dam ingest of many small photographs, early and late", None)
    _drawn(job, 300, 1.0)
    _faces(job)
    job = jobs.add("growth", "a photo into a full catalogue beside one into an empty one")
    _held(job)
    job.add_argument("--few", type=int, default=1000, metavar="N", help="assets of the other")
    _drawn(job, 100, 0.5)
    _faces(job)
    job = jobs.add("list", "questions to a full catalogue", 5)
    _held(job)
    job.add_argument("--whole", action="store_true", help="also a list of all")
    jobs.add("start", "what it costs to start", 7)
    job = jobs.add("audit", "a summary and a list beside bare SQL")
    job.add_argument("--assets", type=int, default=1_000_000, metavar="N")
    job.add_argument("--made", type=int, default=2000, metavar="N", help="others are copies")
    job = jobs.add("decide", "deciding again beside bare CEL expressions")
    job.add_argument("--assets", type=int, default=20_000, metavar="N")
    job.add_argument("--sample", type=int, default=1000, metavar="N", help="for the baselines")
    job = jobs.add("export", "a pack's pictures beside decode + resize + encode")
    _photographs(job, 100, 12.0)
    job.add_argument("--purpose", default="press", help="whose preset is taken")
    job = jobs.add("withdraw", "one consent is taken back among many photographs", None)
    job.add_argument("--assets", type=int, default=10_000, metavar="N")
    job.add_argument("--packs", type=int, default=200, metavar="N")
    job.add_argument("--erase", action="store_true")
    job = jobs.add("stages", "each stage of a rendition beside decode + encode", 5)
    job.add_argument("--megapixels", type=float, nargs="+", default=[12.0, 24.0])
    job.add_argument("--space", choices=["p3", "srgb"], default="p3", help="of the photograph")
    return parser


def main(words: Sequence[str] | None = None) -> None:
    given = _parser().parse_args(words)
    if "faces" in given:
        given.faces = given.faces == "on"
    with tempfile.TemporaryDirectory(prefix="bench-", dir=given.place) as name:
        print(written(JOBS[given.job](Path(name), given), given.format))


if __name__ == "__main__":
    main()
