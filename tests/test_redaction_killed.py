"""`dam redact` killed before each call that makes something last: nothing comes back, nothing goes.

Once a region is on record, no later pass leaves a picture in the archive that shows what lies in
it; before that, the picture that was approved stays. strace counts calls by thread: the first
ones are those of the command's own thread, further ones of the thread that decides and files.
"""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from dam.adapters import faces
from dam.core.model import Face
from tests import photos
from tests.test_redaction import is_gone, only
from tests.workspaces import NOBODY, Workspace, environment, once, sha256

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
    pytest.mark.skipif(faces.installed() is None, reason="dam[faces] is not installed"),
]
REGION = Face(0.2, 0.2, 0.3, 0.3, 1.0)
ASKED = ("--region", "0.2,0.2,0.3,0.3", "--reason", "by the window")
PHOTO = photos.jpeg(1, 640, 480)

#: Each with what is about to happen.
STEPS = [
    ("fdatasync", 4),  # the region is committed
    ("unlinkat", 1),  # the filed picture leaves the archive
    ("fsync", 5),  # a rendition is planned, none filed
    ("linkat", 1),  # the redacted one gets its name
]
MORE_STEPS = [
    *(("fdatasync", n) for n in (1, 2, 3, 5, 6)),
    *(("pwrite64", n) for n in (1, 10, 19, 20, 24, 27, 28, 34, 37, 40, 45, 46, 47, 48, 55, 65)),
    *(("unlink", n) for n in (1, 2, 3)),
    *(("unlinkat", n) for n in (2, 3, 4, 5)),
    *(("fsync", n) for n in (1, 2, 3, 4, 6, 7, 8, 9)),
    ("rename", 1),
]
#: `dam ingest` killed while it carries out what `dam redact` had no time for.
AFTERWARDS = [
    *(("fdatasync", n) for n in (1, 2, 3, 4, 5)),
    *(("unlinkat", n) for n in (1, 2, 3)),
    *(("fsync", n) for n in (1, 4, 5, 7, 9)),
    ("linkat", 1),
    ("rename", 1),
]


@dataclass(frozen=True)
class Undisturbed:
    """A workspace with one filed picture, and the SHA-256 of the picture before and after."""

    root: Path
    before: str
    after: str

    def copy(self, folder: Path) -> Workspace:
        shutil.copytree(self.root, folder / "w", symlinks=True)
        return Workspace(folder / "w")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        workspace.drop("a.jpg", PHOTO, NOBODY)
        workspace.ingest()
        shutil.copytree(folder / "w", folder / "redacted", symlinks=True)
        redacted = Workspace(folder / "redacted")
        redacted.run("redact", only(redacted), *ASKED)

    folder = once(tmp_path_factory, "to-be-redacted", make)
    (before,) = Workspace(folder / "w").filed().values()
    (after,) = Workspace(folder / "redacted").filed().values()
    assert before != after
    return Undisturbed(folder / "w", before, after)


def killed(workspace: Workspace, told: Path, step: tuple[str, int], *words: str) -> bool:
    """Run a command and kill it before its so-manyth call; whether it came so far."""
    call, number = step
    inject = f"inject={call}:signal=SIGKILL:when={number}"
    # Not --seccomp-bpf: with it strace 6.1 leaves out injections without a word.
    strace = ["strace", "-f", "-o", str(told), "-e", f"trace={call}", "-e", inject]
    done = subprocess.run(
        [*strace, *workspace.command(*words)],
        # Compiled modules get their names by rename, too.
        env=environment({"DAM_WORKERS": "1", "PYTHONDONTWRITEBYTECODE": "1"}),
        capture_output=True,
        timeout=120,
    )
    if b"Operation not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    # The child that decodes is killed at the end of every run: that says nothing.
    return done.returncode == -signal.SIGKILL


def pictures(folder: Path) -> list[Image.Image]:
    found: list[Image.Image] = []
    for path in sorted(folder.rglob("*.jpg")):
        picture = Image.open(io.BytesIO(path.read_bytes()))
        picture.load()
        found.append(picture)
    return found


def shows(workspace: Workspace) -> set[str]:
    return set(workspace.filed().values())


def check_at_once(workspace: Workspace, expected: Undisturbed) -> None:
    """Right after the kill: no third picture, and none that its own decision forbids."""
    assert shows(workspace) <= {expected.before, expected.after}
    decided = workspace.rows(
        "SELECT body FROM decisions WHERE current AND purpose = 'archive' ORDER BY row"
    )
    if '"redact":[]' not in decided[-1][0].replace(" ", ""):
        assert shows(workspace) <= {expected.after}


def check_after_a_pass(workspace: Workspace, expected: Undisturbed) -> None:
    drawn = workspace.ask("redact", "list")["redactions"]
    if not drawn:
        assert shows(workspace) == {expected.before}
        workspace.run("redact", only(workspace), *ASKED)
    assert len(workspace.ask("redact", "list")["redactions"]) == 1
    assert list(workspace.filed().values()) == [expected.after]
    previews = pictures(workspace.root / ".dam" / "previews")
    assert len(previews) == 1
    assert all(is_gone(p, REGION) for p in (*previews, *pictures(workspace.archive)))
    assert workspace.original(sha256(PHOTO)).read_bytes() == PHOTO
    assert workspace.leftovers() == []
    assert workspace.ask("status")["due"] == 0
    checks = {c["name"]: c for c in workspace.ask("doctor")["checks"]}
    assert checks["ledger"]["fine"], checks["ledger"]["found"]
    filed = [t for (t,) in workspace.rows("SELECT type FROM events ORDER BY seq")]
    assert filed.count("redaction.drawn") == 1
    assert [t for t in filed if t.startswith("rendition.")][-1] == "rendition.filed"


@pytest.mark.parametrize(
    "step", [*STEPS, *(pytest.param(step, marks=pytest.mark.slow) for step in MORE_STEPS)]
)
def test_killed_before_a_system_call(
    undisturbed: Undisturbed, tmp_path: Path, step: tuple[str, int]
) -> None:
    workspace = undisturbed.copy(tmp_path)
    words = ("redact", only(workspace), *ASKED)
    assert killed(workspace, tmp_path / "calls", step, *words), "the call was never reached"
    check_at_once(workspace, undisturbed)
    workspace.ingest()
    check_after_a_pass(workspace, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("step", AFTERWARDS)
def test_the_pass_that_follows_is_killed_as_well(
    undisturbed: Undisturbed, tmp_path: Path, step: tuple[str, int]
) -> None:
    """The region is on record, nothing was done about it yet."""
    workspace = undisturbed.copy(tmp_path)
    assert killed(workspace, tmp_path / "calls", ("unlink", 2), "redact", only(workspace), *ASKED)
    assert workspace.ask("redact", "list")["redactions"]
    assert shows(workspace) == {undisturbed.before}
    assert killed(workspace, tmp_path / "calls", step, "ingest"), "the call was never reached"
    check_at_once(workspace, undisturbed)
    workspace.ingest()
    check_after_a_pass(workspace, undisturbed)
