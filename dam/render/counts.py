"""Counts in words: every plural that results use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dam.render.lang import Speech

Count = Callable[[Speech, int], str]

#: How many photographs became what, by the word of `Became`; also totals of an audit.
PHOTOS: Mapping[str, Count] = {
    "approved": lambda say, n: say.ngettext("{n} approved", "{n} approved", n),
    "held": lambda say, n: say.ngettext("{n} held", "{n} held", n),
    "refused": lambda say, n: say.ngettext("{n} refused", "{n} refused", n),
    "quarantined": lambda say, n: say.ngettext("{n} quarantined", "{n} quarantined", n),
    "duplicate": lambda say, n: say.ngettext("{n} duplicate", "{n} duplicate", n),
    "waiting": lambda say, n: say.ngettext("{n} waiting", "{n} waiting", n),
    "assets": lambda say, n: say.ngettext("{n} asset", "{n} assets", n),
    "with_minors": lambda say, n: say.ngettext(
        "{n} shows identifiable minors", "{n} show identifiable minors", n
    ),
    "in_archive": lambda say, n: say.ngettext("{n} in the archive", "{n} in the archive", n),
}

#: The sums of an audit, by their names in its JSON.
TOTALS: Mapping[str, Count] = {
    **{name: PHOTOS[name] for name in ("approved", "held", "refused", "quarantined")},
    **{name: PHOTOS[name] for name in ("assets", "with_minors", "in_archive")},
    "covered": lambda say, n: say.ngettext("{n} of them may be used", "{n} of them may be used", n),
    "minors": lambda say, n: say.ngettext(
        "{n} identifiable minor, counted on each picture",
        "{n} identifiable minors, counted on each picture",
        n,
    ),
    "waivers": lambda say, n: say.ngettext("{n} waiver in force", "{n} waivers in force", n),
}

#: What an import did with how many records, by the word of `Became` there.
RECORDS: Mapping[str, Count] = {
    "new": lambda say, n: say.ngettext("{n} new", "{n} new", n),
    "changed": lambda say, n: say.ngettext("{n} changed", "{n} changed", n),
    "unchanged": lambda say, n: say.ngettext("{n} unchanged", "{n} unchanged", n),
}


def told(counts: Mapping[str, int], say: Speech, kinds: Mapping[str, Count] = PHOTOS) -> str:
    """All counts that are not zero, in one list; empty where there is none."""
    return say.list(kinds[name](say, n) for name, n in counts.items() if n)
