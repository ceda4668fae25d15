"""`dam audit --diff`: what changed in a workspace between a report and today."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from dam.adapters import reports
from dam.core import errors, reported
from dam.core.errors import UsageError
from tests import photos
from tests.faults.test_clocks import dated
from tests.test_audit import DECEMBER, NOVEMBER, child, make, named
from tests.workspaces import NOBODY, Json, Workspace, once

TODAY = date.today().isoformat()  # noqa: DTZ011
LATER = (date.today() + timedelta(days=200)).isoformat()  # noqa: DTZ011


def changed(root: Path) -> None:
    """The audit's known workspace with a report of before, a withdrawal, an arrival and a mending,

    and a report of after.
    """
    make(root)
    workspace = Workspace(root / "w")
    _report(workspace, root / "before.json")
    workspace.run("consent", "withdraw", "C-2021-0001", "--by", "parent", "--reason", "asked")
    workspace.drop("silent.jpg", dated(6, DECEMBER), NOBODY)
    workspace.drop("new.jpg", photos.plain(40), child(8))
    later = child(2, valid_until=LATER)
    workspace.drop("ending.jpg", dated(2, NOVEMBER), later)
    workspace.ingest()
    _report(workspace, root / "after.json")


def _report(workspace: Workspace, path: Path, *words: str) -> None:
    path.write_bytes(workspace.run("audit", *words, "--format", "json").stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "compared", changed)


def diff(folder: Path, one: str, other: str, *words: str) -> Json:
    told: Json = Workspace(folder / "w").ask("audit", "--diff", one, other, *words)["diff"]
    return told


def test_the_difference_is_that_of_the_two_reports(folder: Path) -> None:
    """Taken by hand from the two, and told."""
    before, after = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("before", "after")
    )
    told = diff(folder, str(folder / "before.json"), str(folder / "after.json"))
    rows = [{row["asset"]: row for row in report["assets"]} for report in (before, after)]
    expected = {}
    for asset in sorted(rows[0].keys() | rows[1].keys()):
        one, other = rows[0].get(asset), rows[1].get(asset)
        if one is None or other is None:
            expected[asset] = ["gone" if other is None else "added"]
            continue
        changes = [
            ("disposition", one["dispositions"]["archive"] != other["dispositions"]["archive"]),
            ("consents", set(one["consents"]) != set(other["consents"])),
            ("until", one["until"] != other["until"]),
        ]
        if what := [name for name, is_other in changes if is_other]:
            expected[asset] = what
    assert {a["asset"]: a["what"] for a in told["assets"]} == expected
    assert Counter(w for what in expected.values() for w in what) == {
        "added": 1, "disposition": 2, "until": 2,
    }  # fmt: skip
    keys = [
        Counter((f["kind"], f["asset"], f["pack"]) for f in r["findings"]) for r in (before, after)
    ]
    for word, left in (("new", keys[1] - keys[0]), ("resolved", keys[0] - keys[1])):
        found = Counter((f["kind"], f["asset"], f["pack"]) for f in told["findings"][word])
        assert found == left
        assert told["counts"][word] == left.total() > 0
    for name, (one, other) in (
        (name, (before["totals"][name], after["totals"][name])) for name in before["totals"]
    ):
        assert told["totals"][name] == {"from": one, "to": other, "difference": other - one}
    assert told["from"]["ledger"] == before["ledger"]
    assert told["to"]["rule_pack"] == after["rule_pack"]
    assert (told["nothing"], told["filters"], told["warnings"]) == (False, [], [])


def test_a_withdrawal_is_seen_from_before_it_to_today(folder: Path) -> None:
    workspace = Workspace(folder / "w")
    asset = named(workspace)["good"]
    told = diff(folder, str(folder / "before.json"), "today")
    assert told["to"]["name"] == told["to"]["as_of"] == TODAY
    (change,) = (a for a in told["assets"] if a["asset"] == asset)
    # Nor is it covered any longer than the day on which it was taken back.
    assert change["what"] == ["disposition", "until"]
    assert (change["from"]["disposition"], change["to"]["disposition"]) == ("approved", "refused")
    assert (change["gained"], change["lost"]) == (["refused"], [])
    assert {f["kind"] for f in told["findings"]["new"] if f["asset"] == asset} == {
        "refused", "withdrawn_in_pack",
    }  # fmt: skip
    # What was found since then is what the report of now says.
    assert told["assets"] == diff(
        folder, str(folder / "before.json"), str(folder / "after.json")
    )["assets"]  # fmt: skip
    back = diff(folder, "today", str(folder / "before.json"))
    assert back["findings"]["resolved"] == told["findings"]["new"]
    assert [a["from"] for a in back["assets"]] == [a["to"] for a in told["assets"]]


def test_tables_and_csv_tell_the_same(folder: Path) -> None:
    workspace = Workspace(folder / "w")
    words = ("audit", "--diff", str(folder / "before.json"), "today")
    told = workspace.ask(*words)["diff"]
    table = list(
        csv.DictReader(io.StringIO(workspace.run(*words, "--format", "csv").stdout.decode()))
    )
    assert Counter(row["change"] for row in table) == Counter(
        {what: number for what, number in told["counts"].items() if number}
    )
    found = [
        (row["change"], row["finding"], row["asset"], row["pack"])
        for row in table
        if row["finding"]
    ]
    assert found == [
        (word, f["kind"], f["asset"], f["pack"] or "")
        for word in ("new", "resolved")
        for f in told["findings"][word]
    ]
    assert [row["asset"] for row in table if not row["finding"]] == [
        a["asset"] for a in told["assets"] for _ in a["what"]
    ]
    shown = workspace.run(*words).stdout.decode()
    for row in table:
        assert row["asset"] in shown
    lines = [line.split() for line in shown.splitlines()]
    for name in ("approved", "held", "refused", "quarantined", "covered"):
        one = told["totals"][name]
        signed = f"{one['difference']:+d}" if one["difference"] else "0"
        assert [name, str(one["from"]), str(one["to"]), signed] in lines
    french = workspace.run("--lang", "fr", *words).stdout.decode()
    assert "désormais : refusé" in french
    assert "nouveau" in french


@pytest.mark.parametrize("lang", ["en", "fr", "ar"])
def test_where_nothing_changed_that_is_said(folder: Path, lang: str) -> None:
    workspace = Workspace(folder / "w")
    said = {"en": "Nothing changed.", "fr": "Rien n'a changé.", "ar": "لم يتغير شيء."}
    report = str(folder / "after.json")
    for words in ((report, report), (report, "today"), ("today", TODAY)):
        shown = workspace.run("--lang", lang, "audit", "--diff", *words).stdout.decode()
        assert said[lang] in shown
    told = diff(folder, report, "today")
    assert told["nothing"]
    assert told["assets"] == told["findings"]["new"] == told["findings"]["resolved"] == []
    empty = workspace.run("--lang", lang, "audit", "--diff", report, "today", "--format", "csv")
    assert len(empty.stdout.splitlines()) == 1


def test_only_new_findings_fail(folder: Path) -> None:
    workspace = Workspace(folder / "w")
    before, after = str(folder / "before.json"), str(folder / "after.json")
    failing = ("--fail-on", "withdrawn_in_pack,refused")
    done = workspace.run("audit", "--diff", before, "today", *failing, code=errors.FINDINGS)
    assert "New findings" in done.stderr.decode()
    # It stands in both: the audit fails, the comparison does not.
    workspace.run("audit", *failing, code=errors.FINDINGS)
    workspace.run("audit", "--diff", after, "today", *failing)
    workspace.run("audit", "--diff", "today", before, "--fail-on", "withdrawn_in_pack")


def test_different_questions_are_compared_with_a_warning(folder: Path, tmp_path: Path) -> None:
    workspace = Workspace(folder / "w")
    after = str(folder / "after.json")
    done = workspace.run("audit", "--diff", after, "today", "--purpose", "press")
    assert "different things (purpose)" in done.stderr.decode()
    told = diff(folder, after, "today", "--place", "Tanger", "--kind", "expired")
    assert told["filters"] == ["place", "kinds"]
    assert len(told["warnings"]) == 1
    # Asked the same way, they can be compared.
    some = tmp_path / "some.json"
    _report(workspace, some, "--place", "Tanger", "--expiring-within", "2w")
    told = diff(folder, str(some), "today", "--place", "Tanger", "--expiring-within", "14d")
    assert (told["nothing"], told["warnings"]) == (True, [])
    other = Workspace.init(tmp_path / "other")
    other.drop("a.jpg", photos.plain(1), NOBODY)
    other.ingest()
    told = other.ask("audit", "--diff", after, "today")["diff"]
    assert told["warnings"] == ["The two audits are of different workspaces"]


def test_two_reports_need_no_workspace(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nowhere = Workspace(tmp_path)
    before, after = str(folder / "before.json"), str(folder / "after.json")
    assert nowhere.ask("audit", "--diff", before, after)["diff"]["counts"]["added"] == 1
    nowhere.run("audit", "--diff", before, "today", code=errors.USAGE)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("{after}", "nowhere.json"), "nowhere.json cannot be opened"),
        (("{after}", "."), "is no regular file"),
        (("{after}", "2026-02-30"), "2026-02-30 is no day"),
        (("{after}", "2021-01-01"), "2021-01-01"),
        (("{after}", "{broken}"), "broken.json is no report of an audit: line 4: "),
        (("{after}", "{latin}"), "latin.json is not UTF-8"),
        (("{after}", "{after}", "--purpose", "press"), "compared as they were made"),
        (("{after}", "{after}", "--by", "asset"), "Leave --by out"),
        (("{after}", "{after}", "--format", "ics"), "Use table, json or csv"),
    ],
)
def test_what_cannot_be_compared(
    folder: Path, tmp_path: Path, words: tuple[str, ...], hint: str
) -> None:
    text = (folder / "after.json").read_text()
    broken, latin = tmp_path / "broken.json", tmp_path / "latin.json"
    broken.write_text('{\n "as_of": "2026-01-01",\n "assets": [\n  {"asset": }]}')
    latin.write_bytes(text.replace("Tanger", "Tangér").encode("latin-1"))
    names = {"after": str(folder / "after.json"), "broken": str(broken), "latin": str(latin)}
    called = tuple(word.format(**names) if "{" in word else word for word in words)
    done = Workspace(folder / "w").run("audit", "--diff", *called, code=errors.USAGE)
    assert hint in done.stderr.decode()
    assert done.stdout == b""
    assert len(done.stderr.decode().splitlines()) == 1


def test_a_report_that_is_no_file_or_too_long_is_not_read(tmp_path: Path) -> None:
    pipe, long = tmp_path / "pipe", tmp_path / "long.json"
    os.mkfifo(pipe)
    with long.open("wb") as file:
        file.truncate(reported.MAX_BYTES + 1)
    for path, why in ((pipe, "no regular file"), (long, "is larger than"), (Path("a\0"), "name")):
        with pytest.raises(UsageError, match=why), reports.opened(path):
            pass


def test_a_report_is_read_in_chunks_and_again(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(b"\xef\xbb\xbf" + ("é" * 100_000).encode())
    with reports.opened(path) as chunks:
        first = chunks()
        assert len(next(first)) < 100_000
        assert "".join(chunks()) == "é" * 100_000
        assert len("".join(first)) < 100_000
