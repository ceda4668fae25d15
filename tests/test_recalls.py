"""Recalls: what was taken back is asked back, by letters that can be sent as they are."""

from __future__ import annotations

import email
import io
import re
import shutil
import socket
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dam.adapters.desk import open_desk
from dam.adapters.pack import payload
from dam.adapters.settings import Workspace as Places
from dam.adapters.settings import load_settings
from dam.cli import context
from dam.core import errors
from dam.core.recalls import (
    Asked,
    Letter,
    Notice,
    Recall,
    RecallRow,
    next_deadline,
)
from dam.flows import recalls as flow
from tests import family
from tests.family import withdraw
from tests.people import SAID, leaks
from tests.test_audit_page import browser
from tests.workspaces import Json, Workspace, once

__all__ = ["browser"]
RECIPIENT = "Le Matin"
REASON = "sa tante Qxfâtiha a téléphoné"
LANGS = ("fr", "ar", "en")
_ISOLATES = str.maketrans("", "", "\u2068\u2069\u200f\ufeff\n ")


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose four pictures went out in a folder to one recipient, a zip to another."""

    def make(folder: Path) -> None:
        family.fill(folder)
        workspace = Workspace(folder / "w")
        for name, *more in ((RECIPIENT,), ("Akhbar", "--format", "zip")):
            out = str(folder / ("zip.zip" if more else "folder"))
            workspace.run("export", "press", "--recipient", name, "--out", out, *more)

    return once(tmp_path_factory, "exported", make)


@pytest.fixture
def workspace(exported: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(exported / "w", tmp_path / "w", symlinks=True)
    return Workspace(tmp_path / "w")


@pytest.fixture(scope="session")
def taken_back(tmp_path_factory: pytest.TempPathFactory, exported: Path) -> Path:
    """The same after S-1's mother called: two pictures of each pack may be used no longer."""

    def make(folder: Path) -> None:
        shutil.copytree(exported / "w", folder / "w", symlinks=True)
        withdraw(Workspace(folder / "w"), "--reason", REASON)

    return once(tmp_path_factory, "taken-back", make)


@pytest.fixture
def asked(taken_back: Path, tmp_path: Path) -> Workspace:
    """A copy of it."""
    shutil.copytree(taken_back / "w", tmp_path / "w", symlinks=True)
    return Workspace(tmp_path / "w")


@pytest.fixture
def days_later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the clock of commands inside this process on by so many days."""
    real = context.now

    def move(days: int) -> None:
        monkeypatch.setattr(context, "now", lambda: real() + timedelta(days=days))

    return move


def packs(workspace: Workspace) -> dict[str, str]:
    """Ids of packs by recipient."""
    return {pack["recipient"]: pack["pack"] for pack in workspace.ask("packs")["packs"]}


def recall(workspace: Workspace, recipient: str = RECIPIENT, *words: str) -> Json:
    found = workspace.ask("recall", "list", *words)["recalls"]
    (one,) = (item for item in found if item["recipient"] == recipient and item["state"])
    assert isinstance(one, dict)
    return one


def write(workspace: Workspace, out: Path, *words: str) -> Json:
    (letter,) = workspace.ask("recall", packs(workspace)[RECIPIENT], "--out", str(out), *words)[
        "letters"
    ]
    assert isinstance(letter, dict)
    return letter


def kinds(workspace: Workspace, *words: str) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for one in workspace.ask("audit", *words)["findings"]:
        found.setdefault(one["kind"], []).append(one)
    return found


def events(workspace: Workspace) -> list[str]:
    return [kind for (kind,) in workspace.rows("SELECT type FROM events ORDER BY seq")
            if kind.startswith("recall.") and kind != "recall.changed"]  # fmt: skip


def mail(folder: Path, number: int = 1) -> EmailMessage:
    (file,) = folder.glob(f"*-{number}.eml")
    found = email.message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(found, EmailMessage)
    return found


# --- the story ----------------------------------------------------------------------------


def test_from_the_withdrawal_to_the_answer(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "letters"
    assert workspace.ask("recall", "list")["recalls"] == []
    usage = workspace.run("recall", packs(workspace)[RECIPIENT], "--out", str(out),
                          code=errors.USAGE)  # fmt: skip
    assert "is asked back" in usage.stderr.decode()
    assert not out.exists()
    withdraw(workspace, "--dry-run")
    assert workspace.ask("recall", "list")["recalls"] == []

    told = withdraw(workspace)["withdrawn"]["packs"]
    opened = recall(workspace)
    assert {p["pack"] for p in told} == set(packs(workspace).values())
    (files,) = (p["files"] for p in told if p["pack"] == opened["pack"])
    assert [f["file"] for f in opened["files"]] == files
    assert (opened["state"], len(files), opened["letters"]) == ("unsent", 2, [])
    found = kinds(workspace)["recall_open"]
    assert {f["pack"] for f in found} == set(packs(workspace).values())
    assert all(f["severity"] == "high" and f["asset"] == "" for f in found)
    assert workspace.ask("status")["recalls"] == 2
    workspace.run("audit", "--fail-on", "recall_open", code=errors.FINDINGS)
    workspace.run("audit", "--fail-on", "recall_overdue")
    ident = str(opened["recall"])
    early = workspace.run("recall", "ack", ident, "--by", "press-officer", code=errors.USAGE)
    assert "No notice" in early.stderr.decode()

    letter = write(workspace, out, "--deadline", "3w")
    assert letter["deadline"] == (datetime.now().astimezone().date() + timedelta(21)).isoformat()
    assert {p["file"] for p in letter["pictures"]} == set(files)
    names = {path.name for path in out.iterdir()}
    endings = {f".{lang}.{kind}" for lang in LANGS for kind in ("txt", "html")} | {".eml"}
    assert names == {f"{ident}-1{ending}" for ending in endings}
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
    assert recall(workspace)["state"] == "sent"
    shown = workspace.ask("packs", "show", letter["pack"])["recalls"]
    assert [(r["recall"], r["state"]) for r in shown] == [(ident, "sent")]

    note = "Mme Qxrédactrice a téléphoné"
    done = workspace.json("recall", "ack", ident[:-2], "--by", "press-officer", "--note", note)
    assert (done["state"], done["acknowledged_by"]) == ("acknowledged", "press-officer")
    assert note not in str(workspace.ask("recall", "list"))
    assert recall(workspace, RECIPIENT, "--personal")["note"] == note
    assert note.encode() not in workspace.run("recall", "list").stdout
    for (body,) in workspace.rows("SELECT body FROM events"):
        assert "Qxr" not in body
    assert [f["pack"] for f in kinds(workspace)["recall_open"]] == [packs(workspace)["Akhbar"]]
    assert workspace.ask("status")["recalls"] == 1
    assert [r["recipient"] for r in workspace.ask("recall", "list", "--open")["recalls"]] == [
        "Akhbar"
    ]
    assert events(workspace) == [
        "recall.opened", "recall.opened", "recall.sent", "recall.acknowledged",
    ]  # fmt: skip
    again = workspace.run("recall", "ack", ident, "--by", "press-officer", code=errors.USAGE)
    assert "acknowledged before" in again.stderr.decode()


def test_later_withdrawals_join_an_open_recall(asked: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "letters"
    write(asked, out)
    first = recall(asked)
    asked.json("consent", "withdraw", "C-3", "--by", "parent")
    joined = recall(asked)
    assert joined["recall"] == first["recall"]
    assert (joined["state"], len(joined["files"])) == ("unsent", 3)
    assert [f["told_at"] is None for f in joined["files"]].count(True) == 1
    early = asked.run("recall", "ack", joined["recall"], "--by", "dpo", code=errors.USAGE)
    assert "No notice" in early.stderr.decode()
    letter = write(asked, out)
    assert (letter["number"], len(letter["pictures"])) == (2, 3)
    second = mail(out, 2)
    assert second["In-Reply-To"] == mail(out)["Message-ID"] != second["Message-ID"]
    asked.json("recall", "ack", joined["recall"], "--by", "dpo")
    assert events(asked).count("recall.extended") == 2


def test_after_the_answer_they_open_another(asked: Workspace, tmp_path: Path) -> None:
    first = write(asked, tmp_path / "one")
    asked.json("recall", "ack", first["recall"], "--by", "dpo")
    asked.json("consent", "withdraw", "C-3", "--by", "parent")
    second = write(asked, tmp_path / "two")
    assert second["recall"] != first["recall"]
    # The group's picture was confirmed already: it is not asked for twice.
    assert len(second["pictures"]) == 1
    assert not {p["file"] for p in second["pictures"]} & {p["file"] for p in first["pictures"]}


def test_what_ended_otherwise_is_asked_for_where_somebody_says_so(
    workspace: Workspace, tmp_path: Path, days_later: Callable[[int], None]
) -> None:
    days_later(100)
    assert "expired_in_pack" in kinds(workspace)
    assert workspace.ask("recall", "list")["recalls"] == []
    letter = write(workspace, tmp_path / "out", "--ended")
    assert len(letter["pictures"]) == 3
    why = workspace.rows("SELECT DISTINCT why FROM pack_marks")
    assert (why, events(workspace)) == ([("ended",)], ["recall.opened", "recall.sent"])
    assert write(workspace, tmp_path / "out", "--ended")["number"] == 2


def test_who_does_not_answer_is_overdue_and_reminded(
    asked: Workspace, tmp_path: Path, days_later: Callable[[int], None]
) -> None:
    out = tmp_path / "letters"
    sent = write(asked, out)

    def remind(*words: str) -> list[Json]:
        found = asked.ask("recall", "remind", "--out", str(out), *words)["letters"]
        assert isinstance(found, list)
        return found

    assert remind() == []
    days_later(8)
    assert remind() == []
    (first,) = remind("--after", "7d")
    assert (first["kind"], first["number"]) == ("reminder", 2)
    days_later(15)
    late = recall(asked, RECIPIENT, "--overdue")
    assert (late["state"], late["overdue"], late["deadline"]) == ("overdue", True, sent["deadline"])
    found = kinds(asked)
    # The other recipient was never told, and that is overdue as well.
    assert {f["severity"] for f in found["recall_overdue"]} == {"critical"}
    assert len(found["recall_overdue"]) == 2
    assert "recall_open" not in found
    (second,) = remind()
    assert second["recall"] == sent["recall"]
    assert remind() == []
    assert remind(str(sent["recall"]))[0]["number"] == 4
    assert recall(asked)["state"] == "overdue"
    # Asked for once more, the same pictures do not get more time by that.
    assert write(asked, out)["deadline"] == sent["deadline"]
    text = (out / f"{sent['recall']}-3.en.txt").read_text("utf-8")
    assert "We have not had your answer yet" in text
    days_later(16)
    yesterday = (datetime.now().astimezone() + timedelta(days=2)).date().isoformat()
    past = kinds(asked, "--as-of", yesterday)
    assert len(past["recall_open"]) == 2
    assert "recall_overdue" not in past


def test_a_recall_needs_a_place_for_its_letters_or_is_not_on_record(
    asked: Workspace, tmp_path: Path
) -> None:
    ident = recall(asked)["recall"]
    taken = tmp_path / "letters"
    taken.mkdir()
    (taken / f"{ident}-1.en.html").write_text("mine")
    pack = packs(asked)[RECIPIENT]
    asked.run("recall", pack, "--out", str(taken), code=errors.USAGE)
    assert [path.name for path in taken.iterdir()] == [f"{ident}-1.en.html"]
    assert (taken / f"{ident}-1.en.html").read_text() == "mine"
    missing = str(tmp_path / "no" / "such")
    asked.run("recall", pack, "--out", missing, code=errors.DEFECT)
    assert recall(asked)["letters"] == []
    assert events(asked) == ["recall.opened", "recall.opened"]
    for words in (("--to", "a@b.example\nBcc: x@y.example"), ("--to", "nobody"),
                  ("--deadline", "0d"), ("--deadline", "soon")):  # fmt: skip
        asked.run("recall", pack, "--out", str(tmp_path / "x"), *words, code=errors.USAGE)
    asked.run("recall", "P-19990101", "--out", missing, code=errors.USAGE)
    asked.run("recall", "remind", ident, "--out", missing, code=errors.USAGE)
    asked.run("recall", "ack", "R-1", "--by", "dpo", code=errors.USAGE)
    asked.run("recall", "ack", ident, "--by", "Mme Qx Dupont", code=errors.USAGE)


def test_a_letter_that_a_withdrawal_overtook_is_not_written(asked: Workspace) -> None:
    settings = load_settings(asked.root, {})
    written: list[Notice] = []
    with open_desk(Places.at(asked.root, settings), settings, context.now, writing=True) as desk:
        (standing,) = (s for s in flow.listed(desk) if s.pack.recipient == RECIPIENT)
        letter = flow.compose(desk, standing, "notice")
        asked.json("consent", "withdraw", "C-3", "--by", "parent")
        with pytest.raises(errors.WorkspaceBusy):
            flow.send(desk, letter, written.append)
    assert (written, recall(asked)["letters"]) == ([], [])


def test_a_pack_that_never_went_out_is_not_asked_back(asked: Workspace) -> None:
    for recipient, pack in packs(asked).items():
        assert recall(asked, recipient)["pack"] == pack
    gone = packs(asked)["Akhbar"]
    workspace_rows = asked.root / ".dam" / "catalogue.db"
    with sqlite3.connect(workspace_rows) as database:
        database.execute("UPDATE packs SET state = 'dropped' WHERE id = ?", (gone,))
    database.close()
    assert [r["recipient"] for r in asked.ask("recall", "list")["recalls"]] == [RECIPIENT]
    assert len(kinds(asked)["recall_open"]) == 1


# --- nothing personal ---------------------------------------------------------------------


def test_no_letter_tells_who_is_shown_or_why(asked: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "letters"
    write(asked, out, "--thumbnails")
    told = [path.read_bytes() for path in sorted(out.iterdir())]
    told += [
        part.get_content().encode() if part.get_content_maintype() == "text" else part.get_content()
        for part in mail(out).walk()
        if not part.is_multipart()
    ]
    assert len(told) == 7 + 2 + 2
    for data in told:
        assert leaks(data, SAID) == []
        for word in (b"C-1", b"C-3", b"S-1", b"S-3", b"withdr", b"revoked", b"a.jpg",
                     str(tmp_path).encode(), b"parent"):  # fmt: skip
            assert word not in data
    plain = mail(out).get_body(("plain",))
    assert plain is not None
    headers = "".join(f"{name}: {value}\n" for name, value in mail(out).items())
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", headers + plain.get_content())
    log = (asked.root / ".dam" / "log" / "dam.log").read_text()
    assert RECIPIENT not in log


def test_what_was_noted_goes_when_the_person_is_erased(asked: Workspace, tmp_path: Path) -> None:
    letter = write(asked, tmp_path / "letters")
    name = "Zaïnab Qxéloufi"
    asked.json("recall", "ack", letter["recall"], "--by", "dpo", "--note", f"{name} supprimée")
    assert name in recall(asked, RECIPIENT, "--personal")["note"]
    withdraw(asked, "--erase")
    assert recall(asked, RECIPIENT, "--personal")["note"] is None
    for path in (asked.root / ".dam").rglob("catalogue.db*"):
        assert leaks(path.read_bytes(), (name,)) == []


# --- small pictures -----------------------------------------------------------------------


def test_small_pictures_are_those_that_were_sent(
    asked: Workspace, exported: Path, tmp_path: Path
) -> None:
    shutil.copytree(exported / "folder", tmp_path / "folder")
    database_move(asked, tmp_path / "folder")
    assert not any(p["thumbnail"] for p in write(asked, tmp_path / "none")["pictures"])
    out = tmp_path / "some"
    letter = write(asked, out, "--thumbnails")
    assert [p["thumbnail"] for p in letter["pictures"]] == [True, True]
    message = mail(out, 2)
    small = [p for p in message.walk() if p.get_content_type() == "image/jpeg"]
    html = message.get_body(("html",))
    assert html is not None
    cids = {str(p["Content-ID"])[1:-1] for p in small}
    assert set(re.findall(r'src="cid:([^"]+)"', html.get_content())) == cids
    for part, told in zip(small, letter["pictures"], strict=True):
        picture = Image.open(io.BytesIO(part.get_content()))
        sent = Image.open(tmp_path / "folder" / "data" / told["file"])
        assert max(picture.size) == 360
        assert not picture.getexif()
        assert {"exif", "xmp", "comment", "photoshop"}.isdisjoint(picture.info)
        assert apart(picture, sent) < 6
    assert asked.leftovers() == []

    changed = tmp_path / "folder" / "data" / letter["pictures"][0]["file"]
    changed.write_bytes(changed.read_bytes() + b"x")
    told = write(asked, tmp_path / "third", "--thumbnails")["pictures"]
    assert [p["missing"] for p in told] == ["away", None]
    withdraw(asked, "--erase")
    fourth = write(asked, tmp_path / "fourth", "--thumbnails")["pictures"]
    assert "erased" in {p["missing"] for p in fourth}
    assert not any(p["missing"] == "erased" and p["thumbnail"] for p in fourth)
    text = next((tmp_path / "fourth").glob("*.en.txt")).read_text("utf-8")
    assert "we have erased this picture" in text


def test_small_pictures_of_a_zip(asked: Workspace, tmp_path: Path) -> None:
    pack = packs(asked)["Akhbar"]
    (letter,) = asked.ask("recall", pack, "--out", str(tmp_path / "o"), "--thumbnails")["letters"]
    assert [p["thumbnail"] for p in letter["pictures"]] == [True, True]


def database_move(asked: Workspace, to: Path) -> None:
    """Say that the pack for the newspaper stands elsewhere, so that a test may damage it."""
    database = sqlite3.connect(asked.root / ".dam" / "catalogue.db")
    with database:
        database.execute("UPDATE packs SET path = ? WHERE recipient = ?", (str(to), RECIPIENT))
    database.close()


def apart(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart: the mean difference of their grey values at one size."""
    size = (90, 68)
    pairs = zip(
        one.convert("L").resize(size).tobytes(),
        other.convert("L").resize(size).tobytes(),
        strict=True,
    )
    return sum(abs(a - b) for a, b in pairs) / (size[0] * size[1])


# --- what is known when -------------------------------------------------------------------


@given(st.lists(st.integers(0, 40), min_size=5, max_size=5))
def test_a_past_day_knows_what_was_on_record_then(days: list[int]) -> None:
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    opened, joined, told, ended, asked = (start + timedelta(days=d) for d in sorted(days))
    whole = Recall(
        RecallRow("R-1", "P-1", opened, date(2026, 1, 15), ended, "dpo"),
        (Asked("a", opened, told), Asked("b", joined, told)),
        (Letter(1, "notice", told, date(2026, 2, 1)),),
    )
    seen = whole.known(asked)
    if opened >= asked:
        assert seen is None
        return
    assert seen is not None
    assert seen.open == (ended >= asked)
    assert {f.file for f in seen.files} == {"a"} | ({"b"} if joined < asked else set())
    assert seen.deadline == (date(2026, 2, 1) if told < asked else date(2026, 1, 15))
    assert whole.known(start + timedelta(days=100)) == whole


def test_asking_again_gives_no_more_time() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    row = RecallRow("R-1", "P-1", at, date(2026, 1, 15))
    sent = Recall(row, (Asked("a", at, at),), (Letter(1, "notice", at, date(2026, 1, 15)),))
    later = date(2026, 1, 20)
    assert next_deadline(sent, later, None) == date(2026, 1, 15)
    assert next_deadline(sent, later, 3) == date(2026, 1, 23)
    joined = replace(sent, files=(*sent.files, Asked("b", at, None)))
    assert next_deadline(joined, later, None) == date(2026, 2, 3)
    reminded = replace(sent, letters=(*sent.letters, Letter(2, "reminder", at, date(2026, 3, 1))))
    assert reminded.overdue(later)


def test_a_zip_is_looked_into_only_for_its_own_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("P-1/data/images/a.jpg", b"one")
    digest = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    assert payload(tmp_path / "p.zip", "images/a.jpg", digest) == b"one"
    assert payload(tmp_path / "p.zip", "images/a.jpg", "0" * 64) is None
    assert payload(tmp_path / "p.zip", "images/b.jpg", digest) is None
    assert payload(tmp_path / "missing.zip", "images/a.jpg", digest) is None
