"""Whether a folder or a zip is a bag, told from RFC 8493 alone: nothing here is dam's own code.

Stricter than the RFC where a pack is: SHA-256 alone, no fetch.txt, each file listed once, and no
two names that one file system could take for the same.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_LINE = re.compile(r"([0-9a-f]{64})[ \t]+(\S.*)")
_ELEMENT = re.compile(r"([^:\s](?:[^:]*[^:\s])?):[ \t](\S.*)")
_ENCODED = re.compile(r"%(0D|0A|25)", re.I)


def problems(root: Path) -> list[str]:
    """All that is wrong with the bag in the folder `root`; empty for a valid one."""
    found = _kinds(root)
    if found:
        return found
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    payload = {name for name in files if name.startswith("data/")}
    tags = files - payload - {"tagmanifest-sha256.txt"}
    if not (root / "data").is_dir():
        found.append("no payload folder")
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        if name not in files:
            return [*found, f"{name} is missing"]
    if (root / "bagit.txt").read_bytes() != DECLARATION:
        found.append("bagit.txt is another")
    found += [
        f"{n} is there" for n in tags if re.fullmatch(r"fetch\.txt|.*manifest-(?!sha256).*", n)
    ]
    found += clashes(path.relative_to(root).as_posix() for path in root.rglob("*"))
    found += _listed(root, "manifest-sha256.txt", payload)
    found += _listed(root, "tagmanifest-sha256.txt", tags)
    return found + _info(root, payload)


def _kinds(root: Path) -> list[str]:
    """Links and what else is no file; os.walk follows none."""
    found = [] if stat.S_ISDIR(root.lstat().st_mode) else ["the bag is no folder"]
    for folder, inner, names in os.walk(root):
        for name in inner + names:
            kind = (Path(folder) / name).lstat().st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                found.append(f"{name} is no file")
    return found


def clashes(names: Iterable[str]) -> list[str]:
    """Names that are one where case or the form of Unicode does not count (twice included)."""
    counted = Counter(unicodedata.normalize("NFC", name.rstrip("/")).casefold() for name in names)
    return [f"{name} clashes" for name, times in counted.items() if times > 1]


def _listed(root: Path, manifest: str, there: set[str]) -> list[str]:
    """A manifest against the files that are there (2.1.3, 2.2.1)."""
    found = []
    text = (root / manifest).read_bytes().decode("utf-8")
    if text and not text.endswith("\n"):
        found.append(f"{manifest} ends within a line")
    listed = []
    for line in text.split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        if match is None:
            found.append(f"{manifest}: {line!r}")
            continue
        name = _ENCODED.sub(lambda m: chr(int(m[1], 16)), match[2])
        listed.append(name)
        if outside(name):
            found.append(f"{name} leads out of the bag")
        elif name not in there:
            found.append(f"{name} is listed and not there")
        elif hashlib.sha256((root / name).read_bytes()).hexdigest() != match[1]:
            found.append(f"{name} has other bytes")
    found += [f"{name} is listed {n} times" for name, n in Counter(listed).items() if n > 1]
    return found + [f"{name} is not listed" for name in sorted(there - set(listed))]


def outside(name: str) -> bool:
    """Whether a path could lead anywhere else than below the folder it is read in."""
    parts = name.replace("\\", "/").split("/")
    return name[:1] in ("/", "\\", "~") or ":" in name or bool({"..", ".", ""} & set(parts))


def _info(root: Path, payload: set[str]) -> list[str]:
    """bag-info.txt (2.2.2): elements, the sum of the payload, the day."""
    text = (root / "bag-info.txt").read_bytes().decode("utf-8")
    if not text.endswith("\n") or text.startswith("\ufeff"):
        return ["bag-info.txt is no list of elements"]
    told: dict[str, list[str]] = {}
    for line in re.split(r"\r\n|\r|\n", text)[:-1]:
        match = _ELEMENT.fullmatch(line)
        if match is None:
            return [f"bag-info.txt: {line!r}"]
        told.setdefault(match[1].casefold(), []).append(match[2])
    octets = sum((root / name).stat().st_size for name in payload)
    found = []
    if told.get("payload-oxum") != [f"{octets}.{len(payload)}"]:
        found.append(f"Payload-Oxum: {told.get('payload-oxum')}")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", "|".join(told.get("bagging-date", []))):
        found.append(f"Bagging-Date: {told.get('bagging-date')}")
    return found


def zip_problems(path: Path, top: str) -> list[str]:
    """All that is wrong with a zip that should be one bag below the one folder `top`."""
    found = []
    with zipfile.ZipFile(path) as bundle:
        names = [entry.filename for entry in bundle.infolist()]
        found += clashes(names)
        found += [f"{name} leads out" for name in names if outside(name.rstrip("/"))]
        found += [f"{name} is beside {top}" for name in names if name.split("/")[0] != top]
        for entry in bundle.infolist():
            kind = entry.external_attr >> 16
            wanted = 0o40755 if entry.is_dir() else 0o100644
            if kind != wanted or entry.flag_bits & 1:
                found.append(f"{entry.filename} is {kind:o}")
        if (bad := bundle.testzip()) is not None:
            found.append(f"{bad} is damaged")
        if found:
            return found
        with tempfile.TemporaryDirectory() as folder:
            bundle.extractall(folder)
            return problems(Path(folder) / top)


def judged_by_bagit(root: Path) -> bool:
    """Whether `bagit.py --validate` takes it for valid."""
    words = [sys.executable, "-m", "bagit", "--validate", "--quiet", str(root)]
    return subprocess.run(words, capture_output=True, timeout=60).returncode == 0
