"""Words of the command line that several commands take: roles, reasons, assets."""

from __future__ import annotations

import sys
from typing import Annotated, Any, ClassVar, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError
from typer.core import TyperGroup

from dam.core.errors import UsageError
from dam.core.fields import Ident, Text

#: What reads in the place of a reason, which may be personal.
ON_RECORD = "(on record)"

_ROLE: TypeAdapter[str] = TypeAdapter(Ident)
_REASON: TypeAdapter[str] = TypeAdapter(Text)
ValueT = TypeVar("ValueT")

AssetArgument = Annotated[
    str,
    typer.Argument(
        metavar="ASSET",
        help="An id, a unique beginning of one, a SHA-256, or the file name that it came under.",
    ),
]


class OwnWord(TyperGroup):
    """A group whose first word may be left out: `dam redact ASSET` is `dam redact draw ASSET`."""

    left_out: ClassVar[str]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  (click's own)
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = [self.left_out, *args]
        return super().parse_args(ctx, args)


def read(adapter: TypeAdapter[ValueT], value: object, hint: str) -> ValueT:
    """A value of the command line, checked. Raises UsageError with `hint`; never repeats it."""
    try:
        return adapter.validate_python(value)
    except ValidationError:
        raise UsageError(hint) from None


def at_most(limit: int | None) -> int | None:
    """So many rows as can be counted; None for all of them, which 0 and None ask for."""
    return min(limit, sys.maxsize) if limit else None


def as_role(text: str) -> str:
    """Who answers for something. Raises UsageError for what cannot be a role."""
    hint = "--by takes a role such as safeguarding-officer, without blanks; never a person's name"
    return read(_ROLE, text, hint)


def as_reason(text: str) -> str:
    """Why something was done, which may be personal. Raises UsageError."""
    return read(_REASON, text, "--reason takes a text of at most 4000 characters")
