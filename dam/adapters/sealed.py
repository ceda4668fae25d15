"""age (age-encryption.org/v1) through pyrage: a stream that only who has an identity can read.

The only module that encrypts. Any change of the bytes, and any cut, is found while reading:
the header has a MAC, each 64 KiB of the content an authentication tag, the last piece a mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, Final, Protocol

from dam.core.errors import ConfigurationError, DamError, IntegrityError, StorageError, UsageError
from dam.core.extras import wheel

#: Every age file begins so.
MAGIC: Final = b"age-encryption.org/v1\n"
MAX_KEYS: Final = 64 * 1024
_AGE: Final = "age1"


class Target(Protocol):
    """What takes bytes as they come."""

    def write(self, data: bytes) -> int: ...
    def flush(self) -> None: ...


def recipients(texts: Sequence[str]) -> list[object]:
    """Those who may read, from `age1...` words. Raises UsageError for anything else, and

    ConfigurationError where pyrage is not installed.
    """
    age = _pyrage()
    found: list[object] = []
    for number, text in enumerate(texts, 1):
        try:
            found.append(age.x25519.Recipient.from_str(text.strip()))
        except age.RecipientError:
            raise UsageError(
                f"Recipient {number} is no age recipient", "It begins with age1; see age-keygen"
            ) from None
    return found


def identities(data: bytes) -> list[object]:
    """Those who read, from the text of a file of `age-keygen`. Raises UsageError without any."""
    age = _pyrage()
    found: list[object] = []
    for line in words(data):
        try:
            found.append(age.x25519.Identity.from_str(line))
        except age.IdentityError:
            raise UsageError(
                "The identity file holds something else than age identities",
                "Its lines begin with AGE-SECRET-KEY-1; see age-keygen",
            ) from None
    if not found:
        raise UsageError("The identity file holds no identity", "See age-keygen")
    return found


def words(data: bytes) -> list[str]:
    """The lines of a key file without comments. Raises UsageError for what is no text."""
    try:
        lines = data.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise UsageError("The key file is no text", "Name a file that age-keygen wrote") from None
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def read_keys(path: Path) -> bytes:
    """The bytes of a key file. Raises UsageError where it cannot be read."""
    data, why = read_up_to(path, MAX_KEYS)
    if data is None:
        raise UsageError(f"The key file cannot be read ({why})", "Name another")
    if len(data) > MAX_KEYS:
        raise UsageError("The key file is too large", "Name a file that age-keygen wrote")
    return data


def read_up_to(path: Path, limit: int) -> tuple[bytes | None, str]:
    """The bytes of a file, one more than `limit` of a larger one; else None and why."""
    try:
        with path.open("rb") as file:
            return file.read(limit + 1), ""
    except OSError as error:
        return None, error.strerror or ""


class _Reader:
    """Pieces as they are made, given out as a file is read; keeps what went wrong in them."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._piece:
                piece = next(self._pieces, None)
                if piece is None:
                    return b""
                self._piece = memoryview(piece)
        except BaseException as error:
            self.error = error
            raise
        taken = self._piece if size < 0 else self._piece[:size]
        self._piece = self._piece[len(taken) :]
        return bytes(taken)


def seal(pieces: Iterator[bytes], target: BinaryIO, to: Sequence[object]) -> None:
    """Write all pieces to `target` so that only `to` (from `recipients`) can read them.

    Bounded memory. What `pieces` raise comes out as it is, a fault of the disk as OSError.
    """
    age, reader = _pyrage(), _Reader(pieces)
    try:
        age.encrypt_io(reader, target, list(to))
    except age.EncryptError as error:
        if reader.error is not None:
            raise reader.error from None
        # The words of the error are the system's; its number did not come through.
        raise StorageError(
            "The backup cannot be written", "Check free space and the disk, then run again"
        ) from error


def unseal(source: BinaryIO, target: Target, by: Sequence[object]) -> None:
    """Hand the content of an age file to `target`, piece by piece. Bounded memory.

    Nothing of it may be used before this ends. Raises UsageError where `by` (from `identities`)
    cannot read it, IntegrityError where it is damaged or cut off; what `target` raises comes out.
    """
    age = _pyrage()
    kept = _Kept(target)
    try:
        age.decrypt_io(source, kept, list(by))
    except age.DecryptError as error:
        if "No matching keys" in str(error):
            raise UsageError(
                "This identity cannot open the backup", "Name that of one of its recipients"
            ) from None
        raise _damaged() from None
    except OSError:
        if kept.error is not None:
            raise kept.error from None
        raise _damaged() from None
    except DamError:
        raise


class _Kept:
    """A target whose own faults can be told from those of the reader."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._target.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._target.flush()


def _damaged() -> IntegrityError:
    return IntegrityError("The backup is damaged or cut off", "Restore another copy of it")


def _pyrage() -> Any:  # noqa: ANN401  (it has no types)
    try:
        import pyrage  # noqa: TID251
    except ImportError:
        raise ConfigurationError(
            "Backups are encrypted with pyrage, which is not installed",
            f"Install dam with the extra backup: pip install {wheel('backup')}",
        ) from None
    module: ModuleType = pyrage
    return module
