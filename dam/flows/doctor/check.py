"""What a check found."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """`fine`; `note`: it works, and could be better; `bad`: mend it before you rely on dam."""

    FINE = "fine"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, in English sentences. `advice` may be empty only where it is fine."""

    name: str
    level: Level
    found: str
    advice: str = ""

    @property
    def fine(self) -> bool:
        """Whether dam can be relied on as far as this goes."""
        return self.level is not Level.BAD


def fine(name: str, found: str) -> Check:
    return Check(name, Level.FINE, found)


def note(name: str, found: str, advice: str) -> Check:
    return Check(name, Level.NOTE, found, advice)


def closed(name: str) -> Check:
    """What this user may not look at is unknown, never fine."""
    return note(
        name,
        "not there, or closed to this user",
        "Run dam ingest as the user whom .dam belongs to",
    )


def bad(name: str, found: str, advice: str) -> Check:
    return Check(name, Level.BAD, found, advice)
