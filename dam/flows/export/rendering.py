"""The pictures of a pack: rendered from their originals, or taken from those made before.

What is made is kept without a pack's texts (`dam.adapters.renditions`), under a digest of all that
decides its bytes; a pack's picture is that file with the texts of the pack put in, read back before
it counts. So the same inputs give the same bytes, whether a picture was there already or not.
"""

from __future__ import annotations

import functools
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from dam.adapters import imaging
from dam.adapters.abreast import abreast
from dam.adapters.darkroom import Child, Darkroom
from dam.adapters.desk import Desk
from dam.adapters.renditions import Kind, synced
from dam.core.errors import DamError, IntegrityError, NoDarkroom, StorageError
from dam.core.facts import digest_of
from dam.core.model import Disposition, Face, Rights
from dam.core.packing import PAGE_SIDE, THUMB_SIDE
from dam.core.presets import Preset
from dam.core.readings import Copy, MarkStyle, Rendered, RenderJob
from dam.core.watermark import style_digest
from dam.flows.export.order import GIVEN_UP

#: Another number wherever the same picture, preset and line come out with other pixels or bytes.
VERSION: Final = 2
THUMB_QUALITY: Final = 80
PAGE_QUALITY: Final = 85
#: While one picture waits for the disk, the children have others to work on.
_WAITING: Final = 2
#: After so many pictures the cache is brought back to the size it may have.
_TRIM_AFTER: Final = 64
_NOTHING: Final = Rights((), "", "")
#: A picture on its way into the cache, in the folder of work in progress; see `_anew`.
_ON_ITS_WAY: Final = re.compile(r".+-[0-9a-f]{16}-(?:picture|thumb|page)\.jpg")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One picture of a pack.

    `sha256` is that of the original. `rights` are all the texts that go into the file, already cut
    down to what the preset lets in; `line` is the visible credit, `redact` are the places to
    destroy. `target` is the finished picture (0600, synced), `thumb` and `page` (None: not wanted)
    are smaller copies without texts (0600, not synced).
    """

    asset: str
    sha256: str
    rights: Rights
    line: str
    redact: tuple[Face, ...]
    preset: Preset
    style: MarkStyle
    target: Path
    thumb: Path
    page: Path | None = None

    def files(self) -> Mapping[Kind, Path]:
        """Where the copies are wanted."""
        page: Mapping[Kind, Path] = {"page": self.page} if self.page is not None else {}
        return {"thumb": self.thumb, **page}


@dataclass(frozen=True, slots=True)
class Made:
    """A finished picture: SHA-256 in hex, size in bytes, pixels; whether it was turned upright and

    its colours converted.
    """

    sha256: str
    size: int
    width: int
    height: int
    turned: bool = False
    recoloured: bool = False


def render_all(
    desk: Desk, room: Darkroom, wanted: Sequence[Wanted], step: Callable[[], None]
) -> Iterator[tuple[Wanted, Made | DamError]]:
    """Each picture in the given order, with what was made or why it could not be made.

    Several at once, and never more in memory than that. What cannot be made leaves no file behind
    and stops no other. `step` is called after each. Not to be called inside a transaction: the
    catalogue is asked meanwhile. Raises StorageError where the disk refuses and
    NoDarkroom where nothing can be rendered at all.
    """
    work = functools.partial(_answered, desk, room)
    keep = desk.settings.renditions.keep_mb * 1024 * 1024
    with closing(abreast(room.workers + _WAITING, work, wanted)) as results:
        for number, (one, result) in enumerate(results, 1):
            made = result()
            step()
            if number % _TRIM_AFTER == 0 or number == len(wanted):
                desk.renditions.trim(keep)
            yield one, made


def clear_up(desk: Desk) -> None:
    """Remove the half-made pictures of runs that were killed; those of a run that lives are newer.

    What cannot be removed stays: the next pass over the inbox, or the next pack, tries again.
    """
    before = desk.instant() - GIVEN_UP
    desk.renditions.clear_up(before)
    with suppress(OSError):
        for path in desk.workspace.work.iterdir():
            with suppress(OSError):
                if _ON_ITS_WAY.fullmatch(path.name) and path.lstat().st_mtime < before.timestamp():
                    path.unlink()


def key_of(wanted: Wanted) -> str:
    """Digest of all that decides the pixels and bytes of a picture, a pack's texts apart."""
    preset = wanted.preset
    return digest_of(
        [
            VERSION,
            imaging.made_by(),
            wanted.sha256,
            [preset.size, preset.quality, preset.colour.value, preset.redaction],
            wanted.line,
            _style(wanted.style),
            [[face.x, face.y, face.w, face.h] for face in wanted.redact],
        ]
    )


@functools.lru_cache(maxsize=16)
def _style(style: MarkStyle) -> str:
    return style_digest(style)


def _answered(desk: Desk, room: Darkroom, wanted: Wanted) -> Made | DamError:
    try:
        return _made(desk, room, wanted)
    except DamError as problem:
        for path in (wanted.target, *wanted.files().values()):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        if isinstance(problem, StorageError | NoDarkroom):
            raise
        return problem


def _made(desk: Desk, room: Darkroom, wanted: Wanted) -> Made:
    key = key_of(wanted)
    done = _again(desk, room, wanted, key) or _anew(desk, room, wanted, key)
    synced(wanted.target)
    return Made(done.sha256, done.size, done.width, done.height, done.turned, done.recoloured)


def _again(desk: Desk, room: Darkroom, wanted: Wanted, key: str) -> Rendered | None:
    """The picture out of what was made before; None where that is not there, or not whole.

    What was made counts only as long as its original is still there and whole.
    """
    found = desk.renditions.find(wanted.asset, key)
    if not {"picture", *wanted.files()} <= found.keys():
        return None
    if not desk.originals.verify(wanted.sha256):
        raise IntegrityError("The original is missing or damaged", "Drop the photograph again")

    def place(kind: Kind) -> Path:
        return desk.renditions.place(wanted.asset, key, kind)

    whole = all(
        desk.renditions.hand_out(place(kind), found[kind], target)
        for kind, target in wanted.files().items()
    )
    if whole:
        with suppress(IntegrityError), room.session() as child:
            return _dressed(child, place("picture"), found["picture"], wanted)
    desk.renditions.drop(wanted.asset, key)
    return None


def _anew(desk: Desk, room: Darkroom, wanted: Wanted, key: str) -> Rendered:
    """The picture rendered from its original, and kept."""
    stem = desk.workspace.work / f"{wanted.asset}-{secrets.token_hex(8)}"
    kinds: tuple[Kind, ...] = ("picture", *wanted.files())
    paths = {kind: stem.with_name(f"{stem.name}-{kind}.jpg") for kind in kinds}
    try:
        with room.session() as child:
            child.open(str(desk.originals.path(wanted.sha256)), wanted.sha256)
            rendered = child.render(_job(wanted, paths))
            done = _dressed(child, paths["picture"], rendered, wanted)
        made = dict(zip(kinds, (rendered, *rendered.copies), strict=True))
        for kind, target in wanted.files().items():
            if not desk.renditions.hand_out(paths[kind], made[kind], target):
                raise StorageError("A finished picture cannot be read again", "Check the disk")
        _keep(desk, wanted.asset, key, {kind: (paths[kind], made[kind]) for kind in kinds})
        return done
    finally:
        for path in paths.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _job(wanted: Wanted, paths: Mapping[Kind, Path]) -> RenderJob:
    sides: Mapping[Kind, tuple[int, int]] = {
        "thumb": (THUMB_SIDE, THUMB_QUALITY),
        "page": (PAGE_SIDE, PAGE_QUALITY),
    }
    return RenderJob(
        target=str(paths["picture"]),
        rights=_NOTHING,
        mark=wanted.line,
        quality=wanted.preset.quality,
        max_side=wanted.preset.size,
        redact=wanted.redact,
        color=wanted.preset.colour,
        style=wanted.style,
        bare=True,
        last=True,
        sync=False,
        copies=tuple(Copy(str(paths[kind]), *sides[kind]) for kind in wanted.files()),
        nobody=wanted.preset.redaction == "all_faces",
    )


def _dressed(child: Child, source: Path, picture: Rendered, wanted: Wanted) -> Rendered:
    done = child.dress(str(source), picture.sha256, str(wanted.target), wanted.rights)
    return replace(done, turned=picture.turned, recoloured=picture.recoloured)


def _keep(desk: Desk, asset: str, key: str, made: Mapping[Kind, tuple[Path, Rendered]]) -> None:
    """Keep what was made, unless it may be used no longer.

    A withdrawal is recorded first and erases then. Whichever of the two comes last sees the other:
    nothing of a picture that was taken back stays behind.
    """
    desk.renditions.keep(asset, key, made)
    row = desk.catalog.asset(asset)
    approved = row is not None and row.disposition is Disposition.APPROVED
    if not approved or desk.catalog.due_mark(asset) is not None:
        desk.renditions.erase(asset)
