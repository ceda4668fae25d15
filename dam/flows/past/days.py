"""Which days can be asked for, and when they ended."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from dam.adapters.desk import Desk
from dam.core.errors import UsageError
from dam.flows.past.past import Past


def at(desk: Desk, day: date) -> Past:
    """The workspace as it was known at the end of a day; of today, as it is known now.

    Raises UsageError for a day that lies ahead, or before the first record of the workspace.
    """
    if day > desk.day():
        raise UsageError(f"{day} lies ahead: nobody knows yet what will be known then")
    first = next(desk.catalog.events(), None)
    if first is None:
        raise UsageError("Nothing is on record yet", "Run dam ingest")
    began = first.at.astimezone(desk.now().tzinfo).date()
    if day < began:
        raise UsageError(
            f"Nothing is on record of {day}: this workspace begins on {began}",
            f"Ask for {began} or a later day",
        )
    return Past.known(desk, day, end_of(desk, day))


def end_of(desk: Desk, day: date) -> datetime:
    """The first instant (UTC) after a day of the workspace's clock."""
    midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=desk.now().tzinfo)
    return midnight.astimezone(UTC)
