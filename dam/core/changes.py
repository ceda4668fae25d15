"""What would satisfy a rule: tried on a copy of the facts, through the rule's own program.

Only facts that people record are changed, and only in the way in which the truth may turn out:
nobody is offered to overturn what was said of an age, a risk or a refusal. Of all that would do,
the smallest changes are told. Nothing here is advice to write what is not true.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from dam.core import schema
from dam.core.celled import cel
from dam.core.expression import named
from dam.core.model import (
    REFUSING_STATES,
    AgeBand,
    Assent,
    GiverRole,
    LocationPermission,
    NamePermission,
    Otherwise,
    Risk,
    Situation,
)
from dam.core.rules import Rule
from dam.core.samples import sample

Variables = dict[str, object]

#: At most so many changes together, and so many alternatives for one rule and person.
MOST_TOGETHER = 3
MOST_ALTERNATIVES = 6
_MOST_TRIED = 1000
_MANY_PEOPLE = 100
_STRING = re.compile(r"""^[bBrR]{0,2}(['"])(.*)\1$""", re.DOTALL)
#: Always told last: it is true only of who really cannot be recognised.
_RECOGNISED = "person.identifiable"
_NOT_A_FACT = frozenset({"purpose", "territory", "use"})

#: Words a fact can take, where the rule names none of them.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "person.age_band": tuple(b.value for b in AgeBand if b is not AgeBand.UNKNOWN),
    "person.situation": (Situation.MIGRANT.value, Situation.OTHER.value),
    "person.risk": (Risk.LOW.value,),
    "person.consent.assent": (Assent.GIVEN.value, Assent.TOO_YOUNG.value),
    "person.consent.giver_roles": tuple(role.value for role in GiverRole),
    "person.consent.name": tuple(n.value for n in NamePermission),
    "person.consent.location": tuple(x.value for x in LocationPermission),
    "person.consent.state": ("given", "renewed"),
}
#: Said once, these are not offered to be said otherwise: only where nobody has said them.
_ONLY_IF_UNKNOWN = frozenset(
    {"person.age_band", "person.situation", "person.risk", "person.unaccompanied"}
)
#: Lists whose entries were agreed or told: nothing is offered to be taken away from them.
_ONLY_GROWING = frozenset(
    {"person.consent.purposes", "person.consent.territories", "person.consent.giver_roles"}
)
#: Yes-no facts, and the one answer that is worth asking for.
_ANSWERS: Mapping[str, bool] = {
    "person.identifiable": False,
    "person.has_consent": True,
    "person.risk_visible": True,
    "person.consent.appointed": True,
    "person.consent.authority_evidenced": True,
    "person.consent.notice": True,
    "person.consent.face": True,
    "person.consent.applies": True,
    "people.stated": True,
    "people.redact_others": False,
    "faces.checked": True,
    "credit.known": True,
    "photo.captioned": True,
}
_EMPTIED = frozenset(
    {
        "reading.problems",
        "reading.unreadable",
        "reading.ambiguous",
        "reading.contradictions",
        "person.name_in",
        "photo.place_in",
    }
)
#: A no is never offered to be said otherwise.
_NOES = frozenset({*(state.value for state in REFUSING_STATES), Assent.REFUSED.value})
#: What a caption can leave out.
_NOTHING_SAID = frozenset({"person.name_said", "photo.place_said"})
_COUNTS = frozenset({"people.count", "people.identifiable"})
_DAYS = frozenset(
    {"photo.embargo", "photo.captured", "person.consent.valid_from", "person.consent.ends"}
)


class How(enum.StrEnum):
    """What is to be done with the value of a change."""

    SET = "set"
    AT_LEAST = "at_least"  # this day or number, or a later or greater one
    AT_MOST = "at_most"  # this day or an earlier one
    ADD = "add"  # to a list
    REMOVE = "remove"  # from a list
    LIST = "list"  # so many more people


@dataclass(frozen=True, slots=True)
class Change:
    """One fact said otherwise. `value` is as people write it: yes, no, a word, a day, a number."""

    fact: str
    how: How
    value: str


def apply(change: Change, variables: Variables, subject: str | None = None) -> Variables:
    """A copy of the variables with one fact said otherwise, and what follows from it.

    `subject` is the id of the person whom a `person.` fact is about.
    """
    result, path = dict(variables), change.fact.split(".")
    if path[0] == "persons":
        _list_more(result, int(change.value))
        return result
    if path[0] == "person":
        owner, path = _own_person(result, subject), path[1:]
    else:
        owner = result
    node = owner
    for part in path[:-1]:
        inner = node.get(part)
        node[part] = fresh = dict(inner) if isinstance(inner, dict) else {}
        node = fresh
    node[path[-1]] = _changed(node.get(path[-1]), change)
    _follow(change, owner, result)
    return result


def satisfies(rule: Rule, variables: Variables, subject: str | None = None) -> bool:
    """Whether the rule has nothing against these facts (of the one person, where given)."""
    try:
        failing = rule.failing(cel.Context(variables))
    except Exception:  # what cannot be evaluated does not satisfy
        return False
    return subject not in failing if isinstance(failing, list) else not failing


def of_rule(
    rule: Rule, variables: Variables, subject: str | None = None
) -> tuple[tuple[Change, ...], ...]:
    """The smallest changes that satisfy a rule which is not satisfied, each a set of its own.

    For a rule about each person, `subject` is whom it stops. Empty where no fact that people
    record would do, and for a refusal, which nothing of this kind undoes.
    """
    if rule.file.otherwise is Otherwise.REFUSE and not _unknown(rule, variables):
        return ()
    facts = _alone(variables, subject) if subject is not None else variables
    tried = [c for c in _candidates(rule, facts, subject) if apply(c, facts, subject) != facts]
    hidden = [(c,) for c in tried if c.fact == _RECOGNISED and _does(rule, (c,), facts, subject)]
    told = [c for c in tried if c.fact != _RECOGNISED]
    persons = facts["persons"]
    many = isinstance(persons, list) and len(persons) > _MANY_PEOPLE
    for together in range(1, 2 if many else MOST_TOGETHER + 1):
        found: list[tuple[Change, ...]] = []
        for chosen in islice(combinations(told, together), _MOST_TRIED):
            if len({c.fact for c in chosen}) == together and _does(rule, chosen, facts, subject):
                found.append(chosen)
        if found:
            return (*_least(found)[:MOST_ALTERNATIVES], *hidden)
    return tuple(hidden)


def _least(found: Iterable[tuple[Change, ...]]) -> list[tuple[Change, ...]]:
    """Of several numbers of people that would do, the smallest; they are tried in order."""
    counted = (How.LIST, How.AT_LEAST)
    kept: dict[tuple[tuple[str, str], ...], tuple[Change, ...]] = {}
    for chosen in found:
        key = tuple((c.fact, "" if c.how in counted else c.value) for c in chosen)
        kept.setdefault(key, chosen)
    return list(kept.values())


def _does(rule: Rule, chosen: Sequence[Change], variables: Variables, subject: str | None) -> bool:
    """Whether these changes together satisfy the rule."""
    for change in chosen:
        variables = apply(change, variables, subject)
    return satisfies(rule, variables, subject)


def _unknown(rule: Rule, variables: Variables) -> bool:
    try:
        rule.failing(cel.Context(variables))
    except Exception:
        return True
    return False


def _alone(variables: Variables, subject: str) -> Variables:
    """The facts with one person only: what others lack is another reason."""
    persons = variables["persons"]
    assert isinstance(persons, list)
    return {**variables, "persons": [p for p in persons if p["id"] == subject]}


def _candidates(rule: Rule, variables: Variables, subject: str | None) -> Iterator[Change]:
    words = _literals(rule)
    # Where a rule counts people one by one, listing somebody is what there is to do.
    seen: set[str] = set(_COUNTS) if any(path[0] == "persons" for path in rule.paths) else set()
    for full in rule.paths:
        path = tuple(part for part in full if part != "[]")
        fact = path[0] if path[0] == "persons" else ".".join(path)
        if fact in seen:
            continue
        seen.add(fact)
        yield from _for_fact(fact, words, variables, subject)
        if fact.startswith("person.consent.") and "person.has_consent" not in seen:
            seen.add("person.has_consent")
            yield from _for_fact("person.has_consent", words, variables, subject)


def _literals(rule: Rule) -> tuple[str, ...]:
    """The texts the rule compares with, in the order in which it names them."""
    found = (*named(rule.file.when).strings, *named(rule.file.require).strings)
    return tuple(dict.fromkeys(match.group(2) for text in found if (match := _STRING.match(text))))


def _for_fact(
    fact: str, literals: Sequence[str], variables: Variables, subject: str | None
) -> Iterator[Change]:
    now = value_of(fact, variables, subject)
    if fact == "persons":
        yield from (Change(fact, How.LIST, str(n)) for n in range(1, 6))
    elif fact in _ANSWERS:
        if now is not _ANSWERS[fact]:
            yield Change(fact, How.SET, "yes" if _ANSWERS[fact] else "no")
    elif fact in _ONLY_IF_UNKNOWN:
        yield from _if_unknown(fact, now)
    elif fact in _COUNTS:
        numbers = {n for n in _numbers(variables) if isinstance(now, int) and n > now}
        yield from (Change(fact, How.AT_LEAST, str(n)) for n in sorted(numbers))
    elif fact in _DAYS:
        how = How.AT_LEAST if fact == "person.consent.ends" else How.AT_MOST
        yield Change(fact, how, str(variables["day"]))
    elif fact in _NOTHING_SAID:
        yield Change(fact, How.SET, "none")
    elif fact == "person.pillars":
        told = now if isinstance(now, list) else []
        yield from (Change(fact, How.REMOVE, p) for p in ("name", "place") if p in told)
    elif fact in _EMPTIED:
        entries = now if isinstance(now, list) else []
        yield from (Change(fact, How.REMOVE, str(entry)) for entry in entries[:4])
        if len(entries) > 1:
            yield Change(fact, How.SET, "none")
    elif fact in _ONLY_GROWING:
        asked = [str(variables[q]) for q in sorted(_NOT_A_FACT) if q in variables]
        wanted = _fitting(fact, (*asked, *literals), variables)
        yield from (Change(fact, How.ADD, word) for word in wanted)
    elif fact in _WORDS and now not in _NOES:
        yield from (Change(fact, How.SET, word) for word in _WORDS[fact])


def _if_unknown(fact: str, now: object) -> Iterator[Change]:
    if now not in (None, "unknown", ["unknown"]):
        return
    words = _WORDS.get(fact, ("no", "yes"))
    yield from (Change(fact, How.SET, word) for word in words)


def _fitting(fact: str, words: Iterable[str], variables: Variables) -> list[str]:
    """Of all that may be meant, the words that can stand in this list."""
    if fact == "person.consent.giver_roles":
        return [w for w in dict.fromkeys((*words, *_WORDS[fact])) if w in _WORDS[fact]]
    if fact == "person.consent.purposes":
        return [str(variables["purpose"])]
    return list(dict.fromkeys((str(variables["territory"]), "world")))


def _numbers(variables: Variables) -> set[int]:
    """Every count among the facts."""
    found: set[int] = set()
    for group in ("people", "faces"):
        node = variables.get(group)
        if isinstance(node, dict):
            found |= {v for v in node.values() if isinstance(v, int) and not isinstance(v, bool)}
    return found


def value_of(fact: str, variables: Mapping[str, object], subject: str | None = None) -> object:
    """The value of a fact by its dotted name; None where it is not known."""
    path = fact.split(".")
    node: object = variables
    if path[0] == "person":
        persons = variables["persons"]
        assert isinstance(persons, list)
        node, path = next((p for p in persons if p["id"] == subject), None), path[1:]
    for part in path:
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _own_person(variables: Variables, subject: str | None) -> dict[str, object]:
    """The person in question, a copy of the list and of the person in the place of the old."""
    persons = variables["persons"]
    assert isinstance(persons, list)
    place = next(n for n, person in enumerate(persons) if person["id"] == subject)
    person = dict(persons[place])
    variables["persons"] = [*persons[:place], person, *persons[place + 1 :]]
    return person


def _changed(old: object, change: Change) -> object:
    leaf = schema.resolve(change.fact.split("."), each="person")
    assert leaf is not None
    if change.how is How.ADD:
        return [*(old if isinstance(old, list) else []), change.value]
    if change.how is How.REMOVE:
        return [v for v in (old if isinstance(old, list) else []) if str(v) != change.value]
    if leaf.kind == "list":
        return [] if change.value == "none" else [change.value]
    if leaf.kind == "bool":
        return change.value == "yes"
    return int(change.value) if leaf.kind == "int" else change.value


def _follow(change: Change, owner: dict[str, object], variables: Variables) -> None:
    """What a statement brings with it, as `dam.core.view` would see it."""
    if change.fact == "person.age_band":
        owner["minor"] = change.value != AgeBand.ADULT.value
    if change.fact == _RECOGNISED:
        owner["face"] = "hidden"
        told = owner.get("pillars")
        owner["pillars"] = [p for p in told if p != "face"] if isinstance(told, list) else []
    if change.fact == "person.has_consent" and change.value == "yes":
        owner["consent"] = _complete(variables)
    if change.fact == "person.consent.giver_roles" and change.value in (
        GiverRole.APPOINTED_REPRESENTATIVE.value,
        GiverRole.SOCIAL_WORKER.value,
    ):
        consent = owner["consent"]
        assert isinstance(consent, dict)
        owner["consent"] = {**consent, "appointed": True}


def _complete(variables: Variables) -> dict[str, object]:
    """A complete record for what is asked: in force on the day, for the purpose, everywhere."""
    persons = sample({})["persons"]
    assert isinstance(persons, list)
    consent: dict[str, object] = persons[0]["consent"]
    day = variables["day"]
    return {
        **consent,
        "valid_from": day,
        "ends": day,
        "purposes": sorted({"archive", "internal", str(variables["purpose"])}),
        "prohibited": [],
    }


def _list_more(variables: Variables, number: int) -> None:
    """So many more recognisable people of whom nothing else is known: they count as minors."""
    persons, people = variables["persons"], variables["people"]
    assert isinstance(persons, list)
    assert isinstance(people, dict)
    counted = {name: int(people.get(name, 0)) + number for name in ("count", "identifiable")}
    variables["people"] = {**people, "stated": True, "none": False, **counted}
    variables["persons"] = [
        *persons,
        *(
            {
                "id": f"new-{n + 1}",
                "identifiable": True,
                "minor": True,
                "age_band": "unknown",
                "has_consent": False,
            }
            for n in range(number)
        ),
    ]
