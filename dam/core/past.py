"""A past day: what of it cannot be recomputed, and what follows from that.

Silence is never consent: a photograph of which something cannot be recomputed counts as held for
that day, with the reason. Refusals stay refusals.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from dam.core.decide import WORLD
from dam.core.explain import Explanation, Question
from dam.core.model import ConsentState, Decision, Disposition, Otherwise, Purpose, Reason
from dam.core.redaction import Drawn
from dam.core.rows import AssetRow, PackRow
from dam.core.waivers import Waiver

#: What stands as the rule of a reason that comes of a doubt, not of the rules.
RULE = "cannot-be-recomputed"
#: The same of a photograph that could not be used then, whatever the rules said.
UNUSABLE = "unusable-photo"

HINT = "Rely on what was recorded then: dam explain ASSET --as-of DAY tells it"


class Why(enum.StrEnum):
    """Why something of a past day cannot be recomputed."""

    FACTS_UNDATED = "facts_undated"
    FACTS_UNREADABLE = "facts_unreadable"
    FACTS_OLDER = "facts_older"
    RECORD_UNREADABLE = "record_unreadable"
    ERASED = "erased"
    PHOTO_ERASED = "photo_erased"
    RULES_UNKNOWN = "rules_unknown"
    RULES_LOST = "rules_lost"
    RULES_UNREADABLE = "rules_unreadable"
    DECIDED_OTHERWISE = "decided_otherwise"
    NOT_FILED = "not_filed"


_SAID = {
    Why.FACTS_UNDATED: "When what is known of this photo was found out is not on record",
    Why.FACTS_UNREADABLE: "This version of dam cannot read what was known of this photo then",
    Why.FACTS_OLDER: "An earlier version of dam had read this photo and did not look for what the "
    "rule {what} needs",
    Why.RECORD_UNREADABLE: "This version of dam cannot read the consent {what} as it was told then",
    Why.ERASED: "Personal details of {what} that counted then were erased later; without them "
    "nobody can tell whether the consent still held",
    Why.PHOTO_ERASED: "This photo was erased later, and with it what was known of it then",
    Why.RULES_UNKNOWN: "Which rules were in force then is not on record",
    Why.RULES_LOST: "The rules that were in force then are not kept",
    Why.RULES_UNREADABLE: "This version of dam cannot read the rules that were in force then",
    Why.DECIDED_OTHERWISE: "On the same facts another decision was recorded then for {what}",
    Why.NOT_FILED: "The rules approved it then, but it did not stand in the archive; what stood "
    "in the way is not on record",
}


_WORDS_ERASED = (
    "Words about a person were erased later from what was known of this photo then; without them "
    "nobody can tell whether it would be decided the same"
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that cannot be recomputed; `what` is the rule, subject, consent or purpose.

    ERASED without `what`: words that the facts of the photograph had.
    """

    why: Why
    what: str = ""

    @property
    def told(self) -> str:
        """The sentence in English, without its stop."""
        if self.why is Why.ERASED and not self.what:
            return _WORDS_ERASED
        return _SAID[self.why].format(what=self.what)

    def reason(self) -> Reason:
        """The reason for which a decision on that day is a hold."""
        return _against(RULE, self.told, HINT)


def _against(rule: str, message: str, advice: str) -> Reason:
    # In English alone: results know these sentences and say them in their language.
    return Reason(
        rule=rule,
        otherwise=Otherwise.HOLD,
        title={"en": "It cannot be recomputed" if rule == RULE else "It could not be used"},
        message={"en": message},
        advice={"en": advice or HINT},
        source="Silence is never consent",
        unknown=True,
    )


def doubted(decisions: Iterable[Decision], doubts: Sequence[Doubt]) -> tuple[Decision, ...]:
    """The decisions with the doubts as reasons: what was approved is held."""
    return tuple(_barred(d, [doubt.reason() for doubt in doubts]) for d in decisions)


def unusable(decisions: Iterable[Decision], note: str, hint: str) -> tuple[Decision, ...]:
    """The decisions on a photograph that could not be used then, for the reason in `note`."""
    return tuple(_barred(d, [_against(UNUSABLE, note, hint)]) for d in decisions)


def _barred(decision: Decision, reasons: Sequence[Reason]) -> Decision:
    if not reasons:
        return decision
    approved = decision.disposition is Disposition.APPROVED
    return replace(
        decision,
        disposition=Disposition.HELD if approved else decision.disposition,
        reasons=(*decision.reasons, *reasons),
        obligations=(),
    )


def undecided(
    purposes: Iterable[Purpose], day: date, pack_digest: str, territory: str = WORLD
) -> tuple[Decision, ...]:
    """Holds without a reason of their own, for where nothing can be asked of the rules."""
    return tuple(
        Decision(
            purpose=purpose,
            territory=territory,
            day=day,
            disposition=Disposition.HELD,
            reasons=(),
            obligations=(),
            facts_digest="",
            pack_digest=pack_digest,
            holds_until=None,
            consents=(),
        )
        for purpose in purposes
    )


@dataclass(frozen=True, slots=True)
class Learned:
    """What was recorded later of a day that had passed: an event and when it became known."""

    consent: str
    subject: str
    state: ConsentState
    on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """The decision on record then. `agrees`: the recomputed one says the same, for the same

    reasons (None: that cannot be told); else `overtaken` tells that the calendar, or something
    recorded since, had made another one of it, which was still to be recorded.
    """

    decision: Decision
    made_at: datetime
    agrees: bool | None
    overtaken: bool


@dataclass(frozen=True, slots=True)
class Used:
    """A consent record as it counted: what it said, by whom, since when it was known.

    `digest` is what packs record. `ends` is None where it has no end or, without `because`, where
    nobody can tell any more; `counts` is false where its source mentioned it no longer, or who it
    is about had been erased.
    """

    consent: str
    subject: str
    source: str
    digest: str
    recorded_at: datetime
    counts: bool
    state: str
    since: date
    ends: date | None
    because: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A pack that holds the photograph. `disposition` is what was to be decided for it at the

    moment it was made, by what was known then; held where that cannot be recomputed (`doubts`).
    """

    pack: PackRow
    use: str
    disposition: Disposition
    doubts: tuple[Doubt, ...]
    consents: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """One photograph on one day. It was `lawful` if it is approved, and nothing is in doubt.

    `explanation` is None where the rules could not be asked, or not be relied on. `pack` and
    `facts` are the digests of rule pack and facts with since when they counted. `later` is what
    became known afterwards of that day or an earlier one, and did not count.
    """

    asset: AssetRow
    question: Question
    decision: Decision | None
    explanation: Explanation | None
    recorded: Recorded | None
    pack: tuple[str, datetime] | None
    facts: tuple[str, datetime] | None
    records: tuple[Used, ...]
    waivers: tuple[Waiver, ...]
    drawn: tuple[Drawn, ...]
    packs: tuple[Sent, ...]
    later: tuple[Learned, ...]
    doubts: tuple[Doubt, ...]

    @property
    def lawful(self) -> bool:
        return self.decision is not None and self.decision.disposition is Disposition.APPROVED
