"""The command line as people and scripts meet it: help, exit codes, JSON keys, one clear line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from dam.cli.lazy import COMMANDS
from dam.cli.main import EPILOG
from dam.core import errors
from tests import photos
from tests.workspaces import EMPTY_HALL, NOBODY, Workspace, environment

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OUTCOME = {"asset", "source", "sha256", "disposition", "reasons", "archived_as"}
COUNTS = {"approved", "held", "refused", "quarantined", "duplicate", "waiting"}


def test_the_readme_names_no_command_that_is_not_there() -> None:
    used = set(re.findall(r"^    dam ([a-z]+)", README, re.MULTILINE))
    assert used
    assert used <= set(COMMANDS)


def test_exit_codes_in_readme_and_help_are_those_of_the_errors() -> None:
    table = dict(re.findall(r"^\| (\d) \| ([^|]+) \|$", README, re.MULTILINE))
    codes = {errors.OK, errors.DEFECT, errors.USAGE, errors.FINDINGS, errors.HELD, errors.INTEGRITY}
    assert set(table) == {str(code) for code in codes}
    assert {int(code) for code in re.findall(r"\b(\d) ", EPILOG)} == codes

    def kinds(kind: type[errors.DamError]) -> set[type[errors.DamError]]:
        return {kind}.union(*(kinds(sub) for sub in kind.__subclasses__()))

    assert {kind.exit_code for kind in kinds(errors.DamError)} == codes - {errors.OK}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "amal")


def test_the_json_that_scripts_rely_on(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.plain(1), EMPTY_HALL)
    workspace.drop("b.jpg", photos.plain(2))
    report = workspace.ingest()
    assert set(report["counts"]) == COUNTS
    assert report["counts"]["approved"] == report["counts"]["held"] == 1
    assert all(set(outcome) >= OUTCOME for outcome in report["assets"])
    filed, held = sorted(report["assets"], key=lambda o: str(o["source"]))
    assert (workspace.root / filed["archived_as"]).is_file()
    assert held["archived_as"] is None
    assert all(set(reason) >= {"rule", "message"} for reason in held["reasons"])

    listed = workspace.json("list")["assets"]
    assert all({"asset", "sha256", "disposition", "archived_as"} <= set(a) for a in listed)
    shown = workspace.json("show", filed["asset"])
    assert shown["facts"]["faces"]["count"] == 0
    assert {d["purpose"] for d in shown["decisions"]} >= {"archive", "press", "internal"}
    assert shown["consents"] == []
    audit = workspace.json("audit")
    assert {"as_of", "assets", "totals", "findings"} <= set(audit)
    assert all("kind" in finding for finding in audit["findings"])
    pack = workspace.json("export", "press", "--recipient", "R", "--out", str(workspace.root / "p"))
    assert [set(i) >= {"asset", "file"} for i in pack["included"]] == [True]
    assert [e["asset"] for e in pack["excluded"]] == [held["asset"]]
    assert (Path(pack["path"]) / "data" / pack["included"][0]["file"]).is_file()
    assert set(workspace.json("status")["counts"]) == COUNTS - {"duplicate", "waiting"}
    assert all(
        check["fine"]
        for check in workspace.json("doctor")["checks"]
        if check["name"] != "disk space"
    )


def test_faces_that_nobody_counted_are_null_and_hold(workspace: Workspace) -> None:
    off = {"DAM_FACE_CHECK": "false"}
    workspace.drop("a.jpg", photos.plain(1), NOBODY)
    (outcome,) = workspace.ingest(env=off)["assets"]
    assert outcome["disposition"] == "held"
    assert workspace.json("show", outcome["asset"])["facts"]["faces"]["count"] is None
    assert workspace.rules(outcome["asset"]) == {"faces-checked"}
    # The face check is back: what waited for it is looked at again by itself.
    (released,) = workspace.ingest()["assets"]
    assert released["asset"] == outcome["asset"]
    assert released["disposition"] == "approved"


def test_a_photographer_added_to_the_roster_releases_what_waited(workspace: Workspace) -> None:
    workspace.drop(
        "a.jpg", photos.plain(1), "schema: dam/photo/1\nphotographer: aya\npeople: none\n"
    )
    (outcome,) = workspace.ingest()["assets"]
    assert workspace.rules(outcome["asset"]) == {"credited"}
    roster = workspace.root / "rules" / "credits.yaml"
    roster.write_text(roster.read_text() + "  - id: aya\n    name: Aya B.\n")
    (released,) = workspace.ingest()["assets"]
    assert released["disposition"] == "approved"


def test_strict_and_fail_on_have_their_own_exit_codes(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.plain(1))
    workspace.run("ingest", "--strict", code=errors.HELD)
    workspace.run("audit", "--fail-on", "missing_consent", code=errors.FINDINGS)
    workspace.run("audit", "--fail-on", "refused")


def _one_line(told: bytes) -> str:
    lines = [line for line in told.decode().splitlines() if line.strip()]
    assert len(lines) == 1, lines
    return lines[0]


def test_bad_input_is_one_clear_line_and_exit_code_two(
    workspace: Workspace, tmp_path: Path
) -> None:
    for words, wanted in (
        (("show", "nope"), "no asset"),
        (("audit", "--fail-on", "bogus"), "no kind of finding"),
        (("export", "press", "--recipient", " ", "--out", "x"), "recipient"),
        (("export", "press", "--recipient", "R", "--territory", "Morocco", "--out", "x"), "MA"),
        (("init", str(workspace.root)), "already"),
        (("init", str(workspace.inbox / "inner")), "another workspace"),
    ):
        assert wanted in _one_line(workspace.run(*words, code=errors.USAGE).stderr)
    elsewhere = Workspace(tmp_path)
    assert "dam init" in _one_line(elsewhere.run("status", code=errors.USAGE).stderr)
    misspelt = workspace.run("status", code=errors.USAGE, env={"DAM_WORKRS": "2"})
    assert b"DAM_WORKERS" in misspelt.stderr
    unknown = workspace.run("export", "presse", "--recipient", "R", "--out", "x", code=errors.USAGE)
    assert b"'press'" in unknown.stderr


def test_a_rule_that_does_not_parse_stops_everything_and_loses_nothing(
    workspace: Workspace,
) -> None:
    rule = workspace.root / "rules" / "consent" / "credited.yaml"
    text = rule.read_text()
    rule.write_text(text.replace("require: credit.known", "require: credit.knwon &&"))
    workspace.drop("a.jpg", photos.plain(1), NOBODY)
    for command in ("ingest", "audit", "status"):
        told = workspace.run(command, code=errors.USAGE).stderr.decode()
        assert "credited.yaml" in told
        assert "require" in told
    assert workspace.dropped() == ["a.jpg", "a.jpg.consent.yaml"]
    rule.write_text(text)
    assert workspace.ingest()["counts"]["approved"] == 1


def test_a_rule_that_went_missing_approves_nothing(workspace: Workspace) -> None:
    (workspace.root / "rules" / "consent" / "people-stated.yaml").unlink()
    workspace.drop("a.jpg", photos.plain(1))
    told = workspace.run("ingest", code=errors.USAGE).stderr.decode()
    assert "people-stated.yaml: is missing" in told
    assert workspace.dropped() == ["a.jpg"]


def test_a_changed_rule_decides_everything_again(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.plain(1), NOBODY)
    (outcome,) = workspace.ingest()["assets"]
    rule = workspace.root / "rules" / "consent" / "credited.yaml"
    strict = rule.read_text().replace("require: credit.known", 'require: credit.id == "somebody"')
    strict = re.sub(
        r"  pass:\n(    .*\n)+?  fail:",
        "  pass:\n    - {name: x, facts: {credit.id: somebody}}\n"
        "    - {name: y, facts: {credit.id: somebody, day: 2022-06-16}}\n  fail:",
        strict,
    )
    rule.write_text(strict)
    (again,) = workspace.ingest()["assets"]
    assert (again["asset"], again["disposition"]) == (outcome["asset"], "held")
    assert workspace.filed() == {}


def test_the_watcher_takes_what_arrives_and_stops_cleanly(workspace: Workspace) -> None:
    watching = subprocess.Popen(
        workspace.command("watch", "--format", "json"),
        env=environment({"DAM_INBOX__SCAN_SECONDS": "0.2"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert watching.stdout is not None
    assert watching.stderr is not None
    assert b"Watching" in watching.stderr.readline()
    workspace.drop("a.jpg", photos.plain(1), NOBODY)
    line = watching.stdout.readline()
    assert b'"approved"' in line
    second = workspace.run("ingest", code=errors.USAGE)
    assert "another dam" in _one_line(second.stderr)
    watching.send_signal(signal.SIGTERM)
    out, told = watching.communicate(timeout=30)
    assert watching.returncode == 0
    assert out == b""
    assert b"safe" in told
    assert workspace.leftovers() == []


def test_everything_private_is_private(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.plain(1), NOBODY)
    workspace.ingest()
    for path in (workspace.root / ".dam", *(workspace.root / ".dam").rglob("*")):
        assert os.lstat(path).st_mode & 0o077 == 0, path


def test_hostile_names_are_shown_as_harmless_text(workspace: Workspace) -> None:
    name = b"\x1b]52;c;AAAA\x07[red]x\xe2\x80\xae\xff.jpg"
    workspace.drop(name, photos.plain(1))
    shown = workspace.run("ingest").stdout
    assert b"\x1b" not in shown
    assert b"\x07" not in shown
    assert "\u202e".encode() not in shown
    assert b"[red]" in shown
