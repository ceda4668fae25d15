"""A press pack as a bag: its names, and the texts that RFC 8493 (BagIt 1.0) asks for.

Paths are those in the bag, parts joined by `/`: payload under `data/`, tag files in the root.
Every name is a generated one. Their alphabet has none of the characters that a manifest would
have to encode (RFC 8493, 2.1.3: CR, LF, %) and none that a file system or an archive could read
in another way, so what is written is what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from dam.core import plain
from dam.core.errors import IntegrityError

PAYLOAD = "data"
DECLARATION = "bagit.txt"
INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
#: RFC 8493, 2.1.1: these two lines and nothing else, no byte order mark.
DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

#: No part begins with a point or a dash (hidden, an option), none ends with a point (Windows
#: drops it).
_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
_DEPTH = 8
#: Tag files that have a meaning of their own (2.1, 2.2); `data` is the payload.
_TAKEN = re.compile(r"bagit\.txt|bag-info\.txt|fetch\.txt|data|(?:tag)?manifest-.*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LABEL = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_OWN_LABELS = frozenset(("bagging-date", "payload-oxum"))
#: Marks that turn the direction of a line, in which an Arabic name is at home without them.
_TURNS = dict.fromkeys([0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_DEFECT = "This is a defect in dam; please report it"


@dataclass(frozen=True, slots=True)
class BagFile:
    """A file of a bag: its path, SHA-256 in hex, and size in bytes.

    Raises IntegrityError where the digest or the size can be none.
    """

    path: str
    sha256: str
    size: int

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256) or self.size < 0:
            raise IntegrityError("A file of the pack is listed without its digest", _DEFECT)

    @property
    def is_payload(self) -> bool:
        """Whether it is payload; else it is a tag file."""
        return self.path.startswith(f"{PAYLOAD}/")


def payload_path(relative: str) -> str:
    """The path of a payload file. Raises IntegrityError for a name that is not generated."""
    parts = relative.split("/")
    if len(parts) > _DEPTH or not all(map(_PART.fullmatch, parts)):
        raise IntegrityError("A file of the pack has no generated name", _DEFECT)
    return f"{PAYLOAD}/{relative}"


def tag_path(name: str) -> str:
    """The path of a tag file in the root of the bag. Raises IntegrityError for a name that is
    not generated, or that the bag keeps for itself."""
    if _TAKEN.fullmatch(name.casefold()):
        raise IntegrityError("A file of the pack has a name that the bag itself needs", _DEFECT)
    return plain_name(name)


def plain_name(name: str) -> str:
    """A generated name of one part, as it is. Raises IntegrityError for any other."""
    if not _PART.fullmatch(name):
        raise IntegrityError("A file of the pack has no generated name", _DEFECT)
    return name


class Names:
    """The paths in use, which stay apart also where a file system ignores case.

    There is nothing to normalise: the alphabet is ASCII.
    """

    def __init__(self) -> None:
        self._spelt: dict[str, tuple[str, bool]] = {}

    def claim(self, path: str) -> None:
        """Raises IntegrityError where the path is in use, or one that differs in case alone."""
        parts = path.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if self._spelt.setdefault(folder.casefold(), (folder, False)) != (folder, False):
                raise IntegrityError("Two files of the pack have one name", _DEFECT)
        if path.casefold() in self._spelt:
            raise IntegrityError("Two files of the pack have one name", _DEFECT)
        self._spelt[path.casefold()] = (path, True)

    def holds(self, path: str) -> bool:
        """Whether exactly this path is in use."""
        return self._spelt.get(path.casefold()) == (path, True)

    def release(self, path: str) -> None:
        """The path may be claimed again; fine where it was not in use."""
        if self.holds(path):
            del self._spelt[path.casefold()]


def manifest(files: Iterable[BagFile]) -> bytes:
    """A manifest (2.1.3), in the order of the paths; `sha256sum -c` reads it too."""
    listed = sorted(files, key=lambda file: file.path)
    return "".join(f"{file.sha256}  {file.path}\n" for file in listed).encode("ascii")


def info(given: Mapping[str, str], day: date, payload: Iterable[BagFile]) -> bytes:
    """bag-info.txt (2.2.2): `given` in its order, then the day and the sum of the payload.

    A value is one line of harmless text, whatever was in it: a line break would begin another
    element. Elements without a value are left out. Raises IntegrityError for a label that can be
    none.
    """
    files = list(payload)
    lines = []
    for label, value in given.items():
        if not _LABEL.fullmatch(label) or label.casefold() in _OWN_LABELS:
            raise IntegrityError("The pack is described by a label that can be none", _DEFECT)
        if told := plain.line(value.translate(_TURNS)):
            lines.append(f"{label}: {told}\n")
    lines.append(f"Bagging-Date: {day.isoformat()}\n")
    lines.append(f"Payload-Oxum: {sum(file.size for file in files)}.{len(files)}\n")
    return "".join(lines).encode("utf-8")
