"""The names that rules may use, each with its type and its meaning.

`SCHEMA` is the one list of them; rules, their examples and the documentation are checked
against it. Dates are texts `YYYY-MM-DD`, which compare like dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dam.core.model import Use


@dataclass(frozen=True, slots=True)
class Leaf:
    """A plain fact: `kind` is bool, int, str, date (text) or list (of texts)."""

    kind: str
    doc: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of things that each have the same facts; `item` names one in a rule's `each`."""

    item: str
    doc: str
    of: Mapping[str, Node]


Node = Leaf | ListOf | Mapping[str, "Node"]


CONSENT: dict[str, Node] = {
    "id": Leaf("str", "number of the consent record"),
    "state": Leaf("str", "state on the day: given, renewed, withdrawn, ..."),
    "valid_from": Leaf("date", "first day on which it counts"),
    "ends": Leaf("date", "last day on which it counts, from every limit"),
    "ends_because": Leaf("str", "which limit that is"),
    "purposes": Leaf("list", "purposes allowed, archive and internal implied"),
    "prohibited": Leaf("list", "uses forbidden by name"),
    "territories": Leaf("list", "countries (ISO 3166) or world"),
    "giver_roles": Leaf("list", "roles of those who gave it"),
    "appointed": Leaf("bool", "an appointed representative or social worker gave it"),
    "authority_evidenced": Leaf("bool", "there is evidence of the guardian's authority"),
    "assent": Leaf("str", "the child's own assent; not_sought where nothing is recorded"),
    "notice": Leaf("bool", "the explained form or text is on record"),
    "face": Leaf("bool", "the face may be shown"),
    "name": Leaf("str", "none, pseudonym, first, full"),
    "location": Leaf("str", "none, country, region, exact"),
    "applies": Leaf("bool", "the record speaks of this photograph (or of no certain one)"),
    "sources": Leaf("list", "the sidecars and imports that state it"),
}

PERSON: dict[str, Node] = {
    "id": Leaf("str", "pseudonym of the subject, or person-N"),
    "identifiable": Leaf("bool", "can be recognised; unknown counts as yes"),
    "face": Leaf(
        "str",
        "visible, hidden where the person cannot be recognised, or redacted where a rule obliges "
        "redact_faces for this person",
    ),
    "name_in": Leaf(
        "list",
        "where a true name stands: caption, metadata, file name; one that the metadata gives to "
        "somebody counts for everybody listed; left out until it is looked for",
    ),
    "name_said": Leaf(
        "str", "how much of it goes out with the picture: none, first, full; left out likewise"
    ),
    "minor": Leaf("bool", "under 18 or of unknown age"),
    "age_band": Leaf("str", "0-5, 6-11, 12-15, 16-17, adult, unknown"),
    "unaccompanied": Leaf("bool", "without a parent or guardian; left out if nobody said"),
    "pillars": Leaf(
        "list",
        "which of face (one that is not redacted), place (an exact one) and name (a true one) go "
        "out; left out likewise",
    ),
    "vulnerable": Leaf(
        "bool",
        "refugee, asylum seeker, displaced or of unknown situation; or a minor who is or may be "
        "unaccompanied, whose risk is unknown or not low, or who has risk reasons",
    ),
    "situation": Leaf("list", "refugee, asylum_seeker, migrant, idp, other, unknown"),
    "risk": Leaf("str", "low, elevated, high, never_publish; left out if nobody said"),
    "risk_visible": Leaf("bool", "a recorded risk decision lets the child be shown"),
    "risk_reasons": Leaf("list", "why the child is at risk"),
    "prohibited": Leaf(
        "list", "uses that the consent forbids by name, or any record where none is chosen"
    ),
    "has_consent": Leaf("bool", "a consent record about this subject was found"),
    "refused_elsewhere": Leaf("bool", "another record of this subject says no, later"),
    "consent": CONSENT,
}

SCHEMA: dict[str, Node] = {
    "purpose": Leaf("str", "what the picture is wanted for"),
    "use": Leaf(
        "str",
        "what the recipient will do with it: " + ", ".join(Use),
    ),
    "territory": Leaf("str", "where it will be published: a country or world"),
    "day": Leaf("date", "the day of use"),
    "photo": {
        "format": Leaf("str", "JPEG, TIFF, PNG, WEBP, ..."),
        "captured": Leaf("date", "day of capture"),
        "captioned": Leaf(
            "bool", "a person wrote a caption in some language; only such are published"
        ),
        "place_in": Leaf(
            "list",
            "where a town, a venue or coordinates stand: caption, metadata, file name; left out "
            "until they are looked for",
        ),
        "place_said": Leaf(
            "str", "how exactly what goes out says it: none, town, venue; left out likewise"
        ),
        "leaves": Leaf("list", "which of these go out with the pixels: caption"),
        "embargo": Leaf("date", "not before this day; empty where there is none"),
        "gps": Leaf("bool", "the original carries coordinates"),
        "release_status": Leaf("str", "PLUS model release status in the original, or empty"),
        "tags": Leaf("list", "tags from the sidecars"),
    },
    "credit": {
        "known": Leaf("bool", "the photographer is in the roster"),
        "id": Leaf("str", "roster id, empty if unknown"),
    },
    "people": {
        "stated": Leaf("bool", "a person has said who is shown"),
        "none": Leaf("bool", "somebody stated that nobody is shown"),
        "crowd": Leaf("bool", "somebody stated that it is a crowd"),
        "redact_others": Leaf(
            "bool",
            "a sidecar asks that every face of nobody listed is destroyed, and none forbids it",
        ),
        "count": Leaf("int", "how many people are listed"),
        "identifiable": Leaf("int", "how many of them can be recognised"),
        "mentioned": Leaf("int", "how many people the photo's own metadata speaks of"),
        "minors_mentioned": Leaf("int", "how many of these may be minors by that metadata"),
    },
    "faces": {
        "checked": Leaf("bool", "somebody looked for faces"),
        "count": Leaf("int", "how many were found; left out if nobody looked"),
        "others": Leaf(
            "str",
            "visible, or redacted where a rule obliges redact_faces for all faces that are no "
            "listed person's",
        ),
    },
    "reading": {
        "unreadable": Leaf("list", "metadata blocks that could not be read"),
        "problems": Leaf("list", "what is wrong with the sidecars"),
        "ambiguous": Leaf("list", "sidecars that could belong to another photo"),
        "contradictions": Leaf("list", "what the sources contradict each other about"),
    },
    "persons": ListOf("person", "everybody listed as shown", PERSON),
}


def resolve(path: Sequence[str], *, each: str | None) -> Leaf | None:
    """The schema leaf a path means. None: a group or list as a whole. KeyError: no such fact."""
    node: Node = SCHEMA
    parts = list(path)
    if each is not None and parts[0] == each:
        node, parts = _element(each), parts[1:]
    for part in parts:
        if part == "[]":
            if isinstance(node, ListOf):
                node = node.of
            elif isinstance(node, Leaf) and node.kind == "list":
                node = Leaf("str", node.doc)
            else:
                raise KeyError(".".join(path))
        elif isinstance(node, Leaf | ListOf) or part not in node:
            raise KeyError(".".join(path))
        else:
            node = node[part]
    return node if isinstance(node, Leaf) else None


def _element(each: str) -> Mapping[str, Node]:
    for node in SCHEMA.values():
        if isinstance(node, ListOf) and node.item == each:
            return node.of
    raise KeyError(each)


def leaves(node: Node | None = None, prefix: str = "") -> list[tuple[str, Leaf]]:
    """Every fact name with its leaf, in the order of the schema, for documentation."""
    found: list[tuple[str, Leaf]] = []
    node = SCHEMA if node is None else node
    if isinstance(node, Leaf):
        return [(prefix, node)]
    if isinstance(node, ListOf):
        return leaves(node.of, node.item)
    for name, child in node.items():
        found += leaves(child, f"{prefix}.{name}" if prefix else name)
    return found
