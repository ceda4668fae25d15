"""Commitments: what the ledger says of a record that it must not tell.

HMAC-SHA256 (RFC 2104) over a JSON list of texts, under a random key that is kept in the catalogue
and can be erased. With the key whoever has the record can show that it is the one; without it
nobody can, not even by guessing names and dates.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from dam.core.chain import digest, instant
from dam.core.private import Details
from dam.core.rows import ConsentVersion

KEY_BYTES: Final = 32
#: A reference of 128 bits: nobody meets another one by accident.
_REF: Final = 32


def commit(key: bytes, purpose: str, *said: str) -> str:
    """The commitment to some texts, in hex; `purpose` keeps those of different things apart."""
    # ASCII: the bytes of a file name that is no UTF-8 have no place in canonical JSON.
    message = json.dumps([purpose, *said], separators=(",", ":")).encode("ascii")
    return hmac.new(key, message, "sha256").hexdigest()


def slot_ref(key: bytes, consent: str, slot: str) -> str:
    """What stands in the ledger for the source of a record: its path may name somebody."""
    return commit(key, "dam/slot/1", consent, slot)[:_REF]


def record(key: bytes, version: ConsentVersion, body: str, details: Details) -> str:
    """The commitment to a consent record as one source told it, personal details and all.

    `body` is the text of the record without them, as the catalogue stores it.
    """
    return commit(
        key,
        "dam/consent/1",
        version.consent,
        version.slot,
        version.digest,
        version.subject,
        body,
        instant(version.recorded_at),
        version.revision,
        version.told_in,
        *_texts(details),
    )


def _texts(details: Details) -> Iterable[str]:
    yield from _fields("subject", asdict(details.subject))
    for giver in sorted(details.givers, key=lambda each: each.place):
        yield from _fields(f"giver {giver.place}", asdict(giver))
    for place, text in sorted(details.texts):
        yield f"{place}={text}"


def _fields(of: str, known: dict[str, Any]) -> Iterable[str]:
    return (f"{of} {name}={value}" for name, value in sorted(known.items()) if value is not None)


def told(key: bytes, consent: str, bodies: Iterable[str]) -> str:
    """The commitment to all that was ever said of a consent (given, withdrawn), in order."""
    return commit(key, "dam/consent-events/1", consent, *bodies)


def sidecar(key: bytes, slot: str, kind: str, sha256: str) -> str:
    """The commitment to the present version of a sidecar."""
    return commit(key, "dam/sidecar/1", slot, kind, sha256)


def decisions(rows: Iterable[Sequence[str]]) -> str:
    """The digest of the decisions in force on an asset, each as a row of texts.

    They hold pseudonyms and reasons, no names; the facts among them are a digest.
    """
    return digest(sorted(map(list, rows)))
