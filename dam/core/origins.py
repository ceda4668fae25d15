"""Places in which facts stand, and the files that people wrote them into.

A place never carries a value, only where the value can be read.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dam.core.names import matches, show
from dam.core.tree import Path, Tree

REGISTER = "register"
FOLDER = "inbox folder"


class Kind(enum.StrEnum):
    """What sort of place it is."""

    FILE = "file"  # `file:line`, or a file as a whole
    TAG = "tag"  # block and tag of the photo's own metadata
    BLOCK = "block"  # a whole metadata block
    FACES = "faces"  # the face check
    REGISTER = "register"  # the register of consents, where no file is known
    FOLDER = "folder"  # the name of the inbox folder
    PHOTO = "photo"  # the photograph itself: its pixels, its file name, its file date
    QUESTION = "question"  # what was asked: purpose, territory, use, day


@dataclass(frozen=True, slots=True)
class Place:
    kind: Kind
    at: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """`where` states the fact; where nobody does, `write_in` is where it would be written."""

    where: tuple[Place, ...] = ()
    write_in: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A sidecar or sheet that speaks of the photo, as it counts now; `shown` names it.

    `tree` is None where it cannot be read; of a table it is what a sheet would say.
    """

    slot: str
    shown: str
    shoot: bool
    tree: Tree | None


@dataclass(frozen=True, slots=True)
class Sources:
    """All that was said of one photo and where. `told_in` is by (consent, slot), as imported.

    `photo` is the photo's file name, shown, and `paths` are all by which it came, as they are;
    `policy` is the place of the default term.
    """

    files: tuple[File, ...] = ()
    told_in: Mapping[tuple[str, str], str] = field(default_factory=dict)
    photo: str = ""
    paths: tuple[str, ...] = ()
    policy: str = "rules/consent/policy.yaml"


def statements(files: Iterable[File], paths: Iterable[str]) -> dict[str, list[tuple[File, Path]]]:
    """Where each statement about a photo begins, by the name under which the facts know it."""
    called = {
        "/".join(parts[place:])
        for parts in (path.split("/") for path in paths)
        for place in range(len(parts))
    }
    found: dict[str, list[tuple[File, Path]]] = {}
    for file in files:
        if file.tree is None:
            continue
        found.setdefault(file.shown, []).append((file, ()))
        if not file.shoot:
            continue
        for number, node in enumerate(items(get(file.tree.value, ("photos",)))):
            match = word(get(node, ("match",))) or ""
            if not any(matches(match, name) for name in called):
                continue
            name = f"{file.shown} (photos: {show(match)})"
            found.setdefault(name, []).append((file, ("photos", number)))
    return found


def tag(source: str) -> Place:
    """`xmp:plus:MinorModelAgeDisclosure` as `xmp plus:MinorModelAgeDisclosure`."""
    return Place(Kind.TAG, source.replace(":", " ", 1))


def once(places: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(places))


def matching(root: object, top: Path, pattern: Path) -> Iterator[Path]:
    """The paths below `top` that are there; `*` stands for every item of a list."""
    paths: list[Path] = [()]
    for piece in pattern:
        longer: list[Path] = []
        for path in paths:
            if piece == "*":
                node = get(root, (*top, *path))
                longer += [(*path, n) for n in range(len(node) if isinstance(node, list) else 0)]
            else:
                longer.append((*path, piece))
        paths = longer
    return (path for path in paths if get(root, (*top, *path)) is not None)


def get(node: object, path: Path) -> object:
    for piece in path:
        if isinstance(node, dict) and isinstance(piece, str):
            node = node.get(piece)
        elif isinstance(node, list) and isinstance(piece, int) and piece < len(node):
            node = node[piece]
        else:
            return None
    return node


def items(node: object) -> list[object]:
    return node if isinstance(node, list) else []


def word(node: object) -> str | None:
    return node.strip() if isinstance(node, str) else None
