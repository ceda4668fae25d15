"""Checkpoints: signed statements of where the ledger ended, to be kept elsewhere.

Whoever can write the catalogue can write another ledger with a chain that is whole. Against a
checkpoint that somebody else holds, it is found: the signed hash must stand at its number.

A checkpoint is canonical JSON (RFC 8785); the signature is Ed25519 (RFC 8032) over the same
object without `signature`. Keys and signatures are lower-case hex.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dam.core.chain import canonical, instant
from dam.core.errors import DamError, IntegrityError

SCHEMA: Final = "dam/checkpoint/1"
MAX_BYTES: Final = 4096
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_FIELDS = ("at", "hash", "key", "origin", "schema", "seq", "signature")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """At `at` the ledger that begins with the event `origin` ended with event `seq`, `hash`.

    `origin` is the hash of the first event: it tells workspaces apart. `key` is the public key.
    """

    origin: str
    seq: int
    hash: str
    at: datetime
    key: str
    signature: str = ""

    def signed(self) -> bytes:
        """The bytes that are signed."""
        return canonical(self._told())

    def document(self) -> bytes:
        """The whole file."""
        return canonical({**self._told(), "signature": self.signature}) + b"\n"

    def _told(self) -> dict[str, object]:
        return {
            "schema": SCHEMA,
            "origin": self.origin,
            "seq": self.seq,
            "hash": self.hash,
            "at": instant(self.at),
            "key": self.key,
        }


def parse(data: bytes) -> Checkpoint:
    """The checkpoint of a file. Raises IntegrityError for anything that `document` never writes."""
    try:
        if len(data) > MAX_BYTES:
            raise ValueError
        told = json.loads(data)
        if sorted(told) != list(_FIELDS) or told["schema"] != SCHEMA or told["seq"] < 1:
            raise ValueError
        for name in ("origin", "hash", "key"):
            if not _DIGEST.fullmatch(told[name]):
                raise ValueError
        if not _SIGNATURE.fullmatch(told["signature"]):
            raise ValueError
        at = datetime.fromisoformat(told["at"])
        found = Checkpoint(
            told["origin"], told["seq"], told["hash"], at, told["key"], told["signature"]
        )
        if found.document().strip() != data.strip():
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError, DamError):
        raise IntegrityError(
            "This is no checkpoint of dam, or it was altered", "Take another copy of it"
        ) from None
    return found


class Flaw(enum.StrEnum):
    """What is wrong with a checkpoint, or with the ledger it was made of."""

    #: The signature is not that of the key in it: it was altered or made up.
    SIGNATURE = "signature"
    #: No key of this workspace signed it.
    KEY = "key"
    #: It is about the ledger of another workspace, or the ledger was begun anew.
    WORKSPACE = "workspace"
    #: The ledger ends before it: events were cut off.
    CUT = "cut"
    #: The ledger has another event in its place: events were altered or replaced.
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class CheckpointFault:
    """One thing wrong: the number of the event, what was signed and what was found."""

    flaw: Flaw
    seq: int
    expected: str
    found: str


def check_signature(checkpoint: Checkpoint) -> bool:
    """Whether the key in a checkpoint signed it."""
    # Imported where it is needed: most commands check nothing and start faster.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(checkpoint.key))
        key.verify(bytes.fromhex(checkpoint.signature), checkpoint.signed())
    except (InvalidSignature, ValueError):
        return False
    return True


def check_checkpoint(
    checkpoint: Checkpoint,
    hash_at: Callable[[int], str | None],
    head: tuple[int, str],
    keys: Collection[str],
) -> tuple[CheckpointFault, ...]:
    """What speaks against a ledger that a checkpoint was made of; () if nothing does.

    `hash_at` gives the hash of the event of a number, None where there is none; `head` is where
    the ledger ends now; `keys` are the public keys whose checkpoints count. One that was not
    signed, or by none of them, says nothing about the ledger: then only that is told.
    """
    seq = checkpoint.seq
    if not check_signature(checkpoint):
        return (CheckpointFault(Flaw.SIGNATURE, seq, checkpoint.key, ""),)
    if checkpoint.key not in keys:
        return (CheckpointFault(Flaw.KEY, seq, " ".join(sorted(keys)), checkpoint.key),)
    origin = hash_at(1) or ""
    if origin != checkpoint.origin:
        return (CheckpointFault(Flaw.WORKSPACE, 1, checkpoint.origin, origin),)
    there = hash_at(seq)
    if there is None or head[0] < seq:
        return (CheckpointFault(Flaw.CUT, seq, f"{seq} {checkpoint.hash}", f"{head[0]} {head[1]}"),)
    if there != checkpoint.hash:
        return (CheckpointFault(Flaw.ALTERED, seq, checkpoint.hash, there),)
    return ()
