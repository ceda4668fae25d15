"""A past day is told as it was known then: whatever was said, mended, or forgotten since."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from dam.cli.context import Here
from dam.core.errors import UsageError
from dam.core.model import Disposition
from dam.flows import consents, past, redact, waive
from dam.flows.consents import Speaker, Statement
from dam.render import past as render
from tests import photos
from tests.lived import Days, Told, child, day, story
from tests.test_consents import written
from tests.workspaces import EMPTY_HALL, NOBODY


@pytest.fixture
def days(tmp_path: Path) -> Days:
    return Days(tmp_path / "w")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    root = tmp_path_factory.mktemp("past")
    days = Days(root / "w")
    return Told(days, *story(days, root / "pack"))


def test_every_day_is_told_as_it_was_known(told: Told) -> None:
    a, b, hall = (told.ids[name] for name in ("a", "b", "hall"))
    known = {
        n: {name: d[i]["press"][0] for name, i in told.ids.items()} for n, d in told.lived.items()
    }
    assert known == {
        1: {"a": "approved", "b": "approved", "hall": "held"},
        2: {"a": "approved", "b": "approved", "hall": "held"},
        3: {"a": "refused", "b": "approved", "hall": "held"},
        4: {"a": "refused", "b": "held", "hall": "held"},
        5: {"a": "refused", "b": "approved", "hall": "held"},
    }
    assert told.lived[4][hall]["press"][1] == ["captioned-in-context"]
    assert told.lived[5][hall]["press"][1] == ["embargo"]
    for number, live in told.lived.items():
        assert told.days.then(number) == live, number
    assert set(told.lived[1]) == {a, b, hall}


def test_a_withdrawal_told_later_did_not_count_then_and_is_told(told: Told) -> None:
    sent = told.days.asked(told.ids["a"], 2)
    assert sent.lawful
    assert sent.explanation is not None
    assert [(x.state.value, x.on, x.recorded_at.date()) for x in sent.later] == [
        ("withdrawn", day(1), day(3))
    ]
    assert sent.recorded is not None
    assert (sent.recorded.agrees, sent.recorded.made_at.date()) == (True, day(1))
    (used,) = sent.records
    assert (used.state, used.counts, used.recorded_at.date()) == ("given", True, day(1))
    (pack,) = sent.packs
    assert (pack.pack.id, pack.disposition) == (told.pack, Disposition.APPROVED)
    # The very record that counted is the one that the pack names.
    assert pack.consents == ((used.consent, used.digest),)
    assert told.days.asked(told.ids["a"], 1).packs == ()
    later = told.days.asked(told.ids["a"], 3)
    assert not later.lawful
    assert later.later == ()
    assert [p.disposition for p in later.packs] == [Disposition.APPROVED]
    assert later.records[0].state == "withdrawn"


def test_the_rules_of_the_day(told: Told) -> None:
    """A, then B, then A again: each day has its own, also the second time."""
    packs = {n: told.days.asked(told.ids["b"], n).pack for n in told.lived}
    digests = {n: pack[0] for n, pack in packs.items() if pack is not None}
    assert digests[1] == digests[3] == digests[5] != digests[4]
    assert {n: pack[1].date() for n, pack in packs.items() if pack is not None} == {
        1: day(1), 2: day(1), 3: day(1), 4: day(4), 5: day(5),
    }  # fmt: skip
    ends = {n: told.days.asked(told.ids["b"], n).records[0].ends for n in (3, 4, 5)}
    assert ends[4] == date(2022, 10, 31) != ends[3] == ends[5]


def test_the_asset_itself_as_it_was(told: Told) -> None:
    with told.days.desk() as desk:
        rows = {
            n: {t.asset.id: t.asset for batch in past.at(desk, day(n)).batches() for t in batch}
            for n in told.lived
        }
    a = told.ids["a"]
    assert [rows[n][a].archived_as is not None for n in (1, 2, 3)] == [True, True, False]
    assert rows[2][a].archived_as == f"archive/2019/06/03/20190603-{a}.jpg"
    assert rows[2][a].captured_on == date(2019, 6, 3)
    assert [rows[n][a].disposition.value for n in (2, 3)] == ["approved", "refused"]
    facts = {n: rows[n][told.ids["hall"]].facts_digest for n in told.lived}
    assert facts[1] == facts[4] != facts[5]


def test_the_evidence_names_the_lines_of_the_file_as_it_was(told: Told) -> None:
    def caption(number: int) -> list[str]:
        found = told.days.asked(told.ids["hall"], number).explanation
        assert found is not None
        return [
            place.at
            for asked in found.asked
            for each in asked.evidence
            if each.fact == "photo.captioned"
            for place in each.where
        ]

    assert caption(4) == []
    assert caption(5) == ["hall.jpg.consent.yaml:4"]


def test_days_that_cannot_be_asked_for(told: Told) -> None:
    with told.days.desk() as desk:
        for number in (6, 0):
            with pytest.raises(UsageError):
                past.at(desk, day(number))
        assert len(list(past.at(desk, day(5)).batches())) == 1


def test_waivers_and_regions_of_the_day(days: Days) -> None:
    """Given and drawn on the second day, ended and removed on the third."""
    days.workspace.drop("hall.jpg", photos.plain(3), EMPTY_HALL + "embargo: 2026-12-01\n")
    days.settle()
    days.on(2)
    with days.desk() as desk:
        (row,) = desk.catalog.assets()
        waive.give(desk, row, waive.Order("embargo", "officer", day(9), "printed already"))
        box = (0.1, 0.1, 0.2, 0.2)
        drawn = redact.draw(desk, row, redact.Order(box, "officer")).drawn[0]
    days.settle()
    days.on(3)
    with days.desk() as desk:
        waive.end(desk, row, "embargo", "officer")
        redact.remove(desk, row, drawn.id, "officer")
    days.settle()
    answers = [days.asked(row.id, n) for n in (1, 2, 3)]
    assert [a.lawful for a in answers] == [False, True, False]
    assert [len(a.waivers) for a in answers] == [0, 1, 0]
    assert [[d.id for d in a.drawn] for a in answers] == [[], [drawn.id], []]
    assert [a.recorded.agrees for a in answers if a.recorded] == [True, True, True]


def test_what_was_not_decided_yet(days: Days) -> None:
    """Told in the evening and decided the next day: that day it was still as recorded."""
    days.workspace.drop("a.jpg", photos.plain(1), written(child(1)))
    days.settle()
    (ident,) = days.live()
    with days.desk() as desk:
        consents.withdraw(desk, "C-2021-0001", Statement(day(1), Speaker.PARENT))
    days.on(2)
    days.settle()
    answer = days.asked(ident, 1)
    assert answer.recorded is not None
    assert answer.decision is not None
    assert answer.decision.disposition is Disposition.REFUSED
    assert (answer.recorded.agrees, answer.recorded.overtaken) == (False, True)
    assert answer.doubts == ()


def test_a_photo_that_could_not_be_read_then(days: Days) -> None:
    days.workspace.drop("a.jpg", photos.plain(1)[:5000], NOBODY)
    days.settle()
    days.on(2)
    with days.desk() as desk:
        ((then,),) = past.at(desk, day(1)).batches()
    assert (then.dossier, then.decisions) == (None, ())
    assert then.asset.disposition is not Disposition.APPROVED
    answer = days.asked(then.asset.id, 1)
    assert (answer.lawful, answer.decision, answer.explanation) == (False, None, None)


class Summer(tzinfo):
    """One hour ahead until 1 June 2026, two from then on."""

    def utcoffset(self, at: datetime | None) -> timedelta:
        return timedelta(hours=2 if at is not None and at.month >= 6 else 1)

    def dst(self, at: datetime | None) -> None:
        return None

    def tzname(self, at: datetime | None) -> str:
        return "there"


def test_a_day_ends_at_the_midnight_of_that_day(told: Told) -> None:
    with told.days.desk() as desk:
        there = replace(desk, now=lambda: datetime(2026, 8, 1, 12, tzinfo=Summer()))
        assert past.end_of(there, date(2026, 3, 1)) == datetime(2026, 3, 1, 23, tzinfo=UTC)
        assert past.end_of(there, date(2026, 7, 1)) == datetime(2026, 7, 1, 22, tzinfo=UTC)


def test_the_clock_knows_the_offsets_of_other_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    try:
        here = Here()
        assert datetime(2026, 1, 1, tzinfo=here).utcoffset() == timedelta(hours=1)
        assert datetime(2026, 7, 1, tzinfo=here).utcoffset() == timedelta(hours=2)
        for hour in (0, 1):
            there = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
            assert there.astimezone(here).astimezone(UTC) == there
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("lang", ["en", "fr", "ar"])
def test_the_answer_is_told_in_every_language(
    told: Told, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    render.tell(told.days.asked(told.ids["a"], 2), lang, UTC)
    shown = capsys.readouterr().out
    for word in (told.pack, "C-2021-0001", "2026-03-03", "2026-03-04", "Le Journal"):
        assert word in shown
    assert "{" not in shown
    document = render.document(told.days.asked(told.ids["a"], 2), lang)
    assert document["lawful"] is True
    assert document["as_of"] == "2026-03-03"


def test_the_command(days: Days) -> None:
    """The real clock: of today, and no day that cannot be asked for."""
    workspace = days.workspace
    workspace.drop("a.jpg", photos.plain(1), written(child(1)))
    made = workspace.ingest()["assets"][0]["asset"]
    today = datetime.now().astimezone().date()
    found = workspace.ask("explain", made, "--purpose", "press", "--as-of", today.isoformat())
    assert (found["lawful"], found["as_of"], found["doubts"]) == (True, today.isoformat(), [])
    assert found["recorded"]["agrees"] is True
    assert found["explanation"]["decision"] == found["decision"]
    (record,) = found["consents"]
    assert (record["id"], record["state"], record["counts"]) == ("C-2021-0001", "given", True)
    assert [r["digest"] for r in found["decision"]["consents"]] == [record["digest"]]
    social = workspace.ask("explain", made, "--purpose", "social", "--as-of", today.isoformat())
    assert social["lawful"] is False
    table = workspace.run("explain", made, "--as-of", today.isoformat()).stdout.decode()
    assert "it was lawful" in " ".join(table.split())
    for words in (("2090-01-01",), ("2001-01-01",), (today.isoformat(), "--day", "2027-01-01")):
        workspace.run("explain", made, "--as-of", *words, code=2)
