"""Checks of what is installed and of the machine's strength."""

from __future__ import annotations

from collections.abc import Iterator

from dam.adapters import faces, imaging, imaging_letters, machine
from dam.adapters.catalog import Catalog
from dam.adapters.darkroom import MEMORY_MB, MIN_MEMORY_MB
from dam.adapters.settings import Settings
from dam.core.errors import DamError
from dam.core.extras import wheel
from dam.flows.doctor.check import Check, bad, fine, note

_MIB = 1024**2
#: Before it, what the catalogue asks of SQLite (RETURNING, UPSERT on several keys) is not there.
_OLDEST = (3, 35, 0)
#: https://sqlite.org/wal.html#walresetbug: two connections that write or checkpoint at the same
#: instant may lose a transaction. From 3.7.0 on; fixed in 3.51.3, and in 3.44.6 and 3.50.7.
_WAL_RESET_MENDED = {44: 6, 50: 7, 51: 3}


def examine(settings: Settings) -> Iterator[Check]:
    yield _face_check(settings)
    yield _formats()
    yield _fonts()
    yield fine("Arabic shaping", imaging_letters.default_shaping())
    yield sqlite(Catalog.sqlite_version())
    yield memory(settings.workers, machine.memory())


def sqlite(version: tuple[int, ...]) -> Check:
    """What a version of SQLite can do, and what it is known to do wrong."""
    told = ".".join(map(str, version))
    if version < _OLDEST:
        return bad("SQLite", told, "Use a Python with SQLite 3.35 or newer")
    if not _wal_reset_mended(version):
        return note(
            "SQLite",
            f"{told} has the WAL-reset fault: very rarely it damages a database that two processes "
            "write to at the same instant",
            "Use SQLite 3.51.3 or newer (or 3.50.7, 3.44.6) when your system has it; until then "
            "back up every day, and import large registers while dam watch is stopped",
        )
    return fine("SQLite", told)


def _wal_reset_mended(version: tuple[int, ...]) -> bool:
    minor, patch = version[1], version[2]
    return version >= (3, 51, 3) or patch >= _WAL_RESET_MENDED.get(minor, 1 << 30)


def memory(workers: int, there: int) -> Check:
    """Whether `there` bytes are enough for so many workers, each on the largest picture."""
    mib = there // _MIB
    found = f"MiB of memory: {mib}, workers: {workers}"
    least, most = workers * MIN_MEMORY_MB * _MIB, workers * MEMORY_MB * _MIB
    fitting = max(1, there // (MEMORY_MB * _MIB))
    advice = f"Set workers = {fitting} in dam.toml, or add memory"
    if there < least:
        return bad("memory", found, advice)
    if there < most and workers > 1:
        return note(
            "memory",
            f"MiB of memory: {mib}, workers: {workers}; too little if all get very large pictures",
            advice,
        )
    return fine("memory", found)


def _formats() -> Check:
    """Camera raw is an extra; a phone's pictures belong to every installation."""
    if broken := imaging.broken():
        found = f"installed, but they do not start: {', '.join(broken)}"
        return bad("formats", found, _AGAIN)
    readable = imaging.readers()
    found = ", ".join(readable)
    if [name for name in ("HEIF", "AVIF") if name not in readable]:
        return bad("formats", found, _AGAIN)
    if "RAW" not in readable:
        return note("formats", found, f"For camera raw files: pip install {wheel('raw')}")
    return fine("formats", found)


_AGAIN = "Install them again: pip install --force-reinstall pi-heif Pillow rawpy"


def _fonts() -> Check:
    """Draws a line in both scripts, as every credit is drawn."""
    try:
        line = imaging_letters.line_of("Crédit \u0635\u0648\u0631\u0629 1")
        drawn = imaging_letters.letters(line, imaging_letters.default_shaping(), 24, (4000, 400))
    except DamError as error:
        return bad("fonts", error.what, error.hint)
    if drawn.getbbox() is None:
        return bad("fonts", "The credit line came out empty", _FONTS)
    return fine("fonts", "Latin and Arabic letters can be drawn")


_FONTS = "Install fontpkg-noto-sans and fontpkg-noto-sans-arabic"


def _face_check(settings: Settings) -> Check:
    """Why faces cannot be looked for; fine where they can."""
    name = "face check"
    if not settings.face_check:
        return bad(
            name,
            "switched off in dam.toml",
            "Set face_check = true there; until then photos are held",
        )
    if not faces.available():
        return bad(
            name, "not installed", f"pip install {wheel('faces')}; until then photos are held"
        )
    if faces.installed() is None:
        return bad(
            name,
            "installed, but it does not start",
            f"pip install --force-reinstall {wheel('faces')}; until then photos are held",
        )
    return fine(name, "installed, and it starts")
