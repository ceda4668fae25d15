"""Whatever is forgotten, added or narrowed never lets a picture pass that was stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dam.core import view
from dam.core.consent import Record
from dam.core.decide import Asking
from dam.core.facts import (
    BlockFact,
    CaptionFact,
    ClaimFact,
    FacesFact,
    PersonFact,
    PlaceFact,
    TextFact,
)
from dam.core.model import (
    IN_FORCE_STATES,
    AgeBand,
    LocationPermission,
    NamePermission,
    Purpose,
)
from dam.core.naming import find
from dam.core.placing import agreed, same_place
from dam.core.readings import Status
from dam.core.record import ConsentEvent, ConsentItem, Region
from tests.core.dossiers import (
    NAME,
    Body,
    faces,
    girl_body,
    merged,
    pack,
    person,
    record,
)
from tests.core.questions import (
    ASKED,
    NAMES,
    NAY_STATES,
    Case,
    approved,
    asked,
    bodies,
    cases,
    told,
)

Draw = Callable[[st.SearchStrategy[object]], object]


def never_softer(before: Case, after: Case) -> None:
    """What passes now passed before, or a face more is destroyed; and none comes to be seen."""
    if not approved(after):
        return
    was, now = destroyed(before), destroyed(after)
    assert was <= now
    assert approved(before) or was < now, told(asked(before))


def destroyed(case: Case) -> set[int]:
    """The places, among the declared people, of those whose face is destroyed."""
    about = replace(case.dossier, naming=find(case.facts, NAME, case.names))
    term = pack().policy.default_term
    facts = view.build(about, case.purpose, case.territory, case.day, term, case.use)
    persons = Asking(about, pack(), facts).seen(case.purpose)["persons"]
    assert isinstance(persons, list)
    return {who for who, person in enumerate(persons) if person["face"] == "redacted"}


# What can be forgotten, added or narrowed never lets a picture pass ------------------------


def edit(item: Record, changes: Body) -> Record:
    body = item.item.model_dump(mode="json", exclude_unset=True)
    return replace(item, item=ConsentItem.model_validate(merged(body, changes)))


def about(case: Case, draw: Draw) -> str | None:
    """The subject of one of the people."""
    subjects = [p.subject for p in case.facts.people.persons]
    assume(subjects)
    return draw(st.sampled_from(subjects))  # type: ignore[return-value]


def forget(case: Case, draw: Draw, words: Body) -> Case:
    """Everything that records say of one subject under these words is no longer said."""
    subject = about(case, draw)
    return case.with_records(
        [edit(r, {"subject": words}) if r.item.subject.id == subject else r for r in case.records]
    )


def faces_not_checked(case: Case, draw: Draw) -> Case:
    return case.with_facts(
        case.facts.model_copy(update={"faces": FacesFact(status=Status.UNREADABLE)})
    )


def one_face_more(case: Case, draw: Draw) -> Case:
    count = case.facts.faces.count
    assume(count is not None)
    return case.with_facts(case.facts.model_copy(update={"faces": faces((count or 0) + 1)}))


def nobody_said_who(case: Case, draw: Draw) -> Case:
    return case.with_people(stated="unknown", persons=())


def block_unreadable(case: Case, draw: Draw) -> Case:
    block = BlockFact(name=str(draw(st.sampled_from(["xmp", "exif"]))), status=Status.UNREADABLE)
    return case.with_facts(case.facts.model_copy(update={"blocks": (*case.facts.blocks, block)}))


def sidecar_unreadable(case: Case, draw: Draw) -> Case:
    return case.with_facts(case.facts.model_copy(update={"problems": ("a.yaml:1: broken",)}))


def photographer_unknown(case: Case, draw: Draw) -> Case:
    return case.with_facts(case.facts.model_copy(update={"photographer": TextFact()}))


def age_unknown(case: Case, draw: Draw) -> Case:
    """Unless it is known that a guardian's word serves no longer: for an unknown age it does."""
    subject = about(case, draw)
    standings = case.dossier.standings(case.day, "10y").get(subject or "", ())
    assume(all(s.ends_because != "18th birthday" or s.ends >= case.day for s in standings))
    assume("adult-for-self" not in told(asked(case))[1])
    assume("sources-agree" not in told(asked(case))[1])
    persons = tuple(
        p.model_copy(update={"age_band": AgeBand.UNKNOWN, "age_stated": False})
        if p.subject == subject
        else p
        for p in case.facts.people.persons
    )
    words: Body = {"age_band": None, "birth_year": None, "birth_date": None}
    records = [
        edit(r, {"subject": words}) if r.item.subject.id == subject else r for r in case.records
    ]
    return case.with_people(persons=persons).with_records(records)


def identifiable_unknown(case: Case, draw: Draw) -> Case:
    """Unless a face contradicts it already: then somebody said too much, and takes it back."""
    assume("everyone-accounted-for" not in told(asked(case))[1])
    persons = tuple(p.model_copy(update={"identifiable": True}) for p in case.facts.people.persons)
    return case.with_people(persons=persons)


def subject_unknown(case: Case, draw: Draw) -> Case:
    assume(all(p.identifiable for p in case.facts.people.persons))
    subject = about(case, draw)
    persons = tuple(
        p.model_copy(update={"subject": None}) if p.subject == subject else p
        for p in case.facts.people.persons
    )
    return case.with_people(persons=persons)


def unaccompanied_unknown(case: Case, draw: Draw) -> Case:
    return forget(case, draw, {"unaccompanied": None})


def situation_unknown(case: Case, draw: Draw) -> Case:
    return forget(case, draw, {"situation": None})


def risk_unknown(case: Case, draw: Draw) -> Case:
    """A recorded `never_publish` is a no, and a no is never forgotten. Adults need no risk."""
    assume(all(r.item.subject.risk != "never_publish" for r in case.records))
    return forget(case, draw, {"risk": None})


def risk_decision_unknown(case: Case, draw: Draw) -> Case:
    """Only a decision to show the child; one to hide it is a no."""
    hidden = any(
        r.item.subject.risk_decision and not r.item.subject.risk_decision.visible
        for r in case.records
    )
    review = any(
        r.item.subject.risk_decision and r.item.subject.risk_decision.review_on
        for r in case.records
    )
    assume(not hidden and not review)
    return forget(case, draw, {"risk_decision": None})


def no_is_added(case: Case, draw: Draw) -> Case:
    assume(case.records)
    chosen = draw(st.sampled_from([r.item.id for r in case.records]))
    on = draw(st.dates(date(2000, 1, 1), date(2050, 1, 1)))
    event = ConsentEvent.model_validate({"state": draw(NAY_STATES), "on": on})
    return case.with_records(
        [replace(r, events=(*r.events, event)) if r.item.id == chosen else r for r in case.records]
    )


def left_out_by_its_source(case: Case, draw: Draw) -> Case:
    assume(case.records)
    place = int(str(draw(st.integers(0, len(case.records) - 1))))
    records = list(case.records)
    records[place] = replace(records[place], stated=False)
    return case.with_records(records)


def no_record_left(case: Case, draw: Draw) -> Case:
    subject = about(case, draw)
    assume(all(p.identifiable for p in case.facts.people.persons if p.subject == subject))
    return case.with_records([r for r in case.records if r.item.subject.id != subject])


def somebody_more(case: Case, draw: Draw) -> Case:
    people = case.facts.people
    stranger = person(f"S-{draw(st.integers(50, 60))}", None)
    return case.with_people(stated="listed", persons=(*people.persons, stranger))


def metadata_names_one_more(case: Case, draw: Draw) -> Case:
    return case.with_people(mentioned=case.facts.people.mentioned + 1)


def metadata_tells_of_a_minor(case: Case, draw: Draw) -> Case:
    people = case.facts.people
    minors = people.minors_mentioned + 1
    return case.with_people(minors_mentioned=minors, mentioned=max(people.mentioned, minors))


def contradiction(case: Case, draw: Draw) -> Case:
    return case.with_facts(case.facts.model_copy(update={"contradictions": ("differ",)}))


def ambiguous_sidecar(case: Case, draw: Draw) -> Case:
    return case.with_facts(case.facts.model_copy(update={"ambiguous": ("IMG_0001.yaml",)}))


def later_embargo(case: Case, draw: Draw) -> Case:
    old = case.facts.embargo.value or "2022-06-15"
    embargo = TextFact(status=Status.KNOWN, value=max(old, "2023-01-01"))
    return case.with_facts(case.facts.model_copy(update={"embargo": embargo}))


def narrower_scope(case: Case, draw: Draw) -> Case:
    """Fewer purposes, fewer or smaller territories, an earlier end, a later beginning."""
    assume(case.records)
    place = int(str(draw(st.integers(0, len(case.records) - 1))))
    old = case.records[place]
    scope = old.item.scope
    places = [p for p in scope.territories if p != "world"] or ["FR"]
    changes: Body = {
        "purposes": draw(st.lists(st.sampled_from(scope.purposes), min_size=1)),
        "territories": draw(st.lists(st.sampled_from(places), min_size=1)),
        "prohibited": [*scope.prohibited, draw(st.sampled_from(["press", "web", "commercial"]))],
        "valid_for": draw(st.sampled_from(["1d", "6m", "1y"])) if not scope.valid_for else "1d",
    }
    records = list(case.records)
    records[place] = edit(old, {"scope": changes})
    return case.with_records(records)


def second_source(case: Case, draw: Draw) -> Case:
    """Another version of a consent, saying whatever it likes where the first says something.

    Where the first is silent a second source may tell what nobody had said; and a new yes,
    dated, is a new fact and no version. So the second fills no gap and brings no yes.
    """
    assume(case.records)
    old = case.records[int(str(draw(st.integers(0, len(case.records) - 1))))]
    body = old.item.model_dump(mode="json", exclude_unset=True)
    random_body = draw(bodies(body, "assets", "givers", "territories", "risk", "face", "events"))
    assert isinstance(random_body, dict)
    for word in ("age_band", "birth_year", "birth_date", "unaccompanied", "situation", "risk"):
        if word not in body["subject"]:
            random_body["subject"].pop(word, None)
    if "child_assent" not in body:
        random_body.pop("child_assent", None)
    second = record(random_body, "second source")
    kept = tuple(e for e in second.events if e.state not in IN_FORCE_STATES)
    second = replace(second, item=second.item.model_copy(update={"events": kept}), events=kept)
    return case.with_records([*case.records, second])


def another_consent(case: Case, draw: Draw) -> Case:
    """A second consent of a subject whose entry names none, or names the first.

    It tells nothing of the subject that nobody has told: what becomes known may well approve.
    """
    subject = about(case, draw)
    assume(subject is not None)
    assume(sum(r.item.subject.id == subject for r in case.records) >= 1)
    assume(all(p.consent != "C-new" for p in case.facts.people.persons))
    body = draw(bodies(merged(girl_body(), {"id": "C-new"}), "age_band", "risk_reasons", "events"))
    assert isinstance(body, dict)
    body["subject"]["id"] = subject
    told_before = case.dossier.standings(case.day, "10y").get(subject or "", ())
    if all(s.age_band is AgeBand.UNKNOWN for s in told_before):
        body["subject"].pop("age_band", None)
    for word in ("unaccompanied", "situation", "risk"):
        if all(
            word not in r.item.subject.model_fields_set
            for r in case.records
            if r.item.subject.id == subject
        ):
            body["subject"].pop(word, None)
    return case.with_records([*case.records, record(body, "register")])


def facts_of_an_earlier_version(case: Case, draw: Draw) -> Case:
    """Nobody has looked for names and places."""
    people = case.facts.people.model_copy(update={"named_in": {}})
    update = {"version": 0, "place": PlaceFact(), "people": people}
    return case.with_facts(case.facts.model_copy(update=update))


def caption_says_more(case: Case, draw: Draw) -> Case:
    """One language says more than it did, or another one is added."""
    caption = case.facts.caption
    assume(caption.written)
    lang = str(draw(st.sampled_from(["fr", "es"])))
    more = str(draw(st.sampled_from(["Karima", "Alaoui", "Tanger", "École Ibn Khaldoun", "x"])))
    written = {**caption.written, lang: f"{caption.written.get(lang, '')} {more}"}
    said = caption.model_copy(update={"written": written, "value": written})
    return case.with_facts(case.facts.model_copy(update={"caption": said}))


def no_caption(case: Case, draw: Draw) -> Case:
    """For the press; elsewhere a caption that is taken away says nothing wrong any more."""
    press = replace(case, purpose=Purpose.PRESS)
    return press.with_facts(case.facts.model_copy(update={"caption": CaptionFact()}))


def caption_of_the_metadata_only(case: Case, draw: Draw) -> Case:
    caption = case.facts.caption.model_copy(update={"written": {}})
    press = replace(case, purpose=Purpose.PRESS)
    return press.with_facts(case.facts.model_copy(update={"caption": caption}))


def another_place_is_known(case: Case, draw: Draw) -> Case:
    place = case.facts.place
    update: dict[str, object] = {"towns": (*place.towns, "Tanger")}
    if draw(st.booleans()):
        update = {"venues": (*place.venues, "École Ibn Khaldoun")}
    return case.with_facts(case.facts.model_copy(update={"place": place.model_copy(update=update)}))


def names_become_known(case: Case, draw: Draw) -> Case:
    return replace(case, names={**NAMES, **case.names})


def face_not_permitted(case: Case, draw: Draw) -> Case:
    """The permission for the face is taken back, or nobody says that there was one."""
    assume(case.records)
    place = int(str(draw(st.integers(0, len(case.records) - 1))))
    records = list(case.records)
    face = draw(st.sampled_from([None, "no"]))
    records[place] = edit(records[place], {"permissions": {"face": face}})
    return case.with_records(records)


def where_the_faces_are_is_lost(case: Case, draw: Draw) -> Case:
    kept = case.facts.faces.model_copy(update={"boxes": ()})
    return case.with_facts(case.facts.model_copy(update={"faces": kept}))


def placed(shown: PersonFact, region: Region, *, written: bool = False) -> PersonFact:
    """The person, of whom one source more says where the face is."""
    claims = (*shown.claims, ClaimFact(region=region, source="xmp", written=written))
    return shown.model_copy(update={"claims": claims, "region": agreed(claims)})


def some_place(case: Case, draw: Draw) -> Region:
    """That of a face which was found, or elsewhere."""
    found = [Region(x=b.x, y=b.y, w=b.w, h=b.h) for b in case.facts.faces.boxes]
    chosen = draw(st.sampled_from([*found, Region(x=0.7, y=0.8, w=0.1, h=0.1)]))
    assert isinstance(chosen, Region)
    return chosen


def everybody_placed(case: Case, draw: Draw) -> Case:
    """Sidecars or metadata say of everybody, or of some, where the face is."""
    persons = tuple(
        placed(p, some_place(case, draw), written=bool(draw(st.booleans())))
        if draw(st.booleans())
        else p
        for p in case.facts.people.persons
    )
    return case.with_people(persons=persons)


def metadata_places_somebody(case: Case, draw: Draw) -> Case:
    subject = about(case, draw)
    persons = tuple(
        placed(p, some_place(case, draw)) if p.subject == subject else p
        for p in case.facts.people.persons
    )
    return case.with_people(persons=persons)


def metadata_names_somebody(case: Case, draw: Draw) -> Case:
    """What the metadata says in the caption is said more fully, or for the first time."""
    named = dict(case.facts.people.named_in)
    where = str(draw(st.sampled_from(["caption", "metadata", "file name"])))
    return case.with_people(named_in={**named, where: "full"})


def permission_narrowed(case: Case, draw: Draw) -> Case:
    """Of name or place less is allowed, or nobody says how much."""
    assume(case.records)
    place = int(str(draw(st.integers(0, len(case.records) - 1))))
    old = case.records[place]
    orders: dict[str, list[NamePermission] | list[LocationPermission]] = {
        "name": list(NamePermission),
        "location": list(LocationPermission),
    }
    word = str(draw(st.sampled_from(sorted(orders))))
    order = [w.value for w in orders[word]]
    had = order.index(getattr(old.item.permissions, word))
    less = draw(st.sampled_from([None, *order[: had + 1]]))
    records = list(case.records)
    records[place] = edit(old, {"permissions": {word: less}})
    return case.with_records(records)


def forbidden_use(case: Case, draw: Draw) -> Case:
    """A use of the list that is refused, or a word that is no use."""
    assume(case.facts.people.stated != "none")
    assume(case.purpose is not Purpose.ARCHIVE)
    words = ["commercial", "advertising", "political", "Political-Party", "discriminatory", "x", ""]
    return replace(case, use=str(draw(st.sampled_from(words))))


def use_is_prohibited(case: Case, draw: Draw) -> Case:
    assume(case.records)
    place = int(str(draw(st.integers(0, len(case.records) - 1))))
    old = case.records[place]
    records = list(case.records)
    records[place] = edit(old, {"scope": {"prohibited": [*old.item.scope.prohibited, case.use]}})
    return case.with_records(records)


#: What makes the question stricter, and the parts that are out of order before it does.
STRICTER: list[tuple[Callable[[Case, Draw], Case], str]] = [
    (faces_not_checked, "faces"),
    (one_face_more, "faces identifiable"),
    (nobody_said_who, "people identifiable missing consent"),
    (block_unreadable, "blocks"),
    (sidecar_unreadable, "problems"),
    (photographer_unknown, "photographer"),
    (age_unknown, "age_band birth_date birth_year age givers child_assent"),
    (identifiable_unknown, "identifiable missing"),
    (subject_unknown, "subject consent missing caption names name"),
    (unaccompanied_unknown, "unaccompanied caption place names location name"),
    (situation_unknown, "situation risk_decision caption place names location name age_band"),
    (risk_unknown, "risk risk_reasons risk_decision caption place names location name"),
    (risk_decision_unknown, "risk_decision risk situation"),
    (no_is_added, "events extra"),
    (left_out_by_its_source, "extra stated consent events"),
    (no_record_left, "missing extra consent caption names place"),
    (somebody_more, "faces mentioned stated"),
    (metadata_names_one_more, "mentioned"),
    (metadata_tells_of_a_minor, "minors_mentioned age_band"),
    (contradiction, "contradictions"),
    (ambiguous_sidecar, "ambiguous"),
    (later_embargo, "embargo"),
    (narrower_scope, "purposes territories prohibited valid_from valid_until valid_for"),
    (second_source, "assets givers risk_decision birth_date"),
    (another_consent, "extra consent age_band risk situation unaccompanied events"),
    (facts_of_an_earlier_version, "caption place names named_in name location identifiable"),
    (caption_says_more, "caption place names name location risk situation identifiable"),
    (no_caption, "caption"),
    (caption_of_the_metadata_only, "caption"),
    (another_place_is_known, "caption place name location risk situation"),
    (names_become_known, "caption place names name location risk situation identifiable"),
    (metadata_names_somebody, "named_in name location risk situation"),
    (permission_narrowed, "caption place names name location extra"),
    (face_not_permitted, "face faces risk situation caption place name names location extra"),
    (where_the_faces_are_is_lost, "face risk situation faces"),
    (metadata_places_somebody, "face risk situation faces"),
    (forbidden_use, "use prohibited identifiable"),
    (use_is_prohibited, "use prohibited identifiable extra"),
]


@pytest.mark.parametrize(("change", "focus"), STRICTER, ids=[c.__name__ for c, _ in STRICTER])
@ASKED
@given(data=st.data())
def test_what_is_unknown_or_forbidden_never_lets_a_picture_pass(
    change: Callable[[Case, Draw], Case], focus: str, data: st.DataObject
) -> None:
    case = data.draw(cases(*focus.split()))
    never_softer(case, change(case, data.draw))


@ASKED
@given(case=cases("face", "risk", "situation", "faces"), data=st.data())
def test_regions_that_contradict_each_other_never_let_a_picture_pass(
    case: Case, data: st.DataObject
) -> None:
    before = everybody_placed(case, data.draw)
    after = metadata_places_somebody(before, data.draw)
    never_softer(before, after)
    changed = [
        (was, now)
        for was, now in zip(before.facts.people.persons, after.facts.people.persons, strict=True)
        if was != now
    ]
    if not approved(after) or any(not was.claims or now.region for was, now in changed):
        return
    gone = {(r.x, r.y, r.w, r.h) for r in asked(after).redact}
    for each in asked(before).redact:
        old = each.x, each.y, each.w, each.h
        assert any(same_place(old, new) for new in gone)
