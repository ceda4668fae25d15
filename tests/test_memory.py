"""How much memory one large photograph takes, in every process of `dam ingest`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dam.adapters import faces
from dam.core.model import Face
from tests import photos
from tests.faults.test_kill import descendants
from tests.test_redaction import sheet
from tests.workspaces import NOBODY, Workspace, environment

LIMIT_MB = 500
#: What a child has whose libraries are loaded, and no picture.
IDLE_MB = 180
#: Run as a process of its own, so that its own children alone are counted.
_MEASURE = """\
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.init(tmp_path / "w")
    large = made.inbox / "large.jpg"
    photos.write_large(large, megapixels=24)
    assert large.stat().st_size > 10_000_000
    made.say("large.jpg", NOBODY)
    return made


def test_a_24_megapixel_jpeg_within_500_mb(workspace: Workspace) -> None:
    """`ru_maxrss` of waited-for children is the largest of `dam` and of its own children."""
    words = [sys.executable, "-c", _MEASURE, *workspace.command("ingest")]
    done = subprocess.run(words, env=environment(), capture_output=True, check=True, timeout=120)
    code, kilobytes = map(int, done.stdout.split())
    assert code == 0
    assert len(workspace.filed()) == 1
    (asset,) = workspace.assets().values()
    assert workspace.ask("show", asset["asset"])["facts"]["faces"]["count"] == 0
    assert kilobytes < LIMIT_MB * 1000, f"{kilobytes} kB"


@pytest.mark.skipif(faces.installed() is None, reason="dam[faces] is not installed")
def test_dam_and_its_child_together(workspace: Workspace) -> None:
    """With face check, preview and redaction: the mark that the kernel keeps of the child, beside

    what dam itself has at most while the child has a picture; what dam takes when the child has
    let go of it (the pass is over, and the ledger is signed) is not used at the same time.
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc here")
    workspace.place("large.jpg.consent.yaml").unlink()
    workspace.say("large.jpg", sheet(1, {0}, [Face(0.4, 0.3, 0.1, 0.1, 1.0)]), b".consent.json")
    process = subprocess.Popen(
        workspace.command("ingest"), env=environment(), stdout=subprocess.DEVNULL
    )
    child, together = 0, 0
    while process.poll() is None:
        for pid in descendants(process.pid):
            child = max(child, high_water(pid))
            # As long as it holds more than its libraries.
            if resident(pid) > IDLE_MB * 1000:
                together = max(together, child + resident(process.pid))
    assert process.returncode == 0
    assert together > child > 0, "no child was seen"
    assert together < LIMIT_MB * 1000, (child, together)
    assert len(workspace.filed()) == 1
    (asset,) = workspace.assets()
    shown = workspace.ask("show", asset)
    archive = next(d for d in shown["decisions"] if d["purpose"] == "archive")
    assert [r["subject"] for r in archive["redact"]] == ["S-0"]
    assert any(p.is_file() for p in (workspace.root / ".dam" / "previews").rglob("*"))


def high_water(pid: int) -> int:
    """Peak resident memory of a process in kB, 0 where it is gone."""
    return _told(pid, "VmHWM")


def resident(pid: int) -> int:
    """Resident memory of a process now, in kB, 0 where it is gone."""
    return _told(pid, "VmRSS")


def _told(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """ENOSPC on every write of a rendition: exit code 1, the photograph stays where it is."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("a.jpg", photos.jpeg(1), NOBODY)
    inject = "inject=fsync:error=ENOSPC:when=1"
    words = ["strace", "--seccomp-bpf", "-f", "-o", str(tmp_path / "calls"), "-e", inject]
    done = subprocess.run(
        [*words, *workspace.command("ingest")], env=environment(), capture_output=True, timeout=120
    )
    if b"Operation not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 1, done.stderr
    assert b"Traceback" not in done.stderr
    assert workspace.filed() == {}
    assert workspace.dropped() == ["a.jpg", "a.jpg.consent.yaml"]
    assert workspace.ingest()["counts"]["approved"] == 1
    assert workspace.dropped() == []
    assert workspace.leftovers() == []
