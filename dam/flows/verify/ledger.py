"""Is the ledger whole, does it hold every known checkpoint, and does it give today's tables?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

from dam.adapters import survey, timestamps
from dam.adapters.checkpoints import Kept
from dam.core import checkpoint as core
from dam.core.checkpoint import Checkpoint, check_checkpoint
from dam.core.errors import DamError, IntegrityError
from dam.core.replay import BASELINE, HELD, Difference, Held, fold
from dam.core.rows import EventRow
from dam.core.verification import NOTHING, UNREADABLE, Code, Finding
from dam.flows.verify.work import Work

FOLDER: Final = ".dam/checkpoints"
#: Events that are replayed together; of more, piles are made outside of memory.
_PILE: Final = 20_000
_MOST_PILES: Final = 128
_CHANGED: Final = ".changed"
_KNOWN = re.compile(r"(\d{12}-[0-9a-f]{8})(\.json|\.tsr|\.roots\.pem)|[0-9a-f]{64}\.pem")
_AT = datetime.fromtimestamp(0, UTC)


def chain(work: Work) -> Iterator[Finding]:
    """Every place where the chain is broken."""
    catalog = work.desk.catalog
    with catalog.snapshot():
        work.checked["events"] = catalog.head()[0]
        for fault in catalog.ledger_faults():
            found = f"{fault.what}: {fault.found}" if fault.found else fault.what
            yield Finding(Code.LEDGER_BROKEN, f"ledger {fault.seq}", fault.expected, found)


def checkpoints(work: Work, elsewhere: Iterable[tuple[str, bytes]]) -> Iterator[Finding]:
    """Every checkpoint kept here, and each kept elsewhere (name, bytes), against the ledger."""
    kept = work.desk.checkpoints
    keys: frozenset[str] = frozenset()
    try:
        keys = kept.keys()
        own = kept.own_key()
        if own is not None and own not in keys and kept.names():
            yield Finding(Code.LEDGER_KEY, ".dam/keys/ledger.pem", " ".join(sorted(keys)), own)
    except IntegrityError as error:
        yield Finding(Code.LEDGER_KEY, ".dam", "", error.what)
    for name in kept.names():
        yield from _kept(work, name, keys)
    for name, data in elsewhere:
        yield from _held_against(work, data, name, keys)
    yield from _strangers(work)


def _kept(work: Work, name: str, keys: frozenset[str]) -> Iterator[Finding]:
    place = f"{FOLDER}/{name}"
    try:
        kept = work.desk.checkpoints.load(name)
        told = kept.checkpoint()
    except IntegrityError:
        work.look("checkpoints")
        yield Finding(Code.CHECKPOINT_UNREADABLE, place, "", UNREADABLE)
        return
    named = f"{told.seq:012d}-{told.hash[:8]}.json"
    if named != name:
        yield Finding(Code.CHECKPOINT_NAME, place, named, name)
    yield from _held_against(work, kept.data, place, keys)
    yield from _stamped(work, kept, place)


def _held_against(work: Work, data: bytes, place: str, keys: frozenset[str]) -> Iterator[Finding]:
    work.look("checkpoints")
    try:
        told: Checkpoint = core.parse(data)
    except IntegrityError:
        yield Finding(Code.CHECKPOINT_UNREADABLE, place, "", UNREADABLE)
        return
    catalog = work.desk.catalog
    with catalog.snapshot():
        faults = check_checkpoint(told, catalog.event_hash, catalog.head(), keys)
    for fault in faults:
        code = Code(f"checkpoint-{fault.flaw.value}")
        found = fault.found or NOTHING
        yield Finding(code, f"{place}: ledger {fault.seq}", fault.expected, found)


def _stamped(work: Work, kept: Kept, place: str) -> Iterator[Finding]:
    stamp = place.removesuffix(".json") + ".tsr"
    if not kept.timestamped:
        return
    if not timestamps.installed():
        yield Finding(Code.TIMESTAMP_UNCHECKED, stamp)
        return
    try:
        found = work.desk.checkpoints.timestamp(kept)
        if found is not None:
            timestamps.check(found[0], kept.data, found[1])
    except DamError as error:
        yield Finding(Code.TIMESTAMP_INVALID, stamp, "", error.what)


def _strangers(work: Work) -> Iterator[Finding]:
    """Files among the checkpoints that are none, or belong to none."""
    stems = {name.removesuffix(".json") for name in work.desk.checkpoints.names()}
    for entry in survey.inside(work.desk.workspace.private, "checkpoints"):
        known = _KNOWN.fullmatch(entry.name)
        if known is None or (known[1] is not None and known[1] not in stems):
            yield Finding(Code.FILE_UNKNOWN, f"{FOLDER}/{entry.name}", NOTHING, "a file")


def replay(work: Work) -> Iterator[Finding]:
    """Everything in which the tables are other than the ledger says."""
    catalog = work.desk.catalog
    if catalog.baseline_due():
        yield Finding(Code.REPLAY_LATER, "ledger")
        return
    piles = min(_MOST_PILES, 1 + catalog.head()[0] // _PILE)
    with survey.heap(2 * piles) as heap:
        with catalog.snapshot():
            for event in catalog.events():
                for pile, line in _told(event, piles):
                    if pile is None:
                        heap.empty()
                    else:
                        heap.put(pile, line)
            for held in catalog.holdings():
                line = json.dumps([held.kind, held.id, dict(held.fields)]).encode()
                heap.put(piles + _pile(held.kind, held.id, piles), line)
                work.checked["things"] += 1
        for pile in range(piles):
            told = fold(map(_event, heap.pile(pile)))
            for difference in told.differences(map(_held, heap.pile(piles + pile))):
                yield _differs(difference)


def _told(event: EventRow, piles: int) -> Iterator[tuple[int | None, bytes]]:
    """What of an event goes to which pile; to None where it begins all anew."""
    if event.type.endswith(_CHANGED):
        part = event.body.get("part", "")
        ident = f"{event.subject} {part}" if part else event.subject
        pile = _pile(event.type.removesuffix(_CHANGED), ident, piles)
        yield pile, _line(event, event.body)
    elif event.type == BASELINE:
        yield None, b""
    elif event.type == HELD:
        things = event.body.get("things")
        if not isinstance(things, list):
            raise IntegrityError(f"Event {event.seq} of the ledger cannot be replayed")
        for each in things:
            kind, ident = (str(word) for word in each[:2])
            yield _pile(kind, ident, piles), _line(event, {"things": [each]})


def _pile(kind: str, ident: str, piles: int) -> int:
    drawn = blake2b(f"{kind} {ident}".encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(drawn) % piles


def _line(event: EventRow, body: dict[str, object]) -> bytes:
    return json.dumps([event.seq, event.type, event.subject, body]).encode()


def _event(line: bytes) -> EventRow:
    seq, kind, subject, body = json.loads(line)
    return replace(_BLANK, seq=seq, type=kind, subject=subject, body=body)


_BLANK = EventRow(0, "", _AT, "", "", {}, "", "")


def _held(line: bytes) -> Held:
    kind, ident, fields = json.loads(line)
    return Held(kind, ident, fields)


def _differs(told: Difference) -> Finding:
    what = f" {told.field}" if told.field else ""
    return Finding(
        Code.REPLAY_DIFFERS,
        f"catalogue: {told.kind} {told.id}{what}",
        told.expected or NOTHING,
        told.found or NOTHING,
    )
