"""What is kept of a photograph that was taken back: enough to know it again, and nothing else.

A tombstone has the keyed digest of the original (nobody without the workspace's key can try out
digests), its likeness, when and why. It names no asset and no subject. What was dropped and
bears a trace of one is refused (the very same bytes) or held (the same picture, or one that may
be): see `dam.core.likeness`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from dam.core import likeness
from dam.core.errors import IntegrityError
from dam.core.likeness import Likeness
from dam.core.model import Otherwise, Reason

#: What a decision calls this; no file in `rules/` has that id, and no waiver lifts it.
RULE: Final = "withdrawn-copy"
SCHEMA: Final = "dam/tombstone/1"
SOURCE: Final = "GDPR art. 17 and 21; Law 09-08 (Morocco) art. 8 and 9"

Why = Literal["withdrawn", "erased"]
Level = Literal["certain", "same", "likely"]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One photograph that must not come back. `event` is the id of the ledger event of it."""

    id: str
    digest: str
    likeness: str
    at: datetime
    why: Why
    event: str

    def line(self) -> str:
        """As it travels beside a backup: one line of JSON, without the key it was made with."""
        told = {
            "schema": SCHEMA, "id": self.id, "digest": self.digest, "likeness": self.likeness,
            "at": self.at.isoformat(), "why": self.why, "event": self.event,
        }  # fmt: skip
        return json.dumps(told, sort_keys=True, separators=(",", ":"))

    @classmethod
    def read(cls, line: str) -> Tombstone:
        """What `line` gave. Raises IntegrityError for anything else."""
        try:
            told = json.loads(line)
            if told.pop("schema") != SCHEMA or told["why"] not in ("withdrawn", "erased"):
                raise ValueError
            at = datetime.fromisoformat(told.pop("at"))
            texts = {word: str(told.pop(word)) for word in ("id", "digest", "likeness", "event")}
            stone = cls(**texts, at=at, why=told.pop("why"))
            if told or at.utcoffset() is None:
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError):
            raise IntegrityError(
                "A tombstone cannot be read", "Take it from another copy"
            ) from None
        if stone.likeness:
            Likeness.read(stone.likeness)
        return stone


@dataclass(frozen=True, slots=True)
class Trace:
    """That a photograph bears the mark of a tombstone. `certain`: its very bytes."""

    tombstone: str
    level: Level


def keyed(key: bytes, sha256: str) -> str:
    """HMAC-SHA256 in hex over the digest of an original."""
    return hmac.new(key, sha256.encode("ascii"), hashlib.sha256).hexdigest()


def traces(
    digest: str, picture: Likeness | None, stones: Iterable[tuple[Tombstone, Likeness | None]]
) -> tuple[Trace, ...]:
    """What a photograph has of these tombstones, by their ids. `digest` is keyed as theirs are."""
    found = []
    for stone, known in stones:
        level: Level | None = None
        if hmac.compare_digest(stone.digest, digest):
            level = "certain"
        elif picture is not None and known is not None:
            level = likeness.alike(picture, known)
        if level is not None:
            found.append(Trace(stone.id, level))
    return tuple(sorted(found, key=lambda trace: (trace.tombstone, trace.level)))


def strongest(found: Sequence[Trace]) -> Trace | None:
    """The surest of several traces, None of none."""
    order: tuple[Level, ...] = ("certain", "same", "likely")
    return min(found, key=lambda t: (order.index(t.level), t.tombstone), default=None)


def reason(found: Sequence[Trace]) -> Reason | None:
    """Why a photograph with these traces may not be used; None without any."""
    trace = strongest(found)
    if trace is None:
        return None
    return Reason(
        rule=RULE,
        otherwise=Otherwise.REFUSE if trace.level == "certain" else Otherwise.HOLD,
        title=dict(_TITLE),
        message=dict(MESSAGES[trace.level]),
        advice=dict(ADVICE[trace.level]),
        source=SOURCE,
        evidence=(f"photo.withdrawn_copy = {trace.level} (tombstone {trace.tombstone})",),
    )


_TITLE = {
    "en": "A photograph that was taken back",
    "fr": "Une photographie dont le consentement a été retiré",
    "ar": "صورة سُحبت الموافقة عليها",
}
MESSAGES: Final[dict[Level, dict[str, str]]] = {
    "certain": {
        "en": "The consent to this very photograph was taken back.",
        "fr": "Le consentement pour cette photographie même a été retiré.",
        "ar": "سُحبت الموافقة على هذه الصورة بعينها.",
    },
    "same": {
        "en": "This is the same picture as a photograph whose consent was taken back, saved anew.",
        "fr": "C'est la même image qu'une photographie dont le consentement a été retiré, "
        "enregistrée à nouveau.",
        "ar": "هذه هي الصورة نفسها التي سُحبت الموافقة عليها، محفوظة من جديد.",
    },
    "likely": {
        "en": "This looks like a photograph whose consent was taken back: another one of the same "
        "moment, or the same one cut, turned or mirrored.",
        "fr": "Elle ressemble à une photographie dont le consentement a été retiré : une autre du "
        "même moment, ou la même recadrée, tournée ou inversée.",
        "ar": "تشبه صورة سُحبت الموافقة عليها: صورة أخرى من اللحظة نفسها، أو هي نفسها مقصوصة "
        "أو مدارة أو معكوسة.",
    },
}
ADVICE: Final[dict[Level, dict[str, str]]] = {
    "certain": {
        "en": "Delete your own copies of it. If those shown agreed anew, with a new record: "
        "dam tombstone settle ASSET --agreed --by ROLE --reason TEXT.",
        "fr": "Supprimez vos propres copies. Si les personnes montrées ont donné un nouvel accord, "
        "avec une nouvelle fiche : dam tombstone settle ASSET --agreed --by RÔLE --reason TEXTE.",
        "ar": "احذف نسخك منها. وإن وافق الظاهرون فيها من جديد بسجل جديد: "
        "dam tombstone settle ASSET --agreed --by ROLE --reason TEXT.",
    },
    "same": {
        "en": "Delete your own copies of it. If it is another picture, or those shown agreed anew: "
        "dam tombstone settle ASSET --different (or --agreed) --by ROLE --reason TEXT.",
        "fr": "Supprimez vos propres copies. Si c'est une autre image, ou s'il y a un nouvel "
        "accord : dam tombstone settle ASSET --different (ou --agreed) --by RÔLE --reason TEXTE.",
        "ar": "احذف نسخك منها. وإن كانت صورة أخرى أو وافق الظاهرون فيها من جديد: "
        "dam tombstone settle ASSET --different (أو --agreed) --by ROLE --reason TEXT.",
    },
    "likely": {
        "en": "Look at it: dam show ASSET --preview. If nobody who said no is in it: "
        "dam tombstone settle ASSET --different --by ROLE --reason TEXT.",
        "fr": "Regardez-la : dam show ASSET --preview. Si personne qui a dit non n'y figure : "
        "dam tombstone settle ASSET --different --by RÔLE --reason TEXTE.",
        "ar": "انظر إليها: dam show ASSET --preview. وإن لم يكن فيها أحد قال لا: "
        "dam tombstone settle ASSET --different --by ROLE --reason TEXT.",
    },
}
