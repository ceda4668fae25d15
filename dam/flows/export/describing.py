"""What a pack says of its pictures, and of itself: texts, places and days that may leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from dam.adapters.desk import Desk
from dam.adapters.marks import read_logos
from dam.core import plan
from dam.core.model import Face, LocationPermission, Obligation, Rights
from dam.core.packing import Contents, Picture
from dam.core.presets import Preset, to_destroy
from dam.core.view import chosen
from dam.flows.export.order import Candidate, Included, Order


def file_name(preset: Preset, number: int, candidate: Candidate) -> str:
    """The path of a picture in the pack: by day and id, or by its number from 1."""
    if preset.naming == "numbered":
        return f"images/{number:03}.jpg"
    taken = candidate.row.captured_on or date.min
    return "images/" + plan.archive_name(candidate.row.id, taken).rpartition("/")[2]


def rights_of(desk: Desk, preset: Preset, candidate: Candidate, pack: str) -> tuple[Rights, str]:
    """What the metadata of a picture says, as far as the preset lets it, and its credit line."""
    rights, line = desk.credits.rights(candidate.dossier.facts, pack=pack)
    if preset.metadata == "credit":
        return replace(rights, captions=(), captured=None), line
    captions = tuple((lang, text) for lang, text in rights.captions if lang in preset.languages)
    return replace(rights, captions=captions), line


def faces_of(preset: Preset, candidate: Candidate) -> tuple[Face, ...] | None:
    """What is destroyed in a picture; None where that is every face and nobody knows them all."""
    asked = [redaction.face() for redaction in candidate.decision.redact]
    seen = candidate.dossier.facts.faces
    boxes = [Face(box.x, box.y, box.w, box.h, box.score) for box in seen.boxes]
    return to_destroy(preset, asked, boxes if seen.count == len(boxes) else None)


def picture_of(
    desk: Desk,
    item: Included,
    rights: Rights,
    line: str,
    made: tuple[str, int, int, int],
    smaller: tuple[str, str | None],
) -> Picture:
    """A finished picture as the texts tell it. `made`: SHA-256, bytes, width, height; `smaller`:

    where its thumbnail and its page stand.
    """
    sha256, size, width, height = made
    city, country = place_of(desk, item.candidate, item.decision.day)
    return Picture(
        asset=item.asset.id,
        file=item.file,
        sha256=sha256,
        size=size,
        width=width,
        height=height,
        taken=rights.captured,
        city=city,
        country=country,
        captions=dict(rights.captions),
        credit=line,
        photographer=rights.creators[0],
        thumb=smaller[0],
        page=smaller[1],
        until=item.candidate.until,
    )


def place_of(desk: Desk, candidate: Candidate, day: date) -> tuple[str, str]:
    """City and country as far as everybody shown allows: the strictest permission counts.

    `region` lets the city be named, `country` the country alone; nothing more exact than the
    city is ever written, and with the obligation `drop_location` nothing more exact than the
    country.
    """
    row, dossier = candidate.row, candidate.dossier
    standings = dossier.standings(day, desk.pack.policy.default_term)
    allowed = [
        standing.location if (standing := chosen(person, standings)) else LocationPermission.NONE
        for person in dossier.facts.people.persons
        if person.identifiable
    ]
    city = all(a in (LocationPermission.REGION, LocationPermission.EXACT) for a in allowed)
    city = city and Obligation.DROP_LOCATION not in candidate.decision.obligations
    country = all(a is not LocationPermission.NONE for a in allowed)
    return (row.city or "") if city else "", (row.country or "") if country else ""


def contents_of(
    desk: Desk,
    order: Order,
    preset: Preset,
    ident: str,
    day: date,
    items: Iterable[Included],
    head: tuple[int, str],
) -> Contents:
    """All that the texts of the pack tell; of items without a picture they tell nothing."""
    held = [(item, item.picture) for item in items]
    shown = tuple(picture for _, picture in held if picture is not None)
    used = {item.asset.programme for item, picture in held if picture is not None}
    file = desk.credits.file
    programmes = tuple(p for ident, p in sorted(desk.programmes.items()) if ident in used)
    return Contents(
        id=ident,
        day=day,
        purpose=order.purpose,
        use=order.use,
        territory=order.territory,
        recipient=order.recipient,
        until=until_of(order, (p.until for p in shown)),
        preset=preset,
        organisation=file.organisation,
        contact=desk.pack.policy.withdrawal_contact,
        usage_terms=dict(file.usage_terms),
        web_statement=file.web_statement or "",
        programmes=programmes,
        pictures=shown,
        logos=read_logos(desk.workspace.rules, programmes),
        head=head,
        signed=order.signed,
    )


def until_of(order: Order, ends: Iterable[date | None]) -> date | None:
    """The last day of use that holds for all pictures, by the last days of each."""
    return order.until or min((day for day in ends if day is not None), default=None)
