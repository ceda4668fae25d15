"""Settings, the workspace and its lock."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters.lock import WorkspaceLock
from dam.adapters.settings import (
    ALLOWED,
    Settings,
    Workspace,
    find_workspace,
    load_settings,
    prepare,
)
from dam.core.errors import ConfigurationError, ProblemsError, WorkspaceBusy


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "ws"
    for name in ("inbox", "rules", "archive"):
        (made / name).mkdir(parents=True)
    return made


def problems(root: Path, toml: str = "", env: dict[str, str] | None = None) -> tuple[str, ...]:
    (root / "dam.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(ProblemsError) as caught:
        load_settings(root, env or {})
    assert caught.value.exit_code == 2
    return caught.value.problems


def test_defaults_without_a_file(root: Path) -> None:
    settings = load_settings(root, {"HOME": "/", "DAM_WORKSPACE": "x"})
    assert settings == Settings()
    assert 1 <= settings.workers <= 64
    assert (settings.quiet_seconds, settings.scan_seconds, settings.polling) == (2.0, 5.0, False)
    assert (settings.max_pixels, settings.max_bytes) == (250_000_000, 512 * 1024 * 1024)
    assert (settings.jpeg_quality, settings.face_check, settings.database) == (90, True, None)


def test_the_environment_wins_over_the_file(root: Path) -> None:
    (root / "dam.toml").write_text(
        'workers = 3\ndatabase = "d/c.db"\n[inbox]\nquiet_seconds = 7\npolling = true\n'
        "[limits]\nmax_pixels = 10\n[renditions]\njpeg_quality = 80\n",
        encoding="utf-8",
    )
    env = {
        "DAM_INBOX__QUIET_SECONDS": "0.5",
        "DAM_FACE_CHECK": "false",
        "DAM_LIMITS__MAX_BYTES": "99",
    }
    settings = load_settings(root, env)
    assert (settings.workers, settings.database) == (3, "d/c.db")
    assert (settings.quiet_seconds, settings.polling, settings.face_check) == (0.5, True, False)
    assert (settings.max_pixels, settings.max_bytes, settings.jpeg_quality) == (10, 99, 80)


def test_settings_are_frozen_and_read_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAM_FACE_CHECK", "false")
    settings = Settings()
    assert settings.face_check
    with pytest.raises(ValueError):
        settings.face_check = False  # type: ignore[misc]


def test_every_problem_at_once_with_place_and_remedy(root: Path) -> None:
    told = problems(
        root,
        'workers = "4"\nface_chek = true\nquiet_seconds = 1\n_env_file = "x"\nlimits = 3\n'
        "[inbox]\nquite_seconds = 2\npolling = 1\nscan_seconds = nan\n",
        {"DAM_WORKERS": "many", "DAM_INBOX__QUITE_SECONDS": "3", "DAM_POLLING": "1", "dam_x": ""},
    )
    assert sorted(told) == sorted(
        (
            "dam.toml: workers: allowed is a whole number, 1 to 64",
            "dam.toml: face_chek: unknown key; did you mean face_check?",
            "dam.toml: quiet_seconds: unknown key; did you mean inbox.quiet_seconds?",
            "dam.toml: _env_file: unknown key",
            "dam.toml: limits: allowed is a table [limits] with max_pixels, max_bytes, seconds, "
            "memory_mb",
            "dam.toml: inbox.quite_seconds: unknown key; did you mean inbox.quiet_seconds?",
            "dam.toml: inbox.polling: allowed is true or false",
            "dam.toml: inbox.scan_seconds: allowed is seconds, 0.1 to 3600",
            "DAM_WORKERS: allowed is a whole number, 1 to 64",
            "DAM_INBOX__QUITE_SECONDS: unknown variable; did you mean DAM_INBOX__QUIET_SECONDS?",
            "DAM_POLLING: unknown variable; did you mean DAM_INBOX__POLLING?",
            "dam_x: unknown variable",
        )
    )


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("workers = ", "not TOML"),
        ("workers = 1\nworkers = 2", "not TOML"),
        ("x = " + "[" * 5000, "nested too deeply"),
        ("workers = " + "9" * 5000, "out of bounds"),
        ("#" * 70000, "larger than"),
        ("workers = true", "allowed is a whole number"),
        ("workers = 65", "allowed is a whole number"),
        ('database = "postgresql://u:secret@h/d"', "the path of a database file"),
        ('"\\u001b[31m" = 1', r"\u001b[31m: unknown key"),
        ("inbox.quiet_seconds = inf", "allowed is seconds"),
    ],
)
def test_wrong_files(root: Path, toml: str, says: str) -> None:
    (told,) = problems(root, toml)
    assert says in told
    assert "secret" not in told
    assert told.isprintable()


def test_files_that_are_no_text(root: Path) -> None:
    (root / "dam.toml").write_bytes(b"\xff")
    with pytest.raises(ProblemsError, match="not UTF-8"):
        load_settings(root, {})
    (root / "dam.toml").unlink()
    os.mkfifo(root / "dam.toml")
    with pytest.raises(ProblemsError, match="not a regular file"):
        load_settings(root, {})


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@given(st.sampled_from(sorted(ALLOWED)), SCALARS)
def test_any_environment_value_is_taken_or_told(key: str, value: object) -> None:
    name = "DAM_" + key.replace(".", "__").upper()
    told: tuple[str, ...] = ()
    try:
        load_settings(Path("/nonexistent"), {name: str(value)})
    except ProblemsError as error:
        told = error.problems
    assert told in ((), (f"{name}: allowed is {ALLOWED[key]}",))


def test_the_workspace_is_found(root: Path, tmp_path: Path) -> None:
    deep = root / "inbox/a/b"
    deep.mkdir(parents=True)
    other = tmp_path / "other"
    (other / "rules").mkdir(parents=True)
    (other / "inbox").mkdir()
    assert find_workspace(deep, None, {}) == root
    assert find_workspace(deep, None, {"DAM_WORKSPACE": str(other)}) == other
    assert find_workspace(deep, Path("../../.."), {"DAM_WORKSPACE": str(other)}) == root
    link = tmp_path / "link"
    link.symlink_to(root)
    assert find_workspace(tmp_path, Path("link"), {}) == root


@pytest.mark.parametrize("name", ["", "nowhere", "inbox", "a\0b", "x" * 5000])
def test_a_named_workspace_that_is_none_is_an_error(root: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="dam init DIR"):
        find_workspace(root, None, {"DAM_WORKSPACE": name})


def test_no_workspace_anywhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="dam init DIR"):
        find_workspace(tmp_path, None, {})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o177])
def test_prepare_makes_private_folders_whatever_the_umask(root: Path, umask: int) -> None:
    ws = Workspace.at(root, Settings())
    (root / "archive").rmdir()
    before = os.umask(umask)
    try:
        notes = prepare(ws)
    finally:
        os.umask(before)
    assert notes == ("archive was missing and has been made",)
    assert {mode(path) for path in (ws.private, ws.originals, ws.work, ws.packs)} == {0o700}
    assert mode(ws.archive) == 0o755
    assert prepare(ws) == ()


def test_prepare_tightens_and_reports(root: Path) -> None:
    ws = Workspace.at(root, Settings())
    prepare(ws)
    ws.private.chmod(0o755)
    ws.originals.chmod(0o770)
    assert len(prepare(ws, dry_run=True)) == 2
    assert (mode(ws.private), mode(ws.originals)) == (0o755, 0o770)
    assert prepare(ws) == (
        ".dam was open to other users and has been made private (0700)",
        ".dam/originals was open to other users and has been made private (0700)",
    )
    assert (mode(ws.private), mode(ws.originals)) == (0o700, 0o700)


def test_a_dry_run_makes_nothing(root: Path) -> None:
    (root / "archive").rmdir()
    before = sorted(root.rglob("*"))
    assert prepare(Workspace.at(root, Settings()), dry_run=True) == ()
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("name", ["inbox", "archive", ".dam", ".dam/originals"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_prepare_refuses_links_and_files(root: Path, name: str, dry_run: bool) -> None:
    ws = Workspace.at(root, Settings())
    prepare(ws)
    target = root / name
    target.rename(root / "moved")
    target.symlink_to(root / "moved")
    with pytest.raises(ConfigurationError, match=f"^{name} is a link"):
        prepare(ws, dry_run=dry_run)
    target.unlink()
    target.write_bytes(b"")
    with pytest.raises(ConfigurationError, match=f"^{name} is not a folder"):
        prepare(ws, dry_run=dry_run)


def test_a_missing_inbox_is_an_error(root: Path) -> None:
    (root / "inbox").rmdir()
    with pytest.raises(ConfigurationError, match=r"^inbox is missing"):
        prepare(Workspace.at(root, Settings()))


def test_the_database_may_lie_elsewhere(root: Path) -> None:
    assert Workspace.at(root, Settings()).database == root / ".dam/catalogue.db"
    assert Workspace.at(root, Settings(database="d/c.db")).database == root / "d/c.db"
    assert Workspace.at(root, Settings(database="/var/c.db")).database == Path("/var/c.db")


HOLD = """
import sys
from pathlib import Path
from dam.adapters.lock import WorkspaceLock
with WorkspaceLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_dam_is_refused_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        busy = f"another dam \\(process {holder.pid}\\) is working on this workspace"
        with pytest.raises(WorkspaceBusy, match=busy), WorkspaceLock(lock):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with WorkspaceLock(lock):
        assert lock.read_text() == f"{os.getpid()}\n"
    assert mode(lock) == 0o600
    with WorkspaceLock(lock):
        pass


def test_a_lock_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder", "missing/lock"):
        with pytest.raises(ConfigurationError), WorkspaceLock(tmp_path / name):
            pass
    assert (tmp_path / "real").read_text() == "precious"


def test_a_held_lock_with_nonsense_inside(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with WorkspaceLock(lock):
        lock.write_bytes(b"\x1b[31mboo")
        with pytest.raises(WorkspaceBusy, match=r"^another dam is working"), WorkspaceLock(lock):
            pass
