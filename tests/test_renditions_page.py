"""docs/renditions.md names exactly what the second reader lets through."""

from __future__ import annotations

import re
from pathlib import Path

from dam.adapters import readback, readback_blocks, readback_xmp

PAGE = Path(__file__).resolve().parents[1] / "docs" / "renditions.md"


def table(heading: str) -> dict[str, list[str]]:
    """First and second column of the first table under a heading, the second one split."""
    text = PAGE.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ([^|]+?) \| (.+?) \|$", text, re.MULTILINE)[1:]
    return {name: said.split(", ") for name, said in rows}


def test_the_table_is_the_allow_list_of_the_second_reader() -> None:
    assert table("The allow-list") == {
        "JPEG segments": list(readback.SEGMENTS.values()),
        "IFD0": [name for name, _ in readback_blocks.IFD0.values()],
        "Exif IFD": [name for name, _ in readback_blocks.EXIF_IFD.values()],
        "Photoshop resources": [f"{number:04X}" for number in readback_blocks.RESOURCES],
        "IIM datasets": [f"{record}:{number}" for record, number in readback_blocks.DATASETS],
        "XMP properties": list(readback_xmp.PROPERTIES),
        "XMP namespaces": list(readback_xmp.NAMESPACES),
    }


def test_the_mapping_names_everything_that_is_said() -> None:
    text = PAGE.read_text().split("## What is written", 1)[1].split("## The allow-list", 1)[0]
    for name in readback_xmp.PROPERTIES:
        assert f"`{name}`" in text, name
    for (record, number), (_, limit) in readback_blocks.DATASETS.items():
        if record == 2 and number not in (0, 55):
            assert re.search(rf"\b{record}:{number}, .*\b{limit} bytes", text), number
    for name in ("ImageDescription", "Artist", "Copyright", "DateTimeOriginal"):
        assert name in text
