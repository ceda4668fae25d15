"""A bag as one zip (RFC 8493, section 4): one folder on top, the same bytes each time.

Nothing in it tells when, where or by whom it was packed: the times are the day of the pack, the
modes and the order are fixed, there are no extra fields. Names are ASCII, which is UTF-8 with or
without the flag that says so.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path, PurePosixPath

from dam.adapters import pack_files
from dam.core.bag import PAYLOAD, BagFile

#: What the format can tell (DOS dates); `zipfile` raises beyond.
_FIRST, _LAST = date(1980, 1, 1), date(2107, 12, 31)
#: Compressed already.
_STORED = frozenset((".jpg", ".jpeg", ".png", ".pdf"))
_UNIX = 3
_FOLDER, _FILE, _DOS_FOLDER = 0o40755 << 16, 0o100644 << 16, 0x10


def write(bag: Path, files: Iterable[BagFile], to: Path, root: str, day: date) -> None:
    """Make the zip `to` of the files of the folder `bag`, below the folder `root`; synced.

    Each file is read once, a piece at a time. Raises IntegrityError where one is not what it
    is listed as, OSError where the disk refuses.
    """
    by_name = {f"{root}/{file.path}": file for file in files}
    folders = {f"{up}/" for name in by_name for up in PurePosixPath(name).parents if up.name}
    folders.add(f"{root}/{PAYLOAD}/")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(to, flags, 0o600), "wb") as out:
        with zipfile.ZipFile(out, "w") as bundle:
            # A folder comes before what is in it: its name is the beginning of theirs.
            for name in sorted(folders | by_name.keys()):
                entry = _entry(name, day)
                if (file := by_name.get(name)) is None:
                    bundle.writestr(entry, b"")
                    continue
                # Tells zipfile whether the 64-bit form is needed; the rest it counts itself.
                entry.file_size = file.size
                with pack_files.reading(bag, file) as pieces, bundle.open(entry, "w") as inside:
                    for piece in pieces:
                        inside.write(piece)
        out.flush()
        pack_files.finish(out.fileno(), 0o644, day)


def _entry(name: str, day: date) -> zipfile.ZipInfo:
    when = min(max(day, _FIRST), _LAST)
    entry = zipfile.ZipInfo(name, (when.year, when.month, when.day, 0, 0, 0))
    entry.create_system = _UNIX
    if name.endswith("/"):
        entry.external_attr = _FOLDER | _DOS_FOLDER
        return entry
    entry.external_attr = _FILE
    if PurePosixPath(name).suffix not in _STORED:
        # At zlib's own level, which is fixed.
        entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
