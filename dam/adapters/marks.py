"""Files under `rules/` that are no rules: `watermark.yaml` and its logos, and what people give for
booklets beside words, which is logos of programmes and a template of their own."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from dam.core import logos, png, watermark
from dam.core.credits import ProgrammeFile
from dam.core.errors import ConfigurationError

MAX_LOGOS: Final = 32
_MAX_YAML = 1024 * 1024
_TEMPLATE = Path("templates/booklet.typ")


def read_marks(rules: Path) -> dict[str, bytes]:
    """`watermark.yaml` and every `logos/*.png`, by path under `rules`; what is missing is left out.

    One byte more than allowed is read of what is too large, for the loader to refuse. Raises
    ConfigurationError where a file cannot be read, is no regular file, or there are too many.
    """
    found: dict[str, bytes] = {}
    found_logos = _logos(rules / watermark.LOGOS, f"{rules.name}/{watermark.LOGOS}")
    if len(found_logos) > MAX_LOGOS:
        raise ConfigurationError(
            f"{rules.name}/{watermark.LOGOS} holds more than {MAX_LOGOS} logos",
            "Take out those that no style uses",
        )
    for path in (rules / watermark.FILE, *found_logos):
        limit = _MAX_YAML if path.name == watermark.FILE else png.MAX_BYTES
        data = _read(path, f"{rules.name}/{path.relative_to(rules)}", limit + 1)
        if data is not None:
            found[path.relative_to(rules).as_posix()] = data
    return found


def read_logos(rules: Path, programmes: Iterable[ProgrammeFile]) -> dict[str, bytes]:
    """The logos that these programmes name, by file name, as they are in `programmes/logos/`.

    One that is not there is left out, for whoever checks them to say so; one byte more than
    allowed is read of what is too large. Raises ConfigurationError as `read_marks`.
    """
    names = sorted({logo.file for programme in programmes for logo in programme.logos})
    read = {
        name: _read(
            rules / "programmes" / "logos" / name, f"{logos.FOLDER}/{name}", logos.MAX_BYTES + 1
        )
        for name in names
    }
    return {name: data for name, data in read.items() if data is not None}


def read_template(rules: Path) -> bytes | None:
    """The workspace's own template of booklets; None where it has none.

    Raises ConfigurationError where it cannot be read or is too large for a template.
    """
    name = f"{rules.name}/{_TEMPLATE}"
    data = _read(rules / _TEMPLATE, name, _MAX_YAML + 1)
    if data is not None and len(data) > _MAX_YAML:
        raise ConfigurationError(f"{name} is larger than {_MAX_YAML} bytes", "Shorten it")
    return data


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
