"""An audit as one HTML file that needs nothing else: no network, no second file.

Its content security policy lets nothing run or load but the one style and the one script in it,
by their hashes (CSP Level 3, 2.3.1), and pictures that stand in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dam.core.audit import Audit
from dam.core.report import AuditRow
from dam.core.tally import UNDATED
from dam.render import audits, page, sealed
from dam.render.audits import Cells, Told
from dam.render.lang import Speech
from dam.render.text import clean

Thumbnails = Callable[[AuditRow], bytes | None]

#: Of a chart, in CSS pixels.
_STEP, _BAR, _TALL, _HEAD, _FOOT = 44, 30, 150, 22, 70
#: Room for the first label, which is written aslant.
_EDGE = 40


@dataclass(frozen=True, slots=True)
class _Table:
    """Headings as they are said, rows of harmless cells, and the headings above numbers;

    `filters` are the places of the columns to choose by, `quiet` hides the caption.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: Iterator[tuple[object, ...]]
    numbers: frozenset[str]
    filters: Sequence[int] = ()
    quiet: bool = False


def pages(
    found: Audit, say: Speech, thumbnail: Thumbnails | None = None, by: Told = Told.FINDING
) -> Iterator[str]:
    """The file in pieces, rows as they come. `thumbnail` gives the JPEG of what may be shown;

    without it there are no pictures. What `by` asks for is there besides.
    """
    return sealed.stream(
        "audit",
        lang=say.lang,
        dir="rtl" if say.lang == "ar" else "ltr",
        title=page.title(found, say),
        organisation=clean(found.organisation),
        about=list(audits.about(found, say)),
        doubts=[clean(say.told(doubt)) for doubt in found.doubts],
        words=page.words(say),
        sign=page.sign(say),
        totals=list(page.totals(found, say)),
        parts=list(_parts(found, say, thumbnail, by)),
    )


def _parts(
    found: Audit, say: Speech, thumbnail: Thumbnails | None, by: Told
) -> Iterator[_Table | _Chart]:
    """Tables and charts in the order in which they stand."""
    words = page.words(say)

    def told(name: str, cells: Cells, filters: Sequence[int] = ()) -> _Table:
        return _shown(name, words[name], cells, say, filters)

    yield told("matrix", audits.matrix(found, say))
    yield told("kinds", audits.kinds(found, say))
    if (coverage := _coverage(found, say)).bars:
        yield coverage
    yield told("months", audits.cells(found, Told.MONTH, say))
    if (ends := _ends(found, say)).bars:
        yield ends
    yield replace(told("ends", audits.ends(found, say)), quiet=bool(ends.bars))
    if by not in page.ALWAYS:
        yield _shown("by", page.by(by, say), audits.cells(found, by, say), say)
    yield told("packs", audits.cells(found, Told.PACK, say))
    yield told("findings", audits.cells(found, Told.FINDING, say), (0, 1))
    assets = told("assets", audits.cells(found, Told.ASSET, say), (1,))
    yield assets if thumbnail is None else _pictured(assets, found, say, thumbnail)


def _shown(
    name: str, caption: str, cells: Cells, say: Speech, filters: Sequence[int] = ()
) -> _Table:
    numbers = frozenset(say.headings(*(name for name in cells.columns if name in page.NUMBERS)))
    rows = (tuple(_cell(value, say) for value in row) for row in cells.rows)
    return _Table(name, caption, say.headings(*cells.columns), rows, numbers, filters)


def _cell(value: object, say: Speech) -> object:
    """A cell without characters that hide or turn round; numbers stay numbers."""
    if value is None:
        return ""
    return value if isinstance(value, int | date) else say.ident(value)


def _pictured(cells: _Table, found: Audit, say: Speech, thumbnail: Thumbnails) -> _Table:
    """The table of assets with a picture behind the first column."""
    pictures = (_picture(row, thumbnail, say) for row in found.rows())
    rows = ((row[0], picture, *row[1:]) for row, picture in zip(cells.rows, pictures, strict=True))
    first, *others = cells.columns
    return replace(
        cells,
        columns=(first, say.word("heading", "picture"), *others),
        rows=rows,
        filters=tuple(column + 1 for column in cells.filters),
    )


def _picture(row: AuditRow, thumbnail: Thumbnails, say: Speech) -> Mapping[str, str]:
    jpeg = thumbnail(row)
    if jpeg is None:
        return {"picture": "", "alt": say.gettext("not shown")}
    return {"picture": sealed.picture(jpeg), "alt": row.asset}


@dataclass(frozen=True, slots=True)
class _Chart:
    """Bars in CSS pixels; `text` says them all, for those who cannot see them."""

    name: str
    caption: str
    bars: Sequence[Mapping[str, object]]
    width: int
    text: str
    legend: Sequence[tuple[str, str]] = ()
    bar: int = _BAR
    height: int = _HEAD + _TALL + _FOOT
    floor: int = _HEAD + _TALL
    base: int = _HEAD + _TALL + 14


def _coverage(found: Audit, say: Speech) -> _Chart:
    """Pictures that show minors, by month of capture: those that may be used and the others."""
    bars = [
        (say.gettext("undated") if name == UNDATED else name, [("covered", yes), ("open", no)])
        for name, yes, no in page.coverage(found)
    ]
    legend = tuple(zip(("covered", "open"), page.legend(say), strict=True))
    return _chart("coverage", page.words(say)["coverage"], bars, legend)


def _ends(found: Audit, say: Speech) -> _Chart:
    bars = [(name, [("ends", n)]) for name, n in sorted(found.tally.ends.items())]
    return _chart("expiries", page.words(say)["ends"], bars)


def _chart(
    name: str,
    caption: str,
    bars: Sequence[tuple[str, Sequence[tuple[str, int]]]],
    legend: Sequence[tuple[str, str]] = (),
) -> _Chart:
    most = max((sum(n for _, n in parts) for _, parts in bars), default=1)
    drawn: list[Mapping[str, object]] = []
    for place, (label, parts) in enumerate(bars):
        y = float(_HEAD + _TALL)
        pieces = []
        for kind, number in parts:
            height = _TALL * number / most
            y -= height
            if number:
                pieces.append({"kind": kind, "y": f"{y:.1f}", "height": f"{height:.1f}"})
        value = "/".join(str(n) for _, n in parts)
        x = _EDGE + place * _STEP + (_STEP - _BAR) // 2
        drawn.append(
            {
                "x": x, "middle": x + _BAR // 2, "parts": pieces, "top": f"{y - 5:.1f}",
                "value": value, "label": label,
            }
        )  # fmt: skip
    text = "; ".join(f"{bar['label']}: {bar['value']}" for bar in drawn)
    return _Chart(name, caption, drawn, _EDGE + len(drawn) * _STEP, text, legend)
