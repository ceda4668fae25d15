"""How `dam` behaves in a terminal, in a pipe and when interrupted; and what Tab completes."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from typer.main import get_command

from dam.cli.main import app
from tests import photos, starts
from tests.workspaces import NOBODY, Workspace, by_source, environment, invoked, once

ROOT = Path(__file__).resolve().parents[1]
COMPLETION = ROOT / "deploy" / "completion"
SHELLS = {"bash": "dam.bash", "zsh": "_dam", "fish": "dam.fish"}
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|9[0-7]|38;[0-9;]+)m")
DAM = [sys.executable, "-m", "dam"]


def commands() -> list[str]:
    """Every command and sub-command, and every group."""
    found = [""]
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        found.append(name)
        found += [f"{name} {sub}" for sub in getattr(command, "commands", {})]
    return found


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        for number in range(4):
            workspace.drop(f"{number}.jpg", photos.plain(number), NOBODY if number else None)
        workspace.ingest()

    return Workspace(once(tmp_path_factory, "manners", make) / "w")


# --- help ---------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 80])
def test_help_of_every_command_fits_the_terminal(width: int) -> None:
    env = environment({"COLUMNS": str(width), "TERMINAL_WIDTH": str(width)})
    for command in commands():
        done = invoked([*command.split(), "--help"], env)
        assert done.exit_code == 0, done.output
        assert max(map(len, done.stdout.splitlines())) <= width, command
        for word in ("bool>", "list[str", "%Y", "int range"):
            assert word not in done.stdout, (command, word)
        if command:
            assert f"dam {command.split()[0]}" in done.stdout.replace("\n", " "), command
            assert "Example" in done.stdout, command


# --- terminals and pipes --------------------------------------------------------------------


@contextmanager
def terminal(
    *words: str, width: int = 80, env: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A command on a terminal of its own: the process, and the terminal's other end."""
    ours, theirs = pty.openpty()
    shown = environment({"TERM": "xterm", "COLUMNS": str(width), **(env or {})})
    shown.pop("NO_COLOR", None) if "NO_COLOR" not in (env or {}) else None
    # Where the tests run in the background Ctrl-C is ignored, and whoever is started inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, env=shown, start_new_session=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read(ours: int) -> str:
    """All that a terminal was shown until nobody writes to it any more."""
    shown = bytearray()
    with suppress(OSError):
        while data := os.read(ours, 65536):
            shown += data
    return shown.decode()


def on_terminal(*words: str, width: int = 80, env: Mapping[str, str] | None = None) -> str:
    with terminal(*DAM, *words, width=width, env=env) as (process, ours):
        shown = read(ours)
        assert process.wait(60) == 0, shown
    return shown


def test_colour_is_for_terminals_and_not_for_those_who_want_none(lived: Workspace) -> None:
    words = ("-C", str(lived.root), "list")
    assert COLOUR.search(on_terminal(*words))
    assert not COLOUR.search(on_terminal(*words, env={"NO_COLOR": "1"}))
    assert not ESCAPE.search(lived.run("list").stdout.decode())


@pytest.mark.parametrize("command", ["status", "list"])
def test_a_narrow_terminal_is_used_without_a_line_that_runs_over(
    lived: Workspace, command: str
) -> None:
    shown = ESCAPE.sub("", on_terminal("-C", str(lived.root), command, width=40))
    rows = [row.rstrip() for row in shown.splitlines()]
    # A path is not broken: somebody may want to copy it.
    assert all(len(row) <= 40 or " " not in row.strip() for row in rows), shown
    if command == "list":
        for row in lived.ask("list")["assets"]:
            assert row["asset"] in shown
    else:
        assert any(row.startswith("approved") and row.endswith(" 3") for row in rows), shown


def test_what_nobody_waits_for_is_not_counted_against_nothing(
    lived: Workspace, tmp_path: Path
) -> None:
    """A pass over an empty inbox that decides something again shows no `1/0`."""
    shutil.copytree(lived.root, tmp_path / "w")
    workspace = Workspace(tmp_path / "w")
    workspace.say("0.jpg", NOBODY)
    shown = on_terminal("-C", str(workspace.root), "ingest")
    assert "Ingesting" in shown
    assert not re.search(r"\d/0\b", ESCAPE.sub(" ", shown)), shown


# --- words where they are not expected ------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("list --lang fr", "--lang stands before the command: dam --lang fr list"),
        ("consent list -C amal", "-C stands before the command: dam -C DIR consent list"),
        ("ingest -v", "-v stands before the command: dam -v ingest"),
        ("ingest --dry-rn", "No such option: --dry-rn"),
        ("audit --as-of 28/11/2026", "'28/11/2026' is not a date written YYYY-MM-DD"),
        ("export", "Choose from: archive, internal, press,"),
    ],
)
def test_what_is_typed_in_the_wrong_place_is_told_the_right_one(typed: str, told: str) -> None:
    done = starts.run(typed.split(), environment(), 60)
    assert (done.returncode, done.stdout) == (2, b"")
    assert told in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


# --- the names that photographs came under --------------------------------------------------


def plain(workspace: Workspace, *words: str) -> str:
    """What a command prints, without the marks that keep directions apart."""
    return workspace.run(*words).stdout.decode().translate({0x2068: "", 0x2069: ""})


def test_a_photograph_is_found_by_the_name_it_came_under(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    dropped = ("a/IMG_1.JPG", "b/x/IMG_1.JPG", "b/x/صورة مع فراغ.JPG", "IMG_2.JPG")
    for number, name in enumerate(dropped):
        workspace.drop(name, photos.plain(number))
    ids = {source: told["asset"] for source, told in by_source(workspace.ingest()).items()}
    assert set(ids) == set(dropped)
    assert len(set(ids.values())) == 4
    for asked, name in (
        ("IMG_2.JPG", "IMG_2.JPG"),
        ("./img_2.jpg", "IMG_2.JPG"),
        ("a/IMG_1.JPG", "a/IMG_1.JPG"),
        ("x/IMG_1.JPG", "b/x/IMG_1.JPG"),
        ("inbox/b/x/IMG_1.JPG", "b/x/IMG_1.JPG"),
        (str(workspace.inbox / "a" / "IMG_1.JPG"), "a/IMG_1.JPG"),
        ("صورة مع فراغ.JPG", "b/x/صورة مع فراغ.JPG"),
    ):
        assert workspace.ask("show", asked)["asset"] == ids[name], asked
    assert dropped[2] in plain(workspace, "show", dropped[2])
    assert plain(workspace, "explain", dropped[2]).startswith(f"{dropped[2]}\n{ids[dropped[2]]}")
    for asked, told in (
        ("IMG_1.JPG", "2 photos came under this name: "),
        ("inbox/x/IMG_1.JPG", "No photo came under this name"),
        ("c/IMG_2.JPG", "No photo came under this name"),
    ):
        refused = workspace.run("explain", asked, code=2)
        assert told in refused.stderr.decode()


def test_a_list_leaves_out_what_the_id_finds_where_a_terminal_is_narrow(lived: Workspace) -> None:
    heads = {
        width: ESCAPE.sub("", on_terminal("-C", str(lived.root), "list", width=width))
        for width in (60, 110)
    }
    assert "archived as" in heads[110]
    assert "archived as" not in heads[60]
    # People put names of children into names of files: a list of all does not tell them.
    assert not any(f"{n}.jpg" in head.split() for n in range(4) for head in heads.values())


def test_a_list_has_no_column_in_which_nothing_stands(lived: Workspace) -> None:
    held = lived.run("list", "--disposition", "held").stdout.decode().splitlines()[0].split("  ")
    assert [word.strip() for word in held if word] == [
        "asset", "disposition", "captured"
    ]  # fmt: skip


def test_a_reader_that_goes_away_is_no_trouble(lived: Workspace) -> None:
    command = " ".join([*DAM, "-C", str(lived.root), "rules", "list", "--format", "json"])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -c 10; echo; echo ${{PIPESTATUS[0]}}"],
        env=environment({"PYTHONUNBUFFERED": "1"}),
        capture_output=True,
        timeout=60,
    )
    assert done.stderr == b""
    assert done.stdout.split()[-1] == b"0"


def test_progress_and_log_lines_go_to_standard_error_only(lived: Workspace) -> None:
    done = lived.run("-v", "ingest", "--format", "json")
    assert done.stdout.startswith(b"{")
    assert done.stdout.rstrip().endswith(b"}")
    assert b'"command"' in done.stderr
    assert lived.run("ingest").stderr == b""


def test_ctrl_c_leaves_a_clean_line_and_nothing_undone(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    for number in range(6):
        workspace.drop(f"{number}.jpg", photos.plain(number, 2400, 1600), NOBODY)
    with terminal(*DAM, "-C", str(workspace.root), "ingest") as (process, ours):
        before = time.monotonic()
        while not list((workspace.root / ".dam" / "originals").rglob("?" * 64)):
            assert time.monotonic() < before + 60
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        shown = read(ours)
        assert process.wait(60) == 130, shown
    assert "Traceback" not in shown
    rows = [row.strip() for row in ESCAPE.sub("", shown).replace("\r", "\n").splitlines()]
    assert [r for r in rows if r][-1] == ("dam: Stopped. Nothing was lost; running again resumes")
    assert workspace.ingest()["counts"]["approved"] + len(workspace.filed()) >= 6
    assert len(workspace.filed()) == 6
    assert workspace.dropped() == []
    assert workspace.leftovers() == []


# --- completion -----------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completion_files_are_those_that_dam_writes(shell: str) -> None:
    done = starts.run([], environment({"_DAM_COMPLETE": f"source_{shell}"}), 60)
    assert (COMPLETION / SHELLS[shell]).read_text().strip() == done.stdout.decode().strip()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("dam ex", {"explain", "export"}),
        ("dam consent re", {"renew"}),
        ("dam list --disp", {"--disposition"}),
        ("dam list --disposition ", {"approved", "held", "refused", "quarantined"}),
        ("dam -C amal --lang fr wai", {"waive"}),
        ("dam export pr", {"press", "print"}),
    ],
)
def test_bash_completes(typed: str, offered: set[str], tmp_path: Path) -> None:
    """As bash does at the Tab key: the function that `complete -p` names, with COMP_WORDS."""
    (tmp_path / "dam").write_text(f'#!/bin/sh\nexec {sys.executable} -m dam "$@"\n')
    (tmp_path / "dam").chmod(0o755)
    words = typed.split(" ")
    script = (
        f"source {COMPLETION / 'dam.bash'}\n"
        "complete -p dam >&2\n"
        f"COMP_WORDS=({' '.join(w or chr(39) * 2 for w in words)})\n"
        f"COMP_CWORD={len(words) - 1}\n"
        "_dam_completion dam\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=environment({"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}),
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )
    assert b"-F _dam_completion dam" in done.stderr
    assert set(done.stdout.decode().split()) == offered, done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_take_their_completion_file(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", str(COMPLETION / SHELLS[shell])], check=True, timeout=60)
