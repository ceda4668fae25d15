"""`dam watch` as a service: what it tells systemd, monitoring and the log, and the unit itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from dam.core import errors
from tests import photos
from tests.adapters.disk import mode
from tests.services import LONG, manager, watching
from tests.workspaces import NOBODY, Workspace, environment

UNIT = Path(__file__).resolve().parents[1] / "deploy" / "dam-watch.service"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "amal")


def beat(workspace: Workspace) -> dict[str, Any]:
    found = json.loads((workspace.root / ".dam" / "heartbeat.json").read_bytes())
    assert isinstance(found, dict)
    return found


def log(workspace: Workspace) -> list[dict[str, Any]]:
    text = (workspace.root / ".dam" / "log" / "dam.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


def wait(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_watcher_tells_systemd_monitoring_and_the_log(
    workspace: Workspace, tmp_path: Path
) -> None:
    metrics = tmp_path / "exported" / "dam.prom"
    metrics.parent.mkdir()
    assert "No watcher runs here." in workspace.run("status").stdout.decode()
    workspace.run("status", "--max-age", "10m", code=errors.FINDINGS)
    with manager(tmp_path, abstract=True) as heard:
        env = {
            "NOTIFY_SOCKET": heard.address,
            "WATCHDOG_USEC": "200000",
            "DAM_METRICS": str(metrics),
        }
        with watching(workspace, env=env) as process:
            assert process.stdout is not None
            heard.until("READY=1")
            workspace.drop("a.jpg", photos.plain(1), NOBODY)
            workspace.drop("b.jpg", photos.plain(2))
            became = {json.loads(process.stdout.readline())["disposition"] for _ in range(2)}
            assert became == {"approved", "held"}
            heard.until("WATCHDOG=1")
            heard.until("STATUS=2 photos, 1 held, 0 waiting")
            status = workspace.json("status", "--max-age", "10m")["watcher"]
            _is_watching(workspace, status, process.pid)
            assert metrics.read_bytes().startswith(b"# HELP dam_info")
            assert mode(metrics) == 0o644

            rule = workspace.root / "rules" / "consent" / "credited.yaml"
            text = rule.read_text()
            rule.write_text(text + "\n# looked at again\n")
            told = heard.until("RELOADING=1")
            assert any(line.startswith("MONOTONIC_USEC=") for line in told)
            heard.until("READY=1")
            rule.write_text("nothing: of a rule\n")
            heard.until("STATUS=Rules or workspace")
            assert beat(workspace)["trouble"] == ["not_open"]
            checks = {c["name"]: c for c in workspace.ask("doctor")["checks"]}
            assert not checks["watcher"]["fine"]
            assert not checks["rule pack"]["fine"]
            rule.write_text(text)
            heard.until("STATUS=Watching the inbox")
            process.send_signal(signal.SIGTERM)
            heard.until("STOPPING=1")
            assert process.wait(LONG) == 0
    assert beat(workspace)["state"] == "stopped"
    assert not workspace.json("status")["watcher"]["running"]
    workspace.run("status", "--max-age", "10m", code=errors.FINDINGS)
    events = [line["event"] for line in log(workspace)]
    assert events[0] == "watching"
    assert events[-1] == "stopped"
    assert {"asset", "pass", "rules changed", "not in order", "command"} <= set(events)
    # Changed rules decide again, and may do so before the next change: then it is told again.
    told_held = [line for line in log(workspace) if line.get("became") == "held"]
    assert len({line["asset"] for line in told_held}) == 1
    for held in told_held:
        assert set(held) == {"at", "event", "asset", "became", "rules"}
        assert held["rules"]


def _is_watching(workspace: Workspace, status: dict[str, Any], pid: int) -> None:
    assert status["running"]
    assert status["age_seconds"] < 600
    found = status["heartbeat"]
    assert (found["pid"], found["state"]) == (pid, "watching")
    assert found["assets"]["approved"] == found["assets"]["held"] == 1
    assert (found["due"], found["waiting"], found["trouble"]) == (0, 0, [])
    assert found["outcomes"]["approved"] == found["outcomes"]["held"] == 1
    assert found["passes"] > 0
    for name in ("heartbeat.json", "metrics.prom", "watch.lock", "log/dam.log"):
        assert mode(workspace.root / ".dam" / name) == 0o600, name
    assert "dam_assets" in (workspace.root / ".dam" / "metrics.prom").read_text()


def test_a_pass_that_hangs_does_not_feed_the_watchdog(workspace: Workspace, tmp_path: Path) -> None:
    with manager(tmp_path) as heard:
        env = {"NOTIFY_SOCKET": heard.address, "WATCHDOG_USEC": "100000"}
        with watching(workspace, env=env) as process:
            heard.until("WATCHDOG=1")
            database = workspace.root / ".dam" / "catalogue.db"
            with closing(sqlite3.connect(database, isolation_level=None)) as other:
                # Nobody else may write: the pass waits for as long as the catalogue lets it.
                other.execute("BEGIN IMMEDIATE")
                workspace.drop("a.jpg", photos.plain(1), NOBODY)
                end = time.monotonic() + LONG
                while heard.next(3.0):
                    assert time.monotonic() < end
                assert process.poll() is None
                other.execute("ROLLBACK")
            heard.until("WATCHDOG=1")
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["disposition"] == "approved"


def test_a_killed_watcher_is_known_to_be_dead(workspace: Workspace) -> None:
    with watching(workspace) as process:
        wait(lambda: (workspace.root / ".dam" / "heartbeat.json").exists())
        assert workspace.ask("status")["watcher"]["running"]
        process.kill()
        process.wait(LONG)
    found = workspace.ask("status")["watcher"]
    assert (found["running"], found["heartbeat"]["state"]) == (False, "watching")
    (check,) = (c for c in workspace.ask("doctor")["checks"] if c["name"] == "watcher")
    assert (check["level"], check["fine"]) == ("note", True)


def test_a_stopped_watcher_is_too_old_for_whoever_asks(workspace: Workspace) -> None:
    with watching(workspace) as process:
        wait(lambda: (workspace.root / ".dam" / "heartbeat.json").exists())
        wait(lambda: beat(workspace)["looked_at"])
        process.send_signal(signal.SIGSTOP)
        try:
            looked = beat(workspace)
            looked["looked_at"] = "2021-11-18T09:30:00Z"
            (workspace.root / ".dam" / "heartbeat.json").write_text(json.dumps(looked))
            told = workspace.run("status", "--max-age", "1d", code=errors.FINDINGS)
            assert b"last looked" in told.stderr
            (check,) = (c for c in workspace.ask("doctor")["checks"] if c["name"] == "watcher")
            assert not check["fine"]
        finally:
            process.send_signal(signal.SIGCONT)


def test_an_inbox_that_goes_away_is_trouble_until_it_is_back(workspace: Workspace) -> None:
    away = workspace.root / "elsewhere"
    with watching(workspace):
        wait(lambda: (workspace.root / ".dam" / "heartbeat.json").exists())
        workspace.inbox.rename(away)
        wait(lambda: "inbox_missing" in beat(workspace)["trouble"])
        away.rename(workspace.inbox)
        wait(lambda: beat(workspace)["trouble"] == [])
    kinds = [line["trouble"] for line in log(workspace) if line["event"] == "trouble"]
    assert "inbox_missing" in kinds


def test_an_age_that_is_none_is_said_so(workspace: Workspace) -> None:
    told = workspace.run("status", "--max-age", "soon", code=errors.USAGE)
    assert b"10m" in told.stderr


def test_a_full_disk_under_the_log_stops_nothing(workspace: Workspace) -> None:
    folder = workspace.root / ".dam" / "log"
    words = ["mount", "-t", "tmpfs", "-o", "size=4k,mode=0700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        (folder / "full").write_bytes(b"x" * 4096)
        workspace.drop("a.jpg", photos.plain(1), NOBODY)
        done = workspace.run("ingest")
        assert b"1 approved" in done.stdout
        assert done.stderr == b""
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert len(workspace.filed()) == 1


def test_the_log_of_commands_and_v(workspace: Workspace) -> None:
    workspace.drop("Élie.jpg", photos.plain(1), NOBODY)
    (workspace.inbox / "Élie.txt").write_text("x")
    told = workspace.run("-v", "ingest").stderr.decode()
    shown = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert shown == log(workspace)
    assert [line["event"] for line in shown] == ["asset", "command"]
    assert shown[0]["became"] == "approved"
    assert shown[1]["command"] == "ingest"
    assert shown[1]["exit"] == 0
    assert "lie" not in json.dumps(shown, ensure_ascii=False)
    before = len(log(workspace))
    workspace.run("ingest", "--dry-run")
    workspace.run("-v", "list")
    assert len(log(workspace)) == before
    (workspace.root / "rules" / "credits.yaml").write_text("Élie: [")
    workspace.run("consent", "erase", "S-1", "--yes", code=errors.USAGE)
    assert log(workspace)[-1]["command"] == "consent erase"
    assert log(workspace)[-1]["exit"] == errors.USAGE
    assert log(workspace)[-1]["error"].endswith("Error")


# --- the unit -----------------------------------------------------------------------------


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/dam/bin/dam", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_container_is_shut_in_as_the_unit_is() -> None:
    told = yaml.safe_load((UNIT.parent / "compose.yaml").read_text())
    (service,) = told["services"].values()
    assert service["network_mode"] == "none"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service["user"].startswith(("0", "root"))
    assert service["command"] == ["watch"]
    assert service["healthcheck"]["test"][:3] == ["CMD", "dam", "status"]
    (mounted,) = (volume.split(":")[1] for volume in service["volumes"])
    assert service["environment"]["DAM_WORKSPACE"] == mounted
    dockerfile = UNIT.parent.parent / service["build"]["dockerfile"]
    assert 'ENTRYPOINT ["dam"]' in dockerfile.read_text().splitlines()


def test_the_unit_is_shut_in() -> None:
    lines = set(UNIT.read_text().splitlines())
    assert {
        "Type=notify",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "PrivateNetwork=yes",
        "UMask=0077",
        "ReadWritePaths=/srv/dam",
        "Restart=on-failure",
        "LimitCORE=0",
    } <= lines
    assert any(line.startswith("WatchdogSec=") for line in lines)


def test_it_works_shut_in_as_the_unit_does(workspace: Workspace) -> None:
    """Without capabilities, without network, no new privileges, as another user."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None or shutil.which("unshare") is None:
        pytest.skip("only root with setpriv and unshare can shut it in")
    place = workspace.root
    for parent in place.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
        if parent == Path("/tmp"):
            break
    subprocess.run(["chown", "-R", "65534:65534", str(place)], check=True)
    photo = place / "inbox" / "a.jpg"
    photo.write_bytes(photos.plain(1))
    photo.with_name("a.jpg.consent.yaml").write_text(NOBODY)
    subprocess.run(["chown", "-R", "65534:65534", str(place / "inbox")], check=True)
    shut = [
        *("unshare", "--net", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
        *("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"),
    ]
    probe = ["sh", "-c", '"$0" -c "import dam.cli.main"', sys.executable]
    if subprocess.run([*shut, *probe], capture_output=True).returncode:
        pytest.skip("it may not be shut in here, or this Python is closed to other users")
    done = subprocess.run(
        [*shut, *workspace.command("ingest", "--format", "json")],
        env=environment({"HOME": "/nonexistent"}),
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["counts"]["approved"] == 1
