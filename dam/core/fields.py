"""Types of single fields that people write: what a word, a date or a number may look like.

Values arrive as text exactly as written; each type says what it takes, and nothing else passes.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


def _yes_no(value: object) -> object:
    """`yes no true false` in any case, as text, mean what a person means; nothing else passes."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _YES_NO:
        return _YES_NO[value.strip().lower()]
    raise ValueError("use one of: yes, no, true, false")


def _iso_date(value: object) -> object:
    """Only YYYY-MM-DD: 03/04/2021 means different days to different people."""
    if isinstance(value, datetime):
        raise ValueError("use a date written YYYY-MM-DD, without a time")
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        text = value.strip()
        # fromisoformat alone would also take the week date 2021-W44-4.
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
    raise ValueError("use a date written YYYY-MM-DD, for example 2021-10-28")


def _number(value: object) -> object:
    """Decimal numbers only: `1_000`, `0x10` and `nan` are mistakes, not numbers.

    An exponent passes: that is how programs write very small fractions (`1e-07`).
    """
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text):
            return float(text)
        raise ValueError("use a plain number, for example 0.25")
    return value


def lowered(value: object) -> object:
    """Text in lower case without blanks around it; anything else as it is."""
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _territory(value: object) -> object:
    if isinstance(value, str):
        text = value.strip()
        return "world" if text.lower() == "world" else text.upper()
    return value


def _written(*forms: dict[str, Any]) -> WithJsonSchema:
    """What an editor takes for right: the text, and what its YAML or JSON may make of it."""
    return WithJsonSchema(forms[0] if len(forms) == 1 else {"anyOf": list(forms)})


def _text(pattern: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (words of JSON Schema)
    return {"type": "string", "pattern": f"^({pattern})$", **more}


_ANY_CASE = "[Yy][Ee][Ss]|[Nn][Oo]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]"
_DAY = _text("[0-9]{4}-[0-9]{2}-[0-9]{2}", format="date")
_PART = r"0|1|0?\.[0-9]+|0\.|1\.0*|[0-9]+(\.[0-9]*)?[eE]-[0-9]{1,3}"
_PARTS = ({"type": "number", "minimum": 0, "maximum": 1}, _text(_PART))
_DECIMAL = r"-?[0-9]*\.?[0-9]+([eE]-?[0-9]{1,3})?"
_YEARS = ({"type": "integer", "minimum": 1900, "maximum": 2200}, _text("19[0-9]{2}|2[01][0-9]{2}"))

YesNo = Annotated[
    bool,
    BeforeValidator(_yes_no),
    _written({"type": "boolean"}, {"enum": ["yes", "no"]}, _text(_ANY_CASE)),
]
IsoDate = Annotated[date, BeforeValidator(_iso_date), _written(_DAY)]
Number = Annotated[float, BeforeValidator(_number), _written({"type": "number"}, _text(_DECIMAL))]
#: A year of birth as people write it.
Year = Annotated[int, BeforeValidator(_number), Field(ge=1900, le=2200), _written(*_YEARS)]
Fraction = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1), _written(*_PARTS)]
#: A pseudonym or record number: letters, digits, `-`, `_`, `.`; never a name with spaces.
Ident = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", strip_whitespace=True)
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Country = Annotated[
    str,
    BeforeValidator(_upper),
    StringConstraints(pattern=r"^[A-Z]{2}$"),
    _written(_text("[A-Za-z]{2}")),
]
Territory = Annotated[
    str,
    BeforeValidator(_territory),
    StringConstraints(pattern=r"^([A-Z]{2}|world)$"),
    _written({"enum": ["world"]}, _text("[A-Za-z]{2}|[Ww][Oo][Rr][Ll][Dd]")),
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Sha256 = Annotated[
    str,
    BeforeValidator(lowered),
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    _written(_text("[0-9a-fA-F]{64}")),
]
#: A length of time such as `5y`, `18m` or `90d`.
Term = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}[ymd]$")]
Captions = dict[Language, Text]


class Strict(BaseModel):
    """Frozen, nothing unknown accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
