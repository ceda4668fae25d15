"""What an audit says of a small workspace of which everything is known."""

from __future__ import annotations

import csv
import io
import os
import pty
import subprocess
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core import errors
from dam.core.findings import nears
from dam.core.report import Kind
from tests import photos
from tests.faults.test_clocks import dated
from tests.test_consents import spoken, written
from tests.workspaces import NOBODY, Json, Workspace, environment, once

SOON = (date.today() + timedelta(days=20)).isoformat()  # noqa: DTZ011
NOVEMBER, DECEMBER = "2021:11:18 10:00:00", "2021:12:24 10:00:00"
IN_TANGIER = {"location": {"country": "MA", "city": "Tanger"}}


def child(number: int, **said: object) -> str:
    return written(spoken(number, **said) | IN_TANGIER)


def make(root: Path) -> None:
    """Six photographs: by name, what is true of each."""
    workspace = Workspace.init(root / "w")
    workspace.drop("good.jpg", dated(1, NOVEMBER), child(1))
    workspace.drop("ending.jpg", dated(2, NOVEMBER), child(2, valid_until=SOON))
    workspace.drop("over.jpg", dated(3, DECEMBER), child(3, valid_until="2024-01-01"))
    workspace.drop("refused.jpg", dated(4, DECEMBER), child(4, state="refused"))
    workspace.drop("hall.jpg", dated(5, DECEMBER), NOBODY + "caption: {fr: '=1+1'}\n")
    workspace.drop("silent.jpg", dated(6, DECEMBER))
    workspace.place("lost.jpg.consent.yaml").write_text(NOBODY)
    workspace.ingest()
    order = ("export", "press", "--recipient", "=Le Journal", "--out", str(root / "pack"))
    assert len(workspace.json(*order)["included"]) == 3


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(once(tmp_path_factory, "audited", make) / "w")


def named(workspace: Workspace) -> dict[str, str]:
    """The assets by the stem of the name they were dropped as."""
    told = {a["asset"]: workspace.ask("show", a["asset"]) for a in workspace.assets().values()}
    return {Path(str(t["dropped_as"][0])).stem: asset for asset, t in told.items()}


def audit(workspace: Workspace, *words: str) -> Json:
    return workspace.ask("audit", *words)


def kinds_of(found: Json, asset: str) -> set[str]:
    return {f["kind"] for f in found["findings"] if f["asset"] == asset}


def table(workspace: Workspace, *words: str) -> list[dict[str, str]]:
    done = workspace.run("audit", *words, "--format", "csv")
    return list(csv.DictReader(io.StringIO(done.stdout.decode())))


def test_every_sum_is_the_truth(known: Workspace) -> None:
    found = audit(known)
    assert found["totals"] == {
        "assets": 6, "approved": 3, "held": 2, "refused": 1, "quarantined": 0,
        "with_minors": 4, "covered": 2, "minors": 4, "waivers": 0, "in_archive": 3,
    }  # fmt: skip
    nothing = {"approved": 0, "held": 0, "refused": 0, "quarantined": 0}
    assert found["matrix"]["archive"] == nothing | {"approved": 3, "held": 2, "refused": 1}
    assert found["matrix"]["press"] == nothing | {"approved": 3, "held": 2, "refused": 1}
    assert found["matrix"]["social"] == nothing | {"approved": 1, "held": 4, "refused": 1}
    assert {m: (line["assets"], line["approved"]) for m, line in found["months"].items()} == {
        "2021-11": (2, 2),
        "2021-12": (4, 1),
    }
    # A child of at most eleven in 2021 may be of age in 2028.
    assert found["ends"] == {SOON[:7]: 1, "2028-10": 1}
    assert [(p["recipient"], p["pictures"], p["ended"]) for p in found["packs"]] == [
        ("=Le Journal", 3, 0)
    ]


def test_every_finding_is_the_truth(known: Workspace) -> None:
    found, asset = audit(known), named(known)
    assert {name: kinds_of(found, asset[name]) for name in asset} == {
        "good": set(),
        "ending": {"expiring"},
        "over": {"expired"},
        "refused": {"refused"},
        "hall": set(),
        "silent": {"missing_consent", "no_credit"},
    }
    assert kinds_of(found, "") == {"orphan_sidecar"}
    assert set(found["kinds"]) == {
        "expiring", "expired", "refused", "missing_consent", "no_credit", "orphan_sidecar",
    }  # fmt: skip
    severities = [f["severity"] for f in found["findings"]]
    assert severities == sorted(severities, key=["critical", "high", "medium", "low"].index)
    assert set(found["kinds"]) <= set(map(str, Kind))


def test_an_audit_about_some(known: Workspace) -> None:
    asset = named(known)

    def about(*words: str) -> set[str]:
        rows = {row["asset"] for row in audit(known, *words)["assets"]}
        return {name for name, ident in asset.items() if ident in rows}

    assert about("--since", "2021-12-01") == {"over", "refused", "hall", "silent"}
    assert about("--until", "2021-11-18") == {"good", "ending"}
    assert about("--place", "tanger") == {"good", "ending", "over", "refused"}
    assert about("--place", "MA", "--until", "2021-11-30") == {"good", "ending"}
    assert about("--photographer", "nobody") == set()
    assert about("--photographer", "rachid-azzouzy") == set(asset) - {"silent"}
    assert about("--programme", "amal") == set()
    assert about("--kind", "expired,expiring") == {"ending", "over"}
    assert about("--expiring-within", "1w", "--kind", "expiring") == set()
    some = audit(known, "--kind", "expired")
    assert some["totals"]["assets"] == len(some["findings"]) == 1
    for_press = audit(known, "--purpose", "press", "--place", "Tanger")
    assert for_press["totals"]["approved"] == 2
    assert kinds_of(for_press, asset["good"]) == set()
    assert "scope_mismatch" in kinds_of(audit(known, "--purpose", "social"), asset["good"])


def test_every_view_adds_up(known: Workspace) -> None:
    whole = audit(known)
    for view in ("month", "programme", "place", "photographer"):
        lines = audit(known, "--by", view)["by"]
        for sum_of in ("assets", "approved", "held", "refused", "with_minors", "covered"):
            assert sum(line[sum_of] for line in lines.values()) == whole["totals"][sum_of], view
    by_subject = audit(known, "--by", "subject")["by"]
    assert {s: line["refused"] for s, line in by_subject.items()} == {
        "S-0001": 0, "S-0002": 0, "S-0003": 0, "S-0004": 1,
    }  # fmt: skip
    by_consent = audit(known, "--by", "consent")["by"]
    assert by_consent["C-2021-0002"]["until"] == SOON


def test_tables_and_csv_tell_the_same(known: Workspace) -> None:
    told = audit(known)
    rows = {row["asset"]: row for row in table(known, "--by", "asset")}
    assert rows.keys() == {row["asset"] for row in told["assets"]}
    for row in told["assets"]:
        line = rows[row["asset"]]
        assert line["disposition"] == row["disposition"]
        assert line["until"] == (row["until"] or "")
        assert (line["people"], line["minors"]) == (str(row["people"]), str(row["minors"]))
        assert line["consent"] == ", ".join(row["consents"])
    found = table(known)
    assert [row["asset"] for row in found] == [f["asset"] for f in told["findings"]]
    assert [row["what"] for row in found] == [f["message"] for f in told["findings"]]
    (pack,) = table(known, "--by", "pack")
    assert pack["recipient"] == "'=Le Journal", "a spreadsheet would run it"
    for words in ((), ("--by", "asset"), ("--by", "month"), ("--by", "pack")):
        shown = known.run("audit", *words).stdout.decode()
        assert "6 assets" in shown
    assert "2021-12" in known.run("audit", "--by", "month").stdout.decode()
    french = known.run("--lang", "fr", "audit", "--by", "month").stdout.decode()
    assert "approuvées" in french


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--kind", "bogus"), "no kind of finding"),
        (("--expiring-within", "soon"), "no number of days"),
        (("--since", "2022-01-02", "--until", "2022-01-01"), "--since lies after --until"),
        (("--since", "yesterday"), "is not a date written YYYY-MM-DD"),
        (("--by", "weather"), "is not one of"),
        (("--kind", "integrity", "--fail-on", "refused"), "leaves out what --fail-on waits for"),
    ],
)
def test_what_cannot_be_meant(known: Workspace, words: tuple[str, ...], hint: str) -> None:
    assert hint in known.run("audit", *words, code=errors.USAGE).stderr.decode()


def test_what_went_out_and_what_is_gone(tmp_path: Path) -> None:
    """A withdrawal after a pack, a file taken from the archive, a birthday that comes near."""
    make(tmp_path)
    workspace = Workspace(tmp_path / "w")
    asset = named(workspace)
    born = date.today().replace(day=1) + timedelta(days=40)  # noqa: DTZ011
    subject = {"birth_date": born.replace(year=born.year - 18, day=1).isoformat()}
    almost = spoken(7, age_band=None)
    almost["consents"][0]["subject"] |= subject
    del almost["consents"][0]["subject"]["age_band"], almost["people"][0]["age_band"]
    workspace.drop("almost.jpg", photos.plain(7), written(almost))
    workspace.ingest()
    workspace.run("consent", "withdraw", "C-2021-0001", "--by", "parent", "--reason", "asked")
    filed = {row["asset"]: row["archived_as"] for row in audit(workspace)["assets"]}
    (workspace.root / filed[asset["hall"]]).unlink()
    found = audit(workspace)
    asset = named(workspace)
    assert kinds_of(found, asset["almost"]) == {"majority_soon", "expiring"}
    assert kinds_of(found, asset["hall"]) == {"integrity"}
    assert {"refused", "withdrawn_in_pack"} <= kinds_of(found, asset["good"])
    (pack,) = found["packs"]
    assert (pack["pictures"], pack["ended"]) == (3, 1)
    (out,) = [f for f in found["findings"] if f["kind"] == "withdrawn_in_pack"]
    assert (out["pack"], out["severity"]) == (pack["pack"], "critical")
    workspace.run("audit", "--fail-on", "integrity,withdrawn_in_pack", code=errors.FINDINGS)


def on_a_terminal(workspace: Workspace, width: int, *words: str) -> list[str]:
    """The lines that somebody sees on a terminal so wide, before it breaks any."""
    held, terminal = pty.openpty()
    command = workspace.command("audit", *words)
    said = environment({"COLUMNS": str(width), "NO_COLOR": "1", "TERM": "dumb"})
    done = subprocess.Popen(command, env=said, stdout=terminal, stderr=subprocess.DEVNULL)
    os.close(terminal)
    told = bytearray()
    with suppress(OSError):  # that is how a terminal ends
        while piece := os.read(held, 4096):
            told += piece
    os.close(held)
    assert done.wait(timeout=120) == 0
    return told.decode().splitlines()


@pytest.mark.parametrize("by", ["finding", "asset", "pack", "place", "consent"])
def test_it_is_sensible_on_a_narrow_terminal(known: Workspace, by: str) -> None:
    """No line is broken by the terminal but the ledger's hash, and no day, id or name is cut."""
    lines = on_a_terminal(known, 80, "--by", by)
    assert all(len(line) <= 80 for line in lines if not line.startswith("ledger:"))
    shown = {word.strip(",;") for line in lines for word in line.split()}
    for row in table(known, "--by", by):
        cells = [row[name] for name in ("asset", "consent", "until", "place") if name in row]
        assert {word.strip(",") for cell in cells for word in cell.split()} <= shown


def test_what_is_waived_does_not_end_soon(tmp_path: Path) -> None:
    """A consent that is over is no consent that ends: its waiver is the finding."""
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("over.jpg", dated(1, NOVEMBER), child(1, valid_until="2024-01-01"))
    workspace.ingest()
    (asset,) = named(workspace).values()
    until = ("--until", SOON, "--reason", "Asked again by telephone")
    workspace.run("waive", asset, "in-time", "--by", "safeguarding-officer", *until)
    for about in ((), ("--kind", "waiver,expiring")):
        found = audit(workspace, *about)
        assert found["kinds"] == {"waiver": 1}
        assert kinds_of(found, asset) == {"waiver"}


@given(st.dates(), st.integers(-800, 800), st.integers(0, 400))
def test_what_is_near(day: date, away: int, ahead: int) -> None:
    try:
        end = day + timedelta(days=away)
    except OverflowError:
        return
    assert nears(end, day, ahead) == (day <= end <= day + timedelta(days=ahead))
