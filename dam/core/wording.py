"""What pydantic finds wrong with a sidecar, in a photographer's words.

Pydantic's own texts, addresses and type names never get out, and nothing of the file is
repeated but a single short word where one of a few words, a date or yes/no is expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args, get_origin

from pydantic import BaseModel, StringConstraints
from pydantic_core import ErrorDetails

from dam.core.fields import Country, Ident, Language, Sha256, Term, Territory
from dam.core.tree import Node, Path, quotable

EMPTY = "is empty: fill it in or delete the line"
PEOPLE = "say none, or list the people"
PHOTOGRAPHER = "use the id that the photographer has in rules/credits.yaml, not the name"


def path_of(error: ErrorDetails, prefix: Path, node: Node) -> Path:
    """Where the error stands, from the top; `node` is what was validated, at `prefix`.

    Pydantic's own signposts, which name no place in the file, are left out.
    """
    path = prefix
    for piece in error["loc"]:
        form = isinstance(piece, str) and piece.startswith("people:") and path[-1:] == ("people",)
        if form or piece == "[key]":
            continue
        if isinstance(piece, int) and isinstance(node, list) and piece < len(node):
            node = node[piece]
        elif isinstance(piece, str) and isinstance(node, dict):
            node = node.get(piece)
        else:
            continue
        path = (*path, piece)
    return path


def words_of(model: type[BaseModel] | None) -> list[str]:
    """The words that may stand in a mapping of this model, as they are written."""
    return list(_annotations(model)) if model is not None else []


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that describes the value at `path`; None where that is no model."""
    kind: object = model
    for piece in path:
        if isinstance(piece, int):
            continue
        table = _find(kind, lambda part: get_origin(part) is dict)
        holder = _find(kind, _is_model)
        if table is not None:
            kind = get_args(table)[1]
        elif isinstance(holder, type) and issubclass(holder, BaseModel):
            kind = _annotations(holder).get(piece)
        else:
            return None
    found = _find(kind, _is_model)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _annotations(model: type[BaseModel]) -> dict[str, object]:
    fields = model.model_fields.items()
    return {details.alias or name: details.annotation for name, details in fields}


def _is_model(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _find(kind: object, wanted: Callable[[object], bool]) -> object:
    """The first part of an annotation that is wanted, or None."""
    if wanted(kind):
        return kind
    parts = (_find(part, wanted) for part in get_args(kind))
    return next((found for found in parts if found is not None), None)


def _pattern(alias: object) -> str:
    kinds = (part for part in get_args(alias) if isinstance(part, StringConstraints))
    return str(next(kinds).pattern)


_PATTERNS = {
    _pattern(Ident): "use a pseudonym or number of letters, digits, '-', '_', '.'; never a name",
    _pattern(Country): "use a country code of two letters, for example MA",
    _pattern(Territory): "use country codes of two letters, or world",
    _pattern(Language): "name the language by its code, for example fr, ar or en",
    _pattern(Term): "use a term such as 5y, 18m or 90d",
    _pattern(Sha256): "use the 64 hexadecimal digits of a SHA-256",
}
_WHOLE = "use a whole number, for example 2012"
_PLAIN = {
    "missing": "is missing",
    "string_too_short": EMPTY,
    "string_type": "write a text here, not a list or further words",
    "tuple_type": "write a list: in brackets [...], or one line each, starting with '- '",
    "list_type": "write a list: in brackets [...], or one line each, starting with '- '",
    "too_short": "needs at least one entry",
    "too_long": "has too many entries",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "finite_number": _WHOLE,
    "float_type": "use a plain number, for example 0.25",
    "float_parsing": "use a plain number, for example 0.25",
}


def message(error: ErrorDetails, path: Path, value: Node, model: type[BaseModel] | None) -> str:
    """Say one pydantic error in a photographer's words; pydantic's own never get out."""
    kind, context = error["type"], error.get("ctx", {})
    if path[-1:] == ("people",) and kind in ("literal_error", "tuple_type"):
        return PEOPLE
    if kind in ("enum", "literal_error"):
        return _one_of(value, re.findall(r"'([^']*)'", str(context.get("expected", ""))))
    if kind == "value_error":
        return _own_words(str(context.get("error", "")), path, value)
    if path[-1:] == ("photographer",) and kind == "string_pattern_mismatch":
        return PHOTOGRAPHER
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(context.get("pattern")), "is not written as it must be")
    if kind == "dict_type" and path[-1:] == ("caption",):
        return 'say in which language, in the form {fr: "..."}'
    if kind in ("model_type", "dict_type"):
        return f"needs words of its own: {', '.join(words_of(model))}"
    if kind == "string_too_long":
        return f"is too long: at most {context.get('max_length')} characters"
    if kind == "too_short" and int(context.get("min_length", 1)) > 1:
        return f"needs at least {context['min_length']} entries"
    if kind == "greater_than_equal":
        return f"must be at least {context.get('ge')}"
    if kind == "less_than_equal":
        return f"must be at most {context.get('le')}"
    return _PLAIN.get(kind, "cannot be used as it is")


def _one_of(value: Node, words: list[str]) -> str:
    allowed = ", ".join(words)
    if isinstance(value, str) and quotable(value):
        return f"'{value}' is not one of: {allowed}"
    return f"use one of: {allowed}"


def _own_words(text: str, path: Path, value: Node) -> str:
    """The words of the model's own checks; of dates and yes/no the value may be repeated."""
    if path[-1:] == ("birth_year",):
        return _WHOLE
    repeats = text.startswith("use ") and "number" not in text
    if repeats and isinstance(value, str) and quotable(value):
        return f"{text}, not '{value}'"
    return text
