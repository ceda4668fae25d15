"""An audit as a whole: its sums, and ways to its rows and to what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from dam.core.findings import Finding
from dam.core.report import AuditRow, Kind
from dam.core.rows import PackRow
from dam.core.tally import Line, Tally, View, Wanted


@dataclass(frozen=True, slots=True)
class PackLine:
    """A press pack, how many pictures it holds and how many of them may be used no longer."""

    row: PackRow
    items: int
    ended: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What is held on the day `as_of`. There may be millions of assets, so nothing is a list:

    `rows` gives one row an asset, by id; `findings` what to do, the most urgent first; `lines`
    the sums by one view, by name. Each may be called again while the workspace is open.
    `kinds` counts the findings. `head` is (events, hash) of the ledger, `pack_digest` that of
    the rule pack, `anew` how many assets were decided anew for this audit, `doubts` what could
    not be recomputed, in English.
    """

    as_of: date
    wanted: Wanted
    tally: Tally
    kinds: Mapping[Kind, int]
    packs: tuple[PackLine, ...]
    head: tuple[int, str]
    pack_digest: str
    rows: Callable[[], Iterator[AuditRow]]
    findings: Callable[[], Iterator[Finding]]
    lines: Callable[[View], Mapping[str, Line]]
    organisation: str = ""
    anew: int = 0
    doubts: tuple[str, ...] = ()

    def failing(self, kinds: Iterable[Kind]) -> int:
        """How many findings are of these kinds."""
        return sum(self.kinds.get(kind, 0) for kind in frozenset(kinds))
