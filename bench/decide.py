"""The job `decide`: deciding many photographs again, beside bare CEL expressions.

Two questions. The rule pack changes: `dam ingest` decides all again, read from and written to the
catalogue; what does that cost beside evaluating the rules' expressions alone? One consent record
changes: how much work is `dam consent import` of it, and does it touch anything but the
photographs that refer to it?
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from bench import expressions, places
from bench.harness import Contestant, always, give_up, in_turn, say
from bench.holdings import SCOPE, consent, consents_for, fill, register
from bench.result import Beside, Result
from dam.adapters.desk import Desk
from dam.core.model import Purpose
from dam.flows.ingest.again import again, batches

_RULE = Path("rules", "consent", "in-time.yaml")
#: A command ran before: nothing may be older than what it recorded.
_NOW = timedelta()
_IMPORT = "dam consent import"
_INGEST = "dam ingest, other rules"


def decide(place: Path, count: int, sample: int, rounds: int) -> Result:
    """On `count` photographs; the expressions see `sample` of them, again and again."""
    root = place / "workspace"
    places.make(root)
    places.remembered(root)
    say(f"generating {count} photographs")
    with places.opened(root) as desk:
        register(desk, [consent(n) for n in range(consents_for(count))])
        ids = [ident for batch in fill(desk, count) for ident in batch]
        for batch in batches(ids):
            if left := again(desk, batch).left:
                give_up(f"{len(left)} photographs could not be decided from what is stored")
        expressions.written(desk, ids[:: max(1, count // sample)][:sample], place / "views")
    one, ingest = _OneRecord(root, ids), Contestant(_INGEST, _other_rules(root))
    alone = [_alone(what, root, place / "views", count) for what in expressions.WHAT]
    runs = in_turn([one.contestant(), ingest, *alone], rounds, place)
    spent = [each.cpu / count for each in runs[_INGEST]]
    return Result(
        job="decide",
        about={"assets": count, "rounds": rounds},
        runs=runs,
        beside=[Beside(_INGEST, what) for what in expressions.WHAT],
        count=count,
        counts={_IMPORT: one.touched},
        unit="asset",
        figures={
            "one_record_changed_assets_decided_again": one.touched,
            "decisions_a_cpu_second": round(len(Purpose) / min(spent)),
            "expressions": "the rules' expressions, each for every purpose, one context an asset",
            "core": "decide_all alone",
        },
    )


def _other_rules(root: Path) -> Callable[[Path], Sequence[str]]:
    def ready(folder: Path) -> Sequence[str]:
        del folder
        rule = root / _RULE
        rule.write_text(rule.read_text() + "# The same rule; the pack has another digest.\n")
        return places.dam(root, "ingest")

    return ready


def _alone(what: str, root: Path, views: Path, count: int) -> Contestant:
    words = [sys.executable, "-m", "bench.expressions", what, str(root), str(views), str(count)]
    return always(what, words)


class _OneRecord:
    """A consent that serves the web, and then no longer, and then again."""

    def __init__(self, root: Path, ids: Sequence[str]) -> None:
        self.touched = 0
        self._root = root
        self._ids = ids
        self._narrow = False
        self._before: dict[str, frozenset[object]] = {}

    def contestant(self) -> Contestant:
        return Contestant(_IMPORT, self._ready, self._check)

    def _ready(self, folder: Path) -> Sequence[str]:
        self._narrow = not self._narrow
        record = consent(1)
        purposes = ["press", "print"] if self._narrow else SCOPE["purposes"]
        record["scope"] = {**SCOPE, "purposes": purposes}
        (folder / "record.json").write_text(json.dumps([record]))
        with places.opened(self._root, ago=_NOW) as desk:
            self._before = _decided(desk, self._ids)
        return places.dam(self._root, "consent", "import", str(folder / "record.json"))

    def _check(self, folder: Path) -> None:
        """Ends everything where others than those that refer to the record were decided again."""
        del folder
        with places.opened(self._root, ago=_NOW) as desk:
            after = _decided(desk, self._ids)
            referring = set(desk.catalog.assets_using_consents([str(consent(1)["id"])]))
        changed = {ident for ident in self._ids if self._before[ident] != after[ident]}
        if changed != referring or not changed:
            give_up("other photographs than those that refer to the consent were decided again")
        self.touched = len(changed)


def _decided(desk: Desk, ids: Sequence[str]) -> dict[str, frozenset[object]]:
    return {
        ident: frozenset(state.decided)
        for batch in batches(ids)
        for ident, state in desk.catalog.states(batch, Purpose.ARCHIVE.value).items()
    }
