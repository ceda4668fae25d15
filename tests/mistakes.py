"""Mistakes that people make with `dam`: how each comes about, and what is said about it.

`python -m tests.mistakes` writes docs/mistakes.md from this table.
"""

from __future__ import annotations

import io
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from dam.adapters.lock import WorkspaceLock
from tests import photos
from tests.backups import Key, back_up, child
from tests.test_consent_commands import line, sheet
from tests.workspaces import NOBODY, Workspace

PAGE = Path(__file__).resolve().parents[1] / "docs" / "mistakes.md"
#: The beginning of every film that a telephone makes.
_FILM = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + b"\0" * 4096
_SAYS_WHO = "schema: dam/photo/1\nphotographer: rachid-azzouzy\n"


@dataclass
class Scene:
    """A workspace with an approved photo of a child, one of nobody, and a register of two."""

    workspace: Workspace
    folder: Path
    #: The photographs and rows of this mistake, apart from those of others in one workspace.
    number: int
    #: What commands and messages name, as `{asset}`.
    words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.words |= {"root": str(self.folder), "photo": f"p{self.number}.jpg"}

    def drop(self, sidecar: str | None = None) -> None:
        self.workspace.drop(self.words["photo"], photos.plain(self.number), sidecar)

    def file(self, name: str, data: bytes) -> None:
        self.workspace.drop(name, data)


@dataclass(frozen=True)
class Mistake:
    """One mistake: what somebody did, the command, its exit code, and what is said of it.

    `says` are parts of what the command tells, in English. `during` is held while it runs.
    """

    name: str
    command: str
    says: tuple[str, ...]
    code: int = 2
    before: Callable[[Scene], object] = lambda scene: None
    during: Callable[[Scene], AbstractContextManager[object]] = lambda scene: nullcontext()
    env: tuple[tuple[str, str], ...] = ()

    @property
    def shared(self) -> bool:
        """Whether it shows in an ordinary pass, beside others of the kind."""
        return self.command == "ingest" and self.code == 0 and not self.env


def make(folder: Path) -> None:
    """The workspace that every scene is a copy of."""
    workspace = Workspace.init(folder / "w")
    workspace.run("consent", "import", sheet(folder, line(1), line(2)))
    data, sidecar = child(1)
    workspace.drop("child.jpg", data, sidecar)
    workspace.drop("hall.jpg", photos.plain(9), NOBODY)
    assert workspace.ingest()["counts"]["approved"] == 2


def copy(base: Path, folder: Path) -> Workspace:
    """A fresh copy of what `make` made."""
    shutil.copytree(base / "w", folder / "w", symlinks=True)
    return Workspace(folder / "w")


def scene(workspace: Workspace, folder: Path, number: int) -> Scene:
    ((asset,), *_) = workspace.rows("SELECT id FROM assets ORDER BY id")
    return Scene(workspace, folder, number, {"asset": str(asset)})


# --- how they come about ------------------------------------------------------------------


def _sidecar(text: str | None) -> Callable[[Scene], None]:
    return lambda scene: scene.drop(text)


def _beside(name: str, text: str = NOBODY) -> Callable[[Scene], None]:
    """A photo, and a sidecar beside it under another name."""

    def before(scene: Scene) -> None:
        scene.drop()
        (scene.workspace.inbox / name.format(**scene.words)).write_text(text)

    return before


def _zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.jpg", photos.plain(3))
    return out.getvalue()


def _misspelt(scene: Scene) -> None:
    asset = scene.words["asset"]
    scene.words["misspelt"] = asset[:-1] + ("a" if asset[-1] != "a" else "b")


def _expired(scene: Scene) -> None:
    ended = {"valable jusqu'au": "2022-10-31"}
    scene.workspace.run(
        "consent", "import", sheet(scene.folder, line(3, **ended), name="ended.csv")
    )
    data, sidecar = child(3)
    scene.workspace.drop(scene.words["photo"], data, sidecar)


def _other_number(scene: Scene) -> None:
    who = "people:\n  - subject: S-0001\n    consent: C-2021-1\n    age_band: 6-11\n"
    scene.drop(_SAYS_WHO + who)


def _rule(scene: Scene) -> Path:
    return scene.workspace.root / "rules" / "consent" / "in-time.yaml"


def _broken_rule(scene: Scene) -> None:
    _rule(scene).write_text(_rule(scene).read_text().replace("require:", "requires:"))


def _damaged(scene: Scene) -> None:
    (scene.workspace.root / ".dam" / "catalogue.db").write_bytes(b"no database" * 1000)


def _lost_original(scene: Scene) -> None:
    query = f"SELECT sha256 FROM assets WHERE id = '{scene.words['asset']}'"
    ((digest,),) = scene.workspace.rows(query)
    scene.workspace.original(str(digest)).unlink()


def _clock(scene: Scene) -> None:
    """As if everything had been recorded in days to come: the clock was set back since."""
    database = scene.workspace.root / ".dam" / "catalogue.db"
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("UPDATE events SET at = '2199-01-01T00:00:00.000000+00:00'")


@contextmanager
def _busy(scene: Scene) -> Iterator[None]:
    with WorkspaceLock(scene.workspace.root / ".dam" / "lock"):
        yield


@contextmanager
def _growing(scene: Scene) -> Iterator[None]:
    """Somebody still copies a photograph into the inbox."""
    stop = threading.Event()

    def write() -> None:
        with scene.workspace.place(scene.words["photo"]).open("wb", buffering=0) as file:
            while not stop.wait(0.02):
                file.write(b"\xff")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def _other_key(scene: Scene) -> None:
    ours, other = Key.make(scene.folder, "ours.txt"), Key.make(scene.folder, "other.txt")
    back_up(scene.workspace, ours, scene.folder / "amal.dam")
    scene.words["key"] = other.file.name


def _there(scene: Scene) -> None:
    (scene.folder / "pack").mkdir()
    (scene.folder / "pack" / "mine.txt").write_text("mine")


def _excel(scene: Scene) -> None:
    """What a French Excel saves: semicolons, a byte-order mark, lines that end in CR LF."""
    path = Path(sheet(scene.folder, line(7), name="register.csv"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def _row(**cells: str) -> Callable[[Scene], object]:
    named = {word.replace("_", " "): text for word, text in cells.items()}
    return lambda scene: sheet(scene.folder, line(7, **named), name="register.csv")


def _toml(text: str) -> Callable[[Scene], object]:
    return lambda scene: (scene.workspace.root / "dam.toml").write_text(text)


_TO = '--recipient "Le Matin" --out pack'
_LOOKS_LIKE = (
    "looks like a consent sidecar but is not named as one: name it NAME.EXT.consent.yaml beside "
    "the photograph"
)

MISTAKES: tuple[Mistake, ...] = (
    # Which workspace, which command
    Mistake(
        "A folder that is no workspace",
        "-C . status",
        ("is not a workspace, it lacks rules/, inbox/. Make one with: dam init DIR",),
    ),
    Mistake("A folder that is not there", "-C amla status", ("amla is not a workspace",)),
    Mistake("A misspelt command", "ingset", ("ingset", "ingest")),
    Mistake("A misspelt sub-command", "consent imprt register.csv", ("imprt", "import")),
    Mistake("A misspelt option", "ingest --dry-rn", ("--dry-rn", "--dry-run")),
    Mistake(
        "An option of dam itself behind the command",
        "list --lang fr",
        ("--lang stands before the command: dam --lang fr list",),
    ),
    Mistake(
        "A misspelt id",
        "show {misspelt}",
        ("There is no asset with this id. Did you mean {asset}?",),
        before=_misspelt,
    ),
    Mistake(
        "A file name under which no photo came",
        "explain DSC_9999.JPG",
        ("No photo came under this name. `dam list` shows ids",),
    ),
    Mistake(
        "A consent that is not in the register",
        "consent show C-2021-1",
        ("There is no consent record with this id. Did you mean C-2021-0001",),
    ),
    Mistake(
        "A second workspace in the first",
        "init w",
        ("There is a workspace here already. Use it as it is, or choose another folder",),
    ),
    # The workspace
    Mistake(
        "A misspelt setting",
        "status",
        ("dam.toml: wrokers: unknown key; did you mean workers?",),
        before=_toml("wrokers = 2\n"),
    ),
    Mistake(
        "A misspelt variable",
        "status",
        ("DAM_WORKRS: unknown variable; did you mean DAM_WORKERS?",),
        env=(("DAM_WORKRS", "2"),),
    ),
    Mistake(
        "A broken rule",
        "ingest",
        (
            "Nothing is decided until they are mended",
            "rules/consent/in-time.yaml:18: requires: unknown word 'requires'; did you mean "
            "'require'?",
        ),
        before=_broken_rule,
    ),
    Mistake(
        "A rule file that went missing",
        "ingest",
        ("copy those that are missing", "rules/consent/in-time.yaml: is missing"),
        before=lambda scene: _rule(scene).unlink(),
    ),
    Mistake(
        "A damaged catalogue",
        "list",
        ("The catalogue is damaged or is no catalogue. Restore it from a backup",),
        5,
        _damaged,
    ),
    Mistake(
        "A clock that was set back",
        "ingest",
        ("something was recorded on 2199-01-01. Set the machine's clock right",),
        before=_clock,
    ),
    Mistake(
        "A second watcher",
        "watch",
        ("is working on this workspace. Wait until it is done, or stop it",),
        during=_busy,
    ),
    Mistake(
        "An ingest beside a watcher",
        "ingest",
        ("is working on this workspace. Wait until it is done, or stop it",),
        during=_busy,
    ),
    Mistake(
        "An original deleted from .dam",
        "verify",
        ("original-missing", "Drop the same photo again, or restore it from a backup"),
        5,
        _lost_original,
    ),
    # Photographs and sidecars in the inbox
    Mistake(
        "A French date in a sidecar",
        "ingest",
        (
            "{photo}.consent.yaml:4: captured: use a date written YYYY-MM-DD, for example "
            "2021-10-28",
        ),
        0,
        _sidecar(_SAYS_WHO + "people: none\ncaptured: 31/12/2024\n"),
    ),
    Mistake(
        "A tab in a sidecar",
        "ingest",
        ("{photo}.consent.yaml:4: this cannot be read as YAML: a tab: use spaces",),
        0,
        _sidecar(_SAYS_WHO + "people:\n\t- subject: S-1\n"),
    ),
    Mistake(
        "A misspelt word in a sidecar",
        "ingest",
        ("{photo}.consent.yaml:3: (…): unknown word; did you mean 'people'?",),
        0,
        _sidecar(_SAYS_WHO + "poeple: none\n"),
    ),
    Mistake(
        "A photographer who is not on the roster",
        "ingest",
        (
            "{photo}.consent.yaml: photographer: is nobody in rules/credits.yaml, which has: "
            "rachid-azzouzy, radouan-bounjoum",
        ),
        0,
        _sidecar("schema: dam/photo/1\nphotographer: rachid-azouzy\npeople: none\n"),
    ),
    Mistake(
        "A photographer's name in place of the id",
        "ingest",
        (
            "{photo}.consent.yaml:2: photographer: use the id that the photographer has in "
            "rules/credits.yaml, not the name",
        ),
        0,
        _sidecar("schema: dam/photo/1\nphotographer: Rachid Azzouzy\npeople: none\n"),
    ),
    Mistake(
        "A consent number typed differently",
        "ingest",
        ("{photo}.consent.yaml: consent: there is no record C-2021-1; did you mean C-2021-0001?",),
        0,
        _other_number,
    ),
    Mistake(
        "No sidecar",
        "ingest",
        ("{photo}  ", "Put a sidecar beside the photo that lists the people"),
        0,
        _sidecar(None),
    ),
    Mistake(
        "A sidecar of another photo",
        "ingest",
        (
            "IMG_0815.jpg.consent.yaml: no photo of this name has arrived yet; it waits in the "
            "inbox",
        ),
        0,
        _beside("IMG_0815.jpg.consent.yaml"),
    ),
    Mistake(
        "A sidecar that an editor named .txt",
        "ingest",
        (f"{{photo}}.consent.yaml.txt: {_LOOKS_LIKE}",),
        0,
        _beside("{photo}.consent.yaml.txt"),
    ),
    Mistake(
        "A sidecar named without consent",
        "ingest",
        (f"{{photo}}.yaml: {_LOOKS_LIKE}",),
        0,
        _beside("{photo}.yaml"),
    ),
    Mistake(
        "A sidecar named .yml, which is read as well",
        "ingest",
        ("approved   {photo}",),
        0,
        _beside("{photo}.consent.yml"),
    ),
    Mistake(
        "An expired form",
        "ingest",
        (
            "The consent is not in force on this day (not yet given, not yet begun, or ended).",
            "Ask the family or the person again and record the renewal",
        ),
        0,
        _expired,
    ),
    Mistake(
        "A zip of photos",
        "ingest",
        ("day.zip: left alone (a compressed folder: unpack it here)",),
        0,
        lambda scene: scene.file("day.zip", _zipped()),
    ),
    Mistake(
        "A film",
        "ingest",
        ("clip.mp4: left alone (a video; of a live photo only the still picture is taken)",),
        0,
        lambda scene: scene.file("clip.mp4", _FILM),
    ),
    Mistake(
        "The form itself, scanned into a document",
        "ingest",
        ("form.docx: left alone (a document, not a photograph)",),
        0,
        lambda scene: scene.file("form.docx", _zipped()),
    ),
    Mistake(
        "A photo that was cut off",
        "ingest",
        ("The file stops before the picture does", "Copy it again from the camera or the card"),
        0,
        lambda scene: scene.file("cut.jpg", photos.plain(3)[:900]),
    ),
    Mistake(
        "A photo that is still being copied",
        "ingest",
        ("waiting    {photo}",),
        0,
        during=_growing,
        env=(("DAM_INBOX__QUIET_SECONDS", "0.3"),),
    ),
    # The register
    Mistake(
        "A French date as an option",
        "consent renew C-2021-0001 --until 31/12/2030 --by parent",
        ("--until takes a date written YYYY-MM-DD",),
    ),
    Mistake(
        "A French date in a table",
        "consent import register.csv",
        (
            "Nothing was imported. Mend what follows and import it again",
            "register.csv, row 2: valable du: use a date written YYYY-MM-DD, for example "
            "2021-10-28",
        ),
        before=_row(valable_du="01/11/2021"),
    ),
    Mistake(
        "A misspelt purpose in a table",
        "consent import register.csv",
        ("register.csv, row 2: usages: use one of: archive, internal, press, web",),
        before=_row(usages="pres, web"),
    ),
    Mistake(
        "A table as Excel saves it, which is read: semicolons and all",
        "consent import register.csv",
        ("new C-2021-0007  S-0007",),
        0,
        _excel,
    ),
    Mistake("A table that is not there", "consent import regitser.csv", ("there is no such file",)),
    Mistake(
        "Erasing somebody in passing",
        "consent erase S-0001",
        ("Erasing cannot be undone", "Add --yes to do it"),
    ),
    # Giving out
    Mistake("A misspelt purpose", f"export presse {_TO}", ("presse", "'press'")),
    Mistake("No recipient", "export press --out pack", ("--recipient",)),
    Mistake(
        "A last day in the past",
        f"export press {_TO} --until 2020-01-01",
        ("--until lies in the past. Name the last day of use",),
    ),
    Mistake(
        "The name of a country in place of its code",
        f"export press {_TO} --territory Morocco",
        ("'Morocco' is no territory. Use a two-letter country code (MA, FR) or world",),
    ),
    Mistake(
        "A pack where something is already",
        f"export press {_TO}",
        ("There is something in the pack's place already. Name another folder with --out",),
        before=_there,
    ),
    Mistake(
        "A pack in a folder that is not there",
        'export press --recipient "Le Matin" --out a/b/pack',
        ("The folder for the pack is not there. Make it first",),
    ),
    # Keeping
    Mistake(
        "The key of another backup",
        "restore amal.dam new --identity {key} --no-withdrawals-since",
        ("This identity cannot open the backup. Name that of one of its recipients",),
        before=_other_key,
    ),
    Mistake(
        "A restore that forgets who took a consent back",
        "restore amal.dam new",
        ("say what was taken back", "--tombstones FILE with the newest such file"),
    ),
    Mistake(
        "A backup for nobody",
        "backup amal.dam",
        ("Nobody is named who may read the backup. Say --recipient age1...",),
    ),
)


def page() -> str:
    """docs/mistakes.md: every mistake with its command and what is said of it."""
    rows = [
        "# Mistakes and what is said about them",
        "",
        "Every line is tried by a test. Where a photograph is concerned, the exit code is 0 (4",
        "with `--strict`): the photograph is safe, and held until what is wrong is mended.",
        "",
        "| mistake | command | what dam says | exit code |",
        "|---|---|---|---|",
    ]
    shown = {
        "asset": "k7q2mz9a", "misspelt": "k7q2mz9b", "photo": "a.jpg", "key": "key.txt",
    }  # fmt: skip
    for each in MISTAKES:
        variables = "".join(f"{name}={value} " for name, value in each.env)
        said = " … ".join(part.format(**shown).strip() for part in each.says)
        command = f"{variables}dam {each.command.format(**shown)}"
        rows.append(f"| {each.name} | `{command}` | {said} | {each.code} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
