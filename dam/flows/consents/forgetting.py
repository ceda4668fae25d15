"""Forgetting for ever who a subject is: register, captions, file names, stored sidecars."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.core import erasing, sidecar
from dam.core.erasing import Values
from dam.core.errors import DamError
from dam.core.model import Event
from dam.core.rows import SidecarRow


@dataclass(frozen=True, slots=True)
class Stored:
    """Where sidecars about a person stand; found before anything is forgotten."""

    slots: tuple[str, ...]
    rows: tuple[SidecarRow, ...]


def values_of(unit: Unit, subjects: Iterable[str]) -> Values:
    """All that is on record of these people and of whoever spoke for them."""
    consents = {consent for subject in subjects for consent in unit.consents_of(subject)}
    wanted = set(subjects)
    versions = [v for c in sorted(consents) for v in unit.consent_history(c)]
    details = unit.details(v.revision for v in versions if v.subject in wanted)
    events = [
        (_text(told.get("by")), _text(told.get("reason")))
        for consent in sorted(consents)
        for told, plain in zip(unit.told_events(consent), unit.all_events(consent), strict=True)
        if told != plain
    ]
    return erasing.of(details.values(), events)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def stored_about(unit: Unit, ids: Iterable[str], subjects: Iterable[str]) -> Stored:
    """The sidecars that speak of these assets or told of these people."""
    slots = unit.slots_about(ids, subjects)
    rows = (unit.sidecar(slot) for slot in slots)
    return Stored(slots, tuple(row for row in rows if row is not None))


def forget(
    desk: Desk,
    unit: Unit,
    subjects: Sequence[str],
    stored: Stored,
    kept: Iterable[str],
    values: Values,
) -> tuple[str, ...]:
    """Forget these people; the ids of the records that are now without details.

    Sidecars that speak of no asset any more go whole; the others are written anew without what
    was known of these people. `kept` are the assets that stay and show them.
    """
    left = []
    for row in stored.rows:
        if unit.links_of_slot(row.slot) or _speaks_of_others(unit, row.slot, subjects):
            left.append(row)
        else:
            for sha256 in unit.contents_of_slot(row.slot):
                unit.plan_leaving("bytes", what=sha256)
            unit.forget_slot(row.slot)
    for row in left:
        _write_anew(desk, unit, row, values)
    consents: set[str] = set()
    for subject in subjects:
        consents.update(unit.erase_details(subject, desk.instant()))
    for asset in unit.forget_texts(kept, [row.slot for row in left], values):
        # Past days that rest on what these facts said can no longer be recomputed.
        unit.append(Event("words.erased", asset), desk.instant())
    unit.plan_leaving("scrub")
    return tuple(sorted(consents))


def _speaks_of_others(unit: Unit, slot: str, subjects: Sequence[str]) -> bool:
    told = unit.consents_of_slot(slot)
    return any(version.subject not in subjects for version in told)


def _write_anew(desk: Desk, unit: Unit, row: SidecarRow, values: Values) -> None:
    for sha256 in unit.contents_of_slot(row.slot):
        try:
            data = desk.originals.read_bytes(sha256)
        except DamError:
            continue
        clean = without(data, row.name_key, row.kind, values)
        if clean != data:
            unit.replace_content(sha256, desk.originals.put_bytes(clean))
            unit.plan_leaving("bytes", what=sha256)


def without(data: bytes, name: str, kind: str, values: Values) -> bytes:
    """A stored sidecar without these values, saying everything else as before.

    One that can be read is written anew out of what it says (as JSON, which YAML readers read),
    so that no comment or spelling keeps a value; a table loses them cell by cell.
    """
    text = data.decode("utf-8", "replace")
    if name.endswith(".csv"):
        return _table(text, values)
    if kind in ("photo", "shoot") and not name.endswith(".xmp"):
        parse = sidecar.parse_photo if kind == "photo" else sidecar.parse_shoot
        said = parse(data, name, name.endswith(".json")).value
        if said is not None:
            body = said.model_dump(mode="json", exclude_unset=True, by_alias=True)
            told = json.dumps(body, ensure_ascii=False)
            if not values.tells(told) and not values.tells(text):
                return data
            return json.dumps(_cleaned(body, values), ensure_ascii=False).encode()
    return values.out_of(text).encode() if values.tells(text) else data


def _cleaned(body: object, values: Values) -> object:
    """Without these values; a date or a text that was one goes with its word."""
    if isinstance(body, dict):
        kept = {word: _cleaned(value, values) for word, value in body.items()}
        return {w: v for w, v in kept.items() if v != "" or body[w] == ""}
    if isinstance(body, list):
        return [_cleaned(item, values) for item in body]
    return values.out_of(body) if isinstance(body, str) else body


def _table(text: str, values: Values) -> bytes:
    if not values.tells(text):
        return text.encode()
    try:
        dialect = csv.Sniffer().sniff(text.partition("\n")[0], delimiters=",;\t")
        rows = list(csv.reader(io.StringIO(text), dialect))
    except csv.Error:
        return values.out_of(text).encode()
    out = io.StringIO()
    writer = csv.writer(out, delimiter=dialect.delimiter)
    writer.writerows([[values.out_of(cell) for cell in row] for row in rows])
    return out.getvalue().encode()
