"""The column types of the catalogue, on which SQLite and PostgreSQL agree."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator  # noqa: TID251

from dam.core.errors import DamError, IntegrityError
from dam.core.model import Disposition

_UNSTORABLE = re.compile("[\\\\\x00\ud800-\udfff]")
_STORED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    return code if code == "\\" else chr(int(code[1:], 16))


class Words(TypeDecorator[str]):
    """Text from outside, given back exactly.

    A file name that is no UTF-8 becomes text with half surrogates, which no database stores,
    nor does PostgreSQL store NUL. Each character is escaped by itself, so that a prefix of
    the text is stored as a prefix.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return _UNSTORABLE.sub(
            lambda found: "\\\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}", value
        )

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None or "\\" not in value else _STORED.sub(_unescape, value)


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored and given back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise DamError("The catalogue was given a time without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[dict[str, object]]):
    """A JSON object as text of ASCII letters, keys sorted: equal objects are equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, object] | None, dialect: Dialect) -> str | None:
        return None if value is None else dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, object] | None:
        return None if value is None else loads(value)


class Huge(TypeDecorator[int]):
    """A whole number of any size: network file systems give inodes of 64 bits without sign."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class Decided(TypeDecorator[Disposition]):
    """A disposition by its word."""

    impl = String(16)
    cache_ok = True

    def process_bind_param(self, value: Disposition | None, dialect: Dialect) -> str | None:
        return None if value is None else Disposition(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Disposition | None:
        return None if value is None else Disposition(value)


def dumps(value: dict[str, object]) -> str:
    """The text that is stored for `value`; DamError where JSON has no word for it."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise DamError("The catalogue was given something that JSON cannot hold") from None


def loads(text: str) -> dict[str, object]:
    """The object that `dumps` made `text` of; IntegrityError where it is none."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise IntegrityError("A record of the catalogue cannot be read", "Restore a backup")
    return value
