"""Who people are is told where it is asked for, and nowhere else: a search of every output.

Names, birth dates, contacts and witnesses are planted wherever somebody may write them, right
or wrong; then everything that dam prints, files and keeps is searched for them.
"""

from __future__ import annotations

import io
import json
import re
import signal
import sqlite3
import unicodedata
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import Workbook
from typer.testing import CliRunner

from dam.cli.main import app
from dam.core import errors
from tests import photos
from tests.services import watching
from tests.workspaces import PHOTOGRAPHER, Workspace, environment

Json = dict[str, Any]

#: Told to the register, each once: by YAML, JSON, CSV and XLSX.
PEOPLE: dict[str, dict[str, str]] = {
    "S-1": {
        "name": "Zaïnab Qxéloufi", "first_name": "Zaïnabelle", "contact": "+212 677 001 122",
        "birth_date": "2011-04-03", "giver": "Moûnir Qxéloufi", "giver_contact": "m@qx1.example",
        "witness": "Hâj Qxabdellâh", "evidence": "Acte n° QX-881 de Fès",
    },
    "S-2": {
        "name": "قكسزينب الوهرانية", "first_name": "قكسزينب", "contact": "هاتف ٠٦٧٧٠٠٢٢٣٣",
        "birth_date": "2010-09-17", "giver": "قكسمنير الوهراني", "giver_contact": "w@qx2.example",
        "witness": "الحاج قكسعبدو", "evidence": "عقد قكس رقم ٨٨٢",
    },
    "S-3": {
        "name": "Noé Qxünwald", "first_name": "Noéline", "contact": "+49 170 QX3",
        "birth_date": "2009-12-24", "giver": "Jürgen Qxünwald", "giver_contact": "qx3@qx.example",
        "witness": "Schwester Qxädelgard", "evidence": "Qxürkunde 883",
    },
    "S-4": {
        "name": "Ngô Qxthị Hương", "first_name": "Qxhương", "contact": "+84 QX4 4455",
        "birth_date": "2012-02-29", "giver": "Ngô Qxvăn Đức", "giver_contact": "qx4@qx.example",
        "witness": "Bà Qxlan", "evidence": "Giấy Qxsố 884",
    },
}  # fmt: skip
REASON = "sa tante Qxfâtiha a téléphoné"
EVENT_BY = "Tante Qxfâtiha"
RISK_BY = "Qxdirectrice-Amal"
SCAN = "autorisation-qxéloufi.pdf"
#: In the photograph's own metadata.
SHOWN = "Qxpersonne Ménélik"
#: Written by mistake where no name belongs, in sidecars and sheets that are refused.
MISPLACED = ("Qxzakia", "qxminuscule", "Qxpère", "13/07/2008", "1_2008", "2008-13-07", "قكسخطأ")
#: A camera's caption names somebody: kept with the facts, told by `dam show` alone.
CAPTION = "Qxlégendaire"
#: Names of files and folders as somebody dropped them.
FILE, FOLDER = "Qxnommé Élie", "Qxdossier"

SAID = tuple(
    dict.fromkeys(
        (*(text for told in PEOPLE.values() for text in told.values()), REASON, EVENT_BY, RISK_BY,
         SCAN, SHOWN, *MISPLACED)
    )
)  # fmt: skip
DROPPED = (FILE, FOLDER)


def forms(text: str) -> set[bytes]:
    """A text as it may stand in a file, in the encodings and spellings that programs use."""
    found = {json.dumps(text)[1:-1].encode(), text.encode("ascii", "backslashreplace")}
    for form in ("NFC", "NFD"):
        spelt = unicodedata.normalize(form, text)
        for said in (spelt, spelt.casefold(), spelt.upper()):
            for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "cp1256"):
                try:
                    found.add(said.encode(encoding))
                except UnicodeEncodeError:
                    continue
    return {form for form in found if len(form) >= 6}


FORMS = {text: forms(text) for text in (*SAID, CAPTION, *DROPPED)}


def leaks(data: bytes | str, texts: tuple[str, ...]) -> list[str]:
    """Which of the planted texts stand in it."""
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
    return [text for text in texts if any(form in raw for form in FORMS[text])]


def record(number: int) -> Json:
    """A record that tells of everybody by name; adults, so that a picture gets out."""
    who = PEOPLE[f"S-{number}"]
    return {
        "id": f"C-{number}",
        "subject": {
            "id": f"S-{number}", "age_band": "6-11", "situation": "other", "risk": "low",
            "unaccompanied": "no", "name": who["name"], "first_name": who["first_name"],
            "contact": who["contact"], "birth_date": who["birth_date"],
        },
        "notice": {"ref": "F-2", "language": "fr"},
        "scope": {
            "purposes": ["press"], "territories": ["world"], "valid_from": "2021-11-01",
            "valid_until": "2027-01-31",
        },
        "permissions": {"face": "yes", "name": "none", "location": "exact"},
        "givers": [
            {
                "role": "parent", "method": "written", "on": "2021-10-28", "name": who["giver"],
                "contact": who["giver_contact"], "witness": who["witness"],
                "authority_evidence": who["evidence"],
            }
        ],
        "child_assent": "given",
        "events": [{"state": "given", "on": "2021-10-28"}],
    }  # fmt: skip


def table_row(number: int) -> dict[str, str]:
    item = record(number)
    (giver,), (event,) = item["givers"], item["events"]
    subject, scope = item["subject"], item["scope"]
    return {
        "fiche": item["id"], "personne": subject["id"], "âge": subject["age_band"],
        "situation": "other", "risque": "low", "non accompagné": "no",
        "nom de la personne": subject["name"], "prénom": subject["first_name"],
        "contact de la personne": subject["contact"], "date de naissance": subject["birth_date"],
        "formulaire": "F-2", "langue": "fr", "usages": "press", "territoires": "world",
        "valable du": scope["valid_from"], "valable jusqu'au": scope["valid_until"],
        "visage": "yes", "lieu autorisé": "exact", "signataire": giver["role"],
        "forme": giver["method"], "signé le": giver["on"], "nom du signataire": giver["name"],
        "contact du signataire": giver["contact"], "témoin": giver["witness"],
        "preuve d'autorité": giver["authority_evidence"], "accord de l'enfant": "given",
        "état": event["state"], "date de l'état": event["on"],
    }  # fmt: skip


def register(folder: Path) -> list[str]:
    """The four records, one in each format; the free texts of events in the first."""
    first = record(1)
    first["events"].append({"state": "given", "on": "2021-10-29", "by": EVENT_BY, "reason": REASON})
    first["evidence"] = [{"file": SCAN}]
    first["subject"]["risk_decision"] = {
        "by": RISK_BY, "on": "2021-10-28", "visible": "yes", "reason": REASON,
    }  # fmt: skip
    one, two, three, four = (folder / f"forms{end}" for end in (".yaml", ".json", ".csv", ".xlsx"))
    one.write_text(yaml.safe_dump({"schema": "dam/consent/1", **first}, allow_unicode=True))
    two.write_text(json.dumps([{"schema": "dam/consent/1", **record(2)}]))
    row = table_row(3)
    three.write_text(";".join(row) + "\r\n" + ";".join(row.values()), encoding="utf-8-sig")
    row, book = table_row(4), Workbook()
    assert book.active is not None
    book.active.append(list(row))
    book.active.append(list(row.values()))
    book.save(four)
    return [str(one), str(two), str(three), str(four)]


def picture(number: int) -> bytes:
    """A photograph whose own metadata names who is shown: XMP PersonInImage and an IPTC caption."""
    xmp = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><e:PersonInImage><rdf:Bag>
 <rdf:li>{SHOWN}</rdf:li></rdf:Bag></e:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>"""
    sets = b"\x1c\x01\x5a\0\x03\x1b%G"
    for place, text in ((120, f"Ici {CAPTION}"), (122, SHOWN), (5, SHOWN)):
        value = text.encode()
        sets += b"\x1c\x02" + bytes((place,)) + len(value).to_bytes(2, "big") + value
    body = sets + b"\0" * (len(sets) % 2)
    block = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(sets).to_bytes(4, "big") + body
    segment = b"\xff\xed" + (len(block) + 2).to_bytes(2, "big") + block
    out = io.BytesIO()
    photos.scene(number, 480, 320).save(
        out, "JPEG", quality=90, xmp=xmp.encode(), extra=segment, comment=SHOWN.encode()
    )
    return out.getvalue()


def sidecar(number: int, **other: object) -> str:
    """Who is shown, by pseudonym, and a harmless caption."""
    subject, consent = f"S-{number}", f"C-{number}"
    told: Json = {
        "schema": "dam/photo/1",
        "photographer": PHOTOGRAPHER,
        "captured": "2021-11-18",
        "caption": {"fr": "Une lecture", "ar": "قراءة", "en": "A reading"},
        "people": [{"subject": subject, "age_band": "6-11", "consent": consent}],
    }
    return yaml.safe_dump(told | other, allow_unicode=True)


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


def say(workspace: Workspace, *words: str, code: int | None = 0) -> str:
    """Everything one command tells on its outputs, of an error its words."""
    done = CliRunner().invoke(app, ["-C", str(workspace.root), *words], env=environment())
    error = done.exception
    assert isinstance(error, errors.DamError | SystemExit | None), repr(error)
    ended = error.exit_code if isinstance(error, errors.DamError) else done.exit_code
    assert code is None or ended == code, (words, done.output, error)
    return f"{done.stdout}\n{done.stderr}\n{error if isinstance(error, errors.DamError) else ''}"


def in_all_ways(workspace: Workspace, *words: str) -> str:
    """As a table and as JSON, in every language."""
    return "\n".join(
        say(workspace, "--lang", lang, *words, "--format", form)
        for lang in ("en", "fr", "ar")
        for form in ("table", "json")
    )


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
    "decisions", "assets",
}  # fmt: skip


def test_only_the_restricted_tables_tell_who_somebody_is(
    told: tuple[Workspace, Path, dict[str, str]],
) -> None:
    workspace, _, _ = told
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as database:
        tables = [
            n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        held = {n: _dump(database, n) for n in tables}
    assert {n for n, data in held.items() if leaks(data, SAID)} == RESTRICTED
    assert leaks(b"".join(held[n] for n in RESTRICTED), SAID) == [
        text for text in SAID if text not in (SHOWN, *MISPLACED)
    ]
    assert {n for n, data in held.items() if leaks(data, (CAPTION,))} <= {"facts"}
    assert {n for n, data in held.items() if leaks(data, DROPPED)} <= AS_DROPPED
    assert "events" in held
    # The ledger knows who did what to which pseudonym; a hash of a birth date would tell it.
    assert "C-1" in held["events"].decode()


def _dump(database: sqlite3.Connection, table: str) -> bytes:
    """A table's rows, blobs as they are; texts as stored and with their escapes undone."""
    cells = [cell for row in database.execute(f'SELECT * FROM "{table}"') for cell in row]
    raw = [c if isinstance(c, bytes) else str(c).encode("utf-8", "surrogateescape") for c in cells]
    plain = [c.encode().decode("unicode_escape").encode("utf-8", "replace") for c in cells
             if isinstance(c, str) and "\\u" in c]  # fmt: skip
    return b"\n".join((*raw, *plain))


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


# --- one thing at a time ------------------------------------------------------------------


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
        return {n: _dump(database, n) for n in tables}


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
