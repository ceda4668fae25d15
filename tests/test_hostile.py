"""Rows 21 to 32 of the faults: hostile bytes dropped into the inbox, in one pass of the real thing.

Each file ends as it must, is kept byte for byte, and costs nobody else anything.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests import photos
from tests.adapters.pictures import chunk, packed, scene, segment
from tests.workspaces import (
    NOBODY,
    Json,
    Workspace,
    by_source,
    corpus,
    needs_corpora,
    once,
    sha256,
)

XMP = b"http://ns.adobe.com/xap/1.0/\0"
_RDF = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_BOMB = b"\0" * (80 * 1024 * 1024)


def jpeg(*segments: bytes, seed: int = 1) -> bytes:
    """A sound JPEG with these segments after its first marker; each `seed` another picture."""
    body = photos.plain(seed, 320, 240)
    return body[:2] + b"".join(segments) + body[2:]


def png(*chunks: bytes, size: tuple[int, int] | None = None) -> bytes:
    body = packed(scene(), "PNG")
    if size is not None:
        head = struct.pack(">II", *size) + body[24:29]
        body = body[:8] + chunk(b"IHDR", head) + body[33:]
    return body[:33] + b"".join(chunks) + body[33:]


def claiming(width: int, height: int) -> bytes:
    """A small JPEG whose frame claims other sides."""
    body = photos.plain(2, 320, 240)
    at = body.index(b"\xff\xc0") + 5
    return body[:at] + struct.pack(">HH", height, width) + body[at + 4 :]


def polyglot() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(zipfile.ZipInfo("SECRETFILE.txt"), "SECRETTEXT" * 50)
    return photos.plain(3, 320, 240) + out.getvalue()


def packet(inner: bytes, head: bytes = b"") -> bytes:
    """An XMP packet about nothing but `inner`."""
    body = b"<rdf:RDF xmlns:rdf='%s'><rdf:Description>%s</rdf:Description></rdf:RDF>"
    return head + body % (_RDF, inner)


LAUGHS = b"<!DOCTYPE x [<!ENTITY a 'ha'>%s]>" % b"".join(
    b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(20)
)
OUTSIDE = b"<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
#: 200,000 levels; as a sidecar and unpacked out of a PNG, for a JPEG has no room for it.
DEEP = packet(b"<a>" * 200_000)

QUARANTINED: dict[str, tuple[int, bytes, str]] = {
    "bomb.png": (21, png(size=(30_000, 30_000)), "megapixels"),
    "bomb.jpg": (21, claiming(65_000, 65_000), "megapixels"),
    "text.png": (22, png(chunk(b"zTXt", b"k\0\0" + zlib.compress(_BOMB))), "enormous"),
    "xmp.png": (
        22,
        png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(_BOMB))),
        "enormous",
    ),
    "icc.png": (22, png(chunk(b"iCCP", b"k\0\0" + zlib.compress(_BOMB))), "enormous"),
    "eps.jpg": (23, packed(scene(), "EPS"), "no photograph"),
    "gif.jpg": (23, packed(scene(), "GIF"), "no photograph"),
    "svg.jpg": (23, b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no photograph"),
}
#: Files whose metadata cannot be read, with `people: none` beside them: the row of each.
UNREADABLE: dict[str, tuple[int, bytes]] = {
    "exif1.jpg": (24, jpeg(segment(0xE1, b"Exif\0\0" + bytes(range(256)) * 200))),
    "exif2.jpg": (24, jpeg(segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xff" * 99))),
    "exif3.jpg": (24, jpeg(segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x87\x69" * 999))),
    "exif4.jpg": (25, jpeg(segment(0xE1, b"Exif\0\0"), segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0"))),
    "iim.jpg": (25, jpeg(segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\xff\xff"))),
    "xmp.jpg": (25, jpeg(segment(0xE1, XMP + b"<x:xmpmeta"))),
    "entities.jpg": (26, jpeg(segment(0xE1, XMP + packet(b"<t>&t;</t>", LAUGHS)))),
    "outside.jpg": (26, jpeg(segment(0xE1, XMP + packet(b"<t>&f;</t>", OUTSIDE)))),
    "deep.jpg": (27, jpeg(segment(0xE1, XMP + DEEP[:65_000]))),
    "deep.png": (
        27,
        png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(DEEP))),
    ),
}
_HEAD = "schema: dam/photo/1\nphotographer: rachid-azzouzy\n"
_MANY = "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 9))
_GIVEN = """people: [{subject: S-1, age_band: adult, consent: C-1}]
consents:
  - id: C-1
    subject: {id: S-1, age_band: adult, situation: other, risk: low}
    scope: {purposes: [web], territories: [world], valid_from: 2021-11-01}
    permissions: {%s}
    givers: [{role: subject, method: written, on: 2021-11-01}]
    events: [{state: given, on: 2021-11-01}]
"""
#: Sidecars beside sound photographs that hold them: the row of each.
SIDECARS: dict[str, tuple[int, str]] = {
    "flow.jpg.consent.yaml": (28, "[" * 200_000),
    "block.jpg.consent.yaml": (28, "- " * 100_000),
    "deep.jpg.consent.json": (28, "[" * 200_000),
    "alias.jpg.consent.yaml": (29, f"{_HEAD}a0: &a0 x\n{_MANY}people: none\n"),
    "merge.jpg.consent.yaml": (29, f"base: &b {{people: none}}\n<<: *b\n{_HEAD}"),
    "twice.jpg.consent.yaml": (30, _HEAD + _GIVEN % "face: no, face: yes"),
    "both.jpg.consent.yaml": (30, f"{_HEAD}people: [{{consent: no, consent: yes}}]\n"),
    "twice.jpg.consent.json": (
        30,
        '{"schema": "dam/photo/1", "photographer": "rachid-azzouzy",'
        ' "people": [{"subject": "S-1"}], "people": "none"}',
    ),
    "yes.jpg.consent.yaml": (31, f"{_HEAD}people: none\ncrowd: !!bool no\n"),
    "clock.jpg.consent.yaml": (31, f"{_HEAD}people: none\ncaptured: 12:30\n"),
    "number.jpg.consent.yaml": (31, _HEAD + _GIVEN % "face: 1_000"),
    "entities.jpg.xmp": (26, packet(b"<t>&t;</t>", LAUGHS).decode()),
    "deep.jpg.xmp": (27, DEEP.decode()),
}
#: Words that YAML would make something else of; what they are here, they stay.
PLAIN = f"{_HEAD}people: none\ncrowd: NO\ntags: [no, 'NO', 1_000]\nlocation: {{country: NO}}\n"


@pytest.fixture(scope="session")
def pass_(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Json]:
    """A workspace after one pass over all of it, and the report; not to be changed."""

    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        for name, (_, body, _) in QUARANTINED.items():
            workspace.drop(f"q/{name}", body, NOBODY)
        for name, (_, body) in UNREADABLE.items():
            workspace.drop(f"u/{name}", body, NOBODY)
        for number, (name, (_, text)) in enumerate(SIDECARS.items()):
            photo = f"s{number}/{name.partition('.')[0]}.jpg"
            kind = name.partition(".jpg")[2].encode()
            workspace.drop(photo, photos.plain(100 + number, 320, 240))
            workspace.say(photo, text, kind)
            if kind == b".xmp":
                workspace.say(photo, NOBODY)
        workspace.drop("polyglot.jpg", polyglot(), NOBODY)
        workspace.drop("plain.jpg", photos.plain(4, 320, 240), PLAIN)
        (folder / "report.json").write_text(json.dumps(workspace.ingest()))

    folder = once(tmp_path_factory, "hostile", make)
    return Workspace(folder / "w"), json.loads((folder / "report.json").read_text())


def test_nothing_is_lost_and_nothing_else_is_filed(pass_: tuple[Workspace, Json]) -> None:
    workspace, report = pass_
    counts = report["counts"]
    assert counts["quarantined"] == len(QUARANTINED)
    assert counts["held"] == len(UNREADABLE) + len(SIDECARS)
    assert counts["approved"] == 2
    bodies = [body for _, body, _ in QUARANTINED.values()]
    bodies += [body for _, body in UNREADABLE.values()]
    bodies += [photos.plain(100 + n, 320, 240) for n in range(len(SIDECARS))]
    for body in (*bodies, polyglot()):
        assert workspace.original(sha256(body)).read_bytes() == body
    kept = {path.name for path in (workspace.root / ".dam" / "originals").rglob("*")}
    for _, text in SIDECARS.values():
        assert sha256(text.encode()) in kept
    assert workspace.dropped() == workspace.leftovers() == []
    assert len(workspace.filed()) == 2


@pytest.mark.parametrize("name", QUARANTINED)
def test_what_cannot_be_trusted_is_quarantined(pass_: tuple[Workspace, Json], name: str) -> None:
    outcome = by_source(pass_[1])[f"q/{name}"]
    assert outcome["disposition"] == "quarantined"
    (reason,) = outcome["reasons"]
    assert QUARANTINED[name][2] in reason["message"]
    assert reason["advice"]


@pytest.mark.parametrize("name", UNREADABLE)
def test_metadata_that_cannot_be_read_holds(pass_: tuple[Workspace, Json], name: str) -> None:
    outcome = by_source(pass_[1])[f"u/{name}"]
    assert outcome["disposition"] == "held"
    assert "readable" in {reason["rule"] for reason in outcome["reasons"]}


@pytest.mark.parametrize("name", SIDECARS)
def test_a_sidecar_that_cannot_be_read_holds(pass_: tuple[Workspace, Json], name: str) -> None:
    number = list(SIDECARS).index(name)
    outcome = by_source(pass_[1])[f"s{number}/{name.partition('.')[0]}.jpg"]
    assert outcome["disposition"] == "held"
    assert "readable" in {reason["rule"] for reason in outcome["reasons"]}
    assert outcome["archived_as"] is None


def test_words_stay_the_words_that_they_are(pass_: tuple[Workspace, Json]) -> None:
    workspace, report = pass_
    outcome = by_source(report)["plain.jpg"]
    assert outcome["disposition"] == "approved"
    shown = json.dumps(workspace.ask("show", outcome["asset"]))
    assert '"NO"' in shown
    assert "1000" not in shown
    (asset,) = (a for a in workspace.assets().values() if a["asset"] == outcome["asset"])
    assert asset["country"] == "NO"


def test_the_rendition_of_a_polyglot_has_no_trailer(pass_: tuple[Workspace, Json]) -> None:
    workspace, report = pass_
    outcome = by_source(report)["polyglot.jpg"]
    assert zipfile.is_zipfile(io.BytesIO(polyglot()))
    body = (workspace.root / outcome["archived_as"]).read_bytes()
    assert not zipfile.is_zipfile(io.BytesIO(body))
    assert body.endswith(b"\xff\xd9")
    assert b"SECRET" not in body
    with Image.open(io.BytesIO(body)) as picture:
        picture.load()


#: Photographs that other programs stumbled over. Where nobody is said to be shown, some show
#: faces; in one of them the pointer to the camera's own EXIF is no pointer.
_FACES = ("28-hex_value.jpg", "42_IndexError.jpg", "image00971.jpg", "image01137.jpg")
_NO_POINTER = "30-type_error.jpg"


@pytest.mark.corpus
@needs_corpora
def test_files_on_which_other_programs_fail(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    files = corpus("broken")
    for path in files:
        workspace.drop(path.name, path.read_bytes(), NOBODY)
    found = by_source(workspace.ingest())
    assert sorted(found) == sorted(path.name for path in files)
    for path in files:
        outcome = found[path.name]
        rules = {reason["rule"] for reason in outcome["reasons"]}
        if path.name in _FACES:
            assert rules == {"everyone-accounted-for"}
        elif path.name == _NO_POINTER:
            assert rules == {"readable"}
        assert outcome["disposition"] == ("held" if rules else "approved"), path.name
        assert bool(rules) == (path.name in (*_FACES, _NO_POINTER)), path.name
        data = path.read_bytes()
        assert workspace.original(sha256(data)).read_bytes() == data
    assert len(workspace.filed()) == len(files) - len(_FACES) - 1
    assert workspace.dropped() == workspace.leftovers() == []
