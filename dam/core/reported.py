"""The report of an earlier audit, read back: what `dam audit --format json` printed.

The file may have been changed by anybody since. It is read as `dam.core.json_stream` does, every
value is checked, and words that a newer dam added are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dam.core import wording
from dam.core.diff import Compared, Noted, Side
from dam.core.errors import UsageError
from dam.core.findings import Severity
from dam.core.json_stream import Malformed, Piece, pieces
from dam.core.model import Disposition, Purpose
from dam.core.report import Kind

#: A report of a million assets has about one and a half thousand million characters.
MAX_BYTES = 4 * 1024**3
#: What is told of the audit as a whole, in characters.
MAX_HEADER = 1024 * 1024
_CLOSING = {"[": "]", "{": "}"}
_MAKE = "Make it with: dam audit --format json"
_Ident = Annotated[str, Field(max_length=200)]
_Count = Annotated[int, Field(ge=0)]
_Chunks = Callable[[], Iterable[str]]


class _Part(BaseModel):
    """A part of a report. Values are strict, words that are not known are passed over."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


_PartT = TypeVar("_PartT", bound=_Part)


class _Wanted(_Part):
    since: date | None
    until: date | None
    programme: str | None
    place: str | None
    photographer: str | None
    purpose: Purpose
    kinds: tuple[Kind, ...]
    expiring_within: _Count


class _Ledger(_Part):
    events: _Count
    head: _Ident
    origin: _Ident = ""


class _Header(_Part):
    """What is told of the audit as a whole."""

    as_of: date
    wanted: _Wanted
    totals: dict[_Ident, _Count]
    rule_pack: _Ident
    ledger: _Ledger
    doubts: tuple[str, ...] = ()


class _Asset(_Part):
    asset: Annotated[_Ident, Field(min_length=1)]
    dispositions: dict[str, Disposition]
    kinds: dict[str, tuple[Kind, ...]]
    consents: tuple[_Ident, ...]
    until: date | None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if missing := [p.value for p in Purpose if p.value not in self.dispositions]:
            raise ValueError(f"dispositions lacks {missing[0]}")
        return self

    def compared(self, purpose: Purpose) -> Compared:
        return Compared(
            self.asset,
            self.dispositions[purpose],
            frozenset(self.kinds.get(purpose, ())),
            frozenset(self.consents),
            self.until,
        )


class _Finding(_Part):
    kind: Kind
    severity: Severity
    asset: _Ident
    pack: _Ident | None
    message: str

    def noted(self) -> Noted:
        return Noted(self.kind, self.asset, self.pack, self.severity, {"en": self.message})


def read(name: str, chunks: _Chunks) -> Side:
    """The report that these chunks of text make up, as one side of a comparison.

    All of it is checked at once; `rows` and `findings` of the side read the chunks again. Raises
    UsageError that names the report and what is wrong with it.
    """
    header = _header(name, chunks)
    purpose = header.wanted.purpose
    return Side(
        name=name,
        as_of=header.as_of,
        wanted=header.wanted.model_dump(mode="json"),
        totals=header.totals,
        rule_pack=header.rule_pack,
        ledger=(header.ledger.events, header.ledger.head),
        origin=header.ledger.origin,
        doubts=header.doubts,
        rows=lambda: (asset.compared(purpose) for asset in _assets(name, chunks)),
        findings=lambda: (
            _checked(name, f"findings[{place}]", _Finding, text).noted()
            for word, place, text in _pieces(name, chunks)
            if word == "findings" and isinstance(place, int)
        ),
    )


def _assets(name: str, chunks: _Chunks) -> Iterator[_Asset]:
    last = ""
    for word, place, text in _pieces(name, chunks):
        if word == "assets" and isinstance(place, int):
            yield (asset := _asset(name, place, text, last))
            last = asset.asset


def _asset(name: str, place: int, text: str, last: str) -> _Asset:
    """The asset at this place; `last` is the one before it."""
    asset = _checked(name, f"assets[{place}]", _Asset, text)
    if asset.asset <= last:
        raise _wrong(name, f"assets[{place}]: the assets are not in the order of their ids")
    return asset


def _header(name: str, chunks: _Chunks) -> _Header:
    """What is told of the whole, once every asset and finding was looked at."""
    kept: dict[str, list[str]] = {}
    brackets: dict[str, str] = {}
    last, length = "", 0
    for word, place, text in _pieces(name, chunks):
        if place is None and text in _CLOSING:
            brackets[word] = text
            kept[word] = []
        elif word == "assets" and isinstance(place, int):
            last = _asset(name, place, text, last).asset
        elif word == "findings" and isinstance(place, int):
            _checked(name, f"findings[{place}]", _Finding, text)
        elif word in _Header.model_fields:
            member = f"{json.dumps(place)}:{text}" if isinstance(place, str) else text
            kept.setdefault(word, []).append(member)
            length += len(member)
            if length > MAX_HEADER:
                raise _wrong(name, f"{word}: it is too long")
    for word in ("assets", "findings"):
        if brackets.get(word) != "[":
            raise _wrong(name, f"{word}: a list of them is missing")
    told = (f"{json.dumps(word)}:{_joined(brackets.get(word), kept[word])}" for word in kept)
    return _checked(name, "", _Header, "{" + ",".join(told) + "}")


def _joined(bracket: str | None, members: list[str]) -> str:
    return f"{bracket}{','.join(members)}{_CLOSING[bracket]}" if bracket else members[0]


def _pieces(name: str, chunks: _Chunks) -> Iterator[Piece]:
    try:
        yield from pieces(chunks())
    except Malformed as error:
        raise _wrong(name, str(error)) from None


def _checked(name: str, where: str, model: type[_PartT], text: str) -> _PartT:
    """A part of a report. Raises UsageError that says where and what is wrong, not what stands

    there: that may be personal.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = first["loc"]
        place = ".".join(part for part in (where, *map(str, path)) if part)
        why = wording.message(first, path, None, wording.model_at(model, path))
        raise _wrong(name, f"{place[:100]}: {why}") from None


def _wrong(name: str, what: str) -> UsageError:
    return UsageError(f"{name} is no report of an audit: {what}", _MAKE)
