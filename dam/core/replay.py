"""Replaying the ledger: what it says must stand in the catalogue, compared with what does.

An event of the type `KIND.changed` tells the new state of one thing: its subject is the thing's
id, its body `{"now": {field: text or null}}`. Fields that are not named stay; null takes one
away; `"now": null` takes the thing away. `"part"` makes a thing of its own out of a part of the
subject. All other events tell people what happened, and change nothing here.

A ledger that is older than these events has a baseline: `ledger.baseline` forgets what was told
before, and the `ledger.held` after it tell what stood in the catalogue then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dam.core.errors import IntegrityError
from dam.core.model import Event
from dam.core.rows import EventRow

BASELINE: Final = "ledger.baseline"
HELD: Final = "ledger.held"
_CHANGED: Final = ".changed"

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that stands: its kind, its id, its fields. All text, and nothing personal.

    `id` is that of the subject, followed by a blank and a part where it is only a part of it.
    """

    kind: str
    id: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """Ledger and catalogue disagree about a field; "" for the thing as a whole.

    `expected` is what the ledger says, `found` what stands in the catalogue; None for nothing.
    """

    kind: str
    id: str
    field: str
    expected: str | None
    found: str | None

    def __str__(self) -> str:
        what = f"{self.kind} {self.id}" + (f", {self.field}" if self.field else "")
        if self.found is None:
            return f"{what}: is in the ledger and not in the catalogue"
        if self.expected is None:
            return f"{what}: is in the catalogue and not in the ledger"
        return f"{what}: the catalogue says {self.found}, the ledger {self.expected}"


@dataclass(frozen=True, slots=True)
class Replay:
    """What stands by the ledger, by kind and id.

    `begins` is the number of the event that the replay starts at: 1, or that of the baseline.
    """

    items: dict[Key, dict[str, str]]
    begins: int

    def differences(self, found: Iterable[Held]) -> Iterator[Difference]:
        """Everything in which `found` is other than the ledger says; uses the replay up."""
        for held in found:
            told = self.items.pop((held.kind, held.id), None)
            if told is None:
                yield Difference(held.kind, held.id, "", None, "there")
                continue
            for field in sorted({*told, *held.fields}):
                expected, there = told.get(field), held.fields.get(field)
                if expected != there:
                    yield Difference(held.kind, held.id, field, expected, there)
        for kind, ident in sorted(self.items):
            yield Difference(kind, ident, "", "there", None)
        self.items.clear()

    def of_kind(self, kind: str) -> dict[str, dict[str, str]]:
        """What stands of one kind, by id."""
        return {ident: fields for (each, ident), fields in self.items.items() if each == kind}


def changed(kind: str, ident: str, now: Mapping[str, str | None] | None) -> Event:
    """The event that tells the new fields of a thing; None for one that is there no longer."""
    subject, _, part = ident.partition(" ")
    body: dict[str, object] = {"now": None if now is None else dict(now)}
    return Event(f"{kind}{_CHANGED}", subject, body | ({"part": part} if part else {}))


def fold(events: Iterable[EventRow]) -> Replay:
    """What stands after these events, which come in the order of the ledger.

    Raises IntegrityError for one that is not of the form that this page's first words state.
    """
    items: dict[Key, dict[str, str]] = {}
    begins = 1
    for event in events:
        if event.type.endswith(_CHANGED):
            _change(items, event)
        elif event.type == BASELINE:
            items.clear()
            begins = event.seq
        elif event.type == HELD:
            _hold(items, event)
    return Replay(items, begins)


def _change(items: dict[Key, dict[str, str]], event: EventRow) -> None:
    part, now = event.body.get("part", ""), event.body.get("now")
    ident = f"{event.subject} {part}" if part else event.subject
    key = (event.type.removesuffix(_CHANGED), ident)
    if now is None:
        items.pop(key, None)
        return
    if not isinstance(now, dict):
        raise _unreadable(event)
    fields = items.setdefault(key, {})
    for field, value in now.items():
        if value is None:
            fields.pop(field, None)
        elif isinstance(value, str):
            fields[field] = value
        else:
            raise _unreadable(event)


def _hold(items: dict[Key, dict[str, str]], event: EventRow) -> None:
    told = event.body.get("things")
    if not isinstance(told, list):
        raise _unreadable(event)
    for each in told:
        match each:
            case [str(kind), str(ident), dict(fields)]:
                items[kind, ident] = {str(field): str(value) for field, value in fields.items()}
            case _:
                raise _unreadable(event)


def _unreadable(event: EventRow) -> IntegrityError:
    return IntegrityError(f"Event {event.seq} of the ledger cannot be replayed", "Run `dam verify`")
