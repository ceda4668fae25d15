"""The job `decide`: deciding many photographs again, beside bare CEL expressions.

Two questions. One consent record changes: how much work is it, and does it touch anything but
the photographs that refer to it? The rule pack changes: all are decided again, read from and
written to the catalogue; what does that cost beside evaluating the rules' expressions alone,
each for every purpose it speaks of, in one `cel.Context` an asset?

Seconds are CPU seconds of this process; no child is started.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cel

from bench.holdings import SCOPE, consent, consents_for, fill
from dam.adapters import starter
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace, load_settings, prepare
from dam.core import view
from dam.core.decide import WORLD, decide_all
from dam.core.model import Purpose
from dam.core.rules import RulePack
from dam.flows import consents
from dam.flows.ingest.again import again, batches
from dam.flows.ingest.due import redecide

#: The day of the measurement; consents have begun and go on.
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ROUNDS = 3
#: Under a changed rule pack so many are decided again; each costs the same, however many.
AGAIN = 10_000
_RECORDS_A_FILE = 1000


def decide(count: int, sample: int) -> dict[str, object]:
    """Measure on `count` generated photographs; the baseline on `sample` of them."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "workspace"
        starter.write_workspace(root)
        prepare(Workspace.at(root, load_settings(root, {})))
        return {"job": "decide", "photographs": count, **_measure(root, count, sample)}


def _measure(root: Path, count: int, sample: int) -> dict[str, object]:
    with _desk(root, NOW) as desk:
        _say(f"generating {count} photographs")
        _import(desk, [consent(n) for n in range(consents_for(count))], root)
        ids = [ident for batch in fill(desk, count) for ident in batch]
        first = _cpu(lambda: _decide_all(desk, ids))
    with _desk(root, NOW + timedelta(hours=1)) as desk:
        one = _one_changed(desk, root, ids)
    rule = root / "rules" / "consent" / "in-time.yaml"
    rule.write_text(rule.read_text() + "# The same rule; the pack has another digest.\n")
    with _desk(root, NOW + timedelta(hours=2)) as desk:
        _say("deciding again under a changed rule pack")
        begin = time.process_time()
        stale = desk.catalog.stale_pack(desk.pack.digest)
        took = time.process_time() - begin
        again_for = stale[:AGAIN]
        every = took / count + _cpu(lambda: _decide_all(desk, again_for)) / len(again_for)
        bare, core = _bare(desk, ids[:: max(1, count // sample)][:sample])
    return {
        "first_decisions_cpu_seconds": round(first, 2),
        **one,
        "baseline": "the rules' CEL expressions, each for every purpose, one cel.Context an asset",
        "rules_changed_decided_again": len(again_for),
        "rules_changed_ms_a_photograph": round(every * 1000, 3),
        "baseline_ms_a_photograph": round(bare * 1000, 3),
        "rules_changed_ratio": round(every / bare, 2),
        "rules_changed_decisions_a_second": round(len(Purpose) / every),
        "deciding_alone_ratio": round(core / bare, 2),
        "deciding_alone_decisions_a_second": round(len(Purpose) / core),
    }


def _one_changed(desk: Desk, root: Path, ids: Sequence[str]) -> dict[str, object]:
    """One consent no longer serves the web: who is decided again, at what cost."""
    _say("changing one consent record")
    record = consent(1)
    record["child_assent"] = "given"
    record["scope"] = {**SCOPE, "purposes": ["press", "print"]}
    before = _decided(desk, ids)
    referring = set(desk.catalog.assets_using_consents([str(record["id"])]))
    took = _cpu(lambda: _import(desk, [record], root))
    due = set(desk.catalog.due_assets())
    took += _cpu(lambda: _drain(desk))
    after = _decided(desk, ids)
    changed = {ident for ident in ids if before[ident] != after[ident]}
    if changed != referring or due != referring:
        sys.exit("other photographs than those that refer to the consent were decided again")
    return {
        "one_consent_changed_photographs_decided_again": len(changed),
        "one_consent_changed_cpu_seconds": round(took, 3),
    }


def _decided(desk: Desk, ids: Sequence[str]) -> dict[str, frozenset[object]]:
    return {
        ident: frozenset(state.decided)
        for batch in batches(ids)
        for ident, state in desk.catalog.states(batch, Purpose.ARCHIVE.value).items()
    }


@contextmanager
def _desk(root: Path, now: datetime) -> Iterator[Desk]:
    settings = load_settings(root, {})
    workspace = Workspace.at(root, settings)
    with open_desk(workspace, settings, lambda: now, writing=True, alone=True) as desk:
        yield desk


def _import(desk: Desk, records: Sequence[dict[str, object]], folder: Path) -> None:
    """Through the register's own way in, a file of bounded size at a time."""
    file = folder / "records.json"
    for start in range(0, len(records), _RECORDS_A_FILE):
        file.write_text(json.dumps(list(records[start : start + _RECORDS_A_FILE])))
        items, _ = consents.read([file])
        consents.import_(desk, items)


def _decide_all(desk: Desk, ids: Sequence[str]) -> None:
    for batch in batches(ids):
        left = again(desk, batch).left
        if left:
            sys.exit(f"{len(left)} photographs could not be decided from what is stored")


def _drain(desk: Desk) -> None:
    with desk.darkroom() as room:
        for outcome in redecide(desk, room):
            sys.exit(f"{outcome.asset} became {outcome.became}; nothing is measured")


def _cpu(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _bare(desk: Desk, ids: Sequence[str]) -> tuple[float, float]:
    """CPU seconds a photograph of the expressions alone and of `decide_all` alone: the best of

    some rounds, which alternate.
    """
    rows = (desk.catalog.asset(ident) for ident in ids)
    found = (desk.dossier(row) for row in rows if row is not None)
    dossiers = [dossier for dossier in found if dossier is not None]
    term = desk.pack.policy.default_term
    seen = [view.build(d, Purpose.ARCHIVE, WORLD, desk.day(), term) for d in dossiers]
    bare, core = [], []
    for _ in range(ROUNDS):
        bare.append(_cpu(lambda: _expressions(desk.pack, seen)))
        core.append(
            _cpu(lambda: [decide_all(d, desk.pack, tuple(Purpose), desk.day()) for d in dossiers])
        )
    return min(bare) / len(dossiers), min(core) / len(dossiers)


def _expressions(pack: RulePack, seen: Sequence[dict[str, object]]) -> None:
    for variables in seen:
        context = cel.Context(variables)
        for purpose in Purpose:
            context.add_variable("purpose", purpose.value)
            for rule in pack.rules:
                if rule.applies_to(purpose):
                    with suppress(Exception):
                        rule.program.execute(context)


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"{line} ...", file=sys.stderr)
