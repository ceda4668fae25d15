"""`dam restore`: a workspace from a backup, with what was taken back since taken back again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dam.adapters import backup_file, sealed
from dam.adapters.backup_file import Unpacked
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import FILE, Settings, Workspace, load_settings
from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core import since
from dam.core.errors import IntegrityError, UsageError
from dam.core.since import Since
from dam.flows import backup as flow
from dam.flows import consents, ingest
from dam.render import terminal
from dam.render.documents import Json
from dam.render.lang import Speech


def register(app: typer.Typer) -> None:
    app.command(
        "restore",
        epilog="Example: dam restore amal.dam ~/amal --identity key.txt "
        "--tombstones amal.tombstones",
    )(restore)


@dataclass(frozen=True, slots=True)
class _Restored:
    """What became of a restore. `since` is None where a person said that there was nothing."""

    since: Since | None
    photos: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    retracted: tuple[str, ...] = ()
    due: int = 0


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="BACKUP", help="The file of dam backup.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is not there yet.")],
    identity: Annotated[
        Path | None,
        typer.Option("--identity", metavar="FILE", help="The age identity of a recipient."),
    ] = None,
    tombstones: Annotated[
        Path | None,
        typer.Option(
            "--tombstones", metavar="FILE", help="The newest file of what was taken back."
        ),
    ] = None,
    no_withdrawals: Annotated[
        bool,
        typer.Option(
            "--no-withdrawals-since",
            help="Nobody took anything back since the backup; the ledger records that you said so.",
        ),
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Make a workspace from a backup, and take back again what was taken back since.

    Nothing of it can be used before all of it is verified. Then run `dam ingest` there.
    """
    if (tombstones is not None) is no_withdrawals:
        raise UsageError(
            "Nobody may be shown again who took it back since the backup: say what was taken back",
            "--tombstones FILE with the newest such file, or --no-withdrawals-since",
        )
    # What is asked for is read before anything is unpacked.
    told = backup_file.read_since(tombstones, since.MAX_BYTES) if tombstones else None
    by = _identities(file, identity)
    say = shared.speech(context)
    with (
        terminal.progress(say.gettext("Restoring")) as (begin, _),
        backup_file.unpacked(file, folder.absolute(), by, begin) as found,
    ):
        settings, aside = _settings(found.root)
        workspace = Workspace.at(found.root, settings)
        workspace.inbox.mkdir(mode=0o700)
        with open_desk(workspace, settings, shared.now, writing=True, alone=True) as desk:
            done = _settled(desk, found, told)
        found.publish()
    _tell(folder, found, done, say, format_, aside=aside)
    if found.damaged:
        raise IntegrityError(
            f"{len(found.damaged)} originals were damaged already when the backup was made",
            "Their photos leave the archive; look for them in an older backup",
        )


def _identities(file: Path, identity: Path | None) -> list[object]:
    encrypted = backup_file.is_encrypted(file)
    if encrypted and identity is None:
        raise UsageError("The backup is encrypted", "Name the key with --identity FILE")
    if not encrypted or identity is None:
        return []
    return sealed.identities(sealed.read_keys(identity))


def _settings(root: Path) -> tuple[Settings, bool]:
    """The settings of what was restored; true where they are put aside.

    They may name a catalogue elsewhere, which is that of the workspace that was backed up.
    """
    settings = load_settings(root, {})
    if settings.database is None:
        return settings, False
    (root / FILE).rename(root / f"{FILE}.from-backup")
    return load_settings(root, {}), True


def _settled(desk: Desk, found: Unpacked, told: bytes | None) -> _Restored:
    if told is None:
        out = ingest.take_out(desk, ())
        due = flow.noted(desk, found.digest, files=found.files, withdrawals="none, as was said")
        desk.finish()
        return _Restored(None, retracted=out, due=len(due))
    known = since.read(told, desk.catalog.since_keys())
    if known.head.seq < found.about.seq:
        raise UsageError(
            "The file of withdrawals is older than the backup", "Take the newest there is"
        )
    photos = ingest.take_back(desk, known.stones)
    again = consents.since.apply(desk, known, ingest.taking_back(ingest.Order()))
    out = ingest.take_out(desk, again.touched)
    due = flow.noted(desk, found.digest, files=found.files, withdrawals="applied")
    if not desk.finish():
        raise IntegrityError("What was taken back could not be removed", "Restore it again")
    return _Restored(known, photos, again.ended, again.waiting, again.erased, out, len(due))


def _tell(
    folder: Path, found: Unpacked, done: _Restored, say: Speech, format_: Format, *, aside: bool
) -> None:
    if format_ is Format.JSON:
        terminal.emit(_document(folder, found, done, aside=aside))
        return
    terminal.line(
        say.gettext(
            "{folder}: as it was on {day}; files: {n}",
            folder=folder,
            day=found.about.at.date(),
            n=found.files,
        )
    )
    if done.since is None:
        terminal.line(say.gettext("Nothing was taken back since, as you said; it is on record"))
    else:
        terminal.line(
            say.gettext(
                "taken back again, as of {day}: photos: {photos}; consents: {consents}; "
                "people forgotten: {subjects}",
                day=done.since.head.at.date(),
                photos=len(done.photos),
                consents=len(done.consents),
                subjects=len(done.subjects),
            )
        )
    if done.waiting:
        terminal.line(
            say.gettext(
                "records that changed since and permit nothing until they are told again: {ids}",
                ids=say.list(done.waiting),
            )
        )
    if aside:
        terminal.note(
            say.gettext("dam.toml named another catalogue: it is now dam.toml.from-backup")
        )
    terminal.line(
        say.gettext(
            "Next: dam -C {folder} ingest (photos to decide: {n})", folder=folder, n=done.due
        )
    )


def _document(folder: Path, found: Unpacked, done: _Restored, *, aside: bool) -> Json:
    return {
        "workspace": str(folder),
        "made": found.about.at.isoformat(),
        "listing": found.digest,
        "files": found.files,
        "damaged": list(found.damaged),
        "withdrawals": None
        if done.since is None
        else {
            "until": done.since.head.at.isoformat(),
            "photos": list(done.photos),
            "consents": list(done.consents),
            "waiting": list(done.waiting),
            "subjects": list(done.subjects),
        },
        "retracted": list(done.retracted),
        "due": done.due,
        "settings_aside": aside,
    }
