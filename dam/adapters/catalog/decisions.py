"""Facts, rule packs and the decisions made with them, current and past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Text, insert, select, type_coerce, update  # noqa: TID251

from dam.adapters.catalog import held
from dam.adapters.catalog.changes import Changes
from dam.adapters.catalog.columns import dumps
from dam.adapters.catalog.engine import Found
from dam.adapters.catalog.part import Part
from dam.adapters.catalog.tables import (
    assets,
    decisions,
    facts,
    facts_versions,
    notes,
    rule_pack_uses,
    rule_packs,
)
from dam.core.errors import DamError, IntegrityError
from dam.core.model import Decision, Obligation, Otherwise, Purpose, Reason, Redaction, Waived

_PLAIN = (
    decisions.c.purpose,
    decisions.c.territory,
    decisions.c.day,
    decisions.c.disposition,
    decisions.c.facts_digest,
    decisions.c.pack_digest,
    decisions.c.holds_until,
)


#: The body as the text that is stored.
TOLD = type_coerce(decisions.c.body, Text).label("told")


def decision_columns() -> tuple[ColumnElement[Any], ...]:
    """The columns that `restore` makes a decision of."""
    return (*_PLAIN, decisions.c.body)


ItemT = TypeVar("ItemT")


def store(decision: Decision) -> dict[str, object]:
    """The columns of a decision; what has no column of its own goes into `body`."""
    stored: dict[str, object] = {column.name: getattr(decision, column.name) for column in _PLAIN}
    stored["purpose"] = decision.purpose.value
    stored["body"] = {
        "reasons": [_told(reason) for reason in decision.reasons],
        "obligations": [obligation.value for obligation in decision.obligations],
        "consents": [list(consent) for consent in decision.consents],
        "waived": [
            {"id": w.id, "by": w.by, "until": w.until.isoformat(), "reason": _told(w.reason)}
            for w in decision.waived
        ],
        "redact": [asdict(redaction) for redaction in decision.redact],
    }
    return stored


def _told(reason: Reason) -> dict[str, object]:
    return {field.name: _plain(getattr(reason, field.name)) for field in fields(reason)}


def _plain(value: object) -> object:
    if isinstance(value, Otherwise):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def restore(row: Found) -> Decision:
    """The decision as it was stored; IntegrityError where the row holds something else."""
    try:
        body = row.body
        plain = {column.name: row._mapping[column] for column in _PLAIN}
        return Decision(
            **plain | {"purpose": Purpose(row.purpose)},
            reasons=_each(body["reasons"], _reason),
            obligations=_each(body["obligations"], Obligation),
            consents=_each(body["consents"], _pair),
            waived=_each(body.get("waived", []), _waived),
            redact=_each(body.get("redact", []), _redaction),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise IntegrityError(
            "A decision in the catalogue cannot be read", "Restore it from a backup"
        ) from None


def _each(value: object, make: Callable[[Any], ItemT]) -> tuple[ItemT, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(make(item) for item in value)


def _reason(stored: dict[str, Any]) -> Reason:
    return Reason(
        rule=stored["rule"],
        otherwise=Otherwise(stored["otherwise"]),
        title=dict(stored["title"]),
        message=dict(stored["message"]),
        advice=dict(stored["advice"]),
        source=stored["source"],
        evidence=_each(stored["evidence"], str),
        subjects=_each(stored["subjects"], str),
        unknown=bool(stored.get("unknown", False)),
    )


def _waived(stored: dict[str, Any]) -> Waived:
    return Waived(
        id=str(stored["id"]),
        by=str(stored["by"]),
        until=date.fromisoformat(stored["until"]),
        reason=_reason(stored["reason"]),
    )


def _redaction(stored: dict[str, Any]) -> Redaction:
    place = {side: float(stored[side]) for side in ("x", "y", "w", "h")}
    return Redaction(**place, subject=str(stored["subject"]), why=_each(stored["why"], str))


def _pair(stored: list[str]) -> tuple[str, str]:
    consent, digest = stored
    return consent, digest


def stated(decision: Decision) -> dict[str, object]:
    """As `store`, with the text of `body` under `told` beside it."""
    stored = store(decision)
    body = stored.pop("body")
    assert isinstance(body, dict)
    return {**stored, "told": dumps(body)}


def decided(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What the ledger says of the decisions in force, by asset; of rows of `stored_decisions`."""
    each: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        each.setdefault(row["asset"], []).append(row)
    return {asset: held.decisions(mine) for asset, mine in each.items()}


class DecisionReads(Part):
    """What was decided, on which facts and under which rules."""

    def decisions_for(self, ids: Sequence[str], purpose: Purpose) -> dict[str, Decision]:
        """The current decision for one purpose on each of these assets (at most 500)."""
        rows = self._db.rows(
            select(decisions.c.asset, *_PLAIN, decisions.c.body).where(
                decisions.c.asset.in_(ids),
                decisions.c.purpose == purpose.value,
                decisions.c.current,
            )
        )
        return {row.asset: restore(row) for row in rows}

    def stored_decisions(self, ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """The current decisions on these assets (at most 500) by column, as they are stored."""
        rows = self._db.rows(
            select(decisions.c.asset, *_PLAIN, TOLD).where(
                decisions.c.asset.in_(ids), decisions.c.current
            )
        )
        return [row._asdict() for row in rows]

    def facts(self, digest: str) -> dict[str, object] | None:
        """The facts of that digest, or None."""
        row = self._db.one(select(facts.c.body).where(facts.c.digest == digest).limit(1))
        return None if row is None else row.body

    def rule_pack(self, digest: str) -> dict[str, object] | None:
        """The rule pack of that digest, or None."""
        row = self._db.one(select(rule_packs.c.body).where(rule_packs.c.digest == digest))
        return None if row is None else row.body

    def rule_pack_on(self, before: datetime | None = None) -> str | None:
        """The digest of the rule pack in use just before an instant (now, without one), or None."""
        uses = select(rule_pack_uses.c.digest)
        if before is not None:
            uses = uses.where(rule_pack_uses.c.used_at < before)
        row = self._db.one(uses.order_by(rule_pack_uses.c.row.desc()).limit(1))
        return None if row is None else str(row.digest)

    def recall(self, key: str) -> str | None:
        """What was remembered under a key, or None."""
        row = self._db.one(select(notes.c.value).where(notes.c.key == key))
        return None if row is None else str(row.value)

    def decisions(self, asset: str) -> tuple[Decision, ...]:
        """The current decisions on an asset, one for each purpose, by purpose."""
        rows = self._db.rows(
            select(*_PLAIN, decisions.c.body)
            .where(decisions.c.asset == asset, decisions.c.current)
            .order_by(decisions.c.purpose)
        )
        return tuple(restore(row) for row in rows)

    def decision_history(self, asset: str) -> tuple[tuple[datetime, Decision], ...]:
        """Every decision ever made on an asset with the time it was made, oldest first."""
        rows = self._db.rows(
            select(*_PLAIN, decisions.c.body, decisions.c.made_at)
            .where(decisions.c.asset == asset)
            .order_by(decisions.c.row)
        )
        return tuple((row.made_at, restore(row)) for row in rows)

    def due(self, day: date) -> tuple[str, ...]:
        """The assets with a current decision that `day`, or a day before it, may change."""
        return tuple(sorted(self._current(decisions.c.holds_until <= day)))

    def stale_pack(self, digest: str) -> tuple[str, ...]:
        """The assets with a current decision made under another rule pack than this one."""
        # Less, then greater: an index finds those, but all is read for `!=` and for `OR`.
        less = self._current(decisions.c.pack_digest < digest)
        return tuple(sorted({*less, *self._current(decisions.c.pack_digest > digest)}))

    def _current(self, condition: ColumnElement[bool]) -> tuple[str, ...]:
        """The assets with a current decision of which the condition is true, once each."""
        # Of the plain column SQLite would read every current decision, in the order of assets.
        asset = decisions.c.asset.concat("")
        return self._db.ids(select(asset).where(decisions.c.current, condition).distinct())


class DecisionWrites(DecisionReads, Changes):
    """New facts and new decisions. Earlier ones stay on record."""

    def put_facts(
        self, asset: str, digest: str, body: dict[str, object], recorded_at: datetime
    ) -> None:
        """Keep what is now known of an asset and make it the asset's current facts."""
        known = select(facts.c.digest).where(facts.c.digest == digest, facts.c.asset == asset)
        if self._db.one(known) is None:
            self._db.run(insert(facts).values(asset=asset, digest=digest, body=body))
        current = self._db.one(select(assets.c.facts_digest).where(assets.c.id == asset))
        if current is not None and current.facts_digest == digest:
            return
        self._db.run(
            insert(facts_versions).values(asset=asset, digest=digest, recorded_at=recorded_at)
        )
        self.note("asset", asset, facts=digest)
        self._db.run(update(assets).where(assets.c.id == asset).values(facts_digest=digest))

    def remember(self, key: str, value: str) -> None:
        """Keep a short text about the surroundings of decisions under a key."""
        if not self._db.run(update(notes).where(notes.c.key == key).values(value=value)):
            self._db.run(insert(notes).values(key=key, value=value))

    def put_rule_pack(self, digest: str, body: dict[str, object]) -> None:
        """Keep a rule pack, so that a decision made with it can be explained years later."""
        if self.rule_pack(digest) is None:
            self._db.run(insert(rule_packs).values(digest=digest, body=body))

    def use_rule_pack(self, digest: str, used_at: datetime) -> None:
        """A rule pack, which is kept, counts from now on."""
        self._db.run(insert(rule_pack_uses).values(digest=digest, used_at=used_at))
        self.note("rules", "in-use", digest=digest)

    def put_decisions(self, asset: str, made: Iterable[Decision], made_at: datetime) -> None:
        """Make these the current decisions for their purposes.

        Those they supersede stay in the history; one that is equal to the current one adds
        nothing. DamError where two of them are for the same purpose.
        """
        new = tuple(made)
        if len({decision.purpose for decision in new}) != len(new):
            raise DamError("Two decisions were made for one purpose")
        current = {decision.purpose: decision for decision in self.decisions(asset)}
        changed = [each for each in new if current.get(each.purpose) != each]
        if not changed:
            return
        superseded = [each.purpose.value for each in changed if each.purpose in current]
        if superseded:
            self._db.run(
                update(decisions)
                .where(
                    decisions.c.asset == asset,
                    decisions.c.purpose.in_(superseded),
                    decisions.c.current,
                )
                .values(current=False)
            )
        own: dict[str, object] = {"asset": asset, "made_at": made_at, "current": True}
        self._db.run_many(insert(decisions), [{**store(each), **own} for each in changed])
        self.note("asset", asset, decisions=decided(self.stored_decisions([asset]))[asset])
