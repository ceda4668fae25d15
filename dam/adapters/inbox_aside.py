"""What lies in the inbox and is not taken in: told once each, counted by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from dam.adapters import inbox

#: Files in transit and hidden ones are told only when nobody wrote them for so many seconds:
#: programs that copy files make thousands and rename them at once.
LEFT_OVER = 3600.0

_SYSTEM_FILES = frozenset((b"thumbs.db", b"ehthumbs.db", b"desktop.ini", b".ds_store"))
_SYSTEM_FOLDERS = frozenset(
    (
        b"__macosx",
        b"@eadir",
        b"$recycle.bin",
        b"system volume information",
        b".spotlight-v100",
        b".fseventsd",
        b".trashes",
        b".temporaryitems",
        b".documentrevisions-v100",
        b".snapshot",
        b".snapshots",
        b"lost+found",
    )
)


def aside(found: Iterable[inbox.Found], at: datetime) -> list[str]:
    """A line for each file that is left alone, with why, as of the instant `at`.

    No line for system files; for files in transit none while they may still be renamed.
    """
    return [
        f"{f.shown}: left alone ({f.reason})"
        for f in found
        if _left(f) and not quiet(f) and not _in_transit(f, at)
    ]


def counted(found: Iterable[inbox.Found]) -> dict[str, int]:
    """How many entries are left alone, by reason; system files are among them."""
    return dict(Counter(f.reason for f in found if _left(f) and f.path.lower() != b"readme.md"))


def quiet(found: inbox.Found) -> bool:
    """What operating systems and dam itself put there, which nobody needs to hear of.

    A photograph or sidecar is never among these; a hidden file may be one, and is told.
    """
    if found.unread:
        return False
    name = found.name.lower()
    return (
        name in _SYSTEM_FILES
        or name in _SYSTEM_FOLDERS
        or name.startswith((b"._", b".dam-", b".trash-", b"~$", b".~lock."))
        or name == b"readme.md"
    )


def _left(found: inbox.Found) -> bool:
    return found.kind in (inbox.Kind.IGNORED, inbox.Kind.REFUSED)


def _in_transit(found: inbox.Found, at: datetime) -> bool:
    return (
        found.reason.startswith(("a temporary file", "a hidden file"))
        and found.mtime_ns > (at.timestamp() - LEFT_OVER) * 1e9
    )
