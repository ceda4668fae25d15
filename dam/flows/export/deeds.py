"""What was done to a picture of a pack, for its content credentials."""

from __future__ import annotations

from collections.abc import Iterator

from dam.core.credentials import Deed
from dam.flows.export.order import Included
from dam.flows.export.rendering import Made, Wanted


def deeds_of(item: Included, job: Wanted, made: Made) -> Iterator[Deed]:
    """In the order in which they were done."""
    facts = item.candidate.dossier.facts
    if facts.format != "JPEG":
        yield Deed.CONVERTED
    if made.recoloured:
        yield Deed.COLOUR
    if made.turned:
        yield Deed.TURNED
    if max(made.width, made.height) < max(facts.width, facts.height):
        yield Deed.RESIZED
    if job.redact:
        yield Deed.REDACTED
    if job.style.kind in ("logo", "tiled"):
        yield Deed.MARKED
    if job.style.kind == "credit" or (job.style.kind != "none" and job.style.line):
        yield Deed.CREDITED
