"""What became of each dropped file, as data for tables and JSON."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from dam.core.errors import DamError
from dam.core.model import Decision, Disposition, Reason, Waived


class Became(enum.StrEnum):
    """What one pass did with a file; the first four are dispositions of an asset."""

    APPROVED = "approved"
    HELD = "held"
    REFUSED = "refused"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Why:
    """One reason: the rule (or `dam` check) that speaks, its words by language, what to do."""

    rule: str
    message: dict[str, str]
    advice: dict[str, str]

    @classmethod
    def of(cls, reason: Reason) -> Why:
        return cls(reason.rule, reason.message, reason.advice)

    @classmethod
    def plain(cls, rule: str, message: str, advice: str = "") -> Why:
        """A reason that no rule file words: about a file, not about consent."""
        return cls(rule, {"en": message}, {"en": advice} if advice else {})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file's outcome. `source` is its name in the inbox, safe to display.

    `archived_as` is relative to the workspace, or None. `failure` is what disk or store
    refused; the photograph is safe and tried again. `waived` are the reasons that a waiver lifts.
    `again`: whoever looked at it died or ran out of time or memory; the next run tries once more.
    """

    source: str
    became: Became
    asset: str | None = None
    sha256: str | None = None
    reasons: tuple[Why, ...] = ()
    archived_as: str | None = None
    failure: DamError | None = None
    waived: tuple[Waived, ...] = ()
    again: bool = False


Listener = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a pass reports to: how many files there are, and each outcome as it comes.

    `step` is called whenever a photograph got further: a pass that hangs takes no step.
    `stopped` is asked between photographs; once it says so, those that were begun are finished
    and the pass ends.
    """

    begin: Callable[[int], None] = field(default=lambda total: None)
    done: Listener = field(default=lambda outcome: None)
    step: Callable[[], None] = field(default=lambda: None)
    stopped: Callable[[], bool] = field(default=lambda: False)


@dataclass(slots=True)
class Report:
    """A whole pass. `notes` are about files that are no photographs, and about recovery.

    Without `keep` outcomes are counted and not kept: for passes without end. `more`: a round
    is over and photographs are left for the next one.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dry_run: bool = False
    keep: bool = True
    more: bool = False
    became: Counter[Became] = field(default_factory=Counter)
    #: What disk or store refused, each kind once: a full disk refuses thousands of photographs.
    refused: dict[str, DamError] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        self.became[outcome.became] += 1
        if outcome.failure is not None:
            self.refuse(outcome.failure)
        if self.keep:
            self.outcomes.append(outcome)

    def refuse(self, failure: DamError) -> None:
        """Disk or store refused something."""
        self.refused.setdefault(str(failure), failure)

    def counts(self) -> dict[str, int]:
        """How many files became what, every kind named."""
        return {b.value: self.became[b] for b in Became}

    def failures(self) -> tuple[DamError, ...]:
        """What disk or store refused in this pass, each kind once."""
        return tuple(self.refused.values())

    def troubled(self) -> bool:
        """Whether anything was held, refused, quarantined or is still waiting."""
        fine = self.became[Became.APPROVED] + self.became[Became.DUPLICATE]
        return self.became.total() > fine


def whys(decision: Decision) -> tuple[Why, ...]:
    return tuple(Why.of(reason) for reason in decision.reasons)


def became(disposition: Disposition) -> Became:
    return Became(disposition.value)
