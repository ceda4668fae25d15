"""Two hours of a share that comes and goes, through the real flow, catalogue and store.

Only time is simulated: waiting moves the clock on and lets the world act. Files are written
slowly, reopened, renamed and linked in, whole trees are moved in; meanwhile the share vanishes
between passes and in the middle of one, leaves an empty folder behind or none at all, and comes
back as it was or with other inodes (faults, rows 1, 4 and 13).
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from dam.adapters.desk import Desk, open_desk
from dam.adapters.inbox_watch import Watcher
from dam.adapters.settings import Workspace as Paths
from dam.adapters.settings_models import InboxSettings, Settings
from dam.flows import ingest as flow
from tests import photos
from tests.test_attacks import agreed
from tests.workspaces import NOBODY, PHOTOGRAPHER, Workspace, sha256

HOURS = 2 * 3600.0
QUIET = 2.0
TICK = 0.5
SHEET = f"schema: dam/shoot/1\nphotographer: {PHOTOGRAPHER}\npeople: none\n"


class Clock(Watcher):
    """A watcher whose waiting is simulated: each call moves the clock on and lets `act` happen."""

    def __init__(self, root: Path, act: Callable[[float], None]) -> None:
        super().__init__(root)
        self.now = 0.0
        self._act = act

    def wait(self, timeout: float) -> bool:
        self.now += timeout
        self._act(self.now)
        return False


@dataclass
class Share:
    """The inbox as a share, and those who write to it. All of it real files."""

    inbox: Path
    dice: random.Random
    photographs: int
    outside: Path = field(init=False)
    away: Path = field(init=False)
    mount_point: Path = field(init=False)
    returns_at: float = 0.0
    vanished: Counter[str] = field(default_factory=Counter)
    dropped: dict[str, bytes] = field(default_factory=dict)
    ways: Counter[str] = field(default_factory=Counter)
    #: A slow writer: where to, what is left to write, and when the next part comes.
    writing: list[tuple[Path, bytes, float]] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.outside = self.inbox.parent / "outside"
        self.outside.mkdir()
        self.away = self.inbox.parent / "away"
        self.mount_point = self.inbox.parent / "mount-point"
        self.mount_point.mkdir()

    @property
    def here(self) -> bool:
        return not self.away.exists()

    def act(self, now: float) -> None:
        self.now = now
        if not self.here:
            if now >= self.returns_at:
                self.come_back()
            return
        self._write_on()
        # All is dropped in the first nine tenths; what comes and goes does so to the end.
        due = len(self.dropped) < self.photographs * now / (0.9 * HOURS)
        if due and len(self.dropped) < self.photographs:
            self._drop()
        elif self.dice.random() < 0.004 and now < 0.98 * HOURS:
            self.vanish("between passes")

    def vanish(self, when: str) -> None:
        self.inbox.rename(self.away)
        if self.dice.random() < 0.5:
            self.mount_point.rename(self.inbox)
            when += ", an empty folder in its place"
        self.vanished[when] += 1
        self.returns_at = self.now + self.dice.choice((1, 10, 120))

    def come_back(self) -> None:
        if self.inbox.exists():
            self.inbox.rename(self.mount_point)
        if self.dice.random() < 0.5:
            self.away.rename(self.inbox)
        else:
            self.vanished["came back with other inodes"] += 1
            shutil.copytree(self.away, self.inbox)
            # Kept, so that no inode is given out again: no server does so within hours.
            self.away.rename(self.outside / f"was{self.vanished.total()}")

    def _drop(self) -> None:
        number = len(self.dropped)
        data = photos.jpeg(number, 96, 64)
        way = self.dice.choice((self._slowly, self._renamed, self._linked, self._moved))
        name = way(f"{number:03}", data)
        self.dropped[name] = data
        self.ways[way.__name__] += 1

    def _write_on(self) -> None:
        left = []
        for path, data, at in self.writing:
            if self.now < at:
                left.append((path, data, at))
                continue
            with path.open("ab") as file:
                file.write(data[:1500])
            if data[1500:]:
                left.append((path, data[1500:], self.now + QUIET - TICK))
        self.writing = left

    def _slowly(self, number: str, data: bytes) -> str:
        """In parts, with pauses a little shorter than the quiet time, the sidecar first."""
        path = self.inbox / f"slow{number}.jpg"
        path.with_name(f"{path.name}.consent.yaml").write_text(NOBODY)
        path.write_bytes(data[:700])
        self.writing.append((path, data[700:], self.now + QUIET - TICK))
        return path.name

    def _renamed(self, number: str, data: bytes) -> str:
        name = f"renamed{number}.jpg"
        (self.outside / name).write_bytes(data)
        (self.inbox / f"{name}.consent.yaml").write_text(NOBODY)
        (self.outside / name).rename(self.inbox / name)
        return name

    def _linked(self, number: str, data: bytes) -> str:
        name = f"linked{number}.jpg"
        (self.outside / name).write_bytes(data)
        (self.inbox / f"{name}.consent.yaml").write_text(NOBODY)
        (self.inbox / name).hardlink_to(self.outside / name)
        return name

    def _moved(self, number: str, data: bytes) -> str:
        tree = self.outside / f"tree{number}"
        (tree / "deep").mkdir(parents=True)
        (tree / "deep" / "a.jpg").write_bytes(data)
        (tree / "consent.yaml").write_text(SHEET)
        tree.rename(self.inbox / tree.name)
        return f"{tree.name}/deep/a.jpg"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


class Wall:
    """The clock on the wall, which a pass reads again and again: then the world may act, too."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(self) -> datetime:
        self.meanwhile()
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def desk(workspace: Workspace, wall: Wall) -> Iterator[Desk]:
    settings = Settings(workers=1, inbox=InboxSettings(quiet_seconds=QUIET, scan_seconds=20.0))
    paths = Paths.at(workspace.root.resolve(), settings)
    with open_desk(paths, settings, wall, writing=True, alone=True) as opened:
        yield opened


def flaky(
    workspace: Workspace, desk: Desk, wall: Wall, photographs: int
) -> tuple[Share, list[flow.Outcome], list[str]]:
    """Two simulated hours; what was told."""
    (workspace.inbox / "README.md").unlink()
    share = Share(workspace.inbox, random.Random(photographs), photographs)
    clock = Clock(workspace.inbox, share.act)
    told: list[flow.Outcome] = []
    notes: list[str] = []

    def meanwhile() -> None:
        if share.here and clock.now < 0.95 * HOURS and share.dice.random() < 0.04:
            share.vanish("in the middle of a pass")

    wall.meanwhile = meanwhile
    with desk.darkroom() as room:
        rules_changed = flow.watch(
            desk,
            room,
            clock,
            told.append,
            notes.append,
            lambda: clock.now >= HOURS,
            lambda: clock.now,
        )
    assert not rules_changed
    return share, told, notes


def nothing_twice_nothing_lost(
    workspace: Workspace, share: Share, told: list[flow.Outcome], notes: list[str]
) -> None:
    dropped = share.dropped
    assert len(dropped) == share.photographs
    assert set(share.ways) == {"_slowly", "_renamed", "_linked", "_moved"}
    assert share.vanished["came back with other inodes"]
    assert share.vanished["in the middle of a pass"]
    assert share.vanished["in the middle of a pass, an empty folder in its place"]
    for data in dropped.values():
        assert workspace.original(sha256(data)).read_bytes() == data
    assert set(workspace.assets()) == {sha256(data) for data in dropped.values()}
    assert len(workspace.filed()) == len(dropped)
    # One arrival, one "received", one line told for each; nothing was ever a duplicate.
    assert sorted(row[0] for row in workspace.rows("SELECT shown FROM provenance")) == sorted(
        dropped
    )
    events = Counter(row[0] for row in workspace.rows("SELECT type FROM events"))
    assert events["asset.received"] == len(dropped)
    assert not events["asset.duplicate"]
    # Where the share went between a photograph and its sidecar, nobody knows what that one says:
    # it is held, out of the archive if it was there, until the sidecar can be read.
    held = events["asset.held"]
    assert events["rendition.filed"] - events["rendition.retracted"] == len(dropped)
    assert events["rendition.retracted"] <= held
    story: dict[str, list[flow.Became]] = {}
    for outcome in told:
        story.setdefault(outcome.source, []).append(outcome.became)
    assert set(story) == set(dropped)
    one, other = flow.Became.APPROVED, flow.Became.HELD
    for became in story.values():
        assert set(became) <= {one, other}
        assert became[-1] is one
        assert (one, one) not in pairwise(became)
    assert [name for name in workspace.dropped() if not name.endswith("/consent.yaml")] == []
    # Told when the share goes, and when it is back: not at every look.
    away = [note for note in notes if note.startswith("The inbox cannot be read")]
    back = [note for note in notes if note.startswith("It works again")]
    assert 1 <= len(away) <= sum(share.vanished.values())
    assert len(back) == len(away)
    print(
        f"{share.photographs} photographs in {HOURS / 3600:.0f} simulated hours,"
        f" {dict(share.ways)}, {dict(share.vanished)}; held for a while {held}: 0 lost, 0 twice"
    )


def test_two_hours_of_a_share_that_comes_and_goes(
    workspace: Workspace, desk: Desk, wall: Wall
) -> None:
    share, told, notes = flaky(workspace, desk, wall, 40)
    nothing_twice_nothing_lost(workspace, share, told, notes)


def test_consents_end_while_the_share_is_away(workspace: Workspace, desk: Desk, wall: Wall) -> None:
    """What is filed is decided again on its day; what waits for its sidecar is not."""
    workspace.drop("a.jpg", photos.plain(1, 480, 320), agreed())
    told: list[flow.Outcome] = []
    days = 0

    def act(now: float) -> None:
        nonlocal days
        if workspace.filed() and workspace.inbox.exists():
            workspace.inbox.rename(workspace.root / "away")
            wall.ahead = timedelta(days=20 * 366)
        days += not workspace.inbox.exists()

    clock = Clock(workspace.inbox, act)
    with desk.darkroom() as room:
        flow.watch(desk, room, clock, told.append, print, lambda: days > 60, lambda: clock.now)
    assert [o.became for o in told] == [flow.Became.APPROVED, flow.Became.HELD]
    assert not workspace.inbox.exists()
    assert workspace.filed() == {}


@pytest.mark.slow
def test_two_hours_of_a_busy_share_that_comes_and_goes(
    workspace: Workspace, desk: Desk, wall: Wall
) -> None:
    share, told, notes = flaky(workspace, desk, wall, 400)
    nothing_twice_nothing_lost(workspace, share, told, notes)
