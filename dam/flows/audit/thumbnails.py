"""Small pictures for a report: of approved renditions that stand in the archive, no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from dam.adapters.darkroom import Child, Darkroom
from dam.adapters.desk import Desk
from dam.adapters.imaging import Limits
from dam.core.errors import DamError
from dam.core.model import Disposition, Purpose, Rights
from dam.core.plan import ARCHIVE
from dam.core.readings import RenderJob
from dam.core.report import AuditRow

#: The JPEG of a row's picture; None where none may be shown.
Thumbnail = Callable[[AuditRow], bytes | None]

#: Pixels of the longer side.
SIDE = 160
_QUALITY = 60
_NOTHING = Rights((), "", "")


@contextmanager
def thumbnails(desk: Desk, purpose: Purpose) -> Iterator[Thumbnail]:
    """Gives the JPEG of a row's picture, without metadata; None where none may be shown.

    May be shown: what may be used for the archive and for the purpose on the day of the audit,
    as long as the file is the very rendition that was approved.
    """
    settings = desk.settings
    room = Darkroom(
        1,
        Limits(max_pixels=settings.max_pixels, max_bytes=settings.max_bytes),
        face_check=False,
        seconds=settings.limits.seconds,
        memory_mb=settings.limits.memory_mb,
    )
    with room, room.session() as child, TemporaryDirectory(prefix="dam-") as folder:

        def of(row: AuditRow) -> bytes | None:
            asked = (Purpose.ARCHIVE, purpose)
            if any(row.verdict(p).disposition is not Disposition.APPROVED for p in asked):
                return None
            try:
                return _made(desk, child, row, Path(folder) / f"{row.asset}.jpg")
            except DamError:
                return None
            finally:
                child.drop()

        yield of


def _made(desk: Desk, child: Child, row: AuditRow, work: Path) -> bytes | None:
    rendition = desk.catalog.rendition(row.asset, Purpose.ARCHIVE.value)
    if row.archived_as is None or rendition is None or rendition.relative is None:
        return None
    relative = row.archived_as.removeprefix(f"{ARCHIVE}/")
    if relative != rendition.relative or desk.archive.digest(relative) != rendition.sha256:
        return None
    try:
        child.look(str(desk.workspace.archive / relative))
        child.render(
            RenderJob(
                target=str(work), rights=_NOTHING, mark="", quality=_QUALITY, max_side=SIDE,
                bare=True, last=True,
            )
        )  # fmt: skip
        return work.read_bytes()
    except OSError:
        return None
    finally:
        with suppress(OSError):
            work.unlink()
