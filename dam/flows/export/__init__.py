"""export: a press pack of what may be used, decided again for this purpose, place and day.

The decision that counts is the last one: it is made while the pack gets its name and nobody else
can write, so a withdrawal that arrives while pictures are rendered wins. See `records`.
"""

from __future__ import annotations

from collections.abc import Callable

from dam.adapters import inbox
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.pack import pack_sink
from dam.core.errors import ConfigurationError
from dam.core.packing import Writer
from dam.flows.export import records, rendering
from dam.flows.export.choosing import choose
from dam.flows.export.describing import file_name, until_of
from dam.flows.export.identity import identify
from dam.flows.export.making import Making, Signing
from dam.flows.export.order import Excluded, Included, Order, Pack

__all__ = ["Excluded", "Included", "Order", "Pack", "Signing", "export", "planned"]


def unread_sidecars(desk: Desk) -> int:
    """How many sidecars lie in the inbox that no pass has taken in; one may be a withdrawal."""
    kinds = (inbox.Kind.SIDECAR, inbox.Kind.XMP)
    return sum(f.kind in kinds or f.unread for f in inbox.scan(desk.workspace.inbox))


def planned(desk: Desk, order: Order) -> Pack:
    """What would go and what not; nothing is rendered and nothing written."""
    preset, day = desk.presets[order.purpose], desk.day()
    going, left = choose(desk, order, preset, day)
    names = [file_name(preset, number, item) for number, item in enumerate(going, 1)]
    until = until_of(order, (item.until for item in going))
    return Pack(until=until, included=list(map(Included, going, names)), excluded=left)


def export(
    desk: Desk,
    room: Darkroom,
    order: Order,
    write: Writer,
    *,
    sign: Signing | None = None,
    begin: Callable[[int], None] = lambda total: None,
    step: Callable[[], None] = lambda: None,
) -> Pack:
    """Make one pack, its texts by `write`. Nothing is written where no picture may go.

    `out` must not lie in the workspace's own folders: what stands in the archive is kept in order
    by dam, and what stands in the inbox is taken in. Raises ConfigurationError where the place is
    taken, StorageError where the disk refuses, WorkspaceBusy where consents never rest.
    """
    place = desk.workspace
    for own in (place.inbox, place.archive, place.rules, place.private):
        if order.out.resolve().is_relative_to(own):
            raise ConfigurationError(
                f"The pack cannot stand in {own.name}/ of the workspace",
                "Name another place with --out",
            )
    records.clear_up(desk)
    rendering.clear_up(desk)
    result = planned(desk, order)
    if not result.included:
        return result
    preset = desk.presets[order.purpose]
    identity = identify(desk, order, preset, result.included)
    with pack_sink(order.out, order.format) as sink:
        making = Making(desk, order, preset, identity, sink, result)
        begin(len(result.included))
        making.render(room, sign, step)
        making.finish(write)
    return result
