"""What `dam verify` looks for, as data: codes, findings, samples. See docs/verify.md.

A finding says where something is other than it must be, what was expected and what was found.
A failure is a reason not to trust the workspace; a note is what could not be looked at, or goes
away by itself.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from dam.core.extras import wheel

NOTHING: Final = "nothing"
FILE: Final = "a file"
NO_FILE: Final = "no regular file"
UNREADABLE: Final = "cannot be read"

Level = Literal["failure", "note"]


class Code(enum.StrEnum):
    """One kind of finding. They are documented and never renamed."""

    CATALOGUE_DAMAGED = "catalogue-damaged"
    RECORD_UNREADABLE = "record-unreadable"
    LEDGER_BROKEN = "ledger-broken"
    LEDGER_KEY = "ledger-key"
    CHECKPOINT_UNREADABLE = "checkpoint-unreadable"
    CHECKPOINT_NAME = "checkpoint-name"
    CHECKPOINT_SIGNATURE = "checkpoint-signature"
    CHECKPOINT_KEY = "checkpoint-key"
    CHECKPOINT_WORKSPACE = "checkpoint-workspace"
    CHECKPOINT_CUT = "checkpoint-cut"
    CHECKPOINT_ALTERED = "checkpoint-altered"
    TIMESTAMP_INVALID = "timestamp-invalid"
    TIMESTAMP_UNCHECKED = "timestamp-unchecked"
    REPLAY_DIFFERS = "replay-differs"
    REPLAY_LATER = "replay-later"
    FACTS_ALTERED = "facts-altered"
    TOMBSTONE_BLIND = "tombstone-blind"
    ORIGINAL_MISSING = "original-missing"
    ORIGINAL_DAMAGED = "original-damaged"
    ORIGINAL_EXTRA = "original-extra"
    RESTRICTED_MISSING = "restricted-missing"
    RESTRICTED_DAMAGED = "restricted-damaged"
    RESTRICTED_EXTRA = "restricted-extra"
    ARCHIVE_MISSING = "archive-missing"
    ARCHIVE_DAMAGED = "archive-damaged"
    ARCHIVE_EXTRA = "archive-extra"
    DECISION_MISSING = "decision-missing"
    DECISION_ENDED = "decision-ended"
    DECISION_DIFFERS = "decision-differs"
    WITHDRAWN_PRESENT = "withdrawn-present"
    CACHE_DAMAGED = "cache-damaged"
    CACHE_EXTRA = "cache-extra"
    PACK_ITEM = "pack-item"
    PACK_CHANGED = "pack-changed"
    PACK_UNREACHABLE = "pack-unreachable"
    FILE_UNKNOWN = "file-unknown"
    MODE_OPEN = "mode-open"
    LEFTOVER = "leftover"
    IN_FLIGHT = "in-flight"

    @property
    def level(self) -> Level:
        return "note" if self in _NOTES else "failure"

    @property
    def advice(self) -> str:
        """What to do, in English."""
        return _ADVICE[self]


_NOTES: Final = frozenset(
    {
        Code.TIMESTAMP_UNCHECKED,
        Code.REPLAY_LATER,
        Code.PACK_UNREACHABLE,
        Code.LEFTOVER,
        Code.IN_FLIGHT,
    }
)

_RESTORE = "Keep a copy of .dam as it is, then restore this from a backup"
_TAMPERED = "Somebody or a fault changed it: keep a copy of .dam, compare it with a backup"
_OUT = "Take it out of there by hand, and find out who put it there"
_INGEST = "Run dam ingest, then dam verify again; if it is still told, take it out by hand"
_ADVICE: Final[dict[Code, str]] = {
    Code.CATALOGUE_DAMAGED: _RESTORE,
    Code.RECORD_UNREADABLE: _RESTORE,
    Code.LEDGER_BROKEN: _TAMPERED,
    Code.LEDGER_KEY: _RESTORE,
    Code.CHECKPOINT_UNREADABLE: "Compare it with the copy that is kept elsewhere",
    Code.CHECKPOINT_NAME: "Compare it with the copy that is kept elsewhere",
    Code.CHECKPOINT_SIGNATURE: "Compare it with the copy that is kept elsewhere",
    Code.CHECKPOINT_KEY: "Find out whose key it is: this workspace did not sign this checkpoint",
    Code.CHECKPOINT_WORKSPACE: "Give the checkpoint of this workspace; if it is, its ledger was "
    "begun anew",
    Code.CHECKPOINT_CUT: _TAMPERED,
    Code.CHECKPOINT_ALTERED: _TAMPERED,
    Code.TIMESTAMP_INVALID: "Compare it with the copy that is kept elsewhere",
    Code.TIMESTAMP_UNCHECKED: f"pip install {wheel('timestamp')}",
    Code.REPLAY_DIFFERS: _TAMPERED,
    Code.REPLAY_LATER: "Run dam ingest once: it enters what stands into the ledger",
    Code.FACTS_ALTERED: _TAMPERED,
    Code.TOMBSTONE_BLIND: _TAMPERED,
    Code.ORIGINAL_MISSING: "Drop the same photo again, or restore it from a backup",
    Code.ORIGINAL_DAMAGED: "Drop the same photo again, or restore it from a backup",
    Code.ORIGINAL_EXTRA: _INGEST,
    Code.RESTRICTED_MISSING: _RESTORE,
    Code.RESTRICTED_DAMAGED: _RESTORE,
    Code.RESTRICTED_EXTRA: _INGEST,
    Code.ARCHIVE_MISSING: "Put it back from a backup, or run dam ingest after the next change",
    Code.ARCHIVE_DAMAGED: "Take it out of the archive and restore it from a backup",
    Code.ARCHIVE_EXTRA: _OUT,
    Code.DECISION_MISSING: "Run dam ingest: it takes out what nothing allows",
    Code.DECISION_ENDED: "Run dam ingest: it takes out what nothing allows",
    Code.DECISION_DIFFERS: "Run dam ingest, then dam verify again; if it is still told, records "
    "were changed",
    Code.WITHDRAWN_PRESENT: _INGEST,
    Code.CACHE_DAMAGED: "Remove it: it is made anew when it is needed",
    Code.CACHE_EXTRA: "Remove it: it is made anew when it is needed",
    Code.PACK_ITEM: _RESTORE,
    Code.PACK_CHANGED: "Do not send this copy on; compare it with what the recipient has",
    Code.PACK_UNREACHABLE: "Nothing, unless the pack should be there",
    Code.FILE_UNKNOWN: _OUT,
    Code.MODE_OPEN: "chmod -R go-rwx .dam closes them",
    Code.LEFTOVER: "Nothing: the next dam ingest removes it",
    Code.IN_FLIGHT: "Nothing: dam is at work; run dam verify again when it is done",
}

#: What people should know before anything else comes first where findings are listed together.
ADVICE: Final = frozenset(_ADVICE.values())


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` is a path below the workspace, `ledger N`, or `catalogue: KIND ID`; no names."""

    code: Code
    place: str
    expected: str = ""
    found: str = ""

    @property
    def failed(self) -> bool:
        return self.code.level == "failure"


@dataclass(frozen=True, slots=True)
class Content:
    """Stored bytes that must be there: a photograph's (`asset`, `size`) or a sidecar's.

    `held` tells why a photograph's original is in restricted hold (or, `erased`, nowhere).
    """

    sha256: str
    asset: str = ""
    size: int | None = None
    held: str = ""


@dataclass(frozen=True, slots=True)
class Filed:
    """A rendition by its path below `archive/`; `state` is that of the rendition."""

    asset: str
    relative: str
    sha256: str
    size: int | None
    state: str = "filed"
    held: str = ""


@dataclass(frozen=True, slots=True)
class Depth:
    """How much is read: `percent` of the files have their bytes looked at, 0 of none.

    Which ones a sample takes depends on `seed` and on their place alone.
    """

    percent: float = 100.0
    seed: str = ""

    def takes(self, place: str) -> bool:
        """Whether the bytes of the file at this place are looked at."""
        if self.percent >= 100:
            return True
        drawn = hashlib.sha256(f"{self.seed}\n{place}".encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(drawn[:8]) < self.percent / 100 * 2**64


def in_bytes(size: int | None) -> str:
    return FILE if size is None else f"{size} bytes"
