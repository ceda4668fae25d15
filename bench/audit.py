"""The job `audit`: auditing a million photographs, beside bare SQL that reads the same rows.

The generator of `bench.known` makes some thousand photographs through dam itself; SQL copies
them under other ids, days and ends until there are enough. A summary is `dam audit` in a
terminal's form, whole process and start included; the baseline of it is the same sums by bare
SQL in another process. A list is `dam audit --by asset --format csv`; its baseline reads and
writes the same columns with Python's csv and nothing else.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from bench.known import generate
from dam.adapters import starter
from dam.adapters.desk import open_desk
from dam.adapters.settings import Workspace, load_settings, prepare
from dam.flows.ingest.due import redecide

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


def audit(count: int, made: int, rounds: int) -> dict[str, object]:
    """Measure on `count` photographs, of which dam has made so many and the others are copies.

    The best of so many rounds, which alternate.
    """
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "workspace"
        database = _make(root, count, min(made, count))
        summary, sums, listed, plain = [], [], [], []
        dam = [sys.executable, "-m", "dam.cli.main", "-C", str(root), "audit"]
        for _ in range(rounds):
            summary.append(_run(dam))
            sums.append(_run([sys.executable, "-c", _SUMS, str(database)]))
            listed.append(_run([*dam, "--by", "asset", "--format", "csv"]))
            plain.append(_run([sys.executable, "-c", _LIST, str(database)]))
    best, bare = min(s[0] for s in summary), min(s[0] for s in sums)
    whole, rows = min(s[0] for s in listed), min(s[0] for s in plain)
    return {
        "job": "audit",
        "photographs": count,
        "baseline": "the same sums, and the same rows as CSV, by sqlite3 alone",
        "summary_seconds": round(best, 2),
        "summary_baseline_seconds": round(bare, 2),
        "summary_ratio": round(best / bare, 1),
        "summary_peak_mb": round(max(s[1] for s in summary)),
        "csv_seconds": round(whole, 2),
        "csv_rows_a_second": round(count / whole),
        "csv_rows_a_second_after_the_summary": round(count / max(whole - best, 0.001)),
        "csv_baseline_rows_a_second": round(count / rows),
        "csv_ratio": round(whole / rows, 1),
        "csv_peak_mb": round(max(s[1] for s in listed)),
    }


def _run(words: Sequence[str]) -> tuple[float, float]:
    """(wall seconds, peak MB) of a whole process whose output goes nowhere."""
    begin = time.perf_counter()
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(words[:4])} ended with {child.returncode}")
    return time.perf_counter() - begin, used.ru_maxrss / 1024


def _make(root: Path, count: int, made: int) -> Path:
    starter.write_workspace(root)
    settings = load_settings(root, {})
    workspace = Workspace.at(root, settings)
    prepare(workspace)
    # An hour ago, so that nothing lies in the future of the commands that are measured.
    now = datetime.now(UTC).astimezone() - timedelta(hours=1)
    with open_desk(workspace, settings, lambda: now, writing=True, alone=True) as desk:
        _say(f"generating {made} photographs")
        generate(desk, made)
        with desk.darkroom() as room:
            for outcome in redecide(desk, room):
                if outcome.failure is not None:
                    sys.exit(f"{outcome.asset} could not be decided; nothing is measured")
    # Apart: the memory of this process would count as that of the commands it starts.
    copying = get_context("spawn").Process(target=_copy, args=(workspace.database, count // made))
    copying.start()
    copying.join()
    if copying.exitcode:
        sys.exit("the photographs could not be copied; nothing is measured")
    _say("an empty file for each that is filed")
    for place in _filed(workspace.database):
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return workspace.database


def _copy(database: Path, times: int) -> None:
    """Each photograph again and again, under other ids, on other days."""
    if times < 2:
        return
    _say(f"copying them {times - 1} times")
    db = sqlite3.connect(database)
    # Ids are random: with a small cache every page would go to the disk and back many times.
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -1000000")
    day = "date(t.captured_on, -((k.n * 37) % 1000) || ' days')"
    ident = "printf('%s%04d', t.{}, k.n)"
    name = f"strftime('%Y/%m/%d/%Y%m%d-', {day}) || {ident.format('id')}"
    place = f"CASE WHEN t.archived_as IS NULL THEN NULL ELSE 'archive/' || {name} || '.jpg' END"
    _again(
        db,
        "assets",
        times,
        id=ident.format("id"),
        sha256="lower(hex(randomblob(32)))",
        captured_on=day,
        archived_as=place,
    )
    _again(
        db,
        "audit_rows",
        times,
        asset=ident.format("asset"),
        captured_on=day,
        archived_as=f"(SELECT archived_as FROM assets WHERE id = {ident.format('asset')})",
    )
    _again(db, "decisions", times, asset=ident.format("asset"))
    db.execute("ANALYZE")
    db.execute("PRAGMA journal_mode = WAL")
    db.close()


def _again(db: sqlite3.Connection, table: str, times: int, **others: str) -> None:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "row"]
    chosen = ", ".join(others.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with db:
        db.execute(
            f"INSERT INTO {table} ({names}) WITH RECURSIVE k(n) AS "
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {times - 1}) "
            f"SELECT {chosen} FROM {table} t, k"
        )


def _filed(database: Path) -> Iterator[str]:
    db = sqlite3.connect(database)
    yield from (r[0] for r in db.execute("SELECT archived_as FROM assets WHERE archived_as > ''"))
    db.close()


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"{line} ...", file=sys.stderr)
