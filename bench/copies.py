"""A workspace that holds very many photographs: some thousand by dam, the others copies.

`bench.known` makes the first through dam itself; SQL copies their rows under other ids, days and
hashes until there are enough. Copies of ledger events are no chain: everything but `dam verify`
takes them for what they are. Photographs have no bytes; where files are wanted they are empty.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

from bench import places
from bench.harness import give_up, say
from bench.known import generate
from dam.flows.ingest.due import redecide

MADE = 2000
_DATABASE = Path(".dam", "catalogue.db")
_TOLD = "bench.json"
#: Ids of copies end in their number; days are spread over a thousand.
_DAY = "date(t.captured_on, -((k.n * 37) % 1000) || ' days')"


def held(place: Path | None, spare: Path, count: int, *, faces: bool | None = None) -> Path:
    """A workspace with so many, every table copied: that in `place` if it is one of this bench
    and of this size, else a new one there, or in `spare` where no place is named. `faces`: with
    the face check on or off, None: it does not matter."""
    root = place or spare
    if (root / _TOLD).exists():
        told = json.loads((root / _TOLD).read_text())
        if told["assets"] != count or faces not in (None, told["faces"]):
            give_up(f"{root} was made for other photographs; name another folder")
        return root
    make(root, count, min(count, MADE), everything=True, faces=faces is not False)
    (root / _TOLD).write_text(json.dumps({"assets": count, "faces": faces is not False}))
    return root


def make(root: Path, count: int, made: int, *, everything: bool, faces: bool = True) -> Path:
    """A workspace of `count` photographs in `root`, `made` of them by dam; its catalogue's file.

    `everything`: all tables are copied, else what an audit reads.
    """
    places.make(root, faces=faces)
    places.remembered(root, faces=faces)
    with places.opened(root, faces=faces) as desk:
        say(f"generating {made} photographs")
        generate(desk, made)
        with desk.darkroom() as room:
            for outcome in redecide(desk, room):
                if outcome.failure is not None:
                    give_up(f"{outcome.asset} could not be decided")
    if count > made:
        # Apart: the memory of this process would count as that of the commands it starts.
        copying = get_context("spawn").Process(target=_copy, args=(root, count // made, everything))
        copying.start()
        copying.join()
        if copying.exitcode:
            give_up("the photographs could not be copied")
    return root / _DATABASE


def archived(root: Path) -> Iterator[Path]:
    """Where the catalogue says that renditions are."""
    with closing(sqlite3.connect(root / _DATABASE)) as db:
        yield from (
            root / row[0]
            for row in db.execute("SELECT archived_as FROM assets WHERE archived_as > ''")
        )


def examples(root: Path, count: int) -> list[str]:
    """Ids of photographs that are filed, decided and have facts: the same each time."""
    with closing(sqlite3.connect(root / _DATABASE)) as db:
        found = db.execute(
            "SELECT id FROM assets WHERE archived_as > '' AND facts_digest IS NOT NULL "
            "ORDER BY sha256 LIMIT ?",
            (count,),
        )
        return [row[0] for row in found]


def _copy(root: Path, times: int, everything: bool) -> None:
    """Each photograph again and again, under other ids, on other days."""
    say(f"copying them {times - 1} times")
    with closing(sqlite3.connect(root / _DATABASE)) as db:
        # Many pages would go to the disk and back often with a small cache.
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -1000000")

        def again(table: str, where: str = "", **others: str) -> None:
            _again(db, table, times, where, others)

        _audited(again)
        if everything:
            _told_of(again)
            _events(db, again)
        db.execute("ANALYZE")
        db.execute("PRAGMA journal_mode = WAL")


def _named(column: str) -> str:
    return f"printf('%s%04d', t.{column}, k.n)"


def _audited(again: Callable[..., None]) -> None:
    name = f"strftime('%Y/%m/%d/%Y%m%d-', {_DAY}) || {_named('id')}"
    place = f"CASE WHEN t.archived_as IS NULL THEN NULL ELSE 'archive/' || {name} || '.jpg' END"
    again(
        "assets",
        id=_named("id"),
        sha256="lower(hex(randomblob(32)))",
        captured_on=_DAY,
        archived_as=place,
    )
    again(
        "audit_rows",
        asset=_named("asset"),
        captured_on=_DAY,
        archived_as=f"(SELECT archived_as FROM assets WHERE id = {_named('asset')})",
    )
    again("decisions", asset=_named("asset"))


def _told_of(again: Callable[..., None]) -> None:
    for table in ("asset_consents", "asset_subjects", "facts", "facts_versions", "likenesses"):
        again(table, asset=_named("asset"))
    again(
        "provenance",
        asset=_named("asset"),
        inode="t.inode || k.n",
        shown=_named("shown"),
        name_key=_named("name_key"),
        stem_key=_named("stem_key"),
    )
    again(
        "renditions",
        asset=_named("asset"),
        relative=f"(SELECT substr(archived_as, 9) FROM assets WHERE id = {_named('asset')})",
    )
    again("notes", "t.key LIKE 'rights:%'", key=_named("key"))


def _events(db: sqlite3.Connection, again: Callable[..., None]) -> None:
    (last,) = db.execute("SELECT MAX(seq) FROM events").fetchone()
    again(
        "events",
        f"t.seq <= {last} AND (t.type LIKE 'asset.%' OR t.type LIKE 'rendition.%')",
        seq=f"k.n * {last} + t.seq",
        id="lower(hex(randomblob(16)))",
        subject=_named("subject"),
        prev="lower(hex(randomblob(32)))",
        hash="lower(hex(randomblob(32)))",
    )
    with db:
        db.execute(
            "UPDATE ledger_head SET (seq, hash) = "
            "(SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1)"
        )


def _again(
    db: sqlite3.Connection, table: str, times: int, where: str, others: dict[str, str]
) -> None:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "row"]
    chosen = ", ".join(others.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with db:
        db.execute(
            f"INSERT INTO {table} ({names}) WITH RECURSIVE k(n) AS "
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {times - 1}) "
            f"SELECT {chosen} FROM {table} t CROSS JOIN k {'WHERE ' + where if where else ''}"
        )
