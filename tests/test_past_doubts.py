"""What of a past day cannot be recomputed is never approved, and says why."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dam.core.model import Disposition
from dam.core.past import Why
from dam.flows import consents, ingest, past
from dam.render import past as render
from tests import photos
from tests.lived import Days, Told, child, copied, day, row_of, story
from tests.test_consents import written


@pytest.fixture
def days(tmp_path: Path) -> Days:
    return Days(tmp_path / "w")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    root = tmp_path_factory.mktemp("past")
    days = Days(root / "w")
    return Told(days, *story(days, root / "pack"))


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
        (asset, _, _, doubt) = past.at(desk, day(2)).assets([row_of(desk, a)])[0]
    assert doubt is not None
    assert (asset.disposition, asset.note) == (Disposition.HELD, doubt.told)


def test_words_that_were_erased_since_are_missed(days: Days) -> None:
    """A caption said a first name that the register told later, and then forgot."""
    known = child(1)
    hall = {**known, "caption": {"fr": "Naïmazite joue"}}
    days.workspace.drop("a.jpg", photos.plain(1), written(hall))
    days.workspace.drop("b.jpg", photos.plain(2), written({**known, "consents": []}))
    days.settle()
    lived = days.live()
    names = {row[1]: row[0] for row in days.workspace.rows("SELECT asset, shown FROM provenance")}
    a, b = names["a.jpg"], names["b.jpg"]
    days.on(2)
    record = days.workspace.root / "told.json"
    told = dict(known["consents"][0])
    told |= {"schema": "dam/consent/1", "subject": told["subject"] | {"name": "Naïmazite"}}
    record.write_text(json.dumps([told]))
    with days.desk() as desk:
        consents.import_(desk, consents.read([record])[0])
    days.settle()
    days.on(3)
    with days.desk() as desk:
        consents.erase(desk, "S-0001")
    days.settle()
    answer = days.asked(a, 1)
    assert [(d.why, d.what) for d in answer.doubts] == [(Why.ERASED, "")]
    assert not answer.lawful
    doubts = {lang: render.document(answer, lang)["doubts"] for lang in ("en", "fr", "ar")}
    assert all(isinstance(each, list) and each[0]["what"] is None for each in doubts.values())
    assert {str(each[0]["message"]) for each in doubts.values() if isinstance(each, list)} == {
        answer.doubts[0].told,
        "Des mots sur une personne ont été effacés plus tard de ce qu'on savait alors de cette "
        "photo ; sans eux, personne ne peut dire si la décision serait la même",
        "مُحيت لاحقًا كلمات عن شخص مما كان معروفًا عن هذه الصورة حينها؛ ومن دونها لا يستطيع أحد أن "
        "يقول إن كان القرار سيبقى نفسه",
    }
    # Where nothing was erased of what that day rests on, it is told as ever.
    assert days.then(1)[b] == lived[b]
    assert days.then(3) == days.live()
    assert days.asked(a, 3).doubts == ()


def test_a_photo_that_was_erased_since_is_missed(told: Told, tmp_path: Path) -> None:
    days = copied(told.days, tmp_path)
    days.on(6)
    said = consents.Statement(day(6), consents.Speaker.PARENT)
    end = ingest.taking_back(ingest.Order(True, False))
    with days.desk() as desk, desk.darkroom(1) as room:
        consents.withdraw_everywhere(desk, room, "C-2021-0002", said, end, erase=True)
    answer = days.asked(told.ids["b"], 2)
    assert [d.why for d in answer.doubts] == [Why.PHOTO_ERASED]
    assert not answer.lawful
    assert days.asked(told.ids["b"], 6).doubts == ()


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
