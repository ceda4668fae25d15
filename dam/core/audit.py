"""An audit as a whole: its sums, and ways to its rows and to what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dam.core.findings import Finding
from dam.core.report import AuditRow, Kind
from dam.core.rows import PackRow
from dam.core.tally import Line, Tally, View, Wanted
from dam.core.view import Dossier


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
    `kinds` counts the findings; only those of `only` were asked for where it names any, and ends
    within `ahead` days. `dossiers` gives what decisions about these assets (at most 500) rest
    on, by id. `head` is (events, hash) of the ledger and `origin` the hash of its first event, by
    which one workspace is told from another ("" where nothing ever happened), `pack_digest` that of
    the rule pack, `term` its default term, `anew` how many assets were decided anew for this audit,
    `doubts` what could not be recomputed, in English.
    """

    as_of: date
    wanted: Wanted
    only: frozenset[Kind]
    ahead: int
    tally: Tally
    kinds: Mapping[Kind, int]
    packs: tuple[PackLine, ...]
    head: tuple[int, str]
    origin: str
    pack_digest: str
    term: str
    rows: Callable[[], Iterator[AuditRow]]
    findings: Callable[[], Iterator[Finding]]
    lines: Callable[[View], Mapping[str, Line]]
    dossiers: Callable[[Sequence[str]], Mapping[str, Dossier]]
    organisation: str = ""
    anew: int = 0
    doubts: tuple[str, ...] = ()

    def failing(self, kinds: Iterable[Kind]) -> int:
        """How many findings are of these kinds."""
        return sum(self.kinds.get(kind, 0) for kind in frozenset(kinds))
