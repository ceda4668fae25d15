"""The hash chain of the ledger: canonical JSON, the seal of one event, the check of many.

Canonical JSON follows RFC 8785 for the values an event may hold: text, whole numbers within
+-(2**53 - 1), true, false, null, lists and objects. Fractions are refused, so that no two
programs can disagree about how a number is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Final

from dam.core.errors import DamError
from dam.core.rows import EventRow

SCHEMA: Final = "dam/event/1"
#: What the first event names as its predecessor.
GENESIS: Final = hashlib.sha256(b"dam/ledger/1").hexdigest()
MAX_DEPTH: Final = 32
#: `check` names this many problems and stops: one broken disk must not fill the memory too.
MAX_PROBLEMS: Final = 100
#: I-JSON (RFC 7493, 2.2): beyond it a number is not the same number everywhere.
_MAX_INT: Final = 2**53 - 1


class Uncanonical(DamError):
    """A value that canonical JSON cannot express in one way only."""


def canonical(value: object) -> bytes:
    """The one byte form of `value` (RFC 8785), as UTF-8.

    Tuples are written as lists. Raises `Uncanonical` for a fraction, a number beyond
    +-(2**53 - 1), a key that is no text, half a surrogate pair, any other type, or a value
    nested deeper than `MAX_DEPTH`.
    """
    try:
        return _text(value, MAX_DEPTH).encode("utf-8")
    except UnicodeEncodeError:
        raise Uncanonical("An event holds text that is not Unicode") from None


def _text(value: object, depth: int) -> str:
    if isinstance(value, str):
        # Python escapes exactly what RFC 8785, 3.2.2.2 asks for, in the same spelling.
        return encode_basestring(str(value))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if abs(value) > _MAX_INT:
            raise Uncanonical("An event holds a number that is too large")
        return str(int(value))
    if depth == 0:
        raise Uncanonical("An event is nested too deeply")
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(item, depth - 1) for item in value) + "]"
    if isinstance(value, dict):
        pairs = sorted((_key(key), key) for key in value)
        return (
            "{"
            + ",".join(f"{_text(key, 0)}:{_text(value[key], depth - 1)}" for _, key in pairs)
            + "}"
        )
    raise Uncanonical(f"An event cannot hold a {type(value).__name__}")


def _key(key: object) -> bytes:
    """Sort by UTF-16 code units (RFC 8785, 3.2.3): not the order of Python's `str`."""
    if not isinstance(key, str):
        raise Uncanonical("An event has a key that is not text")
    return key.encode("utf-16-be")


def instant(at: datetime) -> str:
    """How a seal writes an instant: UTC, six digits of a second, `+00:00`.

    Raises `Uncanonical` for an instant without a time zone or outside the years 1 to 9999.
    """
    if at.utcoffset() is None:
        raise Uncanonical("An event has a time without a time zone")
    try:
        return at.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        raise Uncanonical("An event has a time that no calendar holds") from None


def seal(
    prev: str,
    seq: int,
    id: str,  # noqa: A002
    at_iso: str,
    type: str,  # noqa: A002
    subject: str,
    body: dict[str, object],
) -> str:
    """The hash of one event over everything in it and the hash before it; hex of SHA-256.

    `at_iso` is written by `instant`. Raises `Uncanonical` where `canonical` does.
    """
    return seal_text(prev, seq, id, at_iso, type, subject, canonical(body))


def seal_text(
    prev: str,
    seq: int,
    id: str,  # noqa: A002
    at_iso: str,
    type: str,  # noqa: A002
    subject: str,
    body: bytes,
) -> str:
    """As `seal`, for a body that `canonical` has written already."""
    rest: dict[str, object] = {
        "id": id,
        "prev": prev,
        "schema": SCHEMA,
        "seq": seq,
        "subject": subject,
        "type": type,
    }
    # Names sort: "at", "body", then the others.
    head = canonical({"at": at_iso})[:-1] + b',"body":' + body + b","
    return hashlib.sha256(head + canonical(rest)[1:]).hexdigest()


def digest(value: object) -> str:
    """SHA-256 in hex of the canonical form of a value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def line(row: EventRow) -> bytes:
    """One event as everybody can check it: what was sealed with its seal, canonical, one line.

    Without `hash`, and written by RFC 8785 again, its SHA-256 is `hash`. Raises `Uncanonical`
    for a row that was altered into something that no event can hold.
    """
    content: dict[str, object] = {
        "schema": SCHEMA,
        "prev": row.prev,
        "seq": row.seq,
        "id": row.id,
        "at": instant(row.at),
        "type": row.type,
        "subject": row.subject,
        "body": row.body,
        "hash": row.hash,
    }
    return canonical(content)


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the ledger is not what was sealed: the event, what is wrong, in words,

    and where there are two values to compare what was expected and what was found.
    """

    seq: int
    what: str
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        return f"event {self.seq}: {self.what}"


def check(rows: Iterable[EventRow], end: tuple[int, str] | None = None) -> tuple[str, ...]:
    """Every place where the chain is broken, in words with the number of the event; () if none.

    As `faults`; at most `MAX_PROBLEMS`, and a word that more follow.
    """
    problems: list[str] = []
    for fault in faults(rows, end):
        if len(problems) == MAX_PROBLEMS:
            return (*problems, "more problems follow; they are not listed")
        problems.append(str(fault))
    return tuple(problems)


def faults(
    rows: Iterable[EventRow], end: tuple[int, str] | None = None, *, unique: bool = False
) -> Iterator[Fault]:
    """Every place where the chain is broken, in order.

    `rows` come in the order of the ledger, from the first. `end` is the (seq, hash) that the
    last one must have: without it nobody can see that the newest events were cut off. `unique`:
    they come from where no id can be there twice, and none has to be remembered.
    """
    last, prev = 0, GENESIS
    seen: set[str] = set()
    for row in rows:
        yield from _faults(row, last, prev)
        if not unique:
            if row.id in seen:
                yield Fault(row.seq, "its id was used before", found=row.id)
            seen.add(row.id)
        last, prev = row.seq, row.hash
    if end is not None and end != (last, prev):
        what = "the ledger does not end where it was last seen to end"
        yield Fault(end[0], what, f"{end[0]} {end[1]}", f"{last} {prev}")


def _faults(row: EventRow, last: int, prev: str) -> Iterator[Fault]:
    if row.seq != last + 1:
        what = f"follows event {last}: events are missing, doubled or out of order"
        yield Fault(row.seq, what, str(last + 1), str(row.seq))
    if row.prev != prev:
        yield Fault(row.seq, "does not continue the event before it", prev, row.prev)
    try:
        sealed = seal(row.prev, row.seq, row.id, instant(row.at), row.type, row.subject, row.body)
    except Uncanonical:
        yield Fault(row.seq, "holds something that no event can hold")
    else:
        if sealed != row.hash:
            what = "was altered: its content does not match its seal"
            yield Fault(row.seq, what, row.hash, sealed)
