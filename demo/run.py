"""`python -m demo`: the main job of `dam` on photographs that are drawn on the spot.

Every command shown is run as it stands. What comes out is compared with what the story says
must come out; a difference ends the demo with a clear line and exit code 1.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import piexif
from PIL import Image

from demo import draw, story
from demo.sidecars import Photo
from demo.story import Story

#: 1600 x 1067 pixels.
SCALE = 8 / 9
_WIDE = 92


class Differs(Exception):
    """What came out is not what the story says."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="use this new folder and keep it")
    parser.add_argument("--scale", type=float, default=SCALE, help="1 draws 1800 x 1200 pixels")
    given = parser.parse_args(arguments)
    begin = time.monotonic()
    try:
        demo = Demo(_folder(given.keep), given.scale, date.today())  # noqa: DTZ011  as dam's day
        demo.run()
    except Differs as difference:
        print(f"demo: {difference}", file=sys.stderr)
        return 1
    demo.close(time.monotonic() - begin)
    return 0


def _folder(keep: Path | None) -> Path:
    """The folder to work in. It stays: there is something to look at in the end."""
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="dam-demo-"))
    if keep.exists() and any(keep.iterdir()):
        raise Differs(f"{keep} is not empty; name a new folder")
    keep.mkdir(parents=True, exist_ok=True)
    return keep.absolute()


class Demo:
    """One run in one folder: `workspace` is the workspace, `pack` the press pack."""

    def __init__(self, folder: Path, scale: float, today: date) -> None:
        self.workspace, self.pack = folder / "workspace", folder / "pack-le-matin"
        self.scale = scale
        self.story: Story = story.tell(today)
        self.sha256: dict[str, str] = {}
        self.copy = b""
        self.listed: dict[str, dict[str, Any]] | None = None

    def run(self) -> None:
        """The story from the first command to the last. Raises Differs."""
        self._title("A workspace")
        self._dam("init", str(self.workspace), outside=True)
        self._title("Two photographers copy their cards into the inbox")
        self._drop()
        self._title("dam takes them in")
        self._dam("ingest")
        self._check_first()
        self._title("Where everything stands")
        self._dam("status")
        self._dam("list")
        self._explain(self.story.misspelt)
        self._late_sidecar()
        self._withdrawal()
        self._title("What is held, on whose consent, until when")
        self._dam("audit")
        self._title("A press pack for a newspaper, with the booklet of the programme")
        wanted = ("--programme", "amal", "--territory", "MA", "--recipient", "Le Matin")
        self._dam("export", "press", *wanted, "--out", str(self.pack))
        self._check_pack()
        self._title("Who has which pictures")
        self._dam("packs")
        self._check_archive()

    # The chapters

    def _drop(self) -> None:
        inbox = self.workspace / "inbox"
        for folder in story.CITIES:
            (inbox / folder).mkdir(parents=True)
        draw.develop([(p.shot, inbox / p.path, self.scale) for p in self.story.photos])
        broken = inbox / self.story.broken
        when = broken.stat().st_mtime
        broken.write_bytes(broken.read_bytes()[: int(broken.stat().st_size * 0.55)])
        os.utime(broken, (when, when))
        for path, text in self.story.sidecars.items():
            (inbox / path).write_text(text, encoding="utf-8")
        self.copy = (inbox / self.story.twice[1]).read_bytes()
        for photo in self.story.photos:
            data = (inbox / photo.path).read_bytes()
            self.sha256[photo.path] = hashlib.sha256(data).hexdigest()
        for folder in story.CITIES:
            files = sorted(p.name for p in (inbox / folder).iterdir())
            photos = sum(name.endswith(".JPG") for name in files)
            notes = [name for name in files if not name.endswith(".JPG")]
            sidecars = f"{len(notes)} sidecar{'s' if len(notes) > 1 else ''}"
            print(f"  {f'inbox/{folder}/':<42} {photos} photographs, {sidecars}")

    def _explain(self, path: str) -> None:
        self._title("Why is one held? The communications officer asks in French")
        self._dam("explain", self._assets()[path]["asset"], lang="fr")

    def _late_sidecar(self) -> None:
        path, text = self.story.late
        self._title("The forgotten sidecar arrives, and a photograph for the second time")
        before = self._assets()
        self._put(f"{path}.consent.yaml", text.encode())
        self._put(self.story.twice[0], self.copy)
        self._dam("ingest")
        self._expect_change(before, path, "held", "approved")
        self._check_inbox_empty()

    def _withdrawal(self) -> None:
        path, text = self.story.withdrawal
        self._title("A mother takes her consent back")
        before = self._assets()
        filed = self.workspace / str(before[path]["archived_as"])
        self._must(filed.is_file(), f"{path} is in the archive before the withdrawal")
        self._put(f"{path}.consent.yaml", text.encode())
        self._dam("ingest")
        self._expect_change(before, path, "approved", "refused")
        self._must(not filed.exists(), f"{path} is gone from the archive after the withdrawal")

    def _put(self, path: str, data: bytes) -> None:
        print(f"  into the inbox: {path}")
        (self.workspace / "inbox" / path).write_bytes(data)

    # Checks

    def _check_first(self) -> None:
        assets = self._assets()
        for photo in self.story.photos:
            self._stands(assets, photo, photo.expected)
        self._must(len(assets) == len(self.story.photos), "one asset for each photograph")
        self._check_inbox_empty()

    def _check_inbox_empty(self) -> None:
        left = sorted(p.name for p in (self.workspace / "inbox").rglob("*.JPG"))
        self._must(not left, f"no photograph is left in the inbox (found: {', '.join(left)})")

    def _check_pack(self) -> None:
        assets = self._assets()
        for photo in self.story.photos:
            self._stands(assets, photo, photo.final)
        wanted = {
            Path(str(assets[p.path]["archived_as"])).name for p in self.story.photos if p.press
        }
        images = sorted(self.pack.rglob("*.jpg"))
        self._must(len(images) == len(wanted), f"{len(wanted)} pictures in the pack")
        texts = {p.name for p in (self.pack / "data").iterdir() if p.is_file()}
        booklets = {f"booklet.{lang}.pdf" for lang in ("fr", "ar", "en")}
        self._must(texts >= {*booklets, "contact-sheet.pdf"}, "booklets and a contact sheet")
        self._must((self.pack / "index.html").is_file(), "a page to look through")
        self._check_bag()
        self._must({i.name for i in images} == wanted, "the right pictures in the pack")
        rows = list(csv.reader(self._captions().read_text("utf-8-sig").splitlines()))
        self._must(len(rows) == len(wanted) + 1, f"{len(wanted)} lines in captions.csv")
        city = rows[0].index("city")
        at_risk = {
            f"images/{Path(str(assets[p.path]['archived_as'])).name}"
            for p in self.story.photos
            if p.press and story.CHILD_AT_RISK in p.people
        }
        left_out = {row[0] for row in rows[1:] if not row[city]}
        self._must(left_out == at_risk, "no town beside the picture of the child at risk alone")
        self._must(
            all(len(row) == len(rows[0]) and all(row[:city] + row[city + 1 :]) for row in rows),
            "every caption, country and credit filled in",
        )

    def _check_bag(self) -> None:
        """The pack is whole: every file is what its manifest says, and nothing else is there."""
        lines = (self.pack / "manifest-sha256.txt").read_text().splitlines()
        told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        found = {
            str(path.relative_to(self.pack)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self.pack / "data").rglob("*")
            if path.is_file()
        }
        self._must(found == told, "every file of the pack as its manifest says")

    def _check_archive(self) -> None:
        """Nothing of the camera but the picture is left, and nothing is there unapproved."""
        filed = sorted((self.workspace / "archive").rglob("*.jpg"))
        expected = {p.path for p in self.story.photos if p.final == "approved"}
        assets = self._assets()
        names = {str(assets[path]["archived_as"]) for path in expected}
        found = {str(p.relative_to(self.workspace)) for p in filed}
        self._must(found == names, "exactly the approved pictures in the archive")
        for file in (*filed, *self.pack.rglob("*.jpg")):
            exif = piexif.load(str(file))
            told = exif["GPS"] or exif["thumbnail"] or exif["1st"]
            told = told or piexif.ExifIFD.MakerNote in exif["Exif"]
            told = told or piexif.ExifIFD.BodySerialNumber in exif["Exif"]
            self._must(not told, "no place, serial number, maker's note or thumbnail left")
        upright = self.workspace / str(assets[f"{story.TANGER}/DSC_0152.JPG"]["archived_as"])
        with Image.open(upright) as picture:
            self._must(picture.height > picture.width, "the portrait stands upright")

    def _stands(self, assets: dict[str, dict[str, Any]], photo: Photo, expected: str) -> None:
        found = assets[photo.path]["disposition"] if photo.path in assets else "missing"
        self._must(found == expected, f"{photo.path} is {expected} (found: {found})")

    def _expect_change(
        self, before: dict[str, dict[str, Any]], path: str, was: str, becomes: str
    ) -> None:
        after = self._assets()
        changed = {p for p in after if after[p] != before.get(p)}
        moved = before[path]["disposition"], after[path]["disposition"]
        self._must(changed == {path}, f"only {path} changes (changed: {sorted(changed)})")
        self._must(moved == (was, becomes), f"{path} goes from {was} to {becomes} (found: {moved})")

    def _must(self, holds: bool, what: str) -> None:
        if not holds:
            raise Differs(f"expected: {what}. The workspace is {self.workspace}")

    # Commands

    def _assets(self) -> dict[str, dict[str, Any]]:
        """`dam list --format json` by the path the photograph was dropped at.

        Asked anew only after a command that may have changed it.
        """
        if self.listed is None:
            words = ["-C", str(self.workspace), "list", "--format", "json"]
            listed = {a["sha256"]: a for a in json.loads(self._call(words, capture=True))["assets"]}
            found = {path: listed[sha] for path, sha in self.sha256.items() if sha in listed}
            self.listed = found
        return self.listed

    def _dam(self, *words: str, outside: bool = False, lang: str = "") -> None:
        """Show a command and run it."""
        before = [] if outside else ["-C", str(self.workspace)]
        before += ["--lang", lang] if lang else []
        shown = " ".join(shlex.quote(w) for w in ("dam", *before, *words))
        print(f"\n$ {shown}", flush=True)
        self._call([*before, *words])
        if words[0] in ("ingest", "export"):
            self.listed = None

    def _call(self, words: list[str], *, capture: bool = False) -> str:
        env = {k: v for k, v in os.environ.items() if not k.startswith("DAM_")}
        command = [sys.executable, "-m", "dam", *words]
        done = subprocess.run(
            command, env=env, text=True, stdout=subprocess.PIPE if capture else None
        )
        if done.returncode:
            raise Differs(f"dam {' '.join(words)} ended with exit code {done.returncode}")
        return done.stdout or ""

    # Words

    def _title(self, text: str) -> None:
        print(f"\n{f'— {text} '.ljust(_WIDE, '—')}", flush=True)

    def _captions(self) -> Path:
        return self.pack / "data" / "captions.csv"

    def close(self, seconds: float) -> None:
        """What happened, in figures, and where to look."""
        photos = self.story.photos
        final = Counter(p.final for p in photos)
        press = sum(p.press for p in photos)
        self._title("What happened")
        count = len(photos)
        print(f"  {count + 1} photographs were dropped, one of them twice: {count} assets.")
        where = {"approved": "in the archive", "held": "held", "refused": "refused"}
        print(f"  {', '.join(f'{final[key]} {word}' for key, word in where.items())}. Among them:")
        for photo in photos:
            if photo.why:
                kept_back = photo.final == "approved" and not photo.press
                end = photo.final + (", not for press" if kept_back else "")
                print(f"    {photo.path:<46} {end:<24} {photo.why}")
        print("  One sidecar that came late released its photograph; one withdrawal took one back.")
        print(f"  {press} pictures went to Le Matin. All came out as it must, in {seconds:.0f} s.")
        print("\n  Look at:")
        print(f"    {self.workspace / 'archive'}   by date, credited, marked")
        print(f"    {self.pack / 'index.html'}   the press pack, to look through in a browser")
        for lang, what in (
            ("fr", "the booklet in French"),
            ("ar", "in Arabic"),
            ("en", "in English"),
        ):
            print(f"    {self.pack / 'data' / f'booklet.{lang}.pdf'}   {what}")
        print(f"    {self._captions()}   its captions for a spreadsheet")
        print(f"  and remove it all with: rm -r {shlex.quote(str(self.workspace.parent))}")
