"""Documents for paper: PDF by typst, tagged for those who read with their ears (PDF/UA-1).

All that a document tells goes in as data (`data.json`) and none of it is ever read as markup.
Fonts are the packaged Noto ones alone; nothing is taken from the machine or the network, nor from
typst's own fonts. A template sees one temporary folder: itself, `paper.typ`, the data, its files.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from dam.core.errors import ConfigurationError, DamError
from dam.render import fonts, typesetter
from dam.render.text import clean

#: For the longest document on a slow machine; a template that never ends is stopped then.
SECONDS = 300.0
_CHILD = (sys.executable, "-P", "-m", "dam.render.typesetter")
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "TZ")
#: typst would fetch packages from the network; nobody listens at this address.
_NOBODY = "http://127.0.0.1:9"
_SET = {
    "PYTHONUTF8": "1",
    "PYTHONNOUSERSITE": "1",
    "HTTPS_PROXY": _NOBODY,
    "HTTP_PROXY": _NOBODY,
    "ALL_PROXY": _NOBODY,
}
_LINE = re.compile(r"┌─ ([^\n]*?):(\d+):\d+")
_LONGEST = 200
#: What typst says, and what that means for whoever wrote the template.
_MEANINGS = (
    ("would escape the project root", "it reads outside of its folder"),
    ("file not found", "it reads a file that is not there"),
    ("failed to download package", "it asks for a package, and none is fetched"),
    ("package not found", "it asks for a package, and none is fetched"),
    ("package manifest", "it asks for a package, and none is fetched"),
)


def compiled(
    template: str,
    told: Mapping[str, object],
    day: date,
    *,
    undrawn: Collection[str] = (),
    files: Mapping[str, Path | bytes] | None = None,
    own: bytes | None = None,
    near: Path | None = None,
) -> bytes:
    """The PDF that a template of `dam/render/templates` makes of its data; same data, same bytes.

    Values under the names in `undrawn` are told about the document, not drawn in it. `files` are
    those that the template may read, by relative path. `own` is a template of the workspace that
    stands in for it. `near` is the folder in which to work: its files are linked, not copied, and
    whoever owns it clears what a killed process leaves. Raises ConfigurationError where the fonts
    are missing or `own` is wrong, DamError where typst fails otherwise.
    """
    data = json.dumps(legible(told, undrawn), ensure_ascii=False)
    folders = [str(path) for path in fonts.folders()]
    with TemporaryDirectory(prefix="dam-", dir=near) as name:
        root = Path(name)
        (root / "data.json").write_text(data, "utf-8")
        (root / "paper.typ").write_bytes(_shipped("paper.typ"))
        (root / template).write_bytes(_shipped(template) if own is None else own)
        for path, file in (files or {}).items():
            _put(root / path, file)
        order = {
            "root": str(root),
            "main": template,
            "fonts": folders,
            "timestamp": int(datetime.combine(day, time(), UTC).timestamp()),
        }
        return _run(order, None if own is None else f"rules/templates/{template}")


def legible(told: object, undrawn: Collection[str] = (), *, drawn: bool = True) -> object:
    """The same data, every text in letters that the fonts have, and joined where it is drawn."""
    if isinstance(told, str):
        text = fonts.legible(told)
        return fonts.joined(text) if drawn else text
    if isinstance(told, Mapping):
        return {
            name: legible(value, undrawn, drawn=drawn and name not in undrawn)
            for name, value in told.items()
        }
    if isinstance(told, list | tuple):
        return [legible(value, undrawn, drawn=drawn) for value in told]
    return told


def _shipped(name: str) -> bytes:
    return resources.files("dam").joinpath("render", "templates", name).read_bytes()


def _put(target: Path, file: Path | bytes) -> None:
    """A file in the temporary folder; one on disk is linked where that is possible."""
    target.parent.mkdir(exist_ok=True)
    if isinstance(file, bytes):
        target.write_bytes(file)
        return
    try:
        os.link(file.resolve(), target)
    except OSError:
        shutil.copyfile(file, target)


def _run(order: Mapping[str, object], own: str | None) -> bytes:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    root = str(order["root"])
    with TemporaryFile(dir=root) as answer:
        try:
            done = subprocess.run(
                _CHILD,
                input=json.dumps(order).encode(),
                stdout=answer,
                stderr=subprocess.DEVNULL,
                env={**kept, **_SET},
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _failed(own, "it took too long", root) from None
        answer.seek(0)
        told = answer.read()
    if done.returncode == 0 and told.startswith(b"%PDF-"):
        return told
    if done.returncode != typesetter.FAILED:
        raise _failed(own, "it takes too much memory", root)
    error = json.loads(told)
    line = _LINE.search(error["where"])
    place = f"{own}:{line[2]}" if own and line and line[1].endswith(str(order["main"])) else own
    raise _failed(place, error["message"], root)


def _failed(own: str | None, message: str, root: str) -> DamError:
    """`own` is the template of the workspace and, where known, the line."""
    if own is None:
        return DamError("The PDF could not be made", "Run 'dam doctor'; try it again")
    known = (meaning for words, meaning in _MEANINGS if words in message)
    said = next(known, message.replace(root, "").split("\n", 1)[0])
    return ConfigurationError(
        f"{own} cannot be used: {clean(said)[:_LONGEST]}",
        "Mend it, or take it away for the built-in one",
    )
