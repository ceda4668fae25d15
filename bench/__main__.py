"""`python -m bench JOB`: each job prints how it compares with a baseline of the same run."""

from __future__ import annotations

import argparse
import json

from bench.decide import decide
from bench.ingest import ingest


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
    for each in jobs.choices.values():
        each.add_argument("--format", choices=["table", "json"], default="table")
    given = parser.parse_args()
    if given.job == "ingest":
        result = ingest(given.generate, given.megapixels, given.rounds)
    else:
        result = decide(given.assets, given.sample)
    if given.format == "json":
        print(json.dumps(result, indent=2))
        return
    for key, value in result.items():
        print(f"{key.replace('_', ' '):<40} {value}")


if __name__ == "__main__":
    main()
