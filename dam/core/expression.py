"""Which facts and functions a CEL expression names, before it is ever run.

A misspelt fact would otherwise be found only when the rule is asked, and hold every
photograph. CEL's own library tells the variables of an expression but not what is
selected from them, so the few forms that name something are followed here: selection,
index, call and the macros that bind a name for their own parentheses alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: Functions a rule may call. No clock, no conversion: what a rule says depends on the
#: facts alone, and on the day only by comparing it.
FUNCTIONS = frozenset({"size", "contains", "startsWith", "endsWith", "matches"})

#: Macros `list.macro(name, expression)`. Only the outcome of `filter` has the list's own facts.
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n\f]+|//[^\n]*)
    | (?P<string>[bBrR]{0,2}(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"
        |'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    | (?P<number>0[xX][0-9a-fA-F]+[uU]?|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[uU]?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>&&|\|\||[<>=!]=|[^ \t\r\n\f])
    """,
    re.VERBOSE | re.DOTALL,
)
_RAW_STRING = re.compile(
    r"""[bB]?[rR][bB]?(?:'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|"[^"\n]*")""", re.DOTALL
)
_PLAIN_STRING = re.compile(r"""^(['"])([^'"\\]*)\1$""")
_LITERALS = frozenset({"true", "false", "null"})
_CLOSERS = {"(": ")", "[": "]", "{": "}"}

#: A fact name as its parts; `[]` stands for any element of a list.
Path = tuple[str, ...]
#: Selection from something whose facts cannot be followed, such as the outcome of a map.
UNFOLLOWED = "?"


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """What an expression names: fact paths in order, string literals, whether null occurs."""

    paths: tuple[Path, ...]
    strings: tuple[str, ...]
    null: bool


def named(expression: str) -> Named:
    """What a CEL expression that compiles names. Anything else gives some answer, never raises.

    A path that begins with `?` is a selection that cannot be followed.
    """
    tokens = _tokens(expression)
    reader = _Reader(tokens)
    while reader.place < len(tokens):
        reader.sequence({}, "")
        reader.place += 1
    return Named(
        tuple(reader.found),
        tuple(t.text for t in tokens if t.kind == "string"),
        any(t.kind == "name" and t.text == "null" for t in tokens),
    )


def references(expression: str) -> tuple[Path, ...]:
    """The fact names an expression uses, as paths from the top, each once, in order."""
    return named(expression).paths


def _tokens(expression: str) -> list[Token]:
    found: list[Token] = []
    place = 0
    while place < len(expression):
        raw = _RAW_STRING.match(expression, place)
        match = _TOKEN.match(expression, place) if raw is None else None
        if raw is not None:
            found.append(Token("string", raw.group()))
            place = raw.end()
        elif match is None:
            place += 1
        else:
            if match.lastgroup is not None and match.lastgroup != "space":
                found.append(Token(match.lastgroup, match.group()))
            place = match.end()
    return found


Scope = Mapping[str, Path | None]


@dataclass
class _Reader:
    tokens: list[Token]
    place: int = 0
    found: dict[Path, None] = field(default_factory=dict)

    def peek(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.tokens[place].text if place < len(self.tokens) else ""

    def kind(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.tokens[place].kind if place < len(self.tokens) else ""

    def note(self, path: Path | None) -> None:
        if path is not None:
            self.found[path] = None

    def sequence(self, scope: Scope, closer: str) -> tuple[Path | None, int]:
        """Read up to `closer` (not taken); the path of the last operand and how many there were."""
        last: Path | None = None
        count = 0
        while self.place < len(self.tokens) and self.peek() != closer:
            if self.kind() == "sign" and self.peek() not in _CLOSERS:
                if closer == "" and self.peek() in _CLOSERS.values():
                    break
                count += self.peek() not in ",."
                self.place += 1
                continue
            last = self.operand(scope)
            count += 1
        return last, count

    def operand(self, scope: Scope) -> Path | None:
        kind, text = self.kind(), self.peek()
        self.place += 1
        path: Path | None = None
        if kind == "name" and text not in _LITERALS and text != "in":
            if self.peek() == "(":
                self.enclosed(scope)
            elif text in scope:
                path = scope[text]
            else:
                path = (text,)
        elif text in _CLOSERS and kind == "sign":
            self.place -= 1
            inner, count = self.enclosed(scope)
            path = inner if text == "(" and count == 1 else None
        return self.postfix(path, scope)

    def enclosed(self, scope: Scope) -> tuple[Path | None, int]:
        """Read a bracket with what it encloses."""
        closer = _CLOSERS[self.peek()]
        self.place += 1
        inner = self.sequence(scope, closer)
        self.place += 1
        return inner

    def postfix(self, path: Path | None, scope: Scope) -> Path | None:
        while True:
            if self.peek() == "." and self.kind(1) == "name":
                name = self.peek(1)
                self.place += 2
                if self.peek() == "(":
                    path = self.call(name, path, scope)
                else:
                    path = (*(path or (UNFOLLOWED,)), name)
            elif self.peek() == "[":
                path = self.index(path, scope)
            else:
                self.note(path)
                return path

    def index(self, path: Path | None, scope: Scope) -> Path | None:
        key = _PLAIN_STRING.match(self.peek(1))
        alone = self.kind(1) == "string" and self.peek(2) == "]"
        self.enclosed(scope)
        if path is None:
            return None
        return (*path, key.group(2)) if alone and key else (*path, "[]")

    def call(self, name: str, path: Path | None, scope: Scope) -> Path | None:
        """`path.name(…)`: a macro binds its first name within its parentheses only."""
        self.note(path)
        if name not in _MACROS or self.kind(1) != "name" or self.peek(2) != ",":
            self.enclosed(scope)
            return None
        variable = self.peek(1)
        self.place += 3
        self.sequence({**scope, variable: (*path, "[]") if path else None}, ")")
        self.place += 1
        return path if name == "filter" else None
