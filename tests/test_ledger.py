"""`dam ledger`: reading, handing out, checkpoints by the command line, and timestamps."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rfc3161_client import TimestampRequestBuilder

from dam.adapters import timestamps
from dam.adapters.catalog import Catalog
from dam.adapters.checkpoints import Checkpoints
from dam.core.errors import ConfigurationError, DamError, IntegrityError, StorageError, UsageError
from dam.core.replay import fold
from tests.adapters.test_migrations import SINCE_PACKS
from tests.authority import Authority, authority
from tests.test_audit import make
from tests.workspaces import Workspace, once

DOCS = Path(__file__).resolve().parents[1] / "docs"
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One with photographs, consents, waivers, a withdrawal, an erasure and a pack."""
    found = Workspace(once(tmp_path_factory, "ledgered", make) / "w")
    found.run("consent", "withdraw", "C-2021-0001", "--by", "parent", "--reason", "asked for")
    subject = found.ask("consent", "list")["consents"][-1]["subject"]
    found.run("consent", "erase", subject, "--yes")
    return found


def opened(workspace: Workspace) -> Catalog:
    return Catalog.open(workspace.root / ".dam" / "catalogue.db", create=False, read_only=True)


def test_what_every_flow_did_can_be_replayed(workspace: Workspace) -> None:
    with opened(workspace) as catalog:
        assert catalog.verify_chain() == ()
        replayed = fold(catalog.events())
        assert {"asset", "consent", "said", "sidecar", "rules"} <= {k for k, _ in replayed.items}
        assert list(replayed.differences(catalog.holdings())) == []


def test_events_are_shown_by_day_type_and_subject(workspace: Workspace) -> None:
    every = workspace.ask("ledger", "show", "--limit", "0")
    told = every["events"]
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert every["origin"] == told[0]["hash"]
    assert every["head"] == {"seq": told[-1]["seq"], "hash": told[-1]["hash"]}
    assert len(workspace.ask("ledger", "show", "--limit", "2")["events"]) == 2

    consents = workspace.ask("ledger", "show", "--limit", "0", "--type", "consent")["events"]
    assert {event["type"].split(".")[0] for event in consents} == {"consent"}
    exact = workspace.ask("ledger", "show", "--type", "consent.withdrawn")["events"]
    assert [event["subject"] for event in exact] == ["C-2021-0001"]
    mine = workspace.ask("ledger", "show", "--limit", "0", "--subject", "C-2021-0001")["events"]
    assert exact[0] in mine
    assert {event["subject"] for event in mine} == {"C-2021-0001"}

    day = told[-1]["at"][:10]
    assert workspace.ask("ledger", "show", "--until", "2020-01-01")["events"] == []
    assert len(workspace.ask("ledger", "show", "--since", day, "--until", day)["events"]) <= 100
    later = (datetime.fromisoformat(day) + timedelta(days=3)).date().isoformat()
    assert workspace.ask("ledger", "show", "--since", later)["events"] == []
    table = workspace.run("ledger", "show", "--type", "personal.erased").stdout.decode()
    assert "personal.erased" in table
    assert every["head"]["hash"] in table


def script(tmp_path: Path) -> Path:
    """The script that the documentation shows."""
    (found,) = re.findall(r"```python\n(.*?)```", (DOCS / "ledger.md").read_text(), re.DOTALL)
    path = tmp_path / "check.py"
    path.write_text(found)
    assert len(found.splitlines()) <= 22
    return path


def test_anybody_can_check_what_was_exported(workspace: Workspace, tmp_path: Path) -> None:
    out, signed = tmp_path / "ledger.jsonl", tmp_path / "checkpoint.json"
    workspace.run("ledger", "checkpoint", "--out", str(signed))
    workspace.run("ledger", "export", "--out", str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert workspace.run("ledger", "export").stdout == out.read_bytes()
    workspace.run("ledger", "export", "--out", str(out), code=2)
    head = workspace.ask("ledger", "show")["head"]

    def checked(*files: Path) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(script(tmp_path)), *map(str, files)],
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    assert checked(out, signed) == (0, f"{head['seq']} events, head {head['hash']}\n")
    lines = out.read_bytes().splitlines(keepends=True)
    other = tmp_path / "other.jsonl"
    other.write_bytes(b"".join(lines[:-1]))
    assert checked(other)[0] == 0
    assert checked(other, signed) == (1, f"{signed} is of another ledger\n")
    other.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    assert checked(other) == (1, "event 4 does not follow the one before it\n")
    other.write_bytes(b"".join(lines).replace(b'"subject":"', b'"subject":"x', 1))
    assert checked(other) == (1, "event 1 was altered\n")


def test_a_checkpoint_is_private_signed_and_told(workspace: Workspace, tmp_path: Path) -> None:
    copy = tmp_path / "copy.json"
    made = workspace.json("ledger", "checkpoint", "--out", str(copy))
    assert (made["state"], made["timestamp"]) == ("contained", "none")
    again = workspace.json("ledger", "checkpoint")
    assert again == made
    private = workspace.root / ".dam"
    assert copy.read_bytes() == (private / "checkpoints" / made["checkpoint"]).read_bytes()
    for path in (private / "keys", private / "checkpoints"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}
    assert made in workspace.ask("ledger", "show")["checkpoints"]
    # What openssl makes of it, beside dam's own reading.
    told = json.loads(copy.read_bytes())
    signature = tmp_path / "signature"
    signature.write_bytes(bytes.fromhex(told.pop("signature")))
    message = tmp_path / "message"
    message.write_text(json.dumps(told, separators=(",", ":"), sort_keys=True))
    key = private / "checkpoints" / f"{made['key']}.pem"
    words = ["-verify", "-pubin", "-inkey", str(key), "-rawin", "-in", str(message)]
    done = subprocess.run(
        ["openssl", "pkeyutl", *words, "-sigfile", str(signature)], capture_output=True
    )
    assert b"Successfully" in done.stdout, done.stderr


def test_a_pass_makes_one_a_day(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    nothing = workspace.run("ledger", "show").stdout.decode()
    assert "ledger: 0" in nothing
    for _ in range(2):
        workspace.run("ingest")
    (first,) = workspace.ask("ledger", "show")["checkpoints"]
    assert first["state"] == "contained"


def sealed(number: int) -> tuple[int, str]:
    return number, f"{number:064x}"


def test_the_next_day_makes_another_where_something_was_recorded(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    origin = "0" * 64
    assert kept.daily(origin, (0, "f" * 64), NOON) is None
    assert kept.daily(origin, sealed(1), NOON) is not None
    assert kept.daily(origin, sealed(2), NOON + timedelta(hours=2)) is None
    assert kept.daily(origin, sealed(1), NOON + timedelta(days=1)) is None
    assert kept.daily(origin, sealed(3), NOON + timedelta(days=1)) is not None
    assert [each.checkpoint().seq for each in kept.stored()] == [1, 3]
    assert len(kept.keys()) == 1


def test_a_lost_key_is_replaced_and_a_damaged_one_told(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    first = kept.make("0" * 64, sealed(1), NOON).checkpoint()
    (tmp_path / "keys" / "ledger.pem").unlink()
    second = kept.make("0" * 64, sealed(2), NOON).checkpoint()
    assert kept.keys() == {first.key, second.key}
    (tmp_path / "keys" / "ledger.pem").write_bytes(b"-----BEGIN")
    with pytest.raises(IntegrityError):
        kept.make("0" * 64, sealed(3), NOON)
    (tmp_path / "checkpoints" / f"{first.key}.pem").write_bytes(b"x")
    with pytest.raises(IntegrityError):
        kept.keys()


def test_a_forged_and_a_damaged_file_are_told(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    workspace.run("ingest")
    folder = workspace.root / ".dam" / "checkpoints"
    (true,) = folder.glob("*.json")
    other = Workspace.init(tmp_path / "other")
    other.run("ingest")
    (foreign,) = (other.root / ".dam" / "checkpoints").glob("*.json")
    (folder / "000000000003-00000000.json").write_bytes(foreign.read_bytes())
    (folder / "000000000004-00000000.json").write_bytes(true.read_bytes()[:-20])
    text = true.read_text()
    (folder / "000000000005-00000000.json").write_text(text.replace('"seq":2', '"seq":1'))
    states = [each["state"] for each in workspace.ask("ledger", "show")["checkpoints"]]
    assert states == ["contained", "key", "unreadable", "signature"]
    with opened(workspace) as catalog:
        assert catalog.verify_chain() == ()


def test_a_workspace_of_an_earlier_version_is_replayed_from_now_on(
    workspace: Workspace, tmp_path: Path
) -> None:
    """Its tables as revision 0006 left them; the first command that writes enters what stands."""
    older = Workspace(tmp_path / "w")
    shutil.copytree(workspace.root, older.root)
    with closing(sqlite3.connect(older.root / ".dam" / "catalogue.db")) as database, database:
        for table in SINCE_PACKS:
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE alembic_version SET version_num = '0006'")
    older.run("ledger", "show", code=2)
    older.run("ingest")
    with opened(older) as catalog, catalog.snapshot():
        assert catalog.verify_chain() == ()
        begins = fold(catalog.events()).begins
        assert begins > 1
        assert list(catalog.disagreements()) == []
    older.run("ingest")
    begun = older.ask("ledger", "show", "--type", "ledger.baseline")["events"]
    assert [event["seq"] for event in begun] == [begins]


# --- timestamps ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("tsa")) as made:
        yield made


@contextmanager
def behaving(tsa: Authority, how: str, data: bytes = b"") -> Iterator[None]:
    tsa.behaves = how
    tsa.same = TimestampRequestBuilder().data(data or b"x").cert_request(cert_request=True)
    try:
        yield
    finally:
        tsa.behaves = "well"


def test_a_checkpoint_with_a_timestamp(tmp_path: Path, tsa: Authority) -> None:
    workspace = Workspace.init(tmp_path / "w")
    workspace.run("ingest")
    words = ("--timestamp-url", tsa.url, "--timestamp-ca", str(tsa.roots))
    made = workspace.json("ledger", "checkpoint", *words)
    assert made["timestamp"] == "valid"
    at = datetime.fromisoformat(made["timestamp_at"])
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=10)
    asked = len(tsa.asked)
    assert workspace.json("ledger", "checkpoint", *words) == made
    assert len(tsa.asked) == asked
    assert made in workspace.ask("ledger", "show")["checkpoints"]
    folder = workspace.root / ".dam" / "checkpoints"
    (token,) = folder.glob("*.tsr")
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-in", str(token), "-CAfile", str(tsa.roots), "-data",
         str(folder / made["checkpoint"])],
        capture_output=True,
    )  # fmt: skip
    assert b"Verification: OK" in done.stdout + done.stderr
    token.write_bytes(token.read_bytes()[:-1] + b"\x00")
    (shown,) = workspace.ask("ledger", "show")["checkpoints"]
    assert shown["timestamp"] == "invalid"
    workspace.run("ledger", "checkpoint", "--timestamp-url", tsa.url, code=2)


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("refuses", IntegrityError),
        ("other-nonce", IntegrityError),
        ("other-data", IntegrityError),
        ("garbage", IntegrityError),
        ("page", StorageError),
        ("silent", StorageError),
    ],
)
def test_an_answer_that_is_none_is_told(tsa: Authority, how: str, error: type[DamError]) -> None:
    data = b"a checkpoint"
    with behaving(tsa, how, data), pytest.raises(error) as raised:
        timestamps.ask(tsa.url, data, tsa.roots.read_bytes(), 0.5 if how == "silent" else 20)
    assert "\n" not in str(raised.value)
    assert "ask again later" in str(raised.value)


def test_only_who_is_vouched_for_counts(tsa: Authority, tmp_path: Path) -> None:
    token = timestamps.ask(tsa.url, b"data", tsa.roots.read_bytes(), 20)
    assert timestamps.check(token, b"data", tsa.roots.read_bytes())
    with pytest.raises(IntegrityError):
        timestamps.check(token, b"other", tsa.roots.read_bytes())
    with authority(tmp_path) as other, pytest.raises(IntegrityError):
        timestamps.check(token, b"data", other.roots.read_bytes())
    with pytest.raises(ConfigurationError):
        timestamps.check(token, b"data", b"no certificate")


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://", "x", "http://[::1"]
)
def test_an_address_that_is_none(url: str, tsa: Authority) -> None:
    with pytest.raises(UsageError):
        timestamps.ask(url, b"data", tsa.roots.read_bytes(), 1)


def test_nobody_there(tsa: Authority) -> None:
    with pytest.raises(StorageError):
        timestamps.ask("http://127.0.0.1:1/tsr", b"data", tsa.roots.read_bytes(), 1)
