"""What a transaction changes: noted by what changes it, told to the ledger at its end.

No flow can forget an event: whatever writes notes what stands now, and `Catalog.transaction`
turns the notes into events before it commits. See `dam.core.replay` for their form and
`holdings` for the same of what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator

from dam.adapters.catalog.engine import Database
from dam.adapters.catalog.part import Part
from dam.core.model import Event
from dam.core.replay import changed


class Changes(Part):
    """The notes of one transaction."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._noted: dict[tuple[str, str], dict[str, str | None] | None] = {}
        #: Records that are new: (consent, slot). What the ledger says of them is worked out last.
        self.told: dict[tuple[str, str], None] = {}

    def note(self, kind: str, ident: str, /, **fields: str | None) -> None:
        """A thing stands so from now on; fields not named stay as they were, None is none.

        All text is a digest, a reference, a pseudonym or a word: the ledger never forgets.
        """
        self.note_fields(kind, ident, fields)

    def note_fields(self, kind: str, ident: str, fields: dict[str, str | None]) -> None:
        """As `note`, for names that are no words of Python."""
        known = self._noted.get((kind, ident))
        self._noted[kind, ident] = {**(known or {}), **fields}

    def drop(self, kind: str, ident: str) -> None:
        """A thing stands no longer."""
        self._noted[kind, ident] = None

    def noted(self) -> Iterator[Event]:
        """The events of what was noted, in the order in which each thing was first changed."""
        self.conclude_notes()
        for (kind, ident), now in self._noted.items():
            yield changed(kind, ident, now)
        self._noted.clear()

    def conclude_notes(self) -> None:
        """Note what can only be worked out once everything is written."""
