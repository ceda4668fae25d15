"""What the pages of an audit have in common, whatever they are written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dam.core.audit import Audit
from dam.render import audits, counts
from dam.render.audits import Told
from dam.render.lang import Speech

#: Headings above numbers.
NUMBERS = frozenset(
    {"approved", "covered", "ended", "findings", "held", "minors", "people", "photos",
     "quarantined", "refused"}
)  # fmt: skip


def title(found: Audit, say: Speech) -> str:
    """The title of the document."""
    return say.gettext("Consent audit of {day}", day=found.as_of)


def words(say: Speech) -> Mapping[str, str]:
    """Headings of sections, and what stands around tables."""
    return {
        "summary": say.gettext("Summary"),
        "matrix": say.gettext("Purposes"),
        "kinds": say.gettext("Findings by kind"),
        "coverage": say.gettext(
            "Pictures of minors by month: those that may be used, and the others"
        ),
        "months": say.gettext("Pictures by month"),
        "ends": say.gettext("Pictures by the month in which the first of their consents ends"),
        "packs": say.gettext("Press packs"),
        "findings": say.gettext("Findings"),
        "assets": say.gettext("Pictures"),
        "sign": say.gettext("Read and signed"),
        "page": say.gettext("Page {n} of {all}", n="{n}", all="{all}"),
        "search": say.gettext("Search"),
        "all": say.gettext("all"),
        "none": say.gettext("none"),
        "shown": say.gettext("{shown} of {all} lines", shown="{shown}", all="{all}"),
    }


#: What pages list whether or not somebody asks for it.
ALWAYS = frozenset({Told.FINDING, Told.ASSET, Told.PACK, Told.MONTH})


def by(told: Told, say: Speech) -> str:
    """The heading of what else was asked for."""
    headings = {
        Told.RENEWAL: say.gettext("Consents to renew"),
        Told.PROGRAMME: say.gettext("Pictures by programme"),
        Told.PLACE: say.gettext("Pictures by place"),
        Told.PHOTOGRAPHER: say.gettext("Pictures by photographer"),
        Told.SUBJECT: say.gettext("Pictures by subject"),
        Told.CONSENT: say.gettext("Pictures by consent"),
    }
    return headings[told]


def sign(say: Speech) -> list[str]:
    """What whoever signs fills in."""
    return [
        say.gettext("Name"),
        say.gettext("Role"),
        say.gettext("Date"),
        say.gettext("Signature"),
    ]


def totals(found: Audit, say: Speech) -> Iterator[tuple[str, int, str]]:
    """The sums: (name in the JSON, number, what it counts)."""
    for name, number in audits.totals(found).items():
        told = counts.TOTALS[name](say, number)
        words_ = told.replace(str(number), "", 1).replace("\u2068\u2069", "")
        yield name, number, " ".join(words_.split())


def coverage(found: Audit) -> Iterator[tuple[str, int, int]]:
    """(month of capture, pictures of minors that may be used, the other pictures of minors)."""
    for name, line in sorted(found.tally.months.items()):
        if line.with_minors:
            yield name, line.covered, line.with_minors - line.covered


def legend(say: Speech) -> tuple[str, str]:
    """What the two parts of `coverage` are."""
    return say.gettext("may be used"), say.gettext("may not be used")
