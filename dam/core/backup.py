"""What a backup holds: names, their order, and the listing that everything is checked against.

A backup is a tar: `dam-backup.json` (what it is) first, then the catalogue and the files, the
listing last. Names are those below the workspace. A name that is not of this layout is refused:
an archive that comes from elsewhere may want to write anywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dam.core.errors import IntegrityError

SCHEMA: Final = "dam/backup/1"
ABOUT: Final = "dam-backup.json"
LISTING: Final = "listing.jsonl"
SETTINGS: Final = "dam.toml"
CATALOGUE: Final = ".dam/catalogue.db"
#: What describes the backup, and is not put into the restored workspace.
OWN: Final = frozenset((ABOUT, LISTING))
MAX_ABOUT: Final = 4096
#: Longer names are not made; a tar header holds so many bytes.
MAX_NAME: Final = 100

#: Folders of `.dam` that are backed up, and those that are not: made anew, or true for the
#: moment alone. Every folder of `.dam` is in one of the two.
KEPT: Final = ("originals", "restricted", "keys", "checkpoints", "credentials", "packs")
LEFT: Final = ("previews", "renditions", "work", "log")

_PART: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_STORED: Final = re.compile(r"\.dam/(?:originals|restricted)/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_PRIVATE: Final = re.compile(rf"\.dam/(?:keys|checkpoints|credentials|packs)/(?:{_PART}/)*{_PART}")
_ARCHIVED: Final = re.compile(r"archive/\d{4}/\d{2}/\d{2}/[0-9a-z][0-9a-z-]{0,79}\.jpg")
#: People name the files they edit; those whose names begin with a dot are no rules.
_RULES: Final = re.compile(r"rules(?:/[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*)+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a backup, as it was written: its size in bytes and the SHA-256 of its bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class About:
    """When a backup was made (UTC) and where its ledger ended then."""

    at: datetime
    seq: int
    hash: str

    def document(self) -> bytes:
        told = {"schema": SCHEMA, "at": self.at.isoformat(), "seq": self.seq, "hash": self.hash}
        return json.dumps(told, sort_keys=True).encode() + b"\n"

    @classmethod
    def read(cls, data: bytes) -> About:
        """What `document` gave. Raises IntegrityError for anything else."""
        try:
            told = json.loads(data)
            if told["schema"] != SCHEMA:
                raise ValueError
            about = cls(datetime.fromisoformat(told["at"]), int(told["seq"]), str(told["hash"]))
            if about.at.utcoffset() is None:
                raise ValueError
        except (ValueError, TypeError, KeyError):
            raise _unfit("does not say what it is, or a newer dam made it") from None
        return about


def fits(name: str) -> bool:
    """Whether a file of this name belongs into a workspace that is restored."""
    if name in OWN or name in (CATALOGUE, SETTINGS):
        return True
    forms = (_STORED, _PRIVATE, _ARCHIVED, _RULES)
    try:
        long = len(name.encode()) > MAX_NAME
    except UnicodeEncodeError:
        return False
    return not long and any(form.fullmatch(name) for form in forms)


def stored_as(store: str, sha256: str) -> str:
    """The name of an original of `.dam/STORE`."""
    return f".dam/{store}/{sha256[:2]}/{sha256}"


def content_of(name: str) -> str | None:
    """The SHA-256 that the bytes of a file must have by its very name; None where it tells none."""
    found = _STORED.fullmatch(name)
    return found[2] if found else None


def mode_of(name: str) -> int:
    """Who may read a restored file."""
    if name.startswith("archive/"):
        return 0o644
    return 0o400 if _STORED.fullmatch(name) else 0o600


def listing(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The lines of a listing; the last one has the digest of those before it."""
    digest = hashlib.sha256()
    for entry in entries:
        told = {"name": entry.name, "size": entry.size, "sha256": entry.sha256}
        line = json.dumps(told, sort_keys=True).encode() + b"\n"
        digest.update(line)
        yield line
    yield json.dumps({"listing": digest.hexdigest()}).encode() + b"\n"


def check_listing(lines: Iterable[bytes], found: Mapping[str, Entry]) -> str:
    """Compare what was unpacked with the listing; its digest.

    Raises IntegrityError with the first difference: a file that is not as it was listed, is not
    there, or is listed nowhere; and for a listing that is damaged.
    """
    digest = hashlib.sha256()
    left = dict(found)
    ended = ""
    for line in lines:
        told = _told(line)
        if ended:
            raise _unfit("has something after the end of its listing")
        if set(told) == {"listing"}:
            ended = str(told["listing"])
            continue
        digest.update(line)
        entry = _entry(told)
        if left.pop(entry.name, None) != entry:
            raise _unfit(f"lacks {entry.name} as it was listed")
    if ended != digest.hexdigest():
        raise _unfit("has a damaged listing")
    if left:
        raise _unfit(f"holds {min(left)}, which is listed nowhere")
    return ended


def _told(line: bytes) -> dict[str, object]:
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise _unfit("has a damaged listing")
    return told


def _entry(told: dict[str, object]) -> Entry:
    name, size, sha256 = told.get("name"), told.get("size"), told.get("sha256")
    if not (isinstance(name, str) and isinstance(size, int) and isinstance(sha256, str)):
        raise _unfit("has a damaged listing")
    if not fits(name):
        raise _unfit("lists a file that no workspace has")
    return Entry(name, size, sha256)


def _unfit(what: str) -> IntegrityError:
    return IntegrityError(f"The backup {what}", "Restore another copy of it")
