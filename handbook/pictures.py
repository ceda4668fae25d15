"""The pictures of README and tutorial, and the tutorial's blocks, out of a run of the demo.

The terminal is drawn from what `python -m demo` prints, the pages from the booklet that it makes.
"""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from handbook.recording import PLACE, Step, record

#: Columns of the picture of the terminal.
_WIDE = 118
#: Pages of the French booklet, and what their pictures are called.
_PAGES = {1: "booklet-cover.png", 7: "booklet-page.png"}
#: A picture of a page has so many pixels across; a screen of twice the density is served.
_ACROSS = 760
_THEME = TerminalTheme(
    (27, 32, 40),
    (222, 226, 230),
    [
        *((27, 32, 40), (240, 113, 120), (139, 206, 126), (240, 200, 90)),
        *((110, 170, 250), (200, 150, 240), (100, 210, 220), (222, 226, 230)),
    ],
)
#: Rich's own form names fonts of other machines; this one takes what there is.
_FORM = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>dam ingest and dam packs on a terminal</title>
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, 'DejaVu Sans Mono', monospace; \
line-height: {line_height}px }}
{styles}
</style>
<defs>{lines}</defs>
<rect width="{width}" height="{height}" rx="10" fill="rgb(27,32,40)"/>
<g transform="translate({terminal_x}, {terminal_y})">{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g>
</svg>
"""
_BLOCK = re.compile(r"^```console\n\$ (?P<command>.*)\n(?P<body>[^`]*)^```$", re.M)


def draw(root: Path) -> None:
    """Draw everything anew into `docs/` of the checkout `root`; takes a minute.

    Raises RuntimeError where the demo fails, ValueError where the tutorial tells of a command
    that the demo does not run.
    """
    with tempfile.TemporaryDirectory(prefix="dam-handbook-") as place:
        steps = record(root, Path(place) / "demo")
        book = Path(place) / "demo" / "pack-le-matin" / "data" / "booklet.fr.pdf"
        for number, name in _PAGES.items():
            (root / "docs/pictures" / name).write_bytes(_page(book, number))
    (root / "docs/pictures/terminal.svg").write_text(_terminal(steps), "utf-8")
    tutorial = root / "docs/tutorial.md"
    tutorial.write_text(told(tutorial.read_text("utf-8"), steps), "utf-8")


def told(tutorial: str, steps: list[Step]) -> str:
    """The tutorial with what each of its commands printed in these steps. Raises ValueError."""
    ahead = iter(steps)

    def block(found: re.Match[str]) -> str:
        for step in ahead:
            if step.command == found["command"]:
                return f"```console\n$ {step.command}\n{step.plain}\n```"
        raise ValueError(f"the demo does not run, or not in this place: {found['command']}")

    return _BLOCK.sub(block, tutorial)


def blocks(tutorial: str) -> list[Step]:
    """The commands that the tutorial tells, with what it says they print."""
    return [Step(m["command"], m["body"].rstrip("\n")) for m in _BLOCK.finditer(tutorial)]


def _terminal(steps: list[Step]) -> str:
    """The first pass over the inbox and the list of packs, as on a terminal."""
    console = Console(
        record=True, width=_WIDE, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    chosen = [next(s for s in steps if s.command.endswith(word)) for word in (" ingest", " packs")]
    for step in chosen:
        console.print(Text(f"$ {step.command.replace(f' -C {PLACE}/workspace', '')}", "bold"))
        console.print(Text.from_ansi(step.coloured))
        console.print()
    return console.export_svg(theme=_THEME, code_format=_FORM, unique_id="t")


def _page(book: Path, number: int) -> bytes:
    """A page as PNG of few colours."""
    done = subprocess.run(
        ["pdftoppm", "-f", f"{number}", "-l", f"{number}", "-scale-to", f"{_ACROSS}", "-png", book],
        check=True,
        capture_output=True,
    )
    with Image.open(io.BytesIO(done.stdout)) as page:
        few = page.convert("RGB").quantize(112, dither=Image.Dither.FLOYDSTEINBERG)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()
