"""Who people are, one thing at a time: told again, left out, erased, told by a sidecar."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from dam.core import errors
from tests import photos
from tests.people import (
    EVENT_BY,
    PEOPLE,
    REASON,
    SAID,
    dump,
    in_all_ways,
    leaks,
    record,
    say,
    sidecar,
    table_row,
)
from tests.workspaces import Workspace

Json = dict[str, Any]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def written(folder: Path, item: Json, name: str = "r.json") -> str:
    path = folder / name
    path.write_text(json.dumps({"schema": "dam/consent/1", **item}))
    return str(path)


def bring(workspace: Workspace, folder: Path, item: Json, name: str = "r.json") -> dict[str, int]:
    told = say(workspace, "consent", "import", written(folder, item, name), "--format", "json")
    counts: dict[str, int] = json.loads(told)["counts"]
    return counts


def born(workspace: Workspace, consent: str = "C-1") -> object:
    shown = json.loads(say(workspace, "consent", "show", consent, "--personal", "--format", "json"))
    return shown["sources"][0]["record"]["subject"].get("birth_date")


def standing(workspace: Workspace, consent: str = "C-1") -> Json:
    shown = json.loads(say(workspace, "consent", "show", consent, "--format", "json"))
    (found,) = shown["standing"]
    assert isinstance(found, dict)
    return found


def test_the_same_details_are_nothing_new_and_leaving_them_out_loses_nothing(
    workspace: Workspace, tmp_path: Path
) -> None:
    item = record(1)
    # Turns 18 long before the record's own end.
    item["subject"] |= {"birth_date": "2008-11-30"}
    assert bring(workspace, tmp_path, item)["new"] == 1
    assert bring(workspace, tmp_path, item)["unchanged"] == 1
    before = standing(workspace)
    assert (before["ends"], before["ends_because"]) == ("2026-11-29", "18th birthday")
    for word in ("birth_date", "name", "contact"):
        del item["subject"][word]
    assert bring(workspace, tmp_path, item)["unchanged"] == 1
    item["permissions"]["face"] = "no"
    assert bring(workspace, tmp_path, item)["changed"] == 1
    assert standing(workspace) == before | {"face": False}
    assert born(workspace) == "2008-11-30"
    # A correction is a correction.
    item["subject"]["birth_date"] = "2009-11-30"
    assert bring(workspace, tmp_path, item)["changed"] == 1
    assert (born(workspace), standing(workspace)["ends_because"]) == ("2009-11-30", "valid_until")


def test_a_sidecar_that_leaves_a_birth_date_out_does_not_lengthen_a_consent(
    workspace: Workspace,
) -> None:
    item = record(1)
    for word in ("name", "first_name", "contact"):
        del item["subject"][word]
    for word in ("name", "contact"):
        del item["givers"][0][word]
    item["subject"]["birth_date"] = "2008-11-30"
    workspace.drop("a.jpg", photos.plain(1), sidecar(1, consents=[item]))
    say(workspace, "ingest")
    before = standing(workspace)
    assert before["ends"] == "2026-11-29"
    del item["subject"]["birth_date"]
    workspace.say("a.jpg", sidecar(1, consents=[item]))
    say(workspace, "ingest")
    assert standing(workspace) == before
    assert leaks(b"".join(_dumps(workspace).values()), ("Zaïnab Qxéloufi",)) == []


def _dumps(workspace: Workspace) -> dict[str, bytes]:
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as database:
        tables = [
            n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {n: dump(database, n) for n in tables}


def _raw(workspace: Workspace) -> bytes:
    return b"".join(p.read_bytes() for p in (workspace.root / ".dam").glob("catalogue.db*"))


def test_erased_is_gone_from_the_file_and_permits_nothing(
    workspace: Workspace, tmp_path: Path
) -> None:
    first = record(1)
    first["events"].append({"state": "given", "on": "2021-10-29", "by": EVENT_BY, "reason": REASON})
    for number, item in ((1, first), (3, record(3))):
        bring(workspace, tmp_path, item, f"r{number}.json")
        workspace.drop(f"{number}.jpg", photos.plain(number), sidecar(number))
    say(workspace, "ingest")
    assert len(workspace.filed()) == 2
    asked = say(workspace, "consent", "erase", "S-1", code=errors.USAGE)
    assert "--yes" in asked
    unknown = say(workspace, "consent", "erase", "Zaïnab Qxéloufi", "--yes", code=errors.USAGE)
    assert leaks(unknown, SAID) == []
    assert len(workspace.filed()) == 2
    done = json.loads(say(workspace, "consent", "erase", "S-1", "--yes", "--format", "json"))
    assert (done["subject"], done["consents"], done["clean"]) == ("S-1", ["C-1"], True)
    assert len(done["photos"]["retracted"]) == len(workspace.filed()) == 1
    gone = tuple(PEOPLE["S-1"].values())
    assert leaks(_raw(workspace), (*gone, REASON, EVENT_BY)) == []
    assert leaks(_raw(workspace), (PEOPLE["S-3"]["name"],)) != []
    assert workspace.rows("SELECT subject, body FROM events WHERE type = 'personal.erased'") == [
        ("S-1", "{}")
    ]
    found = standing(workspace)
    assert (found["state"], found["in_force"]) == ("unknown", False)
    shown = say(workspace, "consent", "show", "C-1", "--personal")
    assert "were erased" in shown
    # Neither the old sheet, nor a renewal, nor the record without its details brings it back.
    told = say(workspace, "consent", "import", written(tmp_path, first), code=errors.USAGE)
    assert "erased" in told
    assert "C-1" in told
    assert leaks(told, SAID) == []
    words = ("renew", "C-1", "--by", "parent", "--until", "2027-01-01")
    assert "erased" in say(workspace, "consent", *words, code=errors.USAGE)
    bare = record(1)
    bare["subject"] = {"id": "S-1", "age_band": "6-11", "risk": "low", "situation": "other"}
    bare["givers"] = [{"role": "parent", "method": "written", "on": "2021-10-28"}]
    bring(workspace, tmp_path, bare)
    assert not standing(workspace)["in_force"]
    withdrawn = ("consent", "withdraw", "C-1", "--by", "parent", "--reason", REASON)
    say(workspace, *withdrawn)
    assert standing(workspace)["state"] == "withdrawn"
    assert leaks(_raw(workspace), (*gone, REASON)) == []
    # A record with an id of its own is a new beginning.
    assert bring(workspace, tmp_path, first | {"id": "C-11"})["new"] == 1
    assert standing(workspace, "C-11")["in_force"]


def test_a_sidecar_does_not_bring_back_what_was_erased(workspace: Workspace) -> None:
    item = record(1)
    for word in ("name", "first_name", "contact"):
        del item["subject"][word]
    for word in ("name", "contact"):
        del item["givers"][0][word]
    workspace.drop("a.jpg", photos.plain(1), sidecar(1, consents=[item]))
    say(workspace, "ingest")
    assert len(workspace.filed()) == 1
    say(workspace, "consent", "erase", "S-1", "--yes")
    assert workspace.filed() == {}
    item["scope"]["purposes"] = ["press", "web"]
    workspace.say("a.jpg", sidecar(1, consents=[item]))
    previewed = json.loads(say(workspace, "ingest", "--dry-run", "--format", "json"))
    assert previewed["counts"]["approved"] == 0
    say(workspace, "ingest")
    assert workspace.filed() == {}
    assert leaks(_raw(workspace), tuple(PEOPLE["S-1"].values())) == []


def test_where_a_record_was_told(workspace: Workspace, tmp_path: Path) -> None:
    lines = [table_row(1), table_row(3), table_row(4)]
    text = "\r\n".join((";".join(lines[0]), *(";".join(row.values()) for row in lines)))
    for name, told in (
        ("fiches.csv", "fiches.csv"),
        ("Qxeloufi ZAINAB.csv", "imported file"),
        ("famille-ngo\u0302-qxthi\u0323.csv", "imported file"),
    ):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8-sig")
        other = Workspace.init(tmp_path / f"w-{told}-{len(name)}")
        say(other, "consent", "import", str(path))
        rows = other.rows("SELECT consent, told_in FROM consent_versions ORDER BY consent")
        assert rows == [("C-1", f"{told}:2"), ("C-3", f"{told}:3"), ("C-4", f"{told}:4")]
    listed = tmp_path / "list.yaml"
    items = [{"schema": "dam/consent/1", **record(n)} for n in (1, 2)]
    listed.write_text(yaml.safe_dump(items, allow_unicode=True, sort_keys=False))
    say(workspace, "consent", "import", str(listed))
    rows = workspace.rows("SELECT told_in FROM consent_versions ORDER BY consent")
    second = listed.read_text().splitlines().index("- schema: dam/consent/1", 1) + 1
    assert rows == [("list.yaml:1",), (f"list.yaml:{second}",)]


def test_sidecars_take_no_names(workspace: Workspace) -> None:
    spoken = yaml.safe_load(sidecar(1))
    spoken["consents"] = [record(1)]
    workspace.drop("a.jpg", photos.plain(1), yaml.safe_dump(spoken, allow_unicode=True))
    said = in_all_ways(workspace, "ingest")
    (asset,) = workspace.assets().values()
    said += say(workspace, "explain", asset["asset"]) + say(workspace, "show", asset["asset"])
    assert "dam consent import" in said
    assert leaks(said, SAID) == []
    assert leaks(b"".join(_dumps(workspace).values()), SAID) == []
