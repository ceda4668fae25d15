"""An audit as a whole: its sums, and ways to its rows and to what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dam.core.findings import Finding, Severity, severity
from dam.core.report import AuditRow, Kind
from dam.core.rows import PackRow
from dam.core.tally import Line, Tally, View, Wanted
from dam.core.view import Dossier

#: What an audit of a past day does not tell, whatever was wrong then.
NOT_OF_THE_PAST = (
    "Which sidecars lay alone in the inbox and which files were missing from the archive is not "
    "known of a past day: the findings orphan_sidecar and integrity are not told"
)
_OF_TODAY = frozenset({Kind.ORPHAN_SIDECAR, Kind.INTEGRITY})


def untold(only: Iterable[Kind]) -> tuple[str, ...]:
    """What to say of the findings that an audit of a past day leaves out; `only` as in `Audit`."""
    asked = frozenset(only)
    return (NOT_OF_THE_PAST,) if not asked or asked & _OF_TODAY else ()


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
    `doubts` what could not be recomputed, in English. `urgent` counts those of `kinds` that are
    critical for the picture stands in the archive all the same, though their kind is less.
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
    urgent: Mapping[Kind, int] = field(default_factory=dict)

    @property
    def severities(self) -> dict[tuple[Severity, Kind], int]:
        """How many findings there are of each kind and severity, the most urgent first."""
        found: dict[tuple[Severity, Kind], int] = {}
        for kind, number in self.kinds.items():
            urgent = self.urgent.get(kind, 0)
            for each, n in ((Severity.CRITICAL, urgent), (severity(kind), number - urgent)):
                if n:
                    found[each, kind] = found.get((each, kind), 0) + n
        order = tuple(Severity)
        return dict(sorted(found.items(), key=lambda item: (order.index(item[0][0]), item[0][1])))

    def failing(self, kinds: Iterable[Kind]) -> int:
        """How many findings are of these kinds."""
        return sum(self.kinds.get(kind, 0) for kind in frozenset(kinds))
