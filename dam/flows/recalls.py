"""Recalls: who was asked to stop using what, the letters that ask, and the answers.

A recall opens with the marks on the files of a pack (`Unit.ask_back`). Here its letters are
prepared as data, put on record together with their files, and its answer is recorded.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from dam.adapters.darkroom import Child, Darkroom
from dam.adapters.desk import Desk
from dam.adapters.imaging import Limits
from dam.adapters.pack import payload
from dam.adapters.renditions import new_file
from dam.core import recalls
from dam.core.errors import DamError, UsageError, WorkspaceBusy
from dam.core.model import Event, Rights
from dam.core.packing import THUMB_SIDE
from dam.core.readings import RenderJob
from dam.core.recalls import Letter, LetterKind, Named, Notice, Recall, Standing
from dam.core.rows import PackItemRow, PackRow

_QUALITY = 80
_NOTHING = Rights((), "", "")

#: The small picture of a file of a pack, or why there is none.
Thumbnail = Callable[[PackItemRow], Named]


def listed(desk: Desk) -> list[Standing]:
    """Every recall with its pack, the oldest first."""
    packs = {row.id: row for row in desk.catalog.packs()}
    return [
        Standing(recall, packs[recall.row.pack], desk.day())
        for recall in desk.catalog.recalls()
        if recall.row.pack in packs
    ]


def find(desk: Desk, wanted: str) -> Standing:
    """One recall by its id or a unique beginning of it. Raises UsageError."""
    text = wanted.strip()
    ids = desk.catalog.find_recalls(text) if text else ()
    if len(ids) > 1 and text not in ids:
        raise UsageError(f"{len(ids)} recalls begin so: {', '.join(ids)}", "Give more of the id")
    chosen = text if text in ids else next(iter(ids), None)
    found = next((one for one in listed(desk) if one.recall.id == chosen), None)
    if found is None:
        raise UsageError("There is no recall with this id", "`dam recall list` shows the ids")
    return found


def of_pack(desk: Desk, pack: PackRow) -> Standing:
    """The open recall of a pack. Raises UsageError where nothing of it is asked back."""
    every = desk.catalog.recalls(pack.id)
    opened = next((recall for recall in every if recall.open), None)
    if opened is None:
        if every:
            raise UsageError(
                f"The recall of {pack.id} was acknowledged", f"See dam packs show {pack.id}"
            )
        raise UsageError(
            f"Nothing of {pack.id} is asked back",
            "To ask for pictures that may be used no longer: --ended",
        )
    return Standing(opened, pack, desk.day())


def ask_for(desk: Desk, pack: PackRow, files: Iterable[str]) -> None:
    """Ask for files of a pack that may be used no longer for another reason than a withdrawal.

    What was asked for before is not asked for twice.
    """
    with desk.catalog.transaction() as unit:
        at = desk.instant()
        if fresh := unit.mark_files(pack.id, files, "ended", at):
            unit.append(Event("pack.marked", pack.id, {"files": len(fresh), "why": "ended"}), at)
            unit.ask_back({pack.id: fresh}, at)


def to_remind(desk: Desk, days: int | None) -> list[Standing]:
    """The recalls to be reminded today; see `dam.core.recalls.to_remind`."""
    return recalls.to_remind(listed(desk), desk.instant(), days)


def compose(
    desk: Desk,
    standing: Standing,
    kind: LetterKind,
    days: int | None = None,
    to: str = "",
    thumbnail: Thumbnail | None = None,
) -> Notice:
    """The next letter of an open recall, as data; `days` is how long an answer may take.

    Raises UsageError for a reminder of what was never asked for.
    """
    recall, pack, day = standing.recall, standing.pack, desk.day()
    if not recall.open:
        raise UsageError(f"{recall.id} was acknowledged", "There is nothing to ask for")
    if kind == "reminder" and not recall.letters:
        raise UsageError(f"No notice of {recall.id} was written", f"Use dam recall {pack.id} first")
    if kind == "reminder":
        wait = recalls.REMINDER_DAYS if days is None else days
        deadline = day + timedelta(days=wait)
    else:
        deadline = recalls.next_deadline(recall, day, days)
    asked = recall.first_told
    return Notice(
        recall=recall.id,
        number=len(recall.letters) + 1,
        kind=kind,
        pack=pack.id,
        recipient=pack.recipient,
        organisation=desk.credits.file.organisation or "",
        contact=desk.pack.policy.withdrawal_contact,
        given_on=pack.day,
        day=day,
        at=desk.now(),
        deadline=deadline,
        territory=pack.territory,
        files=_named(desk, recall, thumbnail),
        asked_on=asked.astimezone(desk.now().tzinfo).date() if asked else None,
        to=to,
    )


def _named(desk: Desk, recall: Recall, thumbnail: Thumbnail | None) -> tuple[Named, ...]:
    if thumbnail is None:
        return tuple(Named(asked.file) for asked in recall.files)
    _, items = desk.catalog.pack(recall.row.pack) or (None, ())
    by_file = {item.file: item for item in items}
    return tuple(
        thumbnail(by_file[asked.file]) if asked.file in by_file else Named(asked.file)
        for asked in recall.files
    )


def send(desk: Desk, notice: Notice, write: Callable[[Notice], None]) -> None:
    """Put a letter on record, and write it inside the same transaction.

    What cannot be written is not on record. Raises WorkspaceBusy where the recall changed since
    the letter was composed: other files joined, it was answered, another letter was written.
    """
    letter = Letter(notice.number, notice.kind, desk.instant(), notice.deadline)
    with desk.catalog.transaction() as unit:
        now = next((r for r in unit.recalls(notice.pack) if r.id == notice.recall), None)
        files = tuple(asked.file for asked in now.files) if now is not None else ()
        if (
            now is None
            or not now.open
            or files != tuple(named.file for named in notice.files)
            or len(now.letters) + 1 != notice.number
        ):
            raise WorkspaceBusy(f"{notice.recall} changed while its letter was made", "Run again")
        unit.add_letter(notice.recall, letter)
        write(notice)


def acknowledge(desk: Desk, wanted: str, role: str, note: str) -> Standing:
    """Record that the recipient has answered. `note` may be personal; it stands apart.

    Raises UsageError where nobody asked yet, or not for every file: an answer to a question
    that was not put is none.
    """
    ident = find(desk, wanted).recall.id
    with desk.catalog.transaction() as unit:
        recall = next(r for r in unit.recalls() if r.id == ident)
        pack = recall.row.pack
        if not recall.open:
            raise UsageError(f"{ident} was acknowledged before", "See dam recall list")
        if recall.untold:
            raise UsageError(
                f"No notice of {ident} names {', '.join(recall.untold)} yet",
                f"Write one with dam recall {pack}, and have that confirmed",
            )
        unit.end_recall(ident, role, note, desk.instant())
    return find(desk, ident)


def notes_of(desk: Desk, found: Iterable[Standing]) -> dict[str, str]:
    """What was noted of the answers, by recall; it may be personal."""
    notes = {one.recall.id: desk.catalog.recall_note(one.recall.id) for one in found}
    return {ident: note for ident, note in notes.items() if note}


# --- small pictures -----------------------------------------------------------------------


@contextmanager
def thumbnails(desk: Desk, pack: PackRow) -> Iterator[Thumbnail]:
    """Gives the small picture of a file of this pack: of what was sent, and of nothing else.

    It is made of the pack as it stands where it was made, if the file is still the very one that
    was recorded; never of an original. A picture that was erased is shown no more, whatever the
    pack still holds.
    """
    settings = desk.settings
    room = Darkroom(
        1,
        Limits(max_pixels=settings.max_pixels, max_bytes=settings.max_bytes),
        face_check=False,
        seconds=settings.limits.seconds,
        memory_mb=settings.limits.memory_mb,
    )
    with room, room.session() as child:

        def of(item: PackItemRow) -> Named:
            restriction = desk.catalog.restriction(item.asset)
            if restriction is not None and restriction.state == "erased":
                return Named(item.file, missing="erased")
            data = payload(Path(pack.path), item.file, item.sha256)
            # Named so that whatever a kill leaves is swept with other work in progress.
            stem = desk.workspace.work / f"{item.asset}-{secrets.token_hex(8)}"
            small = _small(child, data, stem) if data is not None else None
            return Named(item.file, small) if small else Named(item.file, missing="away")

        yield of


def _small(child: Child, data: bytes, stem: Path) -> bytes | None:
    sent, small = (stem.with_name(f"{stem.name}-{end}.jpg") for end in ("sent", "small"))
    try:
        new_file(sent, data)
        child.look(str(sent))
        child.render(
            RenderJob(
                target=str(small), rights=_NOTHING, mark="", quality=_QUALITY,
                max_side=THUMB_SIDE, bare=True, last=True,
            )
        )  # fmt: skip
        return small.read_bytes()
    except (DamError, OSError):
        return None
    finally:
        child.drop()
        for path in (sent, small):
            path.unlink(missing_ok=True)
