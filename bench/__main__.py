"""`python -m bench JOB`: each job prints how it compares with a baseline of the same run."""

from __future__ import annotations

import argparse
import json

from bench.audit import audit
from bench.decide import decide
from bench.export import export
from bench.ingest import ingest
from bench.render import render
from bench.withdraw import withdraw


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    jobs = parser.add_subparsers(dest="job", required=True)
    job = jobs.add_parser("ingest", help="dam ingest beside a bare decode + encode by Pillow")
    job.add_argument("--generate", type=int, default=8, metavar="N", help="photographs")
    job.add_argument("--megapixels", type=float, default=12.0)
    job.add_argument("--rounds", type=int, default=3)
    job = jobs.add_parser("decide", help="deciding again beside bare CEL expressions")
    job.add_argument("--assets", type=int, default=100_000, metavar="N")
    job.add_argument("--sample", type=int, default=1000, metavar="N", help="for the baseline")
    job = jobs.add_parser("render", help="each stage of a rendition beside decode + encode")
    job.add_argument("--megapixels", type=float, nargs="+", default=[12.0, 24.0])
    job.add_argument("--rounds", type=int, default=5)
    job.add_argument("--space", choices=["p3", "srgb"], default="p3", help="of the photograph")
    job = jobs.add_parser("audit", help="a summary and a list of a million beside bare SQL")
    job.add_argument("--assets", type=int, default=1_000_000, metavar="N")
    job.add_argument(
        "--made", type=int, default=2000, metavar="N", help="by dam; others are copies"
    )
    job.add_argument("--rounds", type=int, default=3)
    job = jobs.add_parser("export", help="a pack's pictures beside decode + resize + encode")
    job.add_argument("--pictures", type=int, default=500, metavar="N")
    job.add_argument("--megapixels", type=float, default=12.0)
    job.add_argument("--rounds", type=int, default=3)
    job.add_argument("--purpose", default="press", help="whose preset is taken")
    job = jobs.add_parser("withdraw", help="one consent is taken back among many photographs")
    job.add_argument("--assets", type=int, default=10_000, metavar="N")
    job.add_argument("--packs", type=int, default=200, metavar="N")
    job.add_argument("--erase", action="store_true")
    for each in jobs.choices.values():
        each.add_argument("--format", choices=["table", "json"], default="table")
    given = parser.parse_args()
    if given.job == "ingest":
        result = ingest(given.generate, given.megapixels, given.rounds)
    elif given.job == "render":
        result = render(given.megapixels, given.rounds, given.space)
    elif given.job == "export":
        result = export(given.pictures, given.megapixels, given.rounds, given.purpose)
    elif given.job == "audit":
        result = audit(given.assets, given.made, given.rounds)
    elif given.job == "withdraw":
        result = withdraw(given.assets, given.packs, erase=given.erase)
    else:
        result = decide(given.assets, given.sample)
    if given.format == "json":
        print(json.dumps(result, indent=2))
        return
    for key, value in result.items():
        print(f"{key.replace('_', ' '):<40} {value}")


if __name__ == "__main__":
    main()
