"""Workspaces to measure in: made by `dam init`, filled as a photographer fills an inbox."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.harness import environment, give_up
from dam.adapters import starter
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace, load_settings, prepare
from dam.flows import ingest

SIDECAR = "schema: dam/photo/1\nphotographer: rachid-azzouzy\npeople: none\n"
#: Without a caption nothing goes to the press.
CAPTIONED = SIDECAR + "caption: {fr: Une salle vide, en: An empty hall, ar: قاعة}\n"

#: So long ago what is prepared was made.
_AGO = timedelta(hours=1)

#: With the face check off every photograph with a sidecar is held (`faces-checked`), as it must
#: be. To measure the way to the archive without that check, and for no other reason, the rule of
#: a bench's workspace asks it only of photographs that somebody says show people.
_RULE = Path("rules", "consent", "faces-checked.yaml")
_ASKED, _ASKED_LESS = "when: people.stated\n", "when: people.stated && !people.none\n"


def dam(root: Path, *words: str) -> list[str]:
    """The real command for a workspace, as words of a process."""
    return [sys.executable, "-m", "dam", "-C", str(root), *words]


def settings(*, faces: bool = True, quiet: float = 0.0) -> dict[str, str]:
    """Variables of the environment: the face check, and seconds until a file counts as whole."""
    checked = "true" if faces else "false"
    return {"DAM_FACE_CHECK": checked, "DAM_INBOX__QUIET_SECONDS": f"{quiet:g}"}


def carry_out(words: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """A command that is not measured. Ends everything where it fails."""
    done = subprocess.run(words, capture_output=True, env=environment(env))
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        give_up(f"{' '.join(words[:6])} ended with {done.returncode}: {last}")


def make(root: Path, *, faces: bool = True) -> None:
    """An empty workspace in which photographs without people are approved, checked or not."""
    starter.write_workspace(root)
    prepare(Workspace.at(root, load_settings(root, {})))
    if not faces:
        rule = (root / _RULE).read_text(encoding="utf-8")
        if _ASKED not in rule:
            give_up(f"{_RULE} is not the rule that this bench knows how to change")
        (root / _RULE).write_text(rule.replace(_ASKED, _ASKED_LESS), encoding="utf-8")


@contextmanager
def opened(root: Path, *, faces: bool = True, ago: timedelta = _AGO) -> Iterator[Desk]:
    """The workspace, to fill it: by a clock that stands a while ago, so that nothing lies in the
    future of the commands that are measured."""
    chosen = load_settings(root, settings(faces=faces))
    now = datetime.now(UTC).astimezone() - ago
    with open_desk(
        Workspace.at(root, chosen), chosen, lambda: now, writing=True, alone=True
    ) as desk:
        yield desk


def remembered(root: Path, *, faces: bool = True) -> None:
    """A first pass: what it remembers of rules, roster and face check is no news later on."""
    with opened(root, faces=faces) as desk, desk.darkroom() as room:
        ingest.run(desk, room, lambda found: True)


def drop(root: Path, photos: Iterable[Path], sidecar: str = SIDECAR) -> None:
    """Photographs and their sidecars in the inbox. Hard links where that can be: what is taken in
    is copied, and everybody reads the same bytes."""
    inbox = root / "inbox"
    for photo in photos:
        (inbox / f"{photo.name}.consent.yaml").write_text(sidecar, encoding="utf-8")
        try:
            os.link(photo, inbox / photo.name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copyfile(photo, inbox / photo.name)


def filed(root: Path) -> list[Path]:
    return sorted((root / "archive").rglob("*.jpg"))


def all_filed(root: Path, count: int) -> None:
    """Ends everything where not all of so many photographs are in the archive."""
    found = len(filed(root))
    if found != count:
        give_up(
            f"only {found} of {count} photographs were filed (others show faces that no sidecar "
            "declares, or cannot be read)"
        )


def renew(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
