"""`python -m handbook [pages|pictures]`: what of the documentation is made by code, anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from handbook import pages, pictures

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m handbook", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["pages", "pictures"], default="pages")
    if parser.parse_args().what == "pictures":
        pictures.draw(ROOT)
        return
    for name, text in pages.made(ROOT).items():
        (ROOT / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
