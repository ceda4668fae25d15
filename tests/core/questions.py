"""Questions of whether a picture may be used, for Hypothesis: nearly all in order.

A dossier in which everything is random is held for ten reasons at once, and then no single
change can show that it wrongly lets a picture pass. So every part is usually in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from dam.core.consent import Record
from dam.core.decide import decide
from dam.core.facts import (
    BlockFact,
    CaptionFact,
    FacesFact,
    Facts,
    PersonFact,
    PlaceFact,
    TextFact,
)
from dam.core.model import (
    AgeBand,
    Decision,
    Disposition,
    LocationPermission,
    NamePermission,
    Purpose,
    Use,
)
from dam.core.naming import find
from dam.core.readings import Status
from dam.core.rules import RulePack
from dam.core.view import Dossier
from tests.core.dossiers import (
    DAY,
    NAME,
    OTHER_SHA,
    SHA,
    Body,
    adult_body,
    captioned,
    faces,
    facts,
    girl_body,
    known,
    merged,
    pack,
    record,
    with_events,
)

_TEMPTING_DAYS = [
    "2021-10-28",
    "2021-10-29",
    "2021-11-01",
    "2022-06-14",
    "2022-06-15",
    "2022-06-16",
    "2023-01-01",
    "2025-10-31",
    "2025-11-01",
    "2031-10-31",
]
DAYS = st.sampled_from([DAY] * 12 + [date.fromisoformat(d) for d in _TEMPTING_DAYS])
PURPOSES = st.sampled_from([*[Purpose.PRESS] * 6, *Purpose])
TERRITORIES = st.sampled_from(["world", "MA", "FR"])
_DAY_TEXTS = st.sampled_from(_TEMPTING_DAYS)
_YES_NO = st.sampled_from(["yes", "no"])
_STATES = st.sampled_from(
    [
        "given",
        "renewed",
        "withdrawn",
        "revoked",
        "refused",
        "requested",
        "expired",
        "invalidated",
        "unknown",
    ]
)
NAY_STATES = st.sampled_from(["withdrawn", "revoked", "refused"])
_BANDS = st.sampled_from([band.value for band in AgeBand])


#: Every part of a dossier that can be out of order.
WORDS = (
    "age_band",
    "birth_year",
    "birth_date",
    "unaccompanied",
    "situation",
    "risk",
    "risk_reasons",
    "risk_decision",
    "purposes",
    "prohibited",
    "territories",
    "valid_from",
    "valid_until",
    "valid_for",
    "notice",
    "face",
    "name",
    "location",
    "givers",
    "child_assent",
    "events",
    "assets",
    "stated",
    "extra",
    "missing",
    "age",
    "consent",
    "subject",
    "identifiable",
    "people",
    "mentioned",
    "minors_mentioned",
    "photographer",
    "embargo",
    "faces",
    "blocks",
    "problems",
    "contradictions",
    "ambiguous",
    "caption",
    "place",
    "names",
    "named_in",
    "use",
)

#: What a caption may say of a girl called Karima Alaoui in Tangier, by language.
CAPTIONS = st.dictionaries(
    st.sampled_from(["fr", "ar", "en"]),
    st.sampled_from(
        [
            "Un match",
            "Tanger : un match",
            "Karima marque",
            "Karima Alaoui, Tanger",
            "مباراة بطنجة",
            "École Ibn Khaldoun",
            "35.7595, -5.8340",
        ]
    ),
)
PLACES = st.builds(
    PlaceFact,
    towns=st.sampled_from([(), ("Tanger",)]),
    venues=st.sampled_from([(), ("École Ibn Khaldoun",)]),
    in_metadata=st.booleans(),
)
NAMED_IN = st.dictionaries(
    st.sampled_from(["caption", "metadata", "file name"]), st.sampled_from(["first", "full"])
)
#: As the register knows the first subjects.
NAMES = {"S-1": ("Karima Alaoui",), "S-2": ("Karima",)}


@dataclass(frozen=True)
class Mostly:
    """Draws what is usual, but for the words in `odd` something else."""

    draw: st.DrawFn
    odd: frozenset[str]

    def __call__(self, word: str, value: object, other: st.SearchStrategy[object]) -> object:
        assert word in WORDS
        return self.draw(other) if word in self.odd else value


def mostly_of(draw: st.DrawFn, focus: Sequence[str]) -> Mostly:
    """Some of `focus` are odd, and now and then one other thing."""
    odd = frozenset() if not focus else draw(st.frozensets(st.sampled_from(focus)))
    return Mostly(draw, odd | draw(st.frozensets(st.sampled_from(WORDS), max_size=1)))


def _any_word(words: type[StrEnum]) -> st.SearchStrategy[object]:
    return st.sampled_from([word.value for word in words])


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


_DECISIONS = st.fixed_dictionaries(
    {"by": st.just("officer"), "on": _DAY_TEXTS, "visible": _YES_NO, "reason": st.just("seen")},
    optional={"review_on": _DAY_TEXTS},
)
_GIVERS = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(
                ["subject", "parent", "legal_guardian", "appointed_representative", "social_worker"]
            ),
            "method": st.just("written"),
            "on": _DAY_TEXTS,
        },
        optional={"authority_evidence": st.just("letter")},
    ),
    max_size=2,
)
EVENTS = st.lists(st.fixed_dictionaries({"state": _STATES, "on": _DAY_TEXTS}), max_size=3)
_PURPOSE_LISTS = st.lists(st.sampled_from([p.value for p in Purpose]), min_size=1, max_size=3)
_TERRITORY_LISTS = st.lists(TERRITORIES, min_size=1, max_size=2)
_ASSETS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "match": st.sampled_from(["IMG_00*.JPG", "IMG_9*.JPG"]),
            "sha256": st.sampled_from([SHA, OTHER_SHA]),
        },
    ),
    max_size=2,
)


@st.composite
def bodies(draw: st.DrawFn, start: Body, *focus: str) -> Body:
    """A consent record that is usually `start`, with something else in a place or two."""
    return body_of(mostly_of(draw, focus), start)


def body_of(mostly: Mostly, start: Body) -> Body:

    def at(section: str, word: str, other: st.SearchStrategy[object]) -> object:
        holder = start[section] if section else start
        assert isinstance(holder, Mapping)
        return mostly(word, holder.get(word), other)

    subject = {
        "age_band": at("subject", "age_band", maybe(_BANDS)),
        "birth_year": at("subject", "birth_year", st.sampled_from([1980, 2003, 2004, 2012])),
        "birth_date": at("subject", "birth_date", st.sampled_from(["1980-01-01", "2012-06-15"])),
        "unaccompanied": at("subject", "unaccompanied", maybe(_YES_NO)),
        "situation": at(
            "subject", "situation", maybe(st.sampled_from(["refugee", "unknown", "other"]))
        ),
        "risk": at(
            "subject", "risk", maybe(st.sampled_from(["elevated", "high", "never_publish"]))
        ),
        "risk_reasons": at("subject", "risk_reasons", st.just(["HIV"]) | st.just(["feud"])),
        "risk_decision": at("subject", "risk_decision", _DECISIONS),
    }
    scope = {
        "purposes": at("scope", "purposes", _PURPOSE_LISTS),
        "prohibited": at("scope", "prohibited", _PURPOSE_LISTS),
        "territories": at("scope", "territories", _TERRITORY_LISTS),
        "valid_from": at("scope", "valid_from", _DAY_TEXTS),
        "valid_until": at("scope", "valid_until", maybe(_DAY_TEXTS)),
        "valid_for": at("scope", "valid_for", st.sampled_from(["6m", "9999y", "200d"])),
    }
    changes: Body = {
        "subject": subject,
        "scope": scope,
        "notice": at("", "notice", st.none()),
        "permissions": {
            "face": at("permissions", "face", maybe(_YES_NO)),
            "name": at("permissions", "name", maybe(_any_word(NamePermission))),
            "location": at("permissions", "location", maybe(_any_word(LocationPermission))),
        },
        "givers": at("", "givers", _GIVERS),
        "child_assent": at(
            "", "child_assent", maybe(st.sampled_from(["refused", "too_young", "not_sought"]))
        ),
        "events": at("", "events", EVENTS),
        "assets": at("", "assets", _ASSETS),
    }
    return merged(start, changes)


@dataclass(frozen=True)
class Case:
    """A dossier with the question asked of it, and the names that the register knows."""

    dossier: Dossier
    purpose: Purpose
    territory: str
    day: date
    use: str = Use.EDITORIAL
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        return self.dossier.facts

    @property
    def records(self) -> tuple[Record, ...]:
        return self.dossier.records

    def with_facts(self, about: Facts) -> Case:
        return replace(self, dossier=replace(self.dossier, facts=about))

    def with_people(self, **changes: object) -> Case:
        people = self.facts.people.model_copy(update=changes)
        return self.with_facts(self.facts.model_copy(update={"people": people}))

    def with_records(self, records: Sequence[Record]) -> Case:
        return replace(self, dossier=replace(self.dossier, records=with_events(records)))


def _shown(draw: st.DrawFn, number: int, mostly: Mostly) -> tuple[PersonFact, list[Record]]:
    """A person with the records about the subject: usually one, in order."""
    grown = draw(st.booleans())
    start = adult_body if grown else girl_body
    stated = bool(mostly("stated", True, st.just(False)))
    records = [record(body_of(mostly, start(number)), stated=stated)]
    extra = mostly("extra", "", st.sampled_from(["version", "other consent", "other subject"]))
    if extra == "version":
        records.append(record(body_of(mostly, start(number)), "sidecar"))
    elif extra == "other consent":
        records.append(record(body_of(mostly, start(number, f"C-{number}-b"))))
    elif extra == "other subject":
        records.append(record(body_of(mostly, start(number + 5, f"C-{number}"))))
    if mostly("missing", False, st.just(True)):
        records.pop(0)
    usual_age = draw(st.sampled_from([AgeBand.ADULT if grown else AgeBand.A6_11, None]))
    age = mostly("age", usual_age, st.sampled_from(AgeBand))
    named = draw(st.sampled_from([None, f"C-{number}"]))
    others = st.sampled_from([None, "C-1", "C-7", f"C-{number}-b"])
    shown = PersonFact.model_validate(
        {
            "subject": mostly("subject", f"S-{number}", maybe(st.sampled_from(["S-1", "S-9"]))),
            "age_band": age or AgeBand.UNKNOWN,
            "age_stated": age is not None,
            "identifiable": mostly("identifiable", True, st.just(False)),
            "consent": mostly("consent", named, others),
            "sources": ("IMG_0001.JPG.consent.yaml",),
        }
    )
    return shown, records


def _faces(count: int | None) -> FacesFact:
    return FacesFact(status=Status.UNREADABLE) if count is None else faces(count)


@st.composite
def cases(draw: st.DrawFn, *focus: str) -> Case:
    """A question about a photograph, its people and their records; usually all in order.

    The parts named in `focus` are often out of order.
    """
    mostly = mostly_of(draw, focus)
    numbers = range(1, 1 + draw(st.sampled_from([1, 1, 2, 0])))
    shown = [_shown(draw, number, mostly) for number in numbers]
    persons = tuple(p for p, _ in shown)
    about = facts(*persons)
    people = {
        "stated": mostly("people", about.people.stated, st.just("listed" if persons else "crowd")),
        "named_in": mostly("named_in", {}, NAMED_IN),
        "mentioned": mostly("mentioned", 0, st.integers(0, 3)),
        "minors_mentioned": mostly("minors_mentioned", 0, st.integers(0, 2)),
    }
    unreadable = (BlockFact(name="xmp", status=Status.UNREADABLE),)
    wrong: dict[str, tuple[object, st.SearchStrategy[object]]] = {
        "photographer": (about.photographer, st.just(TextFact(status=Status.UNREADABLE))),
        "embargo": (about.embargo, _DAY_TEXTS.map(known)),
        "faces": (about.faces, st.sampled_from([None, 0, 1, 3]).map(_faces)),
        "blocks": (about.blocks, st.just(unreadable)),
        "problems": ((), st.just(("a.yaml:3: unknown word",))),
        "contradictions": ((), st.just(("two sources differ",))),
        "ambiguous": ((), st.just(("IMG_0001.consent.yaml",))),
        "caption": (about.caption, CAPTIONS.map(_written)),
        "place": (PlaceFact(), PLACES),
    }
    changes = {word: mostly(word, value, other) for word, (value, other) in wrong.items()}
    changes["people"] = about.people.model_copy(update=people)
    records = [one for _, found in shown for one in found]
    return Case(
        Dossier(about.model_copy(update=changes), SHA, NAME, with_events(records)),
        draw(PURPOSES),
        draw(TERRITORIES),
        draw(DAYS),
        str(mostly("use", Use.EDITORIAL, st.sampled_from(Use))),
        cast("dict[str, tuple[str, ...]]", mostly("names", {}, st.just(NAMES))),
    )


def _written(texts: dict[str, str]) -> CaptionFact:
    return captioned(**texts) if texts else CaptionFact()


# Asking --------------------------------------------------------------------------------

ASKED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def asked(case: Case, rules: RulePack | None = None) -> Decision:
    dossier = replace(case.dossier, naming=find(case.facts, NAME, case.names))
    return decide(dossier, rules or pack(), case.purpose, case.day, case.territory, use=case.use)


def told(decision: Decision) -> tuple[Disposition, frozenset[str]]:
    """What a person would call the same decision."""
    return decision.disposition, frozenset(r.rule for r in decision.reasons)


def approved(case: Case) -> bool:
    return asked(case).disposition is Disposition.APPROVED
