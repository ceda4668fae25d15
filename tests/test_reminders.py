"""Reminders: the consents of a known workspace that end soon, as a calendar and as lists."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Alarm, Calendar, Event

from dam.core import errors
from tests import photos
from tests.test_consents import spoken, written
from tests.workspaces import Json, Workspace, once

TODAY = date.today()  # noqa: DTZ011
DAYS = 30
#: By the number of the child, in how many days its consent ends.
ENDS = {1: 0, 2: DAYS, 3: DAYS + 1, 4: -1, 5: 12}
#: The day on which the sixth is of age: a birthday, which nothing may tell.
OF_AGE = TODAY + timedelta(days=9)
WORDS = ("--expiring-within", f"{DAYS}d")
PLAIN = {f"C-2021-{number:04}" for number, days in ENDS.items() if 0 <= days <= DAYS}
LANGS = ("en", "fr", "ar")


def _child(number: int) -> Json:
    last = TODAY + timedelta(days=ENDS[number])
    return spoken(number, valid_until=last.isoformat())


def _almost(number: int) -> Json:
    sidecar = spoken(number)
    subject = sidecar["consents"][0]["subject"]
    del subject["age_band"], sidecar["people"][0]["age_band"]
    # 29 February has no year of its own here: the eighteenth birthday is the day before.
    day = min(OF_AGE.day, 28) if OF_AGE.month == 2 else OF_AGE.day
    subject["birth_date"] = OF_AGE.replace(year=OF_AGE.year - 18, day=day).isoformat()
    return sidecar


def make(root: Path) -> None:
    workspace = Workspace.init(root / "w")
    for number in ENDS:
        workspace.drop(f"{number}.jpg", photos.plain(number), written(_child(number)))
    # The fifth is shown twice, once hidden, and once in a picture that is held.
    for name, person in (("again", {}), ("hidden", {"identifiable": "no"}), ("held", None)):
        sidecar = _child(5)
        if person is None:
            sidecar["people"].append({"subject": "S-0099", "age_band": "6-11"})
        else:
            sidecar["people"][0] |= person
        workspace.drop(f"{name}.jpg", photos.plain(20 + len(name)), written(sidecar))
    workspace.drop("almost.jpg", photos.plain(6), written(_almost(6)))
    said_no = spoken(7, state="refused", valid_until=TODAY.isoformat())
    workspace.drop("no.jpg", photos.plain(7), written(said_no))
    workspace.ingest()


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(once(tmp_path_factory, "reminded", make) / "w")


def calendar(workspace: Workspace, *words: str, lang: str = "en") -> bytes:
    return workspace.run("--lang", lang, "audit", *words, "--format", "ics").stdout


def entries(data: bytes) -> dict[str, Event]:
    """The entries of a calendar by the consent that they name, each there once."""
    found = {}
    for event in Calendar.from_ical(data).walk("VEVENT"):
        assert isinstance(event, Event)
        (consent,) = set(re.findall(r"C-2021-[0-9]{4}", str(event["SUMMARY"])))
        assert consent not in found
        found[consent] = event
    return found


def test_every_consent_that_ends_in_time_is_in_the_calendar_once(known: Workspace) -> None:
    for lang in LANGS:
        found = entries(calendar(known, *WORDS, lang=lang))
        assert found.keys() == PLAIN | {"C-2021-0006"}
        for number, days in ENDS.items():
            if event := found.get(f"C-2021-{number:04}"):
                last = TODAY + timedelta(days=days)
                assert (event.start, event.end) == (last, last + timedelta(days=1))
                assert last.isoformat() in str(event["DESCRIPTION"])
                assert f"S-{number:04}" in str(event["SUMMARY"])


def test_an_entry_is_what_a_calendar_expects(known: Workspace) -> None:
    data = calendar(known, *WORDS)
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", data) is None
    assert max(map(len, data.split(b"\r\n"))) <= 75
    read = Calendar.from_ical(data)
    assert (read["VERSION"], read["METHOD"]) == ("2.0", "PUBLISH")
    for event in entries(data).values():
        assert not event.errors
        assert datetime.combine(TODAY, datetime.min.time(), UTC) == event.DTSTAMP
        assert event.sequence == (TODAY - date(1970, 1, 1)).days
        assert not isinstance(event.start, datetime), "all day"
        first, last = (a for a in event.subcomponents if isinstance(a, Alarm))
        assert (timedelta(days=-30), timedelta(days=-7)) == (first.TRIGGER, last.TRIGGER)
        assert {str(alarm["ACTION"]) for alarm in (first, last)} == {"DISPLAY"}
    uids = [str(event["UID"]) for event in entries(data).values()]
    assert len(set(uids)) == len(uids)


def test_it_can_be_imported_again_and_again(known: Workspace) -> None:
    data = calendar(known, *WORDS)
    assert calendar(known, *WORDS) == data
    wider = entries(calendar(known, "--expiring-within", "9999d", lang="fr"))
    for consent, event in entries(data).items():
        assert wider[consent]["UID"] == event["UID"]
    assert len(wider) > len(entries(data))


def test_a_birthday_is_told_by_its_month(known: Workspace) -> None:
    data = calendar(known, *WORDS)
    event = entries(data)["C-2021-0006"]
    assert event.start == OF_AGE.replace(day=1)
    (row,) = (r for r in renewals(known) if r["consent"] == "C-2021-0006")
    assert (row["last"], row["month"], row["todo"]) == (None, f"{OF_AGE:%Y-%m}", "ask")
    (line,) = (
        r for r in csv.DictReader(io.StringIO(_csv(known))) if r["consent"] == row["consent"]
    )
    assert line["until"] == f"{OF_AGE:%Y-%m}"
    told = re.sub(r"\r\n ", "", data.decode()) + json.dumps(renewals(known)) + _csv(known)
    told += known.run("audit", "--by", "renewal", *WORDS).stdout.decode()
    for day in (OF_AGE, OF_AGE - timedelta(days=1)):
        assert day.isoformat() not in told


def renewals(workspace: Workspace, *words: str) -> list[Json]:
    found: list[Json] = workspace.ask("audit", "--by", "renewal", *WORDS, *words)["renewals"]
    return found


def _csv(workspace: Workspace, *words: str) -> str:
    return workspace.run("audit", *WORDS, *words, "--format", "csv").stdout.decode()


def test_the_lists_tell_the_same_as_the_calendar(known: Workspace) -> None:
    told = {r["consent"]: r for r in renewals(known)}
    events = entries(calendar(known, *WORDS))
    assert told.keys() == events.keys()
    assert [r["month"] for r in told.values()] == sorted(r["month"] for r in told.values())
    table = list(csv.DictReader(io.StringIO(_csv(known))))
    assert [r["consent"] for r in table] == list(told)
    shown = known.run("audit", "--by", "renewal", *WORDS).stdout.decode()
    for row in table:
        same = told[row["consent"]]
        assert row["until"] == (same["last"] or same["month"])
        assert row["photos"] == str(same["pictures"])
        assert row["advice"] == same["advice"]
        assert same["advice"] in str(events[row["consent"]]["DESCRIPTION"])
        assert row["consent"] in shown
    # Shown in two pictures that may be used; hidden in a third, and the fourth is held.
    assert {c: r["pictures"] for c, r in told.items()} == {
        "C-2021-0001": 1, "C-2021-0002": 1, "C-2021-0005": 2, "C-2021-0006": 1,
    }  # fmt: skip
    assert {r["because"] for r in told.values()} == {"valid_until", "18th birthday"}
    french = csv.DictReader(io.StringIO(
        known.run("--lang", "fr", "audit", *WORDS, "--format", "csv").stdout.decode()
    ))  # fmt: skip
    assert "Demandez son renouvellement à temps." in {row["que faire"] for row in french}


def test_reminders_are_about_what_the_audit_is_about(known: Workspace) -> None:
    assert renewals(known, "--place", "Fes") == []
    assert renewals(known, "--purpose", "social") == []
    press = {r["consent"] for r in renewals(known, "--purpose", "press")}
    assert press == PLAIN | {"C-2021-0006"}
    assert known.ask("audit")["renewals"] is None, "nobody looked"
    # Without the days, or with something else to list, a CSV lists what it always did.
    plain = known.run("audit", "--format", "csv").stdout.decode()
    assert plain.startswith("severity,finding,")
    by_asset = known.run("audit", *WORDS, "--by", "asset", "--format", "csv").stdout.decode()
    assert by_asset.startswith("asset,")


def test_a_calendar_without_entries_is_a_calendar(known: Workspace) -> None:
    data = calendar(known, "--place", "Fes")
    read = Calendar.from_ical(data)
    assert read.walk("VEVENT") == []
    # RFC 5545, 3.6: at least one component.
    assert [component.name for component in read.subcomponents] == ["VTIMEZONE"]
    done = known.run("audit", "--by", "asset", "--format", "ics", code=errors.USAGE)
    assert "Leave --by out" in done.stderr.decode()


def test_one_that_is_renewed_moves_and_one_that_is_withdrawn_goes(tmp_path: Path) -> None:
    make(tmp_path)
    workspace = Workspace(tmp_path / "w")
    before = entries(calendar(workspace, *WORDS))
    workspace.run("consent", "withdraw", "C-2021-0005", "--by", "parent", "--reason", "asked")
    # The sidecar still says the earlier day; a record is renewed where it is told.
    later = TODAY + timedelta(days=20)
    moved = spoken(1, valid_until=later.isoformat())
    workspace.drop("1.jpg", photos.plain(1), written(moved))
    workspace.ingest()
    after = entries(calendar(workspace, *WORDS))
    assert before.keys() - after.keys() == {"C-2021-0005"}
    assert (before["C-2021-0001"].start, after["C-2021-0001"].start) == (TODAY, later)
    assert before["C-2021-0001"]["UID"] == after["C-2021-0001"]["UID"]
