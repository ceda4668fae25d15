"""The keys that sign checkpoints, and the files of the checkpoints themselves.

`.dam/keys/ledger.pem` is the private key, made when it is first needed; its public part stands
as `KEY.pem` beside the checkpoints. A checkpoint is `SEQ-HASH.json`, written whole or not at all
and never again; a timestamp of it `SEQ-HASH.tsr`, with the certificates it was checked against.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dam.adapters import store_files as files
from dam.core import checkpoint as core
from dam.core.checkpoint import Checkpoint
from dam.core.errors import IntegrityError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

PRIVATE_KEY = "ledger.pem"
MAX_BYTES = 1024 * 1024
_NAME = re.compile(r"(\d{12})-([0-9a-f]{8})\.json")
_PUBLIC = re.compile(r"[0-9a-f]{64}\.pem")
_WRITING = "Writing a checkpoint"


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint in its file. `timestamped`: a timestamp of it lies beside it."""

    name: str
    data: bytes
    timestamped: bool

    def checkpoint(self) -> Checkpoint:
        """What stands in it. Raises IntegrityError where that is no checkpoint any more."""
        return core.parse(self.data)


class Checkpoints:
    """The checkpoints of one workspace; `private` is its `.dam`."""

    def __init__(self, private: Path) -> None:
        self._private = private
        self.folder = private / "checkpoints"

    def make(self, origin: str, head: tuple[int, str], at: datetime) -> Kept:
        """Sign that the ledger ends at `head`, and keep that; the one there is, where it is so.

        `at` is an aware instant. Raises StorageError where the disk refuses, and IntegrityError
        where the key cannot be read.
        """
        key = self._key()
        self._write("checkpoints", f"{_hex(key.public_key())}.pem", _pem(key.public_key()))
        plain = Checkpoint(origin, head[0], head[1], at, _hex(key.public_key()))
        made = replace(plain, signature=key.sign(plain.signed()).hex())
        name = f"{head[0]:012d}-{head[1][:8]}.json"
        self._write("checkpoints", name, made.document())
        return self._kept(name)

    def daily(self, origin: str, head: tuple[int, str], now: datetime) -> Kept | None:
        """As `make`, once a day of the clock `now` carries, and only where the ledger went on."""
        newest = self._newest()
        if newest is not None:
            last = newest.checkpoint()
            if last.seq >= head[0] or last.at.astimezone(now.tzinfo).date() >= now.date():
                return None
        return self.make(origin, head, now) if head[0] else None

    def names(self) -> list[str]:
        """The files of checkpoints, oldest first."""
        return self._names(_NAME)

    def load(self, name: str) -> Kept:
        """The checkpoint of a file. Raises StorageError, and IntegrityError for an empty one."""
        return self._kept(name)

    def own_key(self) -> str | None:
        """The public part of the private key, in hex; None where there is none yet. As `keys`."""
        if not os.path.lexists(self._private / "keys" / PRIVATE_KEY):
            return None
        with files.disk("Reading a key"), files.folder(self._private, "keys") as at:
            return _hex(_private(_whole(at, PRIVATE_KEY)).public_key())

    def stored(self) -> Iterator[Kept]:
        """Every checkpoint, oldest first. Raises StorageError and IntegrityError."""
        return map(self._kept, self._names(_NAME))

    def keys(self) -> frozenset[str]:
        """The public keys of this workspace, in hex. Raises IntegrityError for a damaged one."""
        return frozenset(_public(name, self._read(name)) for name in self._names(_PUBLIC))

    def keep_timestamp(self, kept: Kept, token: bytes, roots: bytes) -> None:
        """Keep the timestamp of a checkpoint and the certificates that it was checked against.

        A first one stays: it is the earlier one.
        """
        stem = kept.name.removesuffix(".json")
        self._write("checkpoints", f"{stem}.roots.pem", roots)
        self._write("checkpoints", f"{stem}.tsr", token)

    def timestamp(self, kept: Kept) -> tuple[bytes, bytes] | None:
        """The timestamp of a checkpoint and the certificates kept with it, or None."""
        stem = kept.name.removesuffix(".json")
        if not kept.timestamped:
            return None
        return self._read(f"{stem}.tsr"), self._read(f"{stem}.roots.pem")

    def _newest(self) -> Kept | None:
        names = self._names(_NAME)
        return self._kept(names[-1]) if names else None

    def _names(self, pattern: re.Pattern[str]) -> list[str]:
        with files.disk("Looking for checkpoints"):
            try:
                names = [path.name for path in self.folder.iterdir()]
            except FileNotFoundError:
                return []
        return sorted(name for name in names if pattern.fullmatch(name))

    def _kept(self, name: str) -> Kept:
        stamped = os.path.lexists(self.folder / f"{name.removesuffix('.json')}.tsr")
        return Kept(name, self._read(name), stamped)

    def _read(self, name: str) -> bytes:
        with files.disk("Reading a checkpoint"), files.folder(self.folder) as at:
            return _whole(at, name)

    def _write(self, folder: str, name: str, data: bytes) -> bool:
        """Write a new private file, synced; false where there is one of that name."""
        with (
            files.disk(_WRITING),
            files.folder(self._private, folder, make=files.PRIVATE) as at,
        ):
            if os.path.lexists(self._private / folder / name):
                return False
            with files.Part(at) as part:
                part.fill(iter([data]), 0o600)
                return _place(part.name, name, at)

    def _key(self) -> Ed25519PrivateKey:
        """The private key; made where there is none. Two at once end up with the same one."""
        self._write("keys", PRIVATE_KEY, _new_key())
        with files.disk("Reading a key"), files.folder(self._private, "keys") as at:
            return _private(_whole(at, PRIVATE_KEY))


def _place(part: str, name: str, at: int) -> bool:
    """Give a finished part its name, unless another has it; the folder is synced."""
    try:
        os.link(part, name, src_dir_fd=at, dst_dir_fd=at, follow_symlinks=False)
    except FileExistsError:
        return False
    files.sync_folder(at)
    return True


def _whole(at: int, name: str) -> bytes:
    with files.regular(name, at) as fd:
        data = b"".join(files.chunks(fd)) if os.fstat(fd).st_size <= MAX_BYTES else b""
    if not data:
        raise _damaged(name)
    return data


# cryptography is imported where it is needed: most commands sign nothing and start faster.


def _new_key() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _private(data: bytes) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError):
        raise _damaged(PRIVATE_KEY) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _damaged(PRIVATE_KEY)
    return key


def _public(name: str, data: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(data)
    except ValueError:
        raise _damaged(name) from None
    if not isinstance(key, Ed25519PublicKey) or f"{_hex(key)}.pem" != name:
        raise _damaged(name)
    return _hex(key)


def _pem(key: Ed25519PublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes_raw().hex()


def _damaged(name: str) -> IntegrityError:
    return IntegrityError(f"{name} in .dam cannot be read", "Restore it from a backup")
