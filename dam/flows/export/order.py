"""What is wanted of an export, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from dam.core.model import Decision, Purpose, Reason, Use
from dam.core.packing import PackFormat, Picture
from dam.core.rows import AssetRow
from dam.core.selecting import Selection
from dam.core.view import Dossier

#: What a run began so long ago and has not ended since, it never will.
GIVEN_UP: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted: for what, for whom, where, to what end and until which day the pictures

    will be used (None: for as long as they may), which ones, in what form and where to. `signed`:
    each is to carry content credentials.
    """

    purpose: Purpose
    recipient: str
    out: Path
    territory: str = "world"
    use: Use = Use.EDITORIAL
    until: date | None = None
    selection: Selection = field(default_factory=Selection)
    format: PackFormat = "folder"
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may go: its decision of today, and the last day on which it may be used by

    the calendar (None: no such day).
    """

    row: AssetRow
    dossier: Dossier
    decision: Decision
    until: date | None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A picture that does not go, with the reasons for the officer (never in the pack)."""

    asset: str
    reasons: tuple[Reason, ...]
    note: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Included:
    """A picture of the pack; `picture` is None in a dry run, which renders nothing."""

    candidate: Candidate
    file: str
    picture: Picture | None = None

    @property
    def asset(self) -> AssetRow:
        return self.candidate.row

    @property
    def decision(self) -> Decision:
        return self.candidate.decision


@dataclass(slots=True)
class Pack:
    """`id` is None and nothing was written where no picture may go, or in a dry run.

    `until` is the first of the days on which a picture of it may be used last. `again`: the same
    pack had been made before and this is a copy of it.
    """

    id: str | None = None
    path: Path | None = None
    until: date | None = None
    included: list[Included] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    again: bool = False
