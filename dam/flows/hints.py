"""What exactly is wrong with what was said of a photograph: the file and line, the nearest word."""

from __future__ import annotations

from collections.abc import Iterator

from dam.adapters.desk import Desk
from dam.core.facts import Facts
from dam.core.likely import alike
from dam.core.readings import Status

#: Rules whose sentence says that something could not be used, but not what.
RULES = frozenset({"readable", "credited", "no-record"})


class Hints:
    """Hints about the photographs of one pass; the ids of the register are read once at most."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ids: tuple[str, ...] | None = None

    def of(self, asset: str) -> tuple[str, ...]:
        """Lines `where: what` about the sidecars of an asset; none where nothing is known of it."""
        row = self._desk.catalog.asset(asset)
        facts = self._desk.facts(row) if row is not None else None
        if facts is None:
            return ()
        return (*facts.problems, *self._credit(facts), *self._consents(facts))

    def _credit(self, facts: Facts) -> Iterator[str]:
        """A photographer was named who is nobody of the roster."""
        if facts.photographer.status is Status.UNREADABLE:
            ids = ", ".join(p.id for p in self._desk.credits.file.photographers)
            for source in facts.photographer.sources:
                yield f"{source}: photographer: is nobody in rules/credits.yaml, which has: {ids}"

    def _consents(self, facts: Facts) -> Iterator[str]:
        """A consent was named of which there is no record: perhaps another number is meant."""
        named = {p.consent: p.sources for p in facts.people.persons if p.consent}
        told = self._desk.catalog.current_consents(sorted(named), []) if named else ()
        for ident in sorted(set(named) - {v.consent for v in told}):
            if self._ids is None:
                self._ids = tuple(sorted({v.consent for v in self._desk.catalog.consents()}))
            what = f"{', '.join(named[ident])}: consent: there is no record {ident}"
            near = ", ".join(alike(ident, self._ids))
            yield f"{what}; did you mean {near}?" if near else what
