"""`dam doctor`, each thing it looks at broken on purpose."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dam.adapters.settings import Settings, find_workspace, load_settings
from dam.adapters.settings import Workspace as Places
from dam.cli.context import now
from dam.core import errors
from dam.flows.doctor import Check, examine
from dam.flows.doctor.machine import memory, sqlite
from dam.render import phrases
from dam.render.lang import LANGUAGES
from dam.render.words import WORDS
from tests import photos
from tests.adapters.disk import in_child
from tests.shares import share, tmpfs
from tests.workspaces import NOBODY, Json, Workspace, environment, once

DOCTOR = Path(__file__).resolve().parents[1] / "dam" / "flows" / "doctor"
GIB = 1024**3
NOBODY_ELSE = 65534


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "amal")


@pytest.fixture(scope="session")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a photograph in its archive."""

    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        workspace.drop("a.jpg", photos.plain(1), NOBODY)
        assert workspace.ingest()["counts"]["approved"] == 1

    return once(tmp_path_factory, "filed", make) / "w"


@pytest.fixture
def used(workspace: Workspace, filed: Path) -> Workspace:
    """A copy of it."""
    shutil.rmtree(workspace.root)
    shutil.copytree(filed, workspace.root, symlinks=True)
    return workspace


def checks(workspace: Workspace) -> dict[str, Json]:
    return {c["name"]: c for c in workspace.ask("doctor")["checks"]}


def level(workspace: Workspace, name: str) -> str:
    """How one thing was found; whatever is not fine says what to do."""
    found = checks(workspace)[name]
    assert found["fine"] == (found["level"] != "bad")
    assert found["found"]
    assert bool(found["advice"]) == (found["level"] != "fine"), found
    return str(found["level"])


def test_a_fresh_and_a_used_workspace_are_fine(used: Workspace) -> None:
    found = checks(used)
    bad = {n for n, c in found.items() if not c["fine"]} - {"disk space", "private folder"}
    assert bad == set()
    assert found["clock"]["level"] == found["rule changes"]["level"] == "fine"
    assert found["catalogue"]["found"] == "whole, photos: 1"
    before = used.snapshot()
    used.ask("doctor")
    after = used.snapshot()
    # It tries the folders out: their times change, and nothing else does.
    assert {p: (m[0], m[4]) for p, m in after.items()} == {
        p: (m[0], m[4]) for p, m in before.items()
    }
    assert {("check", name) for name in found} <= WORDS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_as_a_table_in_every_language(used: Workspace, lang: str) -> None:
    (used.root / "rules").chmod(0o777)
    done = used.run("--lang", lang, "doctor", code=errors.USAGE)
    words = {"en": "what to do", "fr": "que faire", "ar": "ما العمل"}
    assert words[lang] in done.stdout.decode()
    assert b"rules folder" in done.stderr
    if lang != "en":
        assert "on a local disk" not in done.stdout.decode()


def test_every_sentence_is_known_in_all_languages() -> None:
    told = set()
    for path in sorted(DOCTOR.glob("*.py")):
        tree = ast.parse(path.read_text())
        inner = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr | ast.FormattedValue)
            for part in ast.walk(node)
            if part is not node
        }
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        told |= {_text(n) for n in ast.walk(tree) if id(n) not in inner | docs and _spoken(n)}
    names = {word for group, word in WORDS if group == "check"}
    unknown = {one for one in told - names if phrases.recognised(one) is None}
    unknown -= {"Crédit صورة 1", ", "}
    assert len(told) > 70
    assert unknown == set()


def _spoken(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr) and " " in _text(node)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "X" for p in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


# --- rights -------------------------------------------------------------------------------


def test_what_others_may_open_or_change(used: Workspace) -> None:
    original = next(p for p in (used.root / ".dam" / "originals").rglob("*") if p.is_file())
    original.chmod(0o644)
    assert level(used, "rights") == "bad"
    assert checks(used)["rights"]["found"].endswith("can open: 1")
    original.chmod(0o600)
    (used.root / "rules" / "credits.yaml").chmod(0o666)
    assert level(used, "rules folder") == "bad"
    assert level(used, "rights") != "bad"


def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be two users")


def test_what_a_sudo_left_behind(used: Workspace) -> None:
    as_root()
    os.chown(used.root / ".dam" / "catalogue.db", NOBODY_ELSE, NOBODY_ELSE)
    assert level(used, "rights") == "bad"
    assert checks(used)["rights"]["found"].endswith("the user of .dam: 1")


def closed_above(folder: Path) -> list[Path]:
    """The folders above that are this user's alone, however deep the runner of tests puts it."""
    return [above for above in folder.parents if not above.stat().st_mode & 0o011]


def as_nobody(workspace: Workspace, tmp_path: Path) -> dict[str, Check]:
    """The checks as another user makes them, in a child that cannot go back."""
    as_root()
    settings = Settings()
    places = Places.at(workspace.root, settings)
    # What is imported late would be closed to the other user.
    examine(places, settings, now)
    for parent in (tmp_path, *closed_above(tmp_path)):
        parent.chmod(parent.stat().st_mode | 0o011)
    told = tmp_path / "told.json"
    told.touch()
    told.chmod(0o666)

    def work() -> None:
        found = examine(places, settings, now)
        told.write_text(json.dumps([[c.name, c.level, c.found, c.advice] for c in found]))

    assert in_child(work, NOBODY_ELSE) == 0
    return {c[0]: Check(*c) for c in json.loads(told.read_text())}


def test_another_user_is_told_so_and_nothing_breaks(used: Workspace, tmp_path: Path) -> None:
    used.root.chmod(0o755)
    found = as_nobody(used, tmp_path)
    assert found["rights"].level == "bad"
    assert "user whom .dam belongs to" in found["rights"].advice
    assert found["workspace"].level == "bad"
    assert found["catalogue"].level == "note"
    assert found["rule pack"].level == "bad"
    # What could not be looked at is never fine.
    unseen = ("rules folder", "file clock", "watcher", "original store")
    assert [found[name].level for name in unseen] == ["note"] * 4


def test_a_folder_of_the_inbox_that_cannot_be_emptied(used: Workspace, tmp_path: Path) -> None:
    as_root()
    (used.inbox / "day").mkdir(mode=0o555)
    for path in (used.root, *used.root.rglob("*")):
        os.chown(path, NOBODY_ELSE, NOBODY_ELSE)
    found = as_nobody(used, tmp_path)
    assert found["inbox"].level == "bad"
    assert found["inbox"].found == "Folders in it that dam may not empty: 1"
    (used.inbox / "day").chmod(0o755)
    found = as_nobody(used, tmp_path)
    assert (found["inbox"].level, found["rights"].level) == ("fine", "fine")


def test_programmes_that_cannot_be_read_are_not_no_programmes(
    used: Workspace, tmp_path: Path
) -> None:
    as_root()
    for path in (used.root, *used.root.rglob("*")):
        os.chown(path, NOBODY_ELSE, NOBODY_ELSE)
    assert as_nobody(used, tmp_path)["photographers"].level == "fine"
    (used.root / "rules" / "programmes").chmod(0)
    assert as_nobody(used, tmp_path)["photographers"].level == "bad"


# --- what it stands on --------------------------------------------------------------------


def test_a_share_under_the_inbox_asks_for_polling(used: Workspace) -> None:
    with share(used.inbox):
        found = {c["name"]: c for c in used.json("doctor", code=errors.USAGE)["checks"]}
        assert found["inbox"]["level"] == "bad"
        assert "fuse.sshfs" in found["inbox"]["found"]
        assert "polling = true" in found["inbox"]["advice"]
        # This one takes no files, which is the next thing that is told.
        polling = {"DAM_INBOX__POLLING": "true"}
        told = used.json("doctor", code=errors.USAGE, env=polling)["checks"]
        (inbox,) = (c for c in told if c["name"] == "inbox")
        assert inbox["found"].startswith("nothing can be written")


def test_a_share_or_memory_under_the_private_folder(workspace: Workspace) -> None:
    private = workspace.root / ".dam"
    with share(private):
        told = workspace.json("doctor", code=errors.USAGE)["checks"]
        (found,) = (c for c in told if c["name"] == "private folder")
        assert found["level"] == "bad"
        assert "SQLite" in found["found"]
    with tmpfs(private, "mode=0700"):
        assert level(workspace, "private folder") == "bad"


def test_a_full_a_read_only_and_a_nameless_disk(used: Workspace) -> None:
    with tmpfs(used.archive, "size=64k"):
        assert level(used, "disk space") == "bad"
        assert level(used, "archive") != "bad"
        (used.archive / "full").write_bytes(b"x" * 65536)
        assert checks(used)["archive"]["found"] == "nothing can be written: the disk is full"
        assert level(used, "archive") == "bad"
    with tmpfs(used.archive, "ro"):
        assert checks(used)["archive"]["found"] == "nothing can be written: the disk is read-only"
        assert checks(used)["workspace"]["found"] == "archive is not writable"
        assert level(used, "workspace") == "bad"
    with tmpfs(used.archive, "nr_inodes=99,size=8g"):
        assert level(used, "disk space") == "bad"
    assert level(used, "archive") != "bad"


def test_a_file_system_without_hard_links(used: Workspace, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    inject = ["-e", "inject=link,linkat:error=EPERM"]
    words = ["strace", "-f", "-o", str(tmp_path / "calls"), *inject]
    if subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("strace may not trace here")
    done = subprocess.run(
        [*words, *used.command("doctor", "--format", "json")],
        env=environment(),
        capture_output=True,
        timeout=300,
    )
    found = {c["name"]: c for c in json.loads(done.stdout)["checks"]}
    for name in ("archive", "original store"):
        assert found[name]["level"] == "note"
        assert "hard links" in found[name]["found"]


def test_an_inbox_that_is_away(used: Workspace) -> None:
    # Named, so that the workspace is still known for one.
    places = Places.at(used.root, load_settings(used.root, {}))
    assert find_workspace(used.root, None, {}) == used.root
    used.inbox.rename(used.root / "elsewhere")
    found = {c.name: c for c in examine(places, Settings(), now)}
    assert (found["inbox"].level, found["workspace"].level) == ("bad", "bad")


# --- clocks -------------------------------------------------------------------------------


def faked(workspace: Workspace, shift: str, code: int, **env: str) -> dict[str, Json]:
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed")
    done = subprocess.run(
        ["faketime", "-f", shift, *workspace.command("doctor", "--format", "json")],
        env=environment(env),
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == code, done.stderr.decode()
    return {c["name"]: c for c in json.loads(done.stdout)["checks"]}


def test_a_clock_that_was_set_back(used: Workspace) -> None:
    found = faked(used, "-3d", errors.USAGE)
    assert found["clock"]["level"] == "bad"
    # All else is still told.
    assert found["rule pack"]["fine"]
    assert found["ledger"]["fine"]
    assert faked(used, "-250s", 0)["clock"]["level"] == "note"


def test_files_that_are_dated_by_another_clock(used: Workspace) -> None:
    found = faked(used, "+1h", errors.USAGE, NO_FAKE_STAT="1")
    assert found["file clock"]["level"] == "bad"
    assert found["clock"]["level"] == "fine"


# --- what people edit, and what was recorded ----------------------------------------------


def test_rules_that_do_not_load_and_rules_that_changed(used: Workspace) -> None:
    rule = used.root / "rules" / "consent" / "credited.yaml"
    text = rule.read_text()
    rule.write_text(text.replace("require: credit.known", "require: credit.knwon &&"))
    found = checks(used)
    assert not found["rule pack"]["fine"]
    assert "credited.yaml" in found["rule pack"]["found"]
    assert found["ledger"]["fine"]
    rule.write_text(text + "\n# another day\n")
    assert level(used, "rule changes") == "note"
    used.ingest()
    assert level(used, "rule changes") == "fine"
    # An example that does not come out as it says.
    rule.write_text(text.replace("require: credit.known", "require: '!credit.known'"))
    assert level(used, "rule pack") == "bad"
    rule.unlink()
    assert level(used, "rule pack") == "bad"


def test_a_roster_and_a_watermark_that_do_not_load(used: Workspace) -> None:
    (used.root / "rules" / "credits.yaml").write_text("schema: [")
    (used.root / "rules" / "watermark.yaml").write_text("schema: dam/watermark/1\nnonsense: 1\n")
    assert level(used, "photographers") == "bad"
    assert level(used, "watermark") == "bad"


def test_a_ledger_that_was_changed_and_a_catalogue_that_is_none(used: Workspace) -> None:
    database = used.root / ".dam" / "catalogue.db"
    with closing(sqlite3.connect(database)) as other, other:
        other.execute("UPDATE events SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 2")
    assert level(used, "ledger") == "bad"
    for path in database.parent.glob("catalogue.db-*"):
        path.unlink()
    database.write_bytes(b"no database at all" * 99)
    assert level(used, "catalogue") == "bad"
    database.unlink()
    assert level(used, "catalogue") == "note"


def test_a_new_workspace_lacks_nothing(tmp_path: Path) -> None:
    """No catalogue, and no original that one should speak of: nothing is to be done."""
    assert level(Workspace.init(tmp_path / "w"), "catalogue") == "fine"


def test_a_damaged_page_of_the_catalogue(used: Workspace) -> None:
    database = used.root / ".dam" / "catalogue.db"
    with closing(sqlite3.connect(database)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'packs'"
        ((page,),) = other.execute(query).fetchall()
    with database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    assert level(used, "catalogue") == "bad"


# --- what is installed --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("fontpkg_noto_sans_arabic", "fonts"),
        ("onnxruntime", "face check"),
        ("pi_heif", "formats"),
    ],
)
def test_a_broken_installation(used: Workspace, tmp_path: Path, package: str, name: str) -> None:
    """The package is there and cannot be used, as after half an upgrade."""
    (tmp_path / "broken" / package).mkdir(parents=True)
    source = "raise ImportError('broken')\n" if package != "fontpkg_noto_sans_arabic" else ""
    (tmp_path / "broken" / package / "__init__.py").write_text(source)
    path = os.pathsep.join((str(tmp_path / "broken"), *filter(None, sys.path)))
    told = used.json("doctor", code=errors.USAGE, env={"PYTHONPATH": path})["checks"]
    assert {c["name"] for c in told if not c["fine"]} - {"disk space", "private folder"} == {name}


def test_a_face_check_that_is_off(used: Workspace) -> None:
    told = used.json("doctor", code=errors.USAGE, env={"DAM_FACE_CHECK": "false"})["checks"]
    (found,) = (c for c in told if c["name"] == "face check")
    assert found["found"] == "switched off in dam.toml"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ((3, 34, 1), "bad"),
        ((3, 35, 0), "note"),
        ((3, 40, 1), "note"),
        ((3, 44, 5), "note"),
        ((3, 44, 6), "fine"),
        ((3, 45, 9), "note"),
        ((3, 50, 6), "note"),
        ((3, 50, 7), "fine"),
        ((3, 51, 2), "note"),
        ((3, 51, 3), "fine"),
        ((3, 52, 0), "fine"),
        ((4, 0, 0), "fine"),
    ],
)
def test_the_known_faults_of_sqlite(version: tuple[int, ...], expected: str) -> None:
    """As https://sqlite.org/wal.html#walresetbug has them."""
    assert sqlite(version).level == expected


@pytest.mark.parametrize(
    ("workers", "there", "expected", "advised"),
    [
        (2, 4 * GIB, "fine", ""),
        (1, GIB, "fine", ""),
        (4, 4 * GIB, "note", "workers = 2 "),
        (8, 3 * GIB, "bad", "workers = 1 "),
        (1, GIB // 4, "bad", "workers = 1 "),
    ],
)
def test_workers_and_memory(workers: int, there: int, expected: str, advised: str) -> None:
    found = memory(workers, there)
    assert found.level == expected
    assert advised in found.advice
