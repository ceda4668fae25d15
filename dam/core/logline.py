"""One line of the operating log: what happened, in words that cannot name anybody.

Every field has a closed form (an id, a rule, a number, a word of dam's own). What does not fit
its form is written as `?`, so that no name, place, text or path gets in by mistake.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from dam.core.errors import DamError

_WORD: Final = re.compile(r"[a-z]+(?:[ _-][a-z]+){0,4}")
_CODE: Final = re.compile(r"[A-Z][A-Za-z]{0,60}(?:/E[A-Z0-9]{1,15})?")
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "event": _WORD,
    "command": _WORD,
    "became": _WORD,
    "state": _WORD,
    "trouble": _WORD,
    "asset": re.compile(r"[0-9a-hjkmnp-tv-z]{8,51}"),
    "rules": re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+){0,12}"),
    "error": _CODE,
    "place": re.compile(r"[a-z_]+\.py:\d{1,6}"),
    "version": re.compile(r"[0-9][0-9A-Za-z.+-]{0,30}"),
    "pack": re.compile(r"[0-9a-f]{12}"),
}
#: Whole numbers and seconds.
_NUMBERS: Final = frozenset(
    {"approved", "held", "refused", "quarantined", "duplicate", "waiting", "due", "seconds"}
    | {"exit", "pid", "photos", "lost", "workers", "left_alone"}
)
UNFIT: Final = "?"


def line(at: datetime, event: str, fields: Mapping[str, object]) -> str:
    """One JSON object on one line, its end included. `at` is any aware instant, told in UTC."""
    told: dict[str, object] = {"at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"}
    told["event"] = _fit("event", event)
    for name, value in fields.items():
        if value is not None and (name in _FORMS or name in _NUMBERS):
            told[name] = _fit(name, value)
    return json.dumps(told, ensure_ascii=True, separators=(",", ":")) + "\n"


def _fit(name: str, value: object) -> object:
    if isinstance(value, tuple | list):
        return [_fit(name, one) for one in value]
    if name in _NUMBERS:
        return value if isinstance(value, int | float) else UNFIT
    return value if isinstance(value, str) and _FORMS[name].fullmatch(value) else UNFIT


def code(error: BaseException) -> str:
    """The kind of an error and, where a system call failed, its number's name: no text of it."""
    kind = type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno is not None:
            return f"{kind}/{errno.errorcode.get(cause.errno, 'EUNKNOWN')}"
        cause = cause.__cause__
    return kind


def trouble(error: DamError) -> str:
    """The kind of a failure of dam, as one of the words of a heartbeat: `storage_error`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
