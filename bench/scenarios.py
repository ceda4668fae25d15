"""What a photograph is made as, and by hand the truth about it: nothing here asks the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from dam.core.facts import BlockFact, FacesFact, Facts, PeopleFact, TextFact
from dam.core.model import AgeBand
from dam.core.readings import Status

#: What stands in the way of one purpose: the kinds of findings, sorted; approved where none does.
Kinds = tuple[str, ...]
Says = dict[str, object]

_HELD = "held"


@dataclass(frozen=True)
class Scenario:
    """One way a photograph can be: how it is made, and what is true of it for every purpose.

    `consent` changes a complete record of a child of nine; None: there is none. `wrong` are the
    kinds of findings for every purpose, the scope of the record apart; with `inside` not for
    archive and internal use.
    """

    name: str
    wrong: Kinds = ()
    disposition: str = _HELD
    consent: Callable[[Says, date, int], None] | None = lambda record, day, n: None
    facts: Callable[[Facts, date], Facts] = lambda facts, day: facts
    people: int = 1
    ends: Callable[[date, int], date | None] = lambda day, n: day + timedelta(days=1400)
    majority: Callable[[date, int], date | None] = lambda day, n: None
    minors: int = 1
    weight: int = 1
    inside: bool = False


#: In so many days consents end: on, before and behind the bounds that audits are asked for.
_ENDS = (0, 1, 29, 30, 31, 60, 89, 90, 91, 120)


def _soon(day: date, n: int) -> date:
    return day + timedelta(days=_ENDS[n % len(_ENDS)])


def _until(record: Says, day: date, n: int) -> None:
    _scope(record)["valid_until"] = _soon(day, n).isoformat()


def _over(record: Says, day: date, n: int) -> None:
    _scope(record)["valid_until"] = (day - timedelta(days=1 + n % 300)).isoformat()


def _refused(record: Says, day: date, n: int) -> None:
    record["events"] = [{"state": "refused", "on": given(day)}]


def _born(record: Says, day: date, n: int) -> None:
    subject = record["subject"]
    assert isinstance(subject, dict)
    del subject["age_band"]
    subject["birth_date"] = _birthday(day, n).replace(year=_birthday(day, n).year - 18).isoformat()


def _birthday(day: date, n: int) -> date:
    """The eighteenth birthday: 2 to 121 days ahead, never on a leap day."""
    found = day + timedelta(days=2 + n % 120)
    return found - timedelta(days=1) if (found.month, found.day) == (2, 29) else found


def _adult(record: Says, day: date, n: int) -> None:
    subject = record["subject"]
    assert isinstance(subject, dict)
    record["subject"] = {"id": subject["id"], "age_band": "adult", "situation": "other"}
    record["givers"] = [{"role": "subject", "method": "written", "on": given(day)}]
    del record["child_assent"]


def _scope(record: Says) -> Says:
    scope = record["scope"]
    assert isinstance(scope, dict)
    return scope


def given(day: date) -> str:
    return (day - timedelta(days=400)).isoformat()


def _persons(facts: Facts, **changes: object) -> Facts:
    persons = tuple(p.model_copy(update=changes) for p in facts.people.persons)
    return facts.model_copy(update={"people": facts.people.model_copy(update={"persons": persons})})


def _nobody(facts: Facts, day: date) -> Facts:
    nobody = PeopleFact(stated="none", persons=(), sources=("consent.yaml",))
    faces = FacesFact(count=0, status=Status.KNOWN, source="detector")
    return facts.model_copy(update={"people": nobody, "faces": faces})


def _faces(count: int | None) -> Callable[[Facts, date], Facts]:
    status = Status.KNOWN if count is not None else Status.ABSENT
    faces = FacesFact(count=count, status=status, source="detector")
    return lambda facts, day: facts.model_copy(update={"faces": faces})


def _embargo(facts: Facts, day: date) -> Facts:
    later = TextFact(
        status=Status.KNOWN,
        value=(day + timedelta(days=200)).isoformat(),
        sources=("consent.yaml",),
    )
    return facts.model_copy(update={"embargo": later})


def _uncredited(facts: Facts, day: date) -> Facts:
    return facts.model_copy(update={"photographer": TextFact()})


def _unreadable(facts: Facts, day: date) -> Facts:
    blocks = (*facts.blocks[1:], BlockFact(name="exif", status=Status.UNREADABLE))
    return facts.model_copy(update={"blocks": blocks})


SCENARIOS = (
    Scenario("good", weight=12),
    Scenario("nobody", consent=None, facts=_nobody, people=0, minors=0,
             ends=lambda day, n: None, weight=3),
    Scenario("adult", consent=_adult, minors=0,
             facts=lambda facts, day: _persons(facts, age_band=AgeBand.ADULT), weight=2),
    Scenario("ending", consent=_until, ends=_soon, weight=3),
    Scenario("over", ("expired",), consent=_over,
             ends=lambda day, n: day - timedelta(days=1 + n % 300)),
    Scenario("refused", ("refused",), "refused", consent=_refused),
    Scenario("missing", ("missing_consent",), consent=None,
             facts=lambda facts, day: _persons(facts, consent=None), ends=lambda day, n: None),
    Scenario("faces", ("undeclared_faces",), facts=_faces(2)),
    Scenario("unchecked", ("faces_not_checked",), facts=_faces(None)),
    Scenario("uncredited", ("no_credit",), facts=_uncredited),
    Scenario("unreadable", ("unreadable",), facts=_unreadable),
    Scenario("embargo", ("embargo",), facts=_embargo, inside=True),
    Scenario("birthday", consent=_born, facts=lambda facts, day: _persons(
        facts, age_stated=False, age_band=AgeBand.UNKNOWN),
        ends=lambda day, n: _birthday(day, n) - timedelta(days=1), majority=_birthday, weight=2),
    Scenario("quarantined", ("unreadable",), "quarantined", consent=None, people=0, minors=0,
             ends=lambda day, n: None),
)  # fmt: skip
