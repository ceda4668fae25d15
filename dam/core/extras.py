"""The parts of dam that are installed on demand, and the words with which pip brings one."""

from __future__ import annotations

from dam import __version__


def wheel(extra: str) -> str:
    """What to give `pip install` for an extra: dam stands on no index, its wheel is a file."""
    return f"'dam-{__version__}-py3-none-any.whl[{extra}]'"
