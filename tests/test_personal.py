"""Who people are is told where it is asked for, and nowhere else: a search of every output.

Names, birth dates, contacts and witnesses are planted wherever somebody may write them, right
or wrong; then everything that dam prints, files and keeps is searched for them."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from dam.core import errors
from tests import photos
from tests.people import (
    CAPTION,
    DROPPED,
    FILE,
    FOLDER,
    MISPLACED,
    PEOPLE,
    REASON,
    SAID,
    SHOWN,
    dump,
    in_all_ways,
    leaks,
    picture,
    register,
    say,
    sidecar,
)
from tests.services import watching
from tests.workspaces import Workspace

BROKEN = (
    "schema: dam/photo/1\nphotographer: Qxzakia\ncrowd: Qxzakia\ncaptured: 13/07/2008\n",
    "schema: dam/photo/1\npeople:\n  - {subject: S-9, age_band: Qxpère, identifiable: 1_2008}\n",
    "schema: dam/photo/1\nqxminuscule: yes\nQxzakia: no\npeople: [{qxminuscule: yes}]\n",
    "schema: dam/photo/1\npeople: none\nqxminuscule: 1\nqxminuscule: 2\n",
    "schema: dam/photo/1\npeople:\n - {subject: S-9, name: Qxzakia, contact: Qxpère}\n",
    "schema: dam/photo/1\npeople: none\nconsents: [{id: C-9, subject: {id: S-9, name: Qxzakia, "
    "birth_date: 2008-13-07, risk: قكسخطأ}, givers: [{role: Qxpère, name: Qxzakia}]}]\n",
    "schema: dam/photo/1\npeople: [none: 'Qxzakia\n",
    "schema: Qxzakia\npeople: none\n",
)  # fmt: skip


def broken_register(folder: Path) -> list[str]:
    """Records that cannot be imported, names where none belong."""
    made = {
        "a.yaml": "schema: dam/consent/1\nid: Qx zakia\nsubject: {id: Qxzakia 1, Qxpère: x}\n"
        "birth_date: 13/07/2008\nscope: {purposes: [Qxzakia]}\nqxminuscule: x\nqxminuscule: y\n",
        "b.json": '{"schema": "dam/consent/1", "id": "Qxzakia", "subject": {"id": "S-9",'
        ' "birth_date": "13/07/2008", "risk": "Qxpère", "birth_year": "1_2008"}, "قكسخطأ": 1}',
        "c.csv": "fiche;personne;Qxzakia;usages;territoires;valable du;état;date de l'état;risque\n"
        "C-9;Qx zakia;Qxpère;Qxzakia;world;13/07/2008;Qxpère;2008-13-07;Qxzakia\n",
        "d.json": '{"schema": "Qxzakia',
        "e.yaml": "schema: dam/consent/1\nid: C-9\nsubject: Qxzakia\n  risk: [Qxpère\n",
    }  # fmt: skip
    for name, text in made.items():
        (folder / name).write_text(text)
    return [str(folder / name) for name in made]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path, dict[str, str]]:
    """A workspace after a day's work with all that was planted, and what was printed meanwhile."""
    folder = tmp_path_factory.mktemp("personal")
    workspace = Workspace.init(folder / "w")
    said: dict[str, str] = {}
    for number in (1, 2, 3, 4):
        name = f"{FOLDER}/{FILE} {number}.jpg"
        workspace.drop(name, picture(number), sidecar(number))
    for number, text in enumerate(BROKEN):
        workspace.drop(f"broken{number}.jpg", photos.plain(20 + number, 320, 240), text)
    said["dry run"] = say(workspace, "ingest", "--dry-run")
    said["ingest"] = say(workspace, "ingest")
    imported = register(folder)
    said["import dry run"] = say(workspace, "consent", "import", *imported, "--dry-run")
    said["import"] = say(workspace, "consent", "import", *imported, "--format", "json")
    said["import again"] = say(workspace, "consent", "import", *imported)
    for path in broken_register(folder):
        for form in ("table", "json"):
            words = ("consent", "import", path, "--format", form)
            said[f"{path} {form}"] = say(workspace, *words, code=errors.USAGE)
    said["ingest again"] = say(workspace, "ingest", "--format", "json")
    withdrawn = ("consent", "withdraw", "C-4", "--by", "parent", "--reason", REASON)
    said["withdraw"] = say(workspace, *withdrawn, "--format", "json")
    said["renew"] = say(
        workspace, "consent", "renew", "C-3", "--by", "parent", "--until", "2027-06-30"
    )
    pack = folder / "pack"
    said["watch"] = watched(workspace)
    told = say(workspace, "-v", "ingest", "--format", "json")
    said["-v"] = told[told.index("\n}\n") :]
    said["export"] = say(workspace, "export", "press", "--recipient", "R", "--out", str(pack))
    return workspace, pack, said


def watched(workspace: Workspace) -> str:
    """What `dam -v watch` tells of a photograph and of a broken sidecar that arrive meanwhile."""
    with watching(workspace, "-v") as process:
        name = f"{FOLDER}/{FILE} 6.jpg"
        workspace.drop(name, photos.plain(31, 320, 240), sidecar(1))
        workspace.drop("broken6.jpg", photos.plain(30, 320, 240), BROKEN[4])
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        process.send_signal(signal.SIGTERM)
        told, noted = process.communicate(timeout=120)
    assert process.returncode == 0
    assert b'"event":"asset"' in noted
    assert leaks(noted, (*SAID, CAPTION, *DROPPED)) == []
    return (b"".join(lines) + told + noted).decode()


def everything_asked(workspace: Workspace) -> dict[str, str]:
    """What every command that asks prints, but the ones about one photograph or one record."""
    asked = (
        ("list",), ("status",), ("audit",), ("doctor",), ("consent", "list"), ("rules", "list"),
        ("consent", "list", "--state", "given"),
        ("audit", "--by", "renewal", "--expiring-within", "9999d"),
        ("audit", "--diff", "today", "today"),
    )  # fmt: skip
    found = {" ".join(words): in_all_ways(workspace, *words) for words in asked}
    calendar = say(workspace, "audit", "--expiring-within", "9999d", "--format", "ics")
    assert "BEGIN:VEVENT" in calendar
    found["audit calendar"] = re.sub(r"\r?\n ", "", calendar)
    failing = partial(say, workspace, code=None)
    found["-v"] = say(workspace, "-v", "list") + say(workspace, "-v", "status")
    found["rules check"] = failing("rules", "check") + failing("rules", "test")
    found["audit fails"] = failing("audit", "--fail-on", "held,refused,missing_consent")
    found["export again"] = failing(
        "export", "press", "--recipient", "R", "--dry-run", "--out", "x"
    )
    found["unknown"] = failing("consent", "show", "Nobody") + failing("show", "zzzz")
    return found


def test_something_was_shown_at_all(told: tuple[Workspace, Path, dict[str, str]]) -> None:
    """Without approvals there would be nothing to search."""
    workspace, pack, _ = told
    assert len(workspace.filed()) == 4
    assert len(list((pack / "data/images").iterdir())) == 4
    assert workspace.rows("SELECT count(*) FROM subject_details") != [(0,)]


def test_no_output_tells_who_somebody_is(told: tuple[Workspace, Path, dict[str, str]]) -> None:
    workspace, _, said = told
    found = {name: leaks(text, SAID) for name, text in said.items()}
    assert {name: texts for name, texts in found.items() if texts} == {}
    for name, text in everything_asked(workspace).items():
        assert leaks(text, (*SAID, CAPTION, *DROPPED)) == [], name
    for number, asset in enumerate(a["asset"] for a in workspace.assets().values()):
        lang = ("en", "fr", "ar")[number % 3]
        for form in ("table", "json"):
            asked = partial(say, workspace, "--lang", lang)
            shown = asked("show", asset, "--format", form)
            explained = asked("explain", asset, "--format", form)
            explained += asked("explain", asset, "--purpose", "press", "--format", form)
            assert leaks(shown + explained, SAID) == [], asset
            assert leaks(explained, (CAPTION,)) == [], asset
    for consent in ("C-1", "C-2", "C-3", "C-4"):
        assert leaks(in_all_ways(workspace, "consent", "show", consent), SAID) == []


def test_no_file_tells_who_somebody_is(told: tuple[Workspace, Path, dict[str, str]]) -> None:
    """Renditions, packs, whatever lies in `.dam/`: neither by content nor by name."""
    workspace, pack, _ = told
    kept = workspace.root / ".dam"
    for root in (workspace.root, pack):
        for path in root.rglob("*"):
            inside = str(path.relative_to(root))
            if not inside.startswith("inbox"):
                assert leaks(inside, (*SAID, CAPTION, *DROPPED)) == []
            stores = (kept / "originals", kept / "restricted")
            original = any(map(path.is_relative_to, stores)) or inside.startswith("inbox")
            if path.is_file() and not original and not path.name.startswith("catalogue.db"):
                assert leaks(path.read_bytes(), (*SAID, CAPTION, *DROPPED)) == [], inside


def test_the_log_and_the_heartbeat_were_written_and_name_nobody(
    told: tuple[Workspace, Path, dict[str, str]],
) -> None:
    """They are among the files that were searched; here is that there was something to find."""
    workspace, _, said = told
    kept = workspace.root / ".dam"
    log = (kept / "log" / "dam.log").read_bytes()
    events = [json.loads(line) for line in log.splitlines()]
    assets = [event for event in events if event["event"] == "asset"]
    assert {event["asset"] for event in assets} == {a["asset"] for a in workspace.assets().values()}
    assert {"ingest", "consent import", "consent withdraw", "export", "watch"} <= {
        event.get("command") for event in events
    }
    assert {"watching", "pass", "stopped"} <= {event["event"] for event in events}
    beat = (kept / "heartbeat.json").read_bytes() + (kept / "metrics.prom").read_bytes()
    assert leaks(log + beat, (*SAID, CAPTION, *DROPPED)) == []
    assert '"event":"command"' in said["-v"]
    assert leaks(said["-v"], DROPPED) == []


RESTRICTED = {"subject_details", "giver_details", "text_details", "event_details"}
#: Where names of files as dropped are kept: with the asset, its sidecars, what rests on them.
AS_DROPPED = {
    "provenance", "sidecars", "sidecar_versions", "sidecar_links", "consent_versions", "facts",
    "decisions", "assets", "sidecar_keys",
}  # fmt: skip


def test_only_the_restricted_tables_tell_who_somebody_is(
    told: tuple[Workspace, Path, dict[str, str]],
) -> None:
    workspace, _, _ = told
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as database:
        tables = [
            n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        held = {n: dump(database, n) for n in tables}
    assert {n for n, data in held.items() if leaks(data, SAID)} == RESTRICTED
    assert leaks(b"".join(held[n] for n in RESTRICTED), SAID) == [
        text for text in SAID if text not in (SHOWN, *MISPLACED)
    ]
    assert {n for n, data in held.items() if leaks(data, (CAPTION,))} <= {"facts"}
    assert {n for n, data in held.items() if leaks(data, DROPPED)} <= AS_DROPPED
    assert "events" in held
    # The ledger knows who did what to which pseudonym; a hash of a birth date would tell it.
    assert "C-1" in held["events"].decode()


def test_who_asks_is_told_and_the_ledger_notes_it(
    told: tuple[Workspace, Path, dict[str, str]],
) -> None:
    workspace, _, _ = told
    for number in (1, 2, 3, 4):
        shown = json.loads(
            say(workspace, "consent", "show", f"C-{number}", "--personal", "--format", "json")
        )
        (source,) = shown["sources"]
        subject, (giver, *_) = source["record"]["subject"], source["record"]["givers"]
        who = PEOPLE[f"S-{number}"]
        for word in ("name", "first_name", "contact", "birth_date"):
            assert subject[word] == who[word]
        assert (giver["name"], giver["contact"]) == (who["giver"], who["giver_contact"])
        assert (giver["witness"], giver["authority_evidence"]) == (who["witness"], who["evidence"])
    hidden = json.loads(say(workspace, "consent", "show", "C-1", "--format", "json"))
    (source,) = hidden["sources"]
    assert source["record"]["subject"]["name"] == source["record"]["givers"][0]["name"]
    assert source["record"]["subject"]["name"] == "(on record)"
    assert source["record"]["permissions"]["name"] == "none"
    assert source["told_in"] == "forms.yaml:1"
    noted = workspace.rows("SELECT subject, body FROM events WHERE type = 'personal.shown'")
    assert noted == [(f"C-{number}", "{}") for number in (1, 2, 3, 4)]
