"""What is true of photographs on a day, and what every audit of them must say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bench.scenarios import Kinds, Scenario
from dam.core.model import Disposition, Purpose


@dataclass
class Known:
    """What is true of one photograph on the day it was made for. `wrong` is by purpose."""

    asset: str
    scenario: Scenario
    number: int
    captured_on: date | None
    photographer: str | None
    programme: str | None
    place: str
    consents: tuple[str, ...]
    subjects: tuple[str, ...]
    until: date | None
    majority: date | None
    disposition: str
    wrong: dict[str, Kinds]
    filed: bool
    gone: bool = False

    def says(self, purpose: str) -> str:
        """What it may do for a purpose."""
        if self.disposition in ("refused", "quarantined"):
            return self.disposition
        return "held" if self.wrong[purpose] else "approved"

    def kinds(self, purpose: str, day: date, ahead: int) -> Counter[str]:
        """Every finding about it."""
        found = Counter(self.wrong[purpose])
        if not self.wrong[purpose]:
            for kind, end in (("expiring", self.until), ("majority_soon", self.majority)):
                if end is not None and (end - day).days <= ahead:
                    found[kind] += 1
        if self.gone:
            found["integrity"] += 1
        return found


@dataclass
class Truth:
    """Everything that was made: photographs by id, and (pack, purpose, assets) of packs."""

    day: date
    photos: dict[str, Known] = field(default_factory=dict)
    packs: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    orphans: int = 0


def next_day(truth: Truth) -> Truth:
    """The truth a day later, when consents that ended today are over."""
    day = truth.day + timedelta(days=1)
    photos = {}
    for asset, photo in truth.photos.items():
        over = (
            photo.until is not None and photo.until < day and "expired" not in photo.wrong["press"]
        )
        wrong = {
            p: tuple(sorted((*kinds, "expired"))) if over else kinds
            for p, kinds in photo.wrong.items()
        }
        photos[asset] = replace(photo, wrong=wrong)
    return replace(truth, day=day, photos=photos)


def of_the_past(truth: Truth) -> Truth:
    """The truth of a past day: archive and inbox are known of today alone."""
    photos = {asset: replace(photo, gone=False) for asset, photo in truth.photos.items()}
    return replace(truth, photos=photos, orphans=0)


@dataclass(frozen=True)
class Figures:
    """What an audit says, whatever it is written in."""

    totals: Mapping[str, int]
    matrix: Mapping[str, Mapping[str, int]]
    kinds: Mapping[str, int]
    months: Mapping[str, tuple[int, ...]]
    ends: Mapping[str, int]
    packs: Mapping[str, tuple[int, int]]


def figures(
    truth: Truth,
    purpose: str = "archive",
    ahead: int = 90,
    meant: Callable[[Known], bool] = lambda photo: True,
    *,
    everything: bool = True,
    asked: bool = False,
) -> Figures:
    """The truth of the photographs that are meant, counted one by one.

    `asked`: a pass has opened the recalls of packs with pictures that were taken back.
    """
    words = [d.value for d in Disposition]
    photos = [p for p in truth.photos.values() if meant(p)]
    says = Counter(p.says(purpose) for p in photos)
    minors = [p for p in photos if p.scenario.minors]
    usable = [p for p in photos if p.says(purpose) == "approved"]
    kinds: Counter[str] = Counter()
    for photo in photos:
        kinds += photo.kinds(purpose, truth.day, ahead)
    ended = {
        pack: [truth.photos[a] for a in assets if truth.photos[a].says(use) != "approved"]
        for pack, use, assets in truth.packs
    }
    for pack_ended in ended.values():
        for photo in pack_ended:
            if meant(photo):
                gone = photo.disposition in ("refused", "quarantined")
                kinds["withdrawn_in_pack" if gone else "expired_in_pack"] += 1
        if asked and any(p.disposition == "refused" and meant(p) for p in pack_ended):
            kinds["recall_open"] += 1
    if everything and truth.orphans:
        kinds["orphan_sidecar"] += 1
    months: dict[str, tuple[int, ...]] = {}
    for name in sorted({_month(p.captured_on) for p in photos}):
        those = [p for p in photos if _month(p.captured_on) == name]
        shown = [p for p in those if p.scenario.minors]
        months[name] = (
            len(those),
            *(sum(p.says(purpose) == word for p in those) for word in words),
            len(shown),
            sum(p.says(purpose) == "approved" for p in shown),
        )
    return Figures(
        totals={
            **{word: says[word] for word in words},
            "assets": len(photos),
            "with_minors": len(minors),
            "covered": sum(p.says(purpose) == "approved" for p in minors),
            "minors": sum(p.scenario.minors for p in photos),
            "waivers": 0,
            "in_archive": sum(p.filed for p in photos),
        },
        matrix={
            p.value: {word: sum(x.says(p.value) == word for x in photos) for word in words}
            for p in Purpose
        },
        kinds={kind: number for kind, number in kinds.items() if number},
        months=months,
        ends=dict(sorted(Counter(_month(p.until) for p in usable if p.until).items())),
        packs={pack: (len(a), len(ended[pack])) for pack, _, a in truth.packs},
    )


def _month(day: date | None) -> str:
    return "undated" if day is None else f"{day.year}-{day.month:02}"
