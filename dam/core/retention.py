"""How long things are kept: the rules of `rules/retention.yaml`, and what they come to on a day.

Nothing here erases what may be used: a photograph of which any decision in force says yes, that a
waiver lets pass, or that a pack outside holds is never among what goes. Whoever turned 18 is
asked again; that is listed, and never a reason to erase.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from dam.core.consent import NO_END, add_term
from dam.core.errors import ProblemsError
from dam.core.fields import Ident, Strict, Text
from dam.core.model import Disposition, Problem
from dam.core.sidecar import validation_problems
from dam.core.tree import parse

WHERE: Final = "rules/retention.yaml"
FOREVER: Final = "forever"


class What(enum.StrEnum):
    """What a rule speaks of, and from when on its time is counted.

    Originals by the state of their photograph, since it is in that state and nobody told anything
    new; `old_sidecars`: versions since another one replaced them, and sidecars of no photo since
    they came; `old_details`: personal details of a consent record since a newer version of it;
    `evidence`: scans and recordings since the record ended (dam does not have them: they are
    listed, to be destroyed by hand); files of the log, previews and renditions since they changed.
    """

    REFUSED = "refused_originals"
    HELD = "held_originals"
    QUARANTINED = "quarantined_originals"
    RESTRICTED = "restricted_originals"
    OLD_SIDECARS = "old_sidecars"
    OLD_DETAILS = "old_details"
    EVIDENCE = "evidence"
    LOG = "log"
    PREVIEWS = "previews"
    RENDITIONS = "renditions"


#: Which photographs a rule for originals speaks of.
OF_STATE: Final[Mapping[Disposition, What]] = MappingProxyType(
    {
        Disposition.REFUSED: What.REFUSED,
        Disposition.HELD: What.HELD,
        Disposition.QUARANTINED: What.QUARANTINED,
    }
)
#: Whoever answers late must still find the photograph there.
LEAST: Final[Mapping[What, int]] = MappingProxyType(
    {What.REFUSED: 30, What.HELD: 90, What.QUARANTINED: 14, What.RESTRICTED: 30}
)
#: What people destroy by hand.
BY_HAND: Final = frozenset({What.EVIDENCE})

Keep = Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{0,3}[ymd]|forever)$")]


class RetentionRule(Strict):
    """One rule: how long something is kept, and why so long."""

    id: Ident
    what: What
    keep: Keep
    why: Text


class RetentionFile(Strict):
    """`rules/retention.yaml`: schema dam/retention/1. What no rule speaks of is kept."""

    schema_: Literal["dam/retention/1"] = Field(alias="schema")
    rules: tuple[RetentionRule, ...]


Rules = Mapping[What, RetentionRule]


def load(data: bytes, where: str = WHERE) -> Rules:
    """The rules, by what they speak of. Raises ProblemsError with every problem at once."""
    tree, problems = parse(data, where, json=False, own=True)
    found: list[Problem] = list(problems)
    file = None
    if tree is not None and not problems:
        try:
            file = RetentionFile.model_validate(tree.value)
            found += _twice(file.rules, where) + _too_short(file.rules, where)
        except ValidationError as error:
            found += validation_problems(error, tree, where, RetentionFile)
    if file is None or found:
        raise ProblemsError(
            "The rules of retention cannot be used",
            tuple(str(problem) for problem in found),
            f"Mend {where}; until then everything is kept",
        )
    return MappingProxyType({rule.what: rule for rule in file.rules})


def _twice(rules: Sequence[RetentionRule], where: str) -> list[Problem]:
    ids = [rule.id for rule in rules]
    whats = [rule.what.value for rule in rules]
    told = [(i, "two rules have this id") for i in sorted(set(ids)) if ids.count(i) > 1]
    told += [(w, "two rules speak of this") for w in sorted(set(whats)) if whats.count(w) > 1]
    return [Problem(where, None, "rules", f"{word}: {message}") for word, message in told]


def _too_short(rules: Sequence[RetentionRule], where: str) -> list[Problem]:
    some = date(2023, 1, 1)
    return [
        Problem(where, None, "rules", f"{rule.id}: kept for {least} days at least")
        for rule in rules
        if (least := LEAST.get(rule.what, 0)) and goes_on(rule, some) < some + timedelta(days=least)
    ]


def goes_on(rule: RetentionRule, since: date) -> date:
    """The day on which what is kept `since` then goes; `NO_END` for never."""
    if rule.keep == FOREVER:
        return NO_END
    last = add_term(since, rule.keep)
    return NO_END if last >= NO_END else last + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holding:
    """A photograph, as retention looks at it.

    `since`: the day it came into its state, or something new was told of it. `in_use`: a decision
    in force says yes for some purpose, or it stands in the archive. `waived`: a waiver for it
    counts. `packed`: a pack that may still be used, or whose recall is open, holds it. `asked`:
    somebody shown came of age and is to be asked again. `waits`: it is to be decided anew.
    `restricted`: it was taken back.
    """

    asset: str
    disposition: Disposition
    since: date
    in_use: bool = False
    waived: bool = False
    packed: bool = False
    asked: bool = False
    waits: bool = False
    restricted: bool = False

    @property
    def needed(self) -> bool:
        """Whether it may not go, however old it is."""
        return self.in_use or self.waived or self.packed or self.asked or self.waits

    @property
    def what(self) -> What | None:
        """The kind of original it is, None for one that is in use."""
        return What.RESTRICTED if self.restricted else OF_STATE.get(self.disposition)


@dataclass(frozen=True, slots=True)
class Thing:
    """Anything else that is kept, by an id that is no personal data."""

    what: What
    id: str
    since: date


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """What goes by a rule, since when it was kept, and the day from which on it goes."""

    rule: str
    what: What
    id: str
    since: date
    on: date

    @property
    def by_hand(self) -> bool:
        return self.what in BY_HAND


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes on a day, in order. `next`: the day on which more does, None for never.

    `needed`: how many would go by their age and may not, for they are in use or needed.
    """

    items: tuple[Item, ...]
    next: date | None
    needed: int


def plan(rules: Rules, holdings: Iterable[Holding], things: Iterable[Thing], day: date) -> Plan:
    """What goes on `day`. Pure: the same for the same arguments, and nothing that is needed."""
    items: list[Item] = []
    ahead: set[date] = set()
    needed = 0
    for holding in holdings:
        what = holding.what
        item = _item(rules, what, holding.asset, holding.since) if what is not None else None
        if item is None:
            continue
        if holding.needed:
            needed += item.on <= day
        elif item.on <= day:
            items.append(item)
        else:
            ahead.add(item.on)
    for thing in things:
        item = _item(rules, thing.what, thing.id, thing.since)
        if item is not None and item.on <= day:
            items.append(item)
        elif item is not None:
            ahead.add(item.on)
    return Plan(tuple(sorted(items)), min(ahead, default=None), needed)


def _item(rules: Rules, what: What, ident: str, since: date) -> Item | None:
    rule = rules.get(what)
    if rule is None:
        return None
    on = goes_on(rule, since)
    return None if on >= NO_END else Item(rule.id, what, ident, since, on)


@dataclass(frozen=True, slots=True, order=True)
class AskAgain:
    """Somebody who is, or soon will be, of age: a record that then no longer holds.

    Of the birthday, which is personal, the month alone is told (`2027-03`).
    """

    month: str
    consent: str
    subject: str
