"""The id of a pack: the same inputs on the same day give the same one, and so the same bytes.

It comes of all that goes into the pack under a random key of the workspace, so that nobody can
guess a recipient from it. A pack that was made before keeps where the ledger ended then.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from dam import __version__
from dam.adapters.desk import Desk
from dam.core.facts import digest_of
from dam.core.plan import asset_id
from dam.core.presets import Preset
from dam.core.rows import PackRow
from dam.flows.export.order import Included, Order

_SALT: Final = "packs:salt"
_LETTERS: Final = 10


@dataclass(frozen=True, slots=True)
class Identity:
    """`before` is the record of the same pack where it had been made already, else None; `head`

    where the ledger ends (events, hash) when it is made first.
    """

    id: str
    before: PackRow | None
    head: tuple[int, str]


def identify(desk: Desk, order: Order, preset: Preset, items: Sequence[Included]) -> Identity:
    """The id for a pack of these pictures. Of signed packs no two are alike: signatures differ."""
    salt = _salt(desk)
    told = {
        "version": __version__,
        "day": desk.day().isoformat(),
        "purpose": order.purpose.value,
        "use": order.use.value,
        "territory": order.territory,
        "recipient": order.recipient,
        "until": order.until.isoformat() if order.until else None,
        "format": order.format,
        "signed": secrets.token_hex(16) if order.signed else None,
        "rules": desk.rule_files,
        "preset": preset.digest(),
        "pictures": [_told(item) for item in items],
    }
    for copy in count():
        digest = digest_of([salt, copy, told])
        ident = f"P-{desk.day():%Y%m%d}-{asset_id(digest, _LETTERS)}"
        known = desk.catalog.pack(ident)
        if known is None or known[0].state == "dropped":
            return Identity(ident, None, desk.catalog.head())
        row, held = known
        if row.state == "made" and {i.asset for i in held} == {i.asset.id for i in items}:
            return Identity(ident, row, (row.head_seq, row.head_hash))
    raise AssertionError("count() ends nowhere")


def _told(item: Included) -> list[str | None]:
    until = item.candidate.until
    return [
        item.asset.id,
        item.asset.sha256,
        item.file,
        item.decision.facts_digest,
        until.isoformat() if until else None,
    ]


def _salt(desk: Desk) -> str:
    """The random key of this workspace, made at first need."""
    if (known := desk.catalog.recall(_SALT)) is not None:
        return known
    with desk.catalog.transaction() as unit:
        salt = desk.catalog.recall(_SALT) or secrets.token_hex(32)
        unit.remember(_SALT, salt)
    return salt
