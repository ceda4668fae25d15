"""Which pictures somebody asks for: by what the catalogue lists, and by a CEL query over facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from dam.core.celled import cel
from dam.core.errors import UsageError
from dam.core.rows import AssetRow
from dam.core.rules import expression_faults
from dam.core.tally import lies_in

#: A query is typed on a command line; more than this is no query.
MAX_QUERY: Final = 4000


class Query:
    """A yes or no question in CEL over the facts of a picture (`dam rules facts` lists them)."""

    def __init__(self, text: str) -> None:
        """Raises UsageError with all that is wrong where `text` asks no such question."""
        faults = (
            expression_faults(text) if len(text) <= MAX_QUERY else [f"is over {MAX_QUERY} letters"]
        )
        if faults:
            raise UsageError(
                f"The query {'; '.join(dict.fromkeys(faults))}",
                "`dam rules facts` lists the names that it may use",
            )
        self.text = text
        self._program = cel.compile(text)

    def answer(self, variables: Mapping[str, object]) -> bool | None:
        """Whether the picture is meant; None where something that it asks for is not known.

        Raises UsageError where the answer is neither yes nor no.
        """
        try:
            said = self._program.execute(cel.Context(dict(variables)))
        except Exception:  # whatever it trips over is an unknown
            return None
        if not isinstance(said, bool):
            raise UsageError(
                "The query gives no yes or no", "Compare something: photo.captured >= '2021-01-01'"
            )
        return said


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for; everything said must be true of a picture.

    `since` and `taken_until` bound the day on which it was taken, both included (a picture of
    unknown day is then not meant); `place` is a town or a country; all of `tags` must stand in
    its sidecars; `assets` are ids. `limit` counts the pictures that may go.
    """

    programme: str | None = None
    place: str | None = None
    since: date | None = None
    taken_until: date | None = None
    tags: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    query: Query | None = None
    limit: int | None = None

    def takes(self, row: AssetRow) -> bool:
        """Whether a picture may be meant, by its row alone."""
        place = ", ".join(filter(None, (row.city, row.country)))
        return (
            (not self.assets or row.id in self.assets)
            and (self.programme is None or row.programme == self.programme)
            and (self.place is None or lies_in(place, self.place))
            and self._in_time(row.captured_on)
        )

    def _in_time(self, day: date | None) -> bool:
        if self.since is None and self.taken_until is None:
            return True
        return (
            day is not None
            and (self.since is None or day >= self.since)
            and (self.taken_until is None or day <= self.taken_until)
        )

    def tagged(self, tags: tuple[str, ...]) -> bool:
        """Whether these tags are those that are asked for, whatever their letter case."""
        has = {tag.strip().casefold() for tag in tags}
        return all(tag.strip().casefold() in has for tag in self.tags)
