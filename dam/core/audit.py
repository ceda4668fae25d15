"""An audit as a whole, as data: its rows, its sums and what is wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from dam.core.findings import Finding
from dam.core.report import AuditRow, Kind
from dam.core.rows import PackRow
from dam.core.tally import Tally, Wanted


@dataclass(frozen=True, slots=True)
class PackLine:
    """A press pack, how many pictures it holds and how many of them may be used no longer."""

    row: PackRow
    items: int
    ended: int


@dataclass(frozen=True, slots=True)
class Audit:
    """`rows` one an asset, `findings` what to do; `head` is (events, hash) of the ledger."""

    as_of: date
    wanted: Wanted
    rows: tuple[AuditRow, ...]
    findings: tuple[Finding, ...]
    tally: Tally
    packs: tuple[PackLine, ...]
    head: tuple[int, str]
    pack_digest: str

    def failing(self, kinds: set[str]) -> tuple[Finding, ...]:
        """The findings of these kinds."""
        return tuple(f for f in self.findings if f.kind.value in kinds)

    def kinds(self) -> dict[Kind, int]:
        """How many findings there are of each kind, the most frequent first."""
        return dict(Counter(f.kind for f in self.findings).most_common())
