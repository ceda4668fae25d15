"""The picture of the architecture, drawn from the import contract in pyproject.toml.

What import-linter enforces is what is drawn: layers and their order, which of them are apart, which
adapters may call others, and what the core may never import. Nothing else says how the code hangs
together, so the picture cannot lie.
"""

from __future__ import annotations

import textwrap
import tomllib
from html import escape
from typing import Any

_WIDTH, _SIDE, _GAP, _ROW = 880, 64, 34, 17
#: What each layer is for, in a few words.
_FOR = {
    "dam.cli": "parses, opens, gives the clock, calls one flow, renders",
    "dam.flows": "the sentences of the product: ingest, audit, export, withdraw, verify",
    "dam.render": "the only owner of the terminal, of pages and of paper",
    "dam.adapters": "one owner for each outside thing",
    "dam.core": "pure: bytes and time come in as arguments, data goes out",
}
_STYLE = """\
text { font: 13px system-ui, 'Noto Sans', sans-serif; fill: #1d2733 }
.name { font-weight: 700; font-size: 16px } .small { font-size: 12px; fill: #46525f }
.box { fill: #f4f7fa; stroke: #5b7083 } .core { fill: #e5f2ea; stroke: #3c7a55 }
.arrow { stroke: #5b7083; stroke-width: 2; fill: none } .head { fill: #5b7083 }
"""


def picture(pyproject: str) -> str:
    """The SVG for this pyproject.toml. Raises KeyError or IndexError for one without a contract."""
    contracts = tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]
    rows = _of_type(contracts, "layers")[0]["layers"]
    parts, y = list[str](), 20
    for number, row in enumerate(rows):
        names = [name.strip() for name in row.replace("|", ":").split(":")]
        texts = [_lines(name, contracts, _columns(len(names))) for name in names]
        height = 44 + _ROW * max(map(len, texts))
        width = (_WIDTH - 2 * _SIDE - _GAP * (len(names) - 1)) // len(names)
        for place, (name, text) in enumerate(zip(names, texts, strict=True)):
            x = _SIDE + place * (width + _GAP)
            parts += _box(x, y, width, height, name, text)
        if "|" in row:
            parts.append(_apart(_WIDTH // 2, y + height // 2))
        y += height
        if number + 1 < len(rows):
            parts += [_down(_WIDTH // 2, y + 3, y + _GAP - 3)]
            y += _GAP
    parts += [_down(_SIDE // 2, 20, y), _upright(_SIDE // 2 - 12, 20 + (y - 20) // 2)]
    return _page(y + 20, parts)


def _lines(name: str, contracts: list[dict[str, Any]], columns: int) -> list[str]:
    """What stands in a layer's box."""
    said = [_FOR[name]]
    for contract in _of_type(contracts, "independence"):
        if contract["modules"] == [f"{name}.*"]:
            said += ["Its modules never import each other.", *_but(name, contract)]
    for contract in _of_type(contracts, "forbidden"):
        if contract["source_modules"] == [name]:
            outside = [m for m in contract["forbidden_modules"] if not m.startswith("dam.")]
            said.append(f"Never imports: {', '.join(outside)}.")
    return [line for text in said for line in textwrap.wrap(text, columns)]


def _but(name: str, contract: dict[str, Any]) -> list[str]:
    """What the contract lets pass: files of one owner, and compositions with their parts."""
    owners, made_of = set[str](), dict[str, list[str]]()
    for pair in contract.get("ignore_imports", ()):
        whole, part = (side.strip().removeprefix(f"{name}.") for side in pair.split("->"))
        if _owner(whole) == _owner(part):
            owners.add(_owner(whole))
        else:
            made_of.setdefault(whole, []).append("every other" if part == "*" else part)
    said = [f"But owners of several files: {', '.join(sorted(owners))}."] if owners else []
    if made_of:
        said.append("And compositions, which put others together:")
        said += [f"{whole} → {', '.join(parts)}" for whole, parts in sorted(made_of.items())]
    return said


def _owner(module: str) -> str:
    """`imaging` of `imaging_jpeg`: the files of one owner bear its name."""
    return module.partition("_")[0]


def _of_type(contracts: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [contract for contract in contracts if contract["type"] == kind]


def _columns(boxes: int) -> int:
    """So many letters go on a line of a box."""
    return (_WIDTH - 2 * _SIDE) // boxes // 7 - 3


def _box(x: int, y: int, width: int, height: int, name: str, lines: list[str]) -> list[str]:
    kind = "box core" if name == "dam.core" else "box"
    folder = name.replace(".", "/")
    parts = [f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>']
    parts.append(f'<text class="name" x="{x + 16}" y="{y + 26}">{escape(folder)}</text>')
    for number, line in enumerate(lines):
        small = ' class="small"' if number else ""
        at = y + 46 + _ROW * number
        parts.append(f'<text{small} x="{x + 16}" y="{at}">{escape(line)}</text>')
    return parts


def _down(x: int, top: int, bottom: int) -> str:
    return (
        f'<path class="arrow" d="M{x} {top}V{bottom - 8}"/>'
        f'<path class="head" d="M{x - 6} {bottom - 9}h12l-6 9z"/>'
    )


def _apart(x: int, y: int) -> str:
    """Between two boxes of one row: neither may import the other."""
    return f'<path class="arrow" d="M{x} {y - 16}v32"/>'


def _upright(x: int, y: int) -> str:
    said = "imports go down, past any number of layers, never up"
    return (
        f'<text class="small" x="{x}" y="{y}" text-anchor="middle" '
        f'transform="rotate(-90 {x} {y})">{said}</text>'
    )


def _page(height: int, parts: list[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'width="{_WIDTH}" height="{height}">\n'
        "<title>The layers of dam, as the import contract has them</title>\n"
        f"<style>\n{_STYLE}</style>\n"
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )
