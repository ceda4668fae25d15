"""A past day is told as it was known then: whatever was said, mended, or forgotten since."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace as Paths
from dam.adapters.settings import load_settings
from dam.cli.context import Here
from dam.core.decide import decide_all
from dam.core.errors import UsageError
from dam.core.model import Decision, Disposition, Purpose
from dam.core.past import PastAnswer, Why
from dam.core.rows import AssetRow
from dam.flows import consents, export, ingest, past, redact, waive
from dam.flows.consents import Speaker, Statement
from dam.render import past as render
from tests import photos
from tests.test_consents import spoken, written
from tests.workspaces import EMPTY_HALL, NOBODY, Json, Workspace, environment

FIRST = date(2026, 3, 2)
#: What a decision says, whatever its words: by purpose, its disposition and rules.
Said = dict[str, tuple[str, list[str]]]


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def said(decisions: tuple[Decision, ...]) -> Said:
    return {d.purpose.value: (d.disposition.value, [r.rule for r in d.reasons]) for d in decisions}


class Days:
    """A workspace whose clock stands at noon of a day, by its number, until it is set."""

    def __init__(self, root: Path) -> None:
        self.workspace, self.number = Workspace.init(root), 1
        self.hour = 12.0

    def now(self) -> datetime:
        # Nothing happens at one instant: the clock runs on by a little.
        self.hour += 0.0001
        noon = datetime.combine(day(self.number), datetime.min.time(), UTC)
        return noon + timedelta(hours=self.hour)

    def on(self, number: int, hour: float = 12.0) -> None:
        self.number, self.hour = number, hour

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        settings = load_settings(self.workspace.root, environment({"DAM_WORKERS": "1"}))
        paths = Paths.at(self.workspace.root, settings)
        with open_desk(paths, settings, self.now, writing=True) as desk:
            yield desk

    def settle(self) -> None:
        """One pass."""
        with self.desk() as desk, desk.darkroom(1) as room:
            _pass(desk, room)

    def live(self) -> dict[str, Said]:
        """What is decided of each asset now, on all that is known now."""
        with self.desk() as desk:
            return {r.id: said(_decided(desk, r)) for r in desk.catalog.assets()}

    def then(self, number: int) -> dict[str, Said]:
        """The same of a past day, as it is told now."""
        with self.desk() as desk:
            batches = past.at(desk, day(number)).batches()
            return {t.asset.id: said(t.decisions) for batch in batches for t in batch}

    def asked(
        self, asset: str, number: int, purpose: Purpose = Purpose.PRESS, **more: str
    ) -> PastAnswer:
        with self.desk() as desk:
            return past.explain(desk, _row(desk, asset), day(number), purpose, **more)

    def edit(self, rule: str, old: str, new: str) -> None:
        path = self.workspace.root / "rules" / "consent" / rule
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def send(self, out: Path) -> str:
        with self.desk() as desk, desk.darkroom(1) as room:
            pack = export.export(desk, room, export.Order(Purpose.PRESS, "Le Journal", out))
            assert pack.id is not None
            return pack.id


def _pass(desk: Desk, room: Darkroom) -> None:
    report = ingest.run(desk, room, lambda found: True)
    assert not report.failures()


def _row(desk: Desk, asset: str) -> AssetRow:
    row = desk.catalog.asset(asset)
    assert row is not None
    return row


def _decided(desk: Desk, row: AssetRow) -> tuple[Decision, ...]:
    dossier = desk.dossier(row)
    assert dossier is not None
    return decide_all(dossier, desk.pack, tuple(Purpose), desk.day())


@pytest.fixture
def days(tmp_path: Path) -> Days:
    return Days(tmp_path / "w")


def child(number: int, *, born: str = "", **more: object) -> Json:
    """The sidecar of a child of whom everything is said."""
    sidecar = spoken(number, **more)
    if born:
        sidecar["consents"][0]["subject"]["birth_date"] = born
    return sidecar


def story(days: Days, out: Path) -> tuple[dict[int, dict[str, Said]], dict[str, str], str]:
    """Six days of two children and a hall: what was decided at the end of each, ids, the pack."""
    lived: dict[int, dict[str, Said]] = {}
    days.on(1)
    days.workspace.drop("a.jpg", photos.plain(1), written(child(1, born="2014-05-01")))
    days.workspace.drop("b.jpg", photos.plain(2), written(child(2)))
    days.workspace.drop("hall.jpg", photos.plain(3), NOBODY)
    days.settle()
    lived[1] = days.live()
    days.on(2)
    pack = days.send(out)
    lived[2] = days.live()
    days.on(3)
    with days.desk() as desk:
        # Said on the first day, and told to nobody until the third.
        consents.withdraw(desk, "C-2021-0001", Statement(day(1), Speaker.PARENT))
    days.settle()
    lived[3] = days.live()
    days.on(4)
    days.edit("policy.yaml", "default_term: 10y", "default_term: 12m")
    days.settle()
    lived[4] = days.live()
    days.on(5)
    days.edit("policy.yaml", "default_term: 12m", "default_term: 10y")
    days.workspace.say("hall.jpg", NOBODY + "caption: {fr: Une salle vide}\nembargo: 2026-03-09\n")
    days.settle()
    lived[5] = days.live()
    shown = {row[1]: row[0] for row in days.workspace.rows("SELECT asset, shown FROM provenance")}
    return lived, {name.partition(".")[0]: ident for name, ident in shown.items()}, pack


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    root = tmp_path_factory.mktemp("past")
    days = Days(root / "w")
    return Told(days, *story(days, root / "pack"))


class Told:
    """The story, at the end of its fifth day."""

    def __init__(
        self, days: Days, lived: dict[int, dict[str, Said]], ids: dict[str, str], pack: str
    ) -> None:
        self.days, self.lived, self.ids, self.pack = days, lived, ids, pack


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


def test_what_was_erased_since_is_never_approved(told: Told, tmp_path: Path) -> None:
    """Without the birth date nobody can tell; others of those days are told as ever."""
    days = copied(told.days, tmp_path)
    days.on(6)
    with days.desk() as desk:
        consents.erase(desk, "S-0001")
    days.settle()
    live = days.live()
    a = told.ids["a"]
    assert days.then(6) == live
    for number in range(1, 6):
        then = days.then(number)
        assert all(becomes != "approved" for becomes, _ in then[a].values())
        assert {i: then[i] for i in then if i != a} == {
            i: told.lived[number][i] for i in then if i != a
        }
    answer = days.asked(a, 2)
    assert not answer.lawful
    assert [(d.why, d.what) for d in answer.doubts] == [(Why.ERASED, "S-0001")]
    assert answer.explanation is None
    # What was recorded then still is.
    assert answer.recorded is not None
    assert answer.recorded.decision.disposition is Disposition.APPROVED
    assert answer.recorded.agrees is None
    assert [(used.ends, used.because) for used in answer.records] == [(None, "")]
    (pack,) = answer.packs
    assert (pack.disposition, [d.why for d in pack.doubts]) == (Disposition.HELD, [Why.ERASED])
    with days.desk() as desk:
        (asset, _, _, doubt) = past.at(desk, day(2)).assets([_row(desk, a)])[0]
    assert doubt is not None
    assert (asset.disposition, asset.note) == (Disposition.HELD, doubt.told)


def copied(days: Days, place: Path) -> Days:
    """The same workspace elsewhere."""
    other = Days.__new__(Days)
    shutil.copytree(days.workspace.root, place / "w")
    other.workspace, other.number, other.hour = Workspace(place / "w"), days.number, days.hour
    return other


def test_rules_that_are_lost_or_no_longer_read(told: Told, tmp_path: Path) -> None:
    days = copied(told.days, tmp_path)
    digest = days.asked(told.ids["b"], 4).pack
    assert digest is not None
    database = days.workspace.root / ".dam" / "catalogue.db"
    for change, why in (
        (("UPDATE rule_packs SET body = ? WHERE digest = ?", '{"files":{"a.yaml":"x: 1"}}'),
         Why.RULES_UNREADABLE),
        (("DELETE FROM rule_packs WHERE ? IS NOT NULL AND digest = ?", ""), Why.RULES_LOST),
    ):  # fmt: skip
        with closing(sqlite3.connect(database)) as raw, raw:
            raw.execute(change[0], (change[1], digest[0]))
        then = days.then(4)
        assert all(s[0] == "held" for each in then.values() for s in each.values())
        answer = days.asked(told.ids["b"], 4)
        assert [d.why for d in answer.doubts] == [why]
        assert answer.pack == digest
        assert days.then(3) == told.lived[3]
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute("DELETE FROM rule_pack_uses")
    assert [d.why for d in days.asked(told.ids["b"], 3).doubts] == [Why.RULES_UNKNOWN]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("DELETE FROM facts_versions WHERE asset = ?", Why.FACTS_UNDATED),
        ("UPDATE facts SET body = '{\"new\":1}' WHERE asset = ?", Why.FACTS_UNREADABLE),
        ("DELETE FROM facts WHERE asset = ?", Why.FACTS_UNREADABLE),
        (
            "UPDATE decisions SET disposition = 'held', body = json_set(body, '$.reasons', "
            "json_array(json_object('rule', 'in-time', 'otherwise', 'hold', 'title', "
            "json_object(), 'message', json_object(), 'advice', json_object(), 'source', '', "
            "'evidence', json_array(), 'subjects', json_array()))) "
            "WHERE purpose = 'press' AND asset = ?",
            Why.DECIDED_OTHERWISE,
        ),
    ],
)
def test_what_cannot_be_relied_on_holds(told: Told, tmp_path: Path, change: str, why: Why) -> None:
    days = copied(told.days, tmp_path)
    b = told.ids["b"]
    with closing(sqlite3.connect(days.workspace.root / ".dam" / "catalogue.db")) as raw, raw:
        assert raw.execute(change, (b,)).rowcount
    answer = days.asked(b, 2)
    assert not answer.lawful
    assert why in [d.why for d in answer.doubts]
    assert days.asked(told.ids["hall"], 2).doubts == ()
    assert all(becomes != "approved" for becomes, _ in days.then(2)[b].values())


def test_an_approval_that_did_not_reach_the_archive_is_none(told: Told, tmp_path: Path) -> None:
    days = copied(told.days, tmp_path)
    b = told.ids["b"]
    with closing(sqlite3.connect(days.workspace.root / ".dam" / "catalogue.db")) as raw, raw:
        raw.execute(
            "UPDATE events SET type = 'rendition.retracted' "
            "WHERE type = 'rendition.filed' AND subject = ?",
            (b,),
        )
    answer = days.asked(b, 2)
    assert not answer.lawful
    assert [d.why for d in answer.doubts] == [Why.NOT_FILED]


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
