"""doctor: is this machine and this workspace fit, and what to do where it is not."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from dam.adapters import faces, imaging, imaging_letters
from dam.adapters.desk import Desk

LOW_SPACE = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` is empty where it is `fine`."""

    name: str
    fine: bool
    found: str
    advice: str = ""


def examine(desk: Desk) -> tuple[Check, ...]:
    """Every check, those that fail among them."""
    free = shutil.disk_usage(desk.workspace.root).free
    detector = _face_check(desk)
    shaping = imaging_letters.default_shaping()
    version = desk.catalog.sqlite_version()
    recent = version >= (3, 35, 0)
    problems = desk.catalog.verify_chain()
    return (
        Check("rule pack", True, f"{len(desk.pack.rules)} rules, digest {desk.pack.digest[:12]}"),
        Check("photographers", True, f"{len(desk.credits.file.photographers)} in the roster"),
        Check(
            "face check",
            not detector,
            detector or "installed",
            "" if not detector else "pip install 'dam[faces]'; until then photos are held",
        ),
        _formats(),
        Check("Arabic shaping", True, shaping),
        Check(
            "disk space",
            free >= LOW_SPACE,
            f"{free // 1024**2} MiB free",
            "" if free >= LOW_SPACE else "Free some space: originals and renditions are kept",
        ),
        Check(
            "SQLite",
            recent,
            ".".join(map(str, version)),
            "" if recent else "Use Python with SQLite 3.35+",
        ),
        Check(
            "ledger",
            not problems,
            f"{desk.catalog.head()[0]} events" if not problems else problems[0],
            "" if not problems else "Keep a copy of .dam and report this",
        ),
    )


def _formats() -> Check:
    """Camera raw is an extra; a phone's pictures belong to every installation."""
    readable = imaging.readers()
    lacking = [name for name in ("HEIF", "AVIF") if name not in readable]
    advice = "pip install --force-reinstall pi-heif Pillow" if lacking else ""
    if "RAW" not in readable and not lacking:
        advice = "For camera raw files: pip install 'dam[raw]'"
    return Check("formats", not lacking, ", ".join(readable), advice)


def _face_check(desk: Desk) -> str:
    """Why faces cannot be looked for; empty where they can."""
    if not desk.settings.face_check:
        return "switched off in dam.toml"
    if not faces.available():
        return "not installed"
    return "" if faces.installed() is not None else "installed, but it does not start"
