"""An audit as one HTML file that needs nothing else: no network, no second file.

Its content security policy lets nothing run or load but the one style and the one script in it,
by their hashes (CSP Level 3, 2.3.1), and pictures that stand in the file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources

from jinja2 import Environment, StrictUndefined  # noqa: TID251
from markupsafe import Markup

from dam.core.audit import Audit
from dam.core.report import AuditRow
from dam.core.tally import UNDATED
from dam.render import audits, page
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
    """Headings as they are said, rows of harmless cells, and the headings above numbers."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[object, ...]]
    numbers: frozenset[str]


def pages(found: Audit, say: Speech, thumbnail: Thumbnails | None = None) -> Iterator[str]:
    """The file in pieces, rows as they come. `thumbnail` gives the JPEG of what may be shown;

    without it there are no pictures.
    """
    style, script = _part("audit.css"), _part("audit.js")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(_part("audit.html.j2"))
    stream = template.stream(
        lang=say.lang,
        dir="rtl" if say.lang == "ar" else "ltr",
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        style_hash=_hash(style),
        script_hash=_hash(script),
        title=page.title(found, say),
        organisation=clean(found.organisation),
        about=list(audits.about(found, say)),
        doubts=[clean(say.told(doubt)) for doubt in found.doubts],
        words=page.words(say),
        sign=page.sign(say),
        totals=list(page.totals(found, say)),
        matrix=_shown(audits.matrix(found, say), say),
        kinds=_shown(audits.kinds(found, say), say),
        months=_shown(audits.cells(found, Told.MONTH, say), say),
        ends_table=_shown(audits.ends(found, say), say),
        packs=_shown(audits.cells(found, Told.PACK, say), say),
        findings=_shown(audits.cells(found, Told.FINDING, say), say),
        assets=_pictured(found, say, thumbnail),
        assets_filters=[2] if thumbnail else [1],
        coverage=_coverage(found, say),
        ends=_ends(found),
    )
    stream.enable_buffering(64)
    return iter(stream)


def _part(name: str) -> str:
    return resources.files("dam").joinpath("render", "templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(cells: Cells, say: Speech) -> _Table:
    numbers = frozenset(say.headings(*(name for name in cells.columns if name in page.NUMBERS)))
    rows = (tuple(_cell(value, say) for value in row) for row in cells.rows)
    return _Table(say.headings(*cells.columns), rows, numbers)


def _cell(value: object, say: Speech) -> object:
    """A cell without characters that hide or turn round; numbers stay numbers."""
    if value is None:
        return ""
    return value if isinstance(value, int | date) else say.ident(value)


def _pictured(found: Audit, say: Speech, thumbnail: Thumbnails | None) -> _Table:
    cells = _shown(audits.cells(found, Told.ASSET, say), say)
    if thumbnail is None:
        return cells
    pictures = (_picture(row, thumbnail, say) for row in found.rows())
    rows = ((row[0], picture, *row[1:]) for row, picture in zip(cells.rows, pictures, strict=True))
    first, *others = cells.columns
    return _Table((first, say.word("heading", "picture"), *others), rows, cells.numbers)


def _picture(row: AuditRow, thumbnail: Thumbnails, say: Speech) -> Mapping[str, str]:
    jpeg = thumbnail(row)
    if jpeg is None:
        return {"picture": "", "alt": say.gettext("not shown")}
    data = base64.b64encode(jpeg).decode()
    return {"picture": f"data:image/jpeg;base64,{data}", "alt": row.asset}


@dataclass(frozen=True, slots=True)
class _Chart:
    """Bars in CSS pixels; `text` says them all, for those who cannot see them."""

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
    return _chart(bars, tuple(zip(("covered", "open"), page.legend(say), strict=True)))


def _ends(found: Audit) -> _Chart:
    return _chart([(name, [("ends", n)]) for name, n in sorted(found.tally.ends.items())])


def _chart(
    bars: Sequence[tuple[str, Sequence[tuple[str, int]]]], legend: Sequence[tuple[str, str]] = ()
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
    return _Chart(drawn, _EDGE + len(drawn) * _STEP, text, legend)
