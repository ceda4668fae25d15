"""The job `audit`: auditing a million photographs, beside bare SQL that reads the same rows.

A summary is `dam audit` in a terminal's form; beside it stand the same sums by bare SQL. A list
is `dam audit --by asset --format csv`; beside it the same columns, read and written with Python's
csv and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench import copies, places
from bench.harness import always, in_turn, say
from bench.result import Beside, Result

_SUMS = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(len(db.execute("SELECT captured_on, profile, minors, COUNT(*), MIN(until) FROM audit_rows "
    "GROUP BY captured_on, profile, minors").fetchall()))
print(len(db.execute("SELECT until, profile, COUNT(*) FROM audit_rows WHERE until IS NOT NULL "
    "GROUP BY until, profile").fetchall()))
"""
_LIST = """
import csv, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
csv.writer(sys.stdout).writerows(db.execute("SELECT asset, profile, captured_on, programme, "
    "place, photographer, people, minors, consents, until FROM audit_rows ORDER BY asset"))
"""


def audit(place: Path, count: int, made: int, rounds: int) -> Result:
    """On `count` photographs, of which dam has made so many and the others are copies."""
    root = place / "workspace"
    database = copies.make(root, count, min(made, count), everything=False)
    say("an empty file for each that is filed")
    for path in copies.archived(root):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    csv = ("audit", "--by", "asset", "--format", "csv")
    contestants = [
        always("dam audit", places.dam(root, "audit")),
        always("sums", [sys.executable, "-c", _SUMS, str(database)]),
        always("dam audit, csv", places.dam(root, *csv)),
        always("list", [sys.executable, "-c", _LIST, str(database)]),
    ]
    return Result(
        job="audit",
        about={"assets": count, "made_by_dam": made, "rounds": rounds},
        runs=in_turn(contestants, rounds, place),
        beside=[Beside("dam audit", "sums"), Beside("dam audit, csv", "list")],
        count=count,
        unit="asset",
        figures={
            "sums": "the same sums by sqlite3 alone",
            "list": "the same rows as CSV by sqlite3 and csv alone",
        },
    )
