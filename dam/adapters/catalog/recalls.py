"""Recalls: which recipient was asked to stop using what, by which letters, and who has answered."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, insert, select, update  # noqa: TID251

from dam.adapters.catalog import held
from dam.adapters.catalog.events import EventReads, EventWrites
from dam.adapters.catalog.part import build, columns, starts_with, values
from dam.adapters.catalog.tables import (
    packs,
    recall_files,
    recall_letters,
    recall_notes,
    recalls,
)
from dam.core.errors import DamError
from dam.core.model import Event
from dam.core.plan import asset_id
from dam.core.recalls import DEADLINE_DAYS, Asked, Letter, Recall, RecallRow

_ROW = columns(recalls, RecallRow)
_ASKED = columns(recall_files, Asked)
_LETTER = columns(recall_letters, Letter)
_LETTERS = 10


class RecallReads(EventReads):
    """What was asked back, and what came of it."""

    def recalls(self, pack: str | None = None) -> tuple[Recall, ...]:
        """Every recall of packs that went out or may have, or of one pack; the oldest first."""
        out = select(packs.c.id).where(packs.c.state != "dropped")
        statement = select(*_ROW).where(recalls.c.pack.in_(out))
        if pack is not None:
            statement = statement.where(recalls.c.pack == pack)
        return self._recalls(statement)

    def every_recall(self) -> tuple[Recall, ...]:
        """As `recalls`, those of packs that never went out as well."""
        return self._recalls(select(*_ROW))

    def _recalls(self, statement: Select[*tuple[Any, ...]]) -> tuple[Recall, ...]:
        rows = self._db.rows(statement.order_by(recalls.c.opened_at, recalls.c.id))
        found = [build(RecallRow, row) for row in rows]
        files: dict[str, list[Asked]] = {}
        ids = statement.with_only_columns(recalls.c.id)
        for row in self._db.rows(
            select(recall_files.c.recall, *_ASKED)
            .where(recall_files.c.recall.in_(ids))
            .order_by(recall_files.c.file)
        ):
            files.setdefault(row.recall, []).append(build(Asked, row))
        letters: dict[str, list[Letter]] = {}
        for row in self._db.rows(
            select(recall_letters.c.recall, *_LETTER)
            .where(recall_letters.c.recall.in_(ids))
            .order_by(recall_letters.c.number)
        ):
            letters.setdefault(row.recall, []).append(build(Letter, row))
        return tuple(
            Recall(row, tuple(files.get(row.id, ())), tuple(letters.get(row.id, ())))
            for row in found
        )

    def find_recalls(self, prefix: str) -> tuple[str, ...]:
        """The ids that start with `prefix`, in order, at most ten."""
        own = starts_with(recalls.c.id, prefix)
        return self._db.ids(select(recalls.c.id).where(own).order_by(recalls.c.id).limit(10))

    def recall_note(self, ident: str) -> str:
        """What was noted of the answer to a recall, which may be personal; "" for nothing."""
        row = self._db.one(select(recall_notes.c.note).where(recall_notes.c.recall == ident))
        return "" if row is None else str(row.note)


class RecallWrites(RecallReads, EventWrites):
    """What is asked back, and what comes of it; each with its event in the ledger."""

    def ask_back(self, marks: Mapping[str, Iterable[str]], at: datetime) -> None:
        """Ask the recipients of packs for these files, by pack, whose marks are of this moment.

        They join the pack's open recall, or open one. A file that was asked for before is not
        asked for twice, whatever it is marked for now; nor is what never went out.
        """
        dropped = self._db.ids(select(packs.c.id).where(packs.c.state == "dropped"))
        for pack, files in sorted(marks.items()):
            if pack in dropped:
                continue
            known = self._db.ids(select(recall_files.c.file).where(recall_files.c.pack == pack))
            fresh = sorted(frozenset(files) - frozenset(known))
            if fresh:
                self._ask(pack, fresh, at)

    def _ask(self, pack: str, files: list[str], at: datetime) -> None:
        own = recalls.c.pack == pack, recalls.c.ended_at.is_(None)
        row = self._db.one(select(recalls.c.id).where(*own))
        told: dict[str, object] = {"pack": pack, "files": len(files)}
        if row is None:
            # Random: nothing of the pack or its pictures can be found out by it.
            letters = asset_id(secrets.token_hex(32), _LETTERS)
            deadline = at.date() + timedelta(days=DEADLINE_DAYS)
            opened = RecallRow(f"R-{at:%Y%m%d}-{letters}", pack, at, deadline)
            self._db.run(insert(recalls).values(values(opened)))
            ident = opened.id
            self.append(Event("recall.opened", ident, told), at)
        else:
            ident = str(row.id)
            self.append(Event("recall.extended", ident, told), at)
        for file in files:
            self._db.run(
                insert(recall_files).values(pack=pack, file=file, recall=ident, added_at=at)
            )
        self._note_recall(ident)

    def _note_recall(self, ident: str) -> None:
        for each in self._recalls(select(*_ROW).where(recalls.c.id == ident)):
            self.note_fields("recall", ident, held.recall(each))

    def add_letter(self, ident: str, letter: Letter) -> None:
        """A letter was written that names every file of an open recall."""
        self._db.run(insert(recall_letters).values(recall=ident, **values(letter)))
        new = recall_files.c.recall == ident, recall_files.c.told_at.is_(None)
        self._db.run(update(recall_files).where(*new).values(told_at=letter.at))
        told: dict[str, object] = {"number": letter.number, "deadline": letter.deadline.isoformat()}
        kind = "recall.sent" if letter.kind == "notice" else "recall.reminded"
        self.append(Event(kind, ident, told), letter.at)
        self._note_recall(ident)

    def end_recall(self, ident: str, role: str, note: str, at: datetime) -> None:
        """The recipient has answered. DamError for a recall that is not open."""
        own = recalls.c.id == ident, recalls.c.ended_at.is_(None)
        if not self._db.run(update(recalls).where(*own).values(ended_at=at, role=role)):
            raise DamError("There is no such open recall in the catalogue")
        if note:
            self._db.run(insert(recall_notes).values(recall=ident, note=note))
        # The note stays out: it may name somebody, and the ledger never forgets.
        self.append(Event("recall.acknowledged", ident, {"by": role}), at)
        self._note_recall(ident)
