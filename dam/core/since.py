"""What was taken back, as it travels: the file of withdrawals that a restore asks for.

JSON lines: a head, then a line for each tombstone, consent, erased subject and ended waiver, then
a MAC over all of them. Whoever has no key of the workspace learns nothing of anybody from it:
ids and digests are keyed (HMAC-SHA256), and no name, no file and no place stands in it. Whoever
has the key (a backup carries it) finds by it the same photographs, records and people again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from dam.core.errors import IntegrityError, UsageError
from dam.core.tombstones import Tombstone

SCHEMA: Final = "dam/tombstones/1"
#: So many bytes are read of a file that may be anything.
MAX_BYTES: Final = 256 * 1024 * 1024
_HINT: Final = "Take another copy, or write one: dam tombstone export FILE"


class Keys:
    """The keyed words of one workspace, for one kind of thing each."""

    def __init__(self, key: bytes) -> None:
        """`key` is that of the workspace's tombstones."""
        self._key = key

    def word(self, kind: str, text: str) -> str:
        """The same for the same text of the same kind, and nothing to anybody else."""
        return self._mac(f"dam/since/{kind}\0{text}".encode())

    def veil(self, ident: str, data: bytes) -> bytes:
        """`data` made unreadable without the key, and readable again by the same call.

        A key stream of HMACs; `ident` must belong to this text alone. That nobody altered it is
        the seal's to tell.
        """
        stream = bytearray()
        while len(stream) < len(data):
            text = f"dam/since/veil\0{ident}\0{len(stream)}".encode()
            stream += hmac.digest(self._key, text, hashlib.sha256)
        return bytes(a ^ b for a, b in zip(data, stream, strict=False))

    def seal(self, data: bytes) -> str:
        """The MAC of a whole file."""
        return self._mac(b"dam/since/file\0" + hashlib.sha256(data).digest())

    def _mac(self, data: bytes) -> str:
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """When it was written (UTC) and where the ledger ended then."""

    at: datetime
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a consent ended: state, day, and the role of who said so ("" where that is no role)."""

    state: str
    on: date
    by: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """One record as it counts. `versions`: keyed place and keyed digest of what each source says,

    those that say nothing any more left out. `ended` is empty where it did not end.
    """

    versions: tuple[tuple[str, str], ...]
    ended: tuple[Ended, ...] = ()


@dataclass(frozen=True, slots=True)
class Stone:
    """A tombstone, and when it was lifted, if it was."""

    stone: Tombstone
    lifted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Since:
    """All that was taken back. Consents by keyed id, `subjects` (keyed) are those whose details

    were erased, `waivers` the ids of those that ended.
    """

    head: Head
    stones: tuple[Stone, ...] = ()
    consents: Mapping[str, Consent] = field(default_factory=dict)
    subjects: frozenset[str] = frozenset()
    waivers: frozenset[str] = frozenset()

    def joined(self, known: Since) -> Since:
        """This, and what an earlier file knows of besides: nothing that was taken back is lost.

        What both speak of is as it is here. After a restore the ledger may lack what the file has.
        """
        mine = {each.stone.id for each in self.stones}
        more = tuple(each for each in known.stones if each.stone.id not in mine)
        stones = sorted((*self.stones, *more), key=lambda each: (each.stone.at, each.stone.id))
        return Since(
            self.head,
            tuple(stones),
            {**known.consents, **self.consents},
            self.subjects | known.subjects,
            self.waivers | known.waivers,
        )

    def write(self, keys: Keys) -> bytes:
        """The file. What is in it, its head apart, is the same for the same withdrawals."""
        body = b"".join(self._lines(keys))
        return body + _line({"mac": keys.seal(body)})

    def says(self, keys: Keys) -> str:
        """A digest of what was taken back, whenever that is written."""
        lines = self._lines(keys)
        next(lines)
        return hashlib.sha256(b"".join(lines)).hexdigest()

    def _lines(self, keys: Keys) -> Iterator[bytes]:
        yield _line(
            {
                "schema": SCHEMA,
                "at": self.head.at.isoformat(),
                "seq": self.head.seq,
                "hash": self.head.hash,
                "workspace": keys.word("workspace", ""),
            }
        )
        for stone in self.stones:
            lifted = stone.lifted.isoformat() if stone.lifted else None
            told = json.loads(stone.stone.line())
            # What the picture looks like tells something to whoever has a picture to compare.
            told["likeness"] = keys.veil(stone.stone.id, stone.stone.likeness.encode()).hex()
            yield _line({"stone": told, "lifted": lifted})
        for word, consent in sorted(self.consents.items()):
            ended = [[e.state, e.on.isoformat(), e.by] for e in consent.ended]
            yield _line({"consent": word, "versions": consent.versions, "ended": ended})
        for subject in sorted(self.subjects):
            yield _line({"subject": subject})
        for waiver in sorted(self.waivers):
            yield _line({"waiver": waiver})


def read(data: bytes, keys: Keys) -> Since:
    """What `Since.write` gave. Raises UsageError for the file of another workspace, and

    IntegrityError for one that is damaged, cut off or altered.
    """
    lines = data.splitlines(keepends=True)
    try:
        head = json.loads(lines[0])
        if head["schema"] != SCHEMA:
            raise ValueError
        ours = head["workspace"] == keys.word("workspace", "")
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise UsageError("This is no file of withdrawals", _HINT) from None
    if not ours:
        raise UsageError("The withdrawals are those of another workspace", _HINT)
    body = b"".join(lines[:-1])
    try:
        mac = str(json.loads(lines[-1])["mac"])
        if not hmac.compare_digest(mac, keys.seal(body)):
            raise ValueError
        return _read(head, [json.loads(line) for line in lines[1:-1]], keys)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise IntegrityError("The file of withdrawals is damaged or was altered", _HINT) from None


def _read(head: dict[str, Any], told: Iterable[dict[str, Any]], keys: Keys) -> Since:
    stones: list[Stone] = []
    consents: dict[str, Consent] = {}
    subjects: set[str] = set()
    waivers: set[str] = set()
    for one in told:
        if "stone" in one:
            lifted = datetime.fromisoformat(one["lifted"]) if one["lifted"] else None
            stone = dict(one["stone"])
            veiled = bytes.fromhex(stone["likeness"])
            stone["likeness"] = keys.veil(stone["id"], veiled).decode()
            stones.append(Stone(Tombstone.read(json.dumps(stone)), lifted))
        elif "consent" in one:
            versions = tuple((str(place), str(digest)) for place, digest in one["versions"])
            ended = tuple(Ended(s, date.fromisoformat(on), by) for s, on, by in one["ended"])
            consents[str(one["consent"])] = Consent(versions, ended)
        elif "subject" in one:
            subjects.add(str(one["subject"]))
        else:
            waivers.add(str(one["waiver"]))
    at = datetime.fromisoformat(head["at"])
    return Since(
        Head(at, int(head["seq"]), str(head["hash"])),
        tuple(stones),
        consents,
        frozenset(subjects),
        frozenset(waivers),
    )


def _line(told: object) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n"
