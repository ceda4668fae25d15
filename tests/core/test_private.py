"""What is personal in a record stands apart, and nothing else is lost or changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.core.consent import Record
from dam.core.private import (
    APART,
    NOTHING,
    Details,
    GiverDetails,
    SubjectDetails,
    join,
    join_event,
    keep,
    part,
    part_event,
    source_told,
    tells,
)
from dam.core.record import ConsentItem, NamedItem

Json = dict[str, Any]

SECRET = "Zaïnab Bent-Qwxyz"


def body(**other: object) -> Json:
    told: Json = {
        "id": "C-1",
        "subject": {"id": "S-1", "age_band": "6-11"},
        "scope": {"purposes": ["press"], "territories": ["world"], "valid_from": "2021-11-01"},
        "permissions": {"face": True, "name": "first"},
        "givers": [
            {"role": "parent", "method": "written", "on": "2021-10-28"},
            {"role": "social_worker", "method": "audio", "on": "2021-10-29"},
        ],
        "events": [{"state": "given", "on": "2021-10-28", "by": "parent"}],
    }
    return told | other


def full() -> Json:
    """Every place where a record can tell of somebody, each with its own words."""
    told = body()
    told["subject"] |= {
        "name": f"{SECRET} 1",
        "first_name": f"{SECRET} 2",
        "contact": f"{SECRET} 3",
        "birth_date": "2012-05-17",
        "birth_year": 2012,
        "risk_decision": {
            "by": "Qwxyz-4", "on": "2021-10-28", "visible": True, "reason": f"{SECRET} 5",
        },
    }  # fmt: skip
    told["givers"][0] |= {"name": f"{SECRET} 6", "contact": f"{SECRET} 7", "witness": f"{SECRET} 8"}
    told["givers"][1] |= {"authority_evidence": f"{SECRET} 9"}
    told["events"] += [{"state": "withdrawn", "on": "2022-01-01", "by": SECRET, "reason": SECRET}]
    told["evidence"] = [{"file": f"{SECRET}.pdf", "sha256": "0" * 64}]
    told["assets"] = [{"match": f"{SECRET}*.JPG"}]
    told["controller"] = {"organisation": "AMAL", "contact": SECRET, "withdrawal_contact": SECRET}
    return told


def test_nothing_personal_is_left_and_nothing_is_lost() -> None:
    whole = full()
    NamedItem.model_validate(whole)
    public, details = part(whole)
    assert whole == full()
    shown = json.dumps(public, ensure_ascii=False)
    for secret in ("Qwxyz", "Zaïnab", "2012"):
        assert secret not in shown
        assert secret not in repr(details)
    assert join(public, details, named=True) == whole
    # What is public is still a record, and says the same of roles, days and what is allowed.
    item = ConsentItem.model_validate(public)
    assert item.givers[0].witness == item.givers[1].authority_evidence == APART
    assert [e.by for e in item.events] == ["parent", APART]
    assert part(public) == (public, NOTHING)
    # A decision gets the birth date, and no name.
    told = ConsentItem.model_validate(join(public, details))
    assert str(told.subject.birth_date) == "2012-05-17"
    assert told.assets[0].match == f"{SECRET}*.JPG"
    assert "Qwxyz" in "".join(details.names())


def test_a_record_without_anything_personal_stays_as_it_is() -> None:
    public, details = part(body())
    assert public == body()
    assert not details
    assert join(public, details, named=True) == body()


def test_an_event_comes_apart_alone() -> None:
    event = {"state": "withdrawn", "on": "2022-01-01", "by": "Karim", "reason": "asked us"}
    public, details = part_event(event)
    assert public == {"state": "withdrawn", "on": "2022-01-01", "by": APART, "reason": APART}
    assert join_event(public, details) == event
    role = {"state": "withdrawn", "on": "2022-01-01", "by": "legal_guardian"}
    assert part_event(role) == (role, NOTHING.event(0))


TEXTS = st.text(min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(st.fixed_dictionaries({}, optional={
    "subject": st.fixed_dictionaries({"id": TEXTS}, optional={
        "name": TEXTS, "birth_year": st.integers(1900, 2200), "risk_decision":
        st.fixed_dictionaries({"by": TEXTS, "reason": TEXTS}),
    }),
    "givers": st.lists(st.fixed_dictionaries({"role": TEXTS}, optional={
        "name": TEXTS, "contact": TEXTS, "witness": TEXTS, "authority_evidence": TEXTS})),
    "events": st.lists(st.fixed_dictionaries({"state": TEXTS}, optional={"by": TEXTS})),
    "assets": st.lists(st.fixed_dictionaries({}, optional={"match": TEXTS, "sha256": TEXTS})),
}))  # fmt: skip
def test_apart_and_together_again_is_the_same(whole: Json) -> None:
    public, details = part(whole)
    assert join(public, details, named=True) == whole
    assert part(public)[0] == public


def record(told: Json, revision: str = "") -> Record:
    return Record(ConsentItem.model_validate(told), "a", (), revision=revision)


def test_a_digest_says_nothing_of_a_birth_date() -> None:
    one, other = (
        body(subject={"id": "S-1", "birth_date": day}) for day in ("2010-01-01", "2011-02-03")
    )
    assert record(one).digest() == record(other).digest()
    assert record(one, "a").digest() != record(other, "b").digest()


def kept(old: Json, new: Json) -> Details:
    (was, before), (now, told) = part(old), part(new)
    return keep(now, told, was, before)


def test_what_is_left_out_later_is_kept() -> None:
    old = body(
        subject={"id": "S-1", "name": "Amina", "birth_date": "2010-01-01"},
        givers=[{"role": "parent", "method": "written", "on": "2021-10-28", "name": "Karim",
                 "witness": "Said"}],
    )  # fmt: skip
    new = kept(old, body(subject={"id": "S-1", "birth_year": 2010}))
    assert new.subject == SubjectDetails(
        name="Amina", birth_date=part(old)[1].subject.birth_date, birth_year=2010
    )
    # A witness is part of the statement: what is stated anew without one has none.
    assert new.givers == (GiverDetails(0, name="Karim"),)
    corrected = kept(old, body(subject={"id": "S-1", "name": "Amna", "birth_date": "2009-01-01"}))
    assert corrected.subject.name == "Amna"
    assert str(corrected.subject.birth_date) == "2009-01-01"
    assert kept(old, body(subject={"id": "S-2"})) == NOTHING


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("Zainab_form.csv", ["Zaïnab Ben"], True),
        ("scan-BENSAÏD.csv", ["Bensai\u0308d"], True),
        ("سجل زَيْنَب.csv", ["زينب الغازي"], True),
        ("forms.csv", ["Zaïnab Ben"], False),
        ("ab.csv", ["Ab Cd"], False),
        ("forms.csv", [], False),
    ],
)  # fmt: skip
def test_a_name_in_a_file_name_is_found(text: str, names: list[str], found: bool) -> None:
    assert tells(text, names) is found


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ("exif:DateTimeOriginal", "exif:DateTimeOriginal"),
        ("exif:DateTimeOriginal, xmp-sidecar:photoshop:DateCreated", None),
        ("file date", "file date"),
        ("day received", "day received"),
        ("", ""),
        ("Zineb/a.jpg.consent.yaml", "sidecar"),
        ("exif:Zineb.jpg.consent.yaml", "sidecar"),
        ("exif:DateTimeOriginal, Zineb, Ben.consent.yaml", "sidecar"),
    ],
)
def test_a_list_tells_no_names_of_sidecars(sources: str, told: str | None) -> None:
    assert source_told(sources) == (sources if told is None else told)
