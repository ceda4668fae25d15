"""Giving waivers to dossiers, as an officer gives them who sees what holds the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from dam.core import waivers
from dam.core.decide import decide_all
from dam.core.model import Purpose, Reason
from dam.core.view import Dossier
from dam.core.waivers import WORLD, Waiver
from tests.core.dossiers import DAY, pack

BY = "safeguarding-officer"
LAST = date(2022, 12, 31)
USUAL = (Purpose.PRESS, Purpose.ARCHIVE)


def holding(
    about: Dossier, purposes: Sequence[Purpose], day: date, territory: str
) -> dict[str, dict[Purpose, Reason]]:
    """What each rule says against these purposes, whatever was waived before."""
    found: dict[str, dict[Purpose, Reason]] = {}
    bare = replace(about, waivers=())
    for decision in decide_all(bare, pack(), purposes, day, territory):
        for reason in decision.reasons:
            found.setdefault(reason.rule, {})[decision.purpose] = reason
    return found


def waive(
    about: Dossier,
    rule: str,
    *,
    day: date = DAY,
    until: date = LAST,
    purposes: Sequence[Purpose] = USUAL,
    territory: str = WORLD,
) -> Dossier:
    """The dossier with one waiver more, given on `day` for what holds the picture then.

    It covers nothing where the rule does not hold the picture, or can never be waived.
    """
    reasons = holding(about, purposes, day, territory).get(rule, {})
    file = next(r for r in pack().rules if r.id == rule)
    covers, _ = waivers.bind(file, reasons, about, territory, day)
    number = len(about.waivers) + 1
    told = tuple(sorted(waivers.noes(about.records)))
    one = Waiver(f"W-{number}", about.sha256, rule, BY, day, until, covers, territory, told)
    return replace(about, waivers=(*about.waivers, one))
