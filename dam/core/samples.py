"""A blameless photograph as rules see it, and changes to it by fact name.

Rule examples say only what differs from it: a football match, one girl of nine with her
mother's written consent and her own assent, credited and captioned, one face found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date

from dam.core import schema

_CONSENT: dict[str, object] = {
    "id": "C-0001",
    "state": "given",
    "valid_from": "2021-11-01",
    "ends": "2026-10-31",
    "ends_because": "valid_until",
    "purposes": ["archive", "internal", "press", "print", "web"],
    "prohibited": ["commercial"],
    "territories": ["world"],
    "giver_roles": ["parent"],
    "appointed": False,
    "authority_evidenced": False,
    "assent": "given",
    "notice": True,
    "face": True,
    "name": "none",
    "location": "country",
    "applies": True,
    "sources": ["consent.yaml"],
}

_PERSON: dict[str, object] = {
    "id": "S-0001",
    "identifiable": True,
    "face": "visible",
    "name_in": [],
    "name_said": "none",
    "pillars": ["face"],
    "minor": True,
    "age_band": "6-11",
    "unaccompanied": False,
    "vulnerable": False,
    "situation": ["other"],
    "risk": "low",
    "risk_visible": False,
    "risk_reasons": [],
    "prohibited": ["commercial"],
    "has_consent": True,
    "refused_elsewhere": False,
    "consent": _CONSENT,
}

_BLAMELESS: dict[str, object] = {
    "purpose": "press",
    "use": "editorial",
    "territory": "world",
    "day": "2022-06-15",
    "photo": {
        "format": "JPEG",
        "captured": "2021-11-18",
        "captioned": True,
        "place_in": [],
        "place_said": "none",
        "leaves": ["caption"],
        "embargo": "",
        "gps": False,
        "release_status": "",
        "tags": [],
    },
    "credit": {"known": True, "id": "rachid-azzouzy"},
    "people": {
        "stated": True,
        "none": False,
        "crowd": False,
        "redact_others": False,
        "count": 1,
        "identifiable": 1,
        "mentioned": 0,
        "minors_mentioned": 0,
    },
    "faces": {"checked": True, "count": 1, "others": "visible"},
    "reading": {"unreadable": [], "problems": [], "ambiguous": [], "contradictions": []},
    "persons": [_PERSON],
}

#: A copy to change is read from this: every rule's examples are tried whenever dam starts.
_TOLD = json.dumps(_BLAMELESS)

#: The value in an example that takes a fact away.
UNKNOWN = "unknown!"

Changes = Mapping[str, str | Sequence[str] | None]


def sample(changes: Changes, each: str | None = "person") -> dict[str, object]:
    """The blameless photograph with `changes` made: `faces.count: "2"`, `person.risk: high`.

    A value of `unknown!` takes the fact away, as an unknown fact is. `persons: none` lists
    nobody. Raises KeyError for a fact that does not exist, ValueError for a value that does
    not fit its type; both say which.
    """
    facts: dict[str, object] = json.loads(_TOLD)
    for name, value in changes.items():
        if name == "persons":
            if value != "none":
                raise ValueError("persons: only `none` can be said here; else use person.…")
            facts["persons"] = []
            continue
        _set(facts, name, value, each or "person")
    return facts


def _set(facts: dict[str, object], name: str, value: object, each: str) -> None:
    path = name.split(".")
    try:
        leaf = schema.resolve(path, each=each)
    except KeyError:
        raise KeyError(f"there is no fact named {name!r}") from None
    if leaf is None and value != UNKNOWN:
        raise ValueError(f"{name} is a group of facts; set one of them")
    node: object = facts
    if path[0] == each:
        persons = facts["persons"]
        if not isinstance(persons, list) or not persons:
            raise ValueError(f"{name} cannot be set when nobody is listed")
        node, path = persons[0], path[1:]
    for part in path[:-1]:
        node = node[part] if isinstance(node, dict) else None
    if not isinstance(node, dict):
        raise ValueError(f"{name} cannot be set here")
    if value == UNKNOWN:
        node.pop(path[-1], None)
    elif leaf is not None:
        node[path[-1]] = _typed(name, leaf.kind, value)


def _typed(name: str, kind: str, value: object) -> object:
    if kind == "list":
        if isinstance(value, str):
            raise ValueError(f"{name} takes a list, for example [a, b]")
        return list(value) if isinstance(value, Sequence) else []
    if not isinstance(value, str):
        raise ValueError(f"{name} takes one value, not a list")
    if kind == "bool":
        words = {"yes": True, "true": True, "no": False, "false": False}
        if value.lower() not in words:
            raise ValueError(f"{name} takes yes or no")
        return words[value.lower()]
    if kind == "int":
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise ValueError(f"{name} takes a whole number")
        return int(value)
    if kind == "date" and value and not _is_day(value):
        raise ValueError(f"{name} takes a day written YYYY-MM-DD")
    return value


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
