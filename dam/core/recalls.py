"""Recalls: a recipient is asked to stop using pictures of a pack, and has answered or not.

A recall is opened by the mark on a file of a pack (`PackMark`), in the same transaction. It asks
for one or more files of one pack. Files that are marked later join it while it is open; once it was
acknowledged they open another. What it knows of a file is never more than its name in the pack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from dam.core.rows import PackRow

#: How many days a recipient has to answer unless somebody says otherwise.
DEADLINE_DAYS = 14
#: The same for an answer to a reminder.
REMINDER_DAYS = 7

LetterKind = Literal["notice", "reminder"]
State = Literal["unsent", "sent", "overdue", "acknowledged"]

_MAIL = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True)
class RecallRow:
    """`deadline` is the last day for an answer as long as no notice names another. `ended_at` and

    `role` say when and by which role the answer was recorded.
    """

    id: str
    pack: str
    opened_at: datetime
    deadline: date
    ended_at: datetime | None = None
    role: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A file of the pack that is asked for; `told_at` is None until a notice names it."""

    file: str
    added_at: datetime
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice or a reminder that was written to be sent; `number` counts from 1 in a recall."""

    number: int
    kind: LetterKind
    at: datetime
    deadline: date


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall with its files by name and its letters in order."""

    row: RecallRow
    files: tuple[Asked, ...]
    letters: tuple[Letter, ...] = ()

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def deadline(self) -> date:
        """The last day for an answer. A reminder grants no time: what is overdue stays so."""
        named = [letter.deadline for letter in self.letters if letter.kind == "notice"]
        return named[-1] if named else self.row.deadline

    @property
    def untold(self) -> tuple[str, ...]:
        """The files that no notice has named yet."""
        return tuple(asked.file for asked in self.files if asked.told_at is None)

    @property
    def first_told(self) -> datetime | None:
        """When the first notice was written."""
        return self.letters[0].at if self.letters else None

    @property
    def open(self) -> bool:
        return self.row.ended_at is None

    def overdue(self, day: date) -> bool:
        """Whether it should have been answered before `day`."""
        return self.open and day > self.deadline

    def state(self, day: date) -> State:
        """Where it stands on a day; what no notice names is `unsent` even where it is overdue."""
        if not self.open:
            return "acknowledged"
        if self.untold:
            return "unsent"
        return "overdue" if self.overdue(day) else "sent"

    def known(self, end: datetime) -> Recall | None:
        """What of it was on record before the instant `end`; None where nothing was."""
        row = self.row
        if row.opened_at >= end:
            return None
        if row.ended_at is not None and row.ended_at >= end:
            row = replace(row, ended_at=None, role="")
        files = tuple(
            asked if asked.told_at is None or asked.told_at < end else replace(asked, told_at=None)
            for asked in self.files
            if asked.added_at < end
        )
        return Recall(row, files, tuple(letter for letter in self.letters if letter.at < end))


@dataclass(frozen=True, slots=True)
class Named:
    """A picture as a notice names it. `thumb` is a small JPEG of it as it was sent.

    `missing` says why there is none though it was asked for: it was `erased`, or the pack stands
    no longer (or not unaltered) where it was made (`away`).
    """

    file: str
    thumb: bytes | None = None
    missing: Literal["", "erased", "away"] = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """All that one letter tells; two equal ones have equal texts.

    `day` is that of the letter, `given_on` that of the pack, `asked_on` that of the first notice
    (for a reminder). `deadline` is the day by which an answer is asked for. `territory` is that of
    the pack: Arabic months have other names in Rabat than in Damascus. `first` is the number of
    the first letter. `to` is the e-mail address it goes to, "" where whoever sends it fills it in.
    """

    recall: str
    number: int
    kind: LetterKind
    pack: str
    recipient: str
    organisation: str
    contact: str
    given_on: date
    day: date
    at: datetime
    deadline: date
    territory: str
    files: tuple[Named, ...]
    asked_on: date | None = None
    to: str = ""

    @property
    def name(self) -> str:
        """What the files of this letter are called, without their endings."""
        return f"{self.recall}-{self.number}"


def address(text: str) -> str:
    """An e-mail address where the text is just that, else ""."""
    found = text.strip()
    return found if _MAIL.fullmatch(found) else ""


def next_deadline(recall: Recall, day: date, days: int | None) -> date:
    """The day that the next notice names.

    What was asked for before does not get more time by being asked for again, unless somebody
    says so (`days`) or other pictures joined.
    """
    if days is None and recall.letters and not recall.untold:
        return recall.deadline
    return day + timedelta(days=DEADLINE_DAYS if days is None else days)


@dataclass(frozen=True, slots=True)
class Standing:
    """A recall with the pack it is about, and where it stands on `day`."""

    recall: Recall
    pack: PackRow
    day: date

    @property
    def state(self) -> State:
        return self.recall.state(self.day)

    @property
    def overdue(self) -> bool:
        return self.recall.overdue(self.day)


def to_remind(found: Iterable[Standing], now: datetime, days: int | None) -> list[Standing]:
    """Those to be reminded: past their deadline, or without a letter for so many days.

    One that no notice names whole is none of them, nor one that had a letter within a day.
    """
    chosen = []
    for standing in found:
        recall = standing.recall
        if not recall.open or recall.untold or not recall.letters:
            continue
        since = now - recall.letters[-1].at
        waited = days is not None and since >= timedelta(days=days)
        if waited or (standing.overdue and since >= timedelta(days=1)):
            chosen.append(standing)
    return chosen
