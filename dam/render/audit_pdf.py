"""An audit for paper (`dam.render.paper`)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from dam.core.audit import Audit
from dam.core.tally import UNDATED
from dam.render import audits, page, paper
from dam.render.audits import Cells, Told
from dam.render.lang import Speech
from dam.render.text import clean

#: A table of more lines helps nobody on paper: it says how many there are and where to find them.
LINES = 2000
#: What is told about the file and the charts, not drawn.
_UNDRAWN = frozenset({"file_title", "author", "alt", "told"})
#: How wide columns are to each other.
_SUMS = (2.4, *(1.0,) * 7, 1.4)
_RENEWALS = (1.2, 1.7, 1.5, 1.6, 0.8, 3.4)
#: So many bars stand beside each other.
_ACROSS = 18


def pdf(found: Audit, say: Speech, by: Told = Told.FINDING) -> bytes:
    """The whole file, with what `by` asks for; the same audit gives the same bytes.

    Raises ConfigurationError where the fonts are missing, DamError where typst fails.
    """
    return paper.compiled("audit.typ", _data(found, say, by), found.as_of, undrawn=_UNDRAWN)


def _data(found: Audit, say: Speech, by: Told) -> Mapping[str, object]:
    return {
        "lang": say.lang,
        "rtl": say.lang == "ar",
        "title": page.title(found, say),
        "organisation": say.ident(found.organisation),
        "file_title": page.title(found, say),
        "author": say.ident(found.organisation),
        "about": list(audits.about(found, say)),
        "doubts": [clean(say.told(doubt)) for doubt in found.doubts],
        "words": page.words(say),
        "sign": page.sign(say),
        "totals": [(number, word) for _, number, word in page.totals(found, say)],
        "matrix": _table(audits.matrix(found, say), say),
        "kinds": _table(audits.kinds(found, say), say),
        "months": _table(audits.cells(found, Told.MONTH, say), say),
        "ends_table": _table(audits.ends(found, say), say),
        "by": _by(found, by, say),
        "packs": _listed(found, Told.PACK, say),
        "findings": _listed(found, Told.FINDING, say),
        "assets": _listed(found, Told.ASSET, say),
        "coverage": _coverage(found, say),
        "ends": {
            "bars": [_bar(month, (n,)) for month, n in sorted(found.tally.ends.items())],
            "legend": [],
            "alt": page.words(say)["ends"],
            "across": _ACROSS,
        },
    }


def _by(found: Audit, by: Told, say: Speech) -> Mapping[str, object] | None:
    """What else was asked for, with its heading and the widths of its columns."""
    if by in page.ALWAYS:
        return None
    widths = _RENEWALS if by is Told.RENEWAL else _SUMS
    return {"title": page.by(by, say), "widths": widths, "listed": _listed(found, by, say)}


def _listed(found: Audit, told: Told, say: Speech) -> Mapping[str, object]:
    return _table(audits.cells(found, told, say), say, audits.number(found, told))


def _table(cells: Cells, say: Speech, number: int = 0) -> Mapping[str, object]:
    """At most `LINES` rows; `number` is how many there are."""
    rows = [[_cell(value, say) for value in row] for row in islice(cells.rows, LINES)]
    more = max(number - len(rows), 0)
    return {
        "columns": [clean(word) for word in say.headings(*cells.columns)],
        "numbers": [n for n, name in enumerate(cells.columns) if name in page.NUMBERS],
        "rows": rows,
        "more": say.gettext("{n} more: --format csv lists them all", n=more) if more else "",
    }


def _cell(value: object, say: Speech) -> object:
    if value is None:
        return ""
    return value if isinstance(value, int) else say.ident(value)


def _coverage(found: Audit, say: Speech) -> Mapping[str, object]:
    return {
        "bars": [
            _bar(say.gettext("undated") if name == UNDATED else name, parts)
            for name, *parts in page.coverage(found)
        ],
        "legend": page.legend(say),
        "alt": say.line(
            "{title} ({parts})",
            title=page.words(say)["coverage"],
            parts=say.list(page.legend(say)),
        ),
        "across": _ACROSS,
    }


def _bar(label: str, parts: tuple[int, ...] | list[int]) -> Mapping[str, object]:
    return {"label": label, "told": label, "parts": list(parts), "value": "/".join(map(str, parts))}
