"""Every command and every file that README and documentation show is run, or read by dam itself.

A block that is neither, and does not stand in one of the lists here with its reason, fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.testing
from PIL import Image

from dam import __version__
from dam.adapters.settings import load_settings
from dam.cli.main import app
from dam.core import json_schema, retention, rules, shoot_table, sidecar
from dam.core.errors import DamError
from tests import examples
from tests.documents import ROOT, Block, blocks, inline, pages, words
from tests.examples import Prepared
from tests.workspaces import Workspace, environment, invoked, once

BLOCKS = [block for page in pages() for block in blocks(page)]
PROGRAM: Any = typer.main.get_command(app)
#: Beginnings of lines between commands, and why no test runs them.
NOT_RUN = {
    "age-keygen ": "another program's; the tests make their keys with the same format",
    "python3 -m venv ": "installs from an index; tests/test_packaging.py installs the wheel",
    "/opt/dam/bin/pip install ": "installs from an index",
    "pip install ": "installs from an index",
    "make wheel": "tests/test_packaging.py builds it",
    "ln -s /opt/dam/": "a name on the path for what pip installed",
    "dam watch": "runs until it is stopped; tests/test_watching.py",
    "dam -C /srv/amal watch": "the same",
    "dam ledger checkpoint --timestamp-url ": "asks another machine; tests/test_ledger.py has one",
}
#: Commands that end with another code than 0 here, and why.
ENDS = {
    "dam doctor": ({0, 2}, "2 where this machine is to be mended"),
    "dam -C ~/amal doctor": ({0, 2}, "the same"),
    "dam -C /srv/dam doctor": ({0, 2}, "the same"),
    "dam -C /srv/dam --lang fr doctor": ({0, 2}, "the same"),
    "dam status --max-age 10m": ({3}, "no watcher runs here"),
    "dam -C /srv/dam status --max-age 10m": ({3}, "no watcher runs here"),
    "dam -C /srv/dam --lang fr status --max-age 10m": ({3}, "no watcher runs here"),
    "dam audit --fail-on ": ({0, 3}, "3 where such a finding is made"),
    "dam waive k7q2mz9a faces-checked ": ({2}, "faces are checked here: nothing is held for it"),
}
#: Page and first words of blocks that are neither commands nor files of dam, and who tries them.
ELSEWHERE = {
    ("README.md", "make demo"): "tests/test_demo.py::test_the_whole_story_comes_out",
    ("docs/tutorial.md", "make demo"): "tests/test_demo.py::test_the_whole_story_comes_out",
    ("docs/booklet.md", "logos:"): "tests/test_booklet_own.py::test_logos_are_drawn_and_told",
    ("docs/booklet.md", "#import"): "tests/test_booklet_own.py::test_the_documented_template",
    ("docs/ledger.md", "import hashlib"): "tests/test_ledger.py",
    (
        "docs/operations.md",
        "# in a checkout",
    ): "root; tests/test_service.py reads the unit",
    ("docs/operations.md", "setfacl "): "another program's; tests/test_doctor.py has such an inbox",
    ("docs/packs.md", "P-20211118"): "tests/bags.py reads packs by the RFC",
    ("docs/packs.md", "bagit.py "): "tests/test_export.py, by the bagit package",
    ("docs/reliability.md", "pytest "): "these are the tests themselves; minutes",
    ("docs/withdrawal.md", "id: hide-who-withdrew"): "tests/test_withdrawal.py::HIDE",
    ("docs/withdrawal.md", "# withdrawn-or-refused"): "tests/test_withdrawal.py",
    (
        "docs/rules.md",
        "schema: dam/rule/1",
    ): "a form with dots; its words are looked at below",
}


def elsewhere(block: Block) -> str:
    found = [
        why
        for (page, begin), why in ELSEWHERE.items()
        if page == block.page and block.text.startswith(begin)
    ]
    return found[0] if found else ""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    def make(folder: Path) -> None:
        made = examples.prepare(folder)
        (folder / "ids.json").write_text(json.dumps(dict(made.ids)))

    folder = once(tmp_path_factory, "documented", make)
    return Prepared(Workspace(folder / "w"), json.loads((folder / "ids.json").read_text()))


def test_the_wheel_is_named_as_it_is_built() -> None:
    """dam is on no index: where pip is named, it gets this version's file, with its extras."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    known = set(extras["optional-dependencies"])
    told = 0
    for page in pages():
        text = page.read_text("utf-8")
        assert not re.search(r"pip install '?dam\b(?!-)", text), page
        for version, names in re.findall(r"dam-([^-\s]+)-py3-none-any\.whl(?:\[([^\]]*)\])?", text):
            assert version == __version__, page
            assert set(filter(None, names.split(","))) <= known, page
            told += 1
    assert told >= 6


# --- commands -----------------------------------------------------------------------------

RUN = [block for block in BLOCKS if block.runs]


def essence(line: str) -> str:
    """A command without the workspace and language it names, nor values that are as good as any."""
    bare = re.sub(r" (?:-C|--lang) \S+", "", line).replace("ASSET", "k7q2mz9a")
    bare = re.sub(r"P-20211118-\S+", "PACK", re.sub(r"R-20211201-\S+", "RECALL", bare))
    free = "region|by|until|on|reason|note|since|recipient|out|expiring-within|fail-on|programme"
    free += "|place|limit|deadline|after|sample|checkpoint|type|days|organisation|all"
    return re.sub(rf'(--(?:{free})) (?:"[^"]*"|\S+)', r"\1 VALUE", bare)


def told_apart() -> Iterator[object]:
    """Blocks; those of which each command was in an earlier one, in some language, are slow."""
    known = set[str]()
    for block in RUN:
        fresh = {essence(line) for line in block.lines}
        marks = [pytest.mark.slow] if fresh <= known else []
        known |= fresh
        yield pytest.param(block, id=str(block), marks=marks)


@pytest.mark.parametrize("block", list(told_apart()))
def test_commands(
    block: Block, prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, in a fresh copy of the workspace."""
    here = prepared.copy(tmp_path / "o")
    monkeypatch.chdir(here.workspace.root)
    for line in block.lines:
        if line.startswith("cd ") or any(line.startswith(begin) for begin in NOT_RUN):
            continue
        assert line.startswith("dam "), f"{block}: neither run nor in NOT_RUN: {line}"
        code, told = run(here, line)
        allowed = next((c for begin, (c, _) in ENDS.items() if line.startswith(begin)), {0})
        assert code in allowed, f"{block}: {line}\nended with {code}: {told}"


def run(here: Prepared, line: str) -> tuple[int, str]:
    """One command with real ids, in this process; its exit code, and what it said."""
    before, _, out = here.real(line).partition(" > ")
    command = words(before)[1:]
    prepare(here, command)
    env = environment({"HOME": str(here.outside / "home"), "DAM_WORKERS": "1"})
    done = invoked(command, env)
    error = done.exception
    if out:
        Path(out).write_bytes(done.stdout_bytes)
    if isinstance(error, DamError):
        return error.exit_code, str(error)
    if error is not None and not isinstance(error, SystemExit):
        raise error
    return done.exit_code, done.output


@pytest.fixture(autouse=True, scope="module")
def what_is_the_same_is_made_once() -> Iterator[None]:
    """The parser of commands, and the rule pack of the same files: most of a command's time."""
    patch, load = pytest.MonkeyPatch(), rules.load
    kept: dict[tuple[tuple[str, bytes], ...], rules.RulePack] = {}

    def once_for(files: Mapping[str, bytes]) -> rules.RulePack:
        key = tuple(sorted(files.items()))
        if key not in kept:
            kept[key] = load(files)
        return kept[key]

    patch.setattr(rules, "load", once_for)
    patch.setattr(typer.testing, "_get_command", lambda _: PROGRAM)
    before = os.umask(0o077)
    yield
    os.umask(before)
    patch.undo()


def prepare(here: Prepared, command: list[str]) -> None:
    """What a person has done before: folders, tables that are filled in, another workspace."""
    if "import" in command:
        for name in command:
            if name in examples.REGISTERS:
                examples.fill_in(here.workspace.root / name)
    if "--out" in command:
        path = here.workspace.root / command[command.index("--out") + 1]
        path.parent.mkdir(parents=True, exist_ok=True)
    if command[0] == "-C" and not (named := Path(command[1])).exists():
        named.symlink_to(here.workspace.root)
    certificate = here.workspace.root / ".dam" / "credentials"
    if command[:2] == ["credentials", "show"] and not certificate.exists():
        here.workspace.run("credentials", "create", "--organisation", "AMAL")
    if "--checkpoint" in command:
        path = here.workspace.root / command[command.index("--checkpoint") + 1]
        if not path.exists():
            shutil.copy(here.workspace.root / "kept.json", path)


def test_what_is_not_run_or_fails_is_still_shown() -> None:
    lines = [line for block in RUN for line in block.lines]
    for begin in (*NOT_RUN, *ENDS):
        assert any(line.startswith(begin) for line in lines), f"take it off the list: {begin}"


#: Pages that show commands as people mistype them.
MISTYPED = ("mistakes.md",)
COMMANDS = sorted({c for page in pages() if page.name not in MISTYPED for c in inline(page)})


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_in_the_prose_exist(line: str) -> None:
    """Command, sub-command and options; what stands for values is not looked at."""
    command = PROGRAM
    options = {name: p for p in command.params for name in p.opts}
    rest = iter(re.split(r"[ =]", line)[1:])
    for word in rest:
        inner = getattr(command, "commands", {})
        if word in inner:
            command = inner[word]
            options |= {name: p for p in command.params for name in p.opts}
            if (left_out := getattr(type(command), "left_out", None)) is not None:
                options |= {n: p for p in command.commands[left_out].params for n in p.opts}
        elif word.startswith("-"):
            name = word.rstrip(".,]")
            assert name in {*options, "--help"}, f"{line}: {word}"
            if name in options and not options[name].is_flag:
                next(rest, None)
        elif inner and word.islower() and word.isalpha():
            assert hasattr(type(command), "left_out"), f"{line}: there is no {word}"


# --- files --------------------------------------------------------------------------------

FILES = [block for block in BLOCKS if not block.runs and block.schema and not elsewhere(block)]


@pytest.mark.parametrize("block", FILES, ids=str)
def test_files(block: Block, prepared: Prepared, tmp_path: Path) -> None:
    """Read by what reads them when dam runs."""
    data = block.text.encode()
    if block.schema == "photo":
        assert sidecar.parse_photo(data, str(block)).value is not None
    elif block.schema == "shoot":
        assert sidecar.parse_shoot(data, str(block)).value is not None
    elif block.schema == "consent":
        assert sidecar.parse_consents(data, str(block)).value is not None
    else:
        here = prepared.copy(tmp_path / "o")
        place = {"purpose": "purposes/press.yaml"}.get(block.schema, f"{block.schema}.yaml")
        (here.workspace.root / "rules" / place).write_bytes(data)
        if block.schema == "watermark":
            _place_logo(here.workspace.root / "rules" / "logos" / "organisation.png")
        here.workspace.run("rules", "check")


def _place_logo(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGBA", (40, 40), (10, 110, 189, 255)).save(path)


def others() -> Iterator[Block]:
    for block in BLOCKS:
        generated = block.page == "docs/reference/commands.md" and block.lang == "text"
        answers = block.lang == "console"
        if not (block.runs or block in FILES or elsewhere(block) or generated or answers):
            yield block


@pytest.mark.parametrize("block", list(others()), ids=str)
def test_other_blocks(block: Block, tmp_path: Path) -> None:
    """Settings, tables, parts of files, an editor's settings; anything else is a failure."""
    if re.match(r"\[\w+\]$", block.text.partition("\n")[0]):
        (tmp_path / "dam.toml").write_text(block.text)
        load_settings(tmp_path, {})
    elif block.text.startswith("photo,"):
        assert shoot_table.parse(block.text.encode(), str(block)).value is not None
    elif block.text.startswith("rules:"):
        whole = b"schema: dam/retention/1\n" + block.text.encode()
        retention.load(whole)
    elif block.text.startswith("{"):
        told = json.loads(block.text)
        named = [*told["yaml.schemas"], *(one["url"] for one in told["json.schemas"])]
        assert [name for name in named if not (ROOT / name).is_file()] == []
    elif block.text.startswith("python -m bench "):
        # Minutes each: here only that there is such a job, with these options.
        known = (ROOT / "bench" / "__main__.py").read_text()
        for line in block.lines:
            assert line.startswith("python -m bench "), line
            named = re.findall(r"--[\w-]+", line)
            missing = [w for w in (line.split()[3], *named) if f'"{w}"' not in known]
            assert missing == [], f"{block}: {line}"
    else:
        pytest.fail(f"{block}: no command, no file of dam, and not in ELSEWHERE")


def test_what_is_tried_elsewhere_is_there() -> None:
    for (page, begin), why in ELSEWHERE.items():
        assert any(b.page == page and b.text.startswith(begin) for b in BLOCKS), (page, begin)
        for file, name in re.findall(r"(tests/\w+\.py)(?:::(\w+))?", why):
            text = (ROOT / file).read_text()
            assert not name or re.search(rf"^(def )?{name}\b", text, re.M), why


def test_the_form_of_a_rule_has_its_words() -> None:
    (form,) = (b for b in BLOCKS if b.schema == "rule")
    known = json_schema.documents()["rule.schema.json"]["properties"]
    shown = set(re.findall(r"^(\w+):", form.text, re.M))
    assert shown <= set(known)
    assert set(known) - shown == {"obligations"}
