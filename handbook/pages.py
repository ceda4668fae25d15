"""Every generated file of the documentation, with its text as it must be now."""

from __future__ import annotations

from pathlib import Path

from handbook import commands, files, layers, settings


def made(root: Path) -> dict[str, str]:
    """Path below the checkout `root` -> text. Reads pyproject.toml, docs/ and the program."""
    page = (root / "docs/settings.md").read_text("utf-8")
    return {
        "docs/reference/commands.md": commands.page(),
        "docs/reference/files.md": files.page(),
        "docs/settings.md": settings.put_into(page),
        "docs/pictures/layers.svg": layers.picture((root / "pyproject.toml").read_text("utf-8")),
    }
