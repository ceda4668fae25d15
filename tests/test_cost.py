"""A large photograph is decoded once and encoded once, whatever is done with it on the way.

Counted in the processes that `dam ingest` starts itself: each of them loads a `sitecustomize` of
the test, which writes down every decoder and encoder that Pillow makes and hands the real one on.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dam.adapters import faces
from dam.core.model import Face
from tests import photos
from tests.test_redaction import sheet
from tests.workspaces import Json, Workspace, environment

_COUNTING = """\
import json, os, sys
from pathlib import Path
from PIL import Image

BOOK = Path(__file__).with_name("book")

class Counted:
    def __init__(self, made, what, name):
        self.made, self.what, self.name = made, what, name
    def __getattr__(self, attribute):
        return getattr(self.made, attribute)
    def setimage(self, picture, *rest):
        line = {"do": self.what, "name": self.name, "size": picture.size, "pid": os.getpid()}
        with BOOK.open("a") as book:
            book.write(json.dumps(line) + "\\n")
        return self.made.setimage(picture, *rest)

def counted(what, real):
    return lambda mode, name, *rest: Counted(real(mode, name, *rest), what, name)

Image._getdecoder = counted("decode", Image._getdecoder)
Image._getencoder = counted("encode", Image._getencoder)
"""
HIDDEN = Face(0.4, 0.3, 0.1, 0.1, 1.0)


class Book:
    """What was decoded and encoded since it was last read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(_COUNTING)
        before = environment().get("PYTHONPATH")
        self.env = {"PYTHONPATH": os.pathsep.join(filter(None, (str(folder), before)))}
        self._place = folder / "book"

    def read(self) -> list[Json]:
        lines = self._place.read_text().splitlines() if self._place.exists() else []
        self._place.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]


@pytest.mark.skipif(faces.installed() is None, reason="dam[faces] is not installed")
def test_one_decode_and_one_encode_with_faces_previews_and_redaction(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    large = workspace.inbox / "large.jpg"
    photos.write_large(large, megapixels=24)
    workspace.say("large.jpg", sheet(1, {0}, [HIDDEN]), b".consent.json")
    book = Book(tmp_path / "counting")
    (outcome,) = workspace.ingest(env=book.env)["assets"]
    assert outcome["disposition"] == "approved"
    told = book.read()
    assert len({line["pid"] for line in told}) == 1, "the child alone sees pixels"
    done = [(line["do"], line["name"], tuple(line["size"])) for line in told]
    # Bytes out of and into a picture go through `raw`: never those of a whole photograph.
    assert all(wide * high < 2_000_000 for _, name, (wide, high) in done if name == "raw")
    assert [one for one in done if one[1] != "raw"] == [
        ("decode", "jpeg", (6000, 4000)),
        ("encode", "jpeg", (683, 1024)),
        ("encode", "jpeg", (4000, 6000)),
    ]
    (asset,) = workspace.assets().values()
    shown = workspace.ask("show", asset["asset"])
    assert shown["facts"]["faces"]["status"] == "known"
    archive = next(d for d in shown["decisions"] if d["purpose"] == "archive")
    assert [r["subject"] for r in archive["redact"]] == ["S-0"]
    workspace.ingest(env=book.env)
    assert book.read() == [], "what is filed costs no pixels again"
