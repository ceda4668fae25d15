"""The files of the visible mark under `rules/`: `watermark.yaml` and the logos."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from dam.core import png, watermark
from dam.core.errors import ConfigurationError

MAX_LOGOS: Final = 32
_MAX_YAML = 1024 * 1024


def read_marks(rules: Path) -> dict[str, bytes]:
    """`watermark.yaml` and every `logos/*.png`, by path under `rules`; what is missing is left out.

    One byte more than allowed is read of what is too large, for the loader to refuse. Raises
    ConfigurationError where a file cannot be read, is no regular file, or there are too many.
    """
    found: dict[str, bytes] = {}
    logos = _logos(rules / watermark.LOGOS, f"{rules.name}/{watermark.LOGOS}")
    if len(logos) > MAX_LOGOS:
        raise ConfigurationError(
            f"{rules.name}/{watermark.LOGOS} holds more than {MAX_LOGOS} logos",
            "Take out those that no style uses",
        )
    for path in (rules / watermark.FILE, *logos):
        limit = _MAX_YAML if path.name == watermark.FILE else png.MAX_BYTES
        data = _read(path, f"{rules.name}/{path.relative_to(rules)}", limit + 1)
        if data is not None:
            found[path.relative_to(rules).as_posix()] = data
    return found


def _logos(folder: Path, name: str) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.match("*.png"))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigurationError(
            f"{name} cannot be read ({error.strerror})", "Give dam's user access to it"
        ) from None


def _read(path: Path, name: str, at_most: int) -> bytes | None:
    # Not blocking: opening a pipe would wait for its other end.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigurationError(f"{name} is no regular file", "Put the file itself there")
            return file.read(at_most)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(
            f"{name} cannot be read ({error.strerror})",
            "Put a regular file there that dam may read",
        ) from None
