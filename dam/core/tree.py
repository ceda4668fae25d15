"""Bytes of a YAML or JSON file -> a tree of plain text with line numbers.

YAML's own guesses are switched off: every scalar stays the text that was written
(`no`, `12:30`, `1_000`, `2021-10-28`), because what a word means is decided by the
field it stands in, never by YAML. Whatever lets one file say two things (duplicate
words, anchors, merge keys, several documents) is refused.

Everything is bounded before it is trusted: bytes first, then depth and the number of
nodes while the parser's events arrive. Nothing here recurses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json import JSONDecodeError, loads
from typing import TypeAlias

import yaml

from dam.core.model import Problem

#: A mapping, a list, a text exactly as written, or None where nothing was written.
Node: TypeAlias = "dict[str, Node] | list[Node] | str | None"
#: Where a node stands: words of mappings and 0-based places in lists, from the top.
Path: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 100_000
#: More than a person reads at once; with the last of these, reading stops.
MAX_PROBLEMS = 100
_MAX_NUMBER = 40
#: Bytes of the longest file that libyaml reads: it takes a quarter of a second at worst.
_QUICK = 32 * 1024
#: Tabs, NEL, LS, PS, BOM, "|#": on these the two parsers do not agree.
_ODD = re.compile(rb"\t|\xc2\x85|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|[|>]\S*#")

_UNFIT = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]|[^ \t\n\r\[\]{},:"]++', re.DOTALL)
_PLAIN_WORD = re.compile("[a-z][A-Za-z0-9_-]{0,23}")
_GAP = re.compile(r"[ \t\n\r,:]*+")


@dataclass(frozen=True, slots=True)
class Tree:
    """`value` is the whole file; `lines` maps paths to 1-based lines.

    The line of a value in a mapping is that of its word; of a list item, where it begins.
    """

    value: Node
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, *path: str | int) -> int | None:
        """The line of `path` (pieces as arguments), or of its nearest parent that has one."""
        for length in range(len(path), -1, -1):
            if (found := self.lines.get(path[:length])) is not None:
                return found
        return None


def parse(
    data: bytes,
    where: str,
    *,
    json: bool,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
    own: bool = False,
) -> tuple[Tree | None, tuple[Problem, ...]]:
    """Read one YAML 1.1 file, or one JSON text (RFC 8259) where `json` is true.

    `own`: whoever runs dam wrote it, as the rules; libyaml may read it, which is faster. Out
    comes either a tree and no problem, or None and every problem found, each with
    `where` as its file. Raises nothing, whatever the bytes are.
    """
    tree, problems = survey(
        data,
        where,
        json=json,
        max_bytes=max_bytes,
        max_depth=max_depth,
        max_nodes=max_nodes,
        own=own,
    )
    return (None if problems else tree), problems


def survey(
    data: bytes,
    where: str,
    *,
    json: bool,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
    own: bool = False,
) -> tuple[Tree | None, tuple[Problem, ...]]:
    """As `parse`, but keeps the tree beside problems that leave one (a duplicate word).

    Only for finding further problems: a tree that comes with problems must never be used.
    """
    loaders: list[type[yaml.SafeLoader]] = [yaml.SafeLoader]
    if own and not json and len(data) <= _QUICK and not _ODD.search(data):
        # Where anything is wrong it is read again, for the reasons that we know to tell.
        loaders = [getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader]
    tree: Tree | None = None
    problems: tuple[Problem, ...] = ()
    for loader in loaders:
        builder = _Builder(where, max_depth, max_nodes)
        tree, problems = _survey(data, max_bytes, builder, None if json else loader)
        if tree is not None and not problems:
            break
    return tree, problems


def _survey(
    data: bytes, max_bytes: int, builder: _Builder, loader: type[yaml.SafeLoader] | None
) -> tuple[Tree | None, tuple[Problem, ...]]:
    """As `survey`, of YAML by one loader, of JSON without one."""
    try:
        text = _decode(data, max_bytes)
        if loader is None:
            _feed_json(text, builder)
        else:
            _feed_yaml(text, builder, loader)
        if builder.root is None:
            raise _Refused("the file is empty", None)
    except _Refused as refused:
        problem = Problem(builder.where, refused.line, "", str(refused))
        return None, (*builder.problems, problem)
    return Tree(builder.root, builder.lines), tuple(builder.problems)


def field_name(path: Path) -> str:
    """`people[0].age_band`, as problems name a field.

    What does not look like a word of a schema (or a language) is shown as `(…)`: a name may
    stand where a word belongs.
    """
    name = ""
    for piece in path:
        if isinstance(piece, int):
            name += f"[{piece}]"
        else:
            name += ("." if name else "") + (piece if _PLAIN_WORD.fullmatch(piece) else "(…)")
    return name


def quotable(word: str) -> bool:
    """True for a single short word of visible characters: fit to be repeated in a message."""
    return 0 < len(word) <= 24 and word.isprintable() and " " not in word


class _Refused(Exception):
    """The file cannot be read on from here."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def _decode(data: bytes, max_bytes: int) -> str:
    if len(data) > max_bytes:
        raise _Refused(f"the file is too large: at most {max_bytes // 1024} KiB are read", None)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as fault:
        line = None if wide else data.count(b"\n", 0, fault.start) + 1
        raise _Refused("this is not UTF-8 text: save the file as UTF-8", line) from None
    if unfit := _UNFIT.search(text):
        line = text.count("\n", 0, unfit.start()) + 1
        raise _Refused("a control character, which no text needs: retype this line", line)
    return text


@dataclass(slots=True)
class _Frame:
    node: dict[str, Node] | list[Node]
    path: Path
    line: int
    key: str | None = None
    key_line: int = 0
    #: The value that follows belongs to a word that is refused.
    discard: bool = False


class _Builder:
    """Takes scalars, openings and closings in order; makes the tree, its lines and problems."""

    def __init__(self, where: str, max_depth: int, max_nodes: int) -> None:
        self.where = where
        self.max_depth = max_depth
        self.max_nodes = max_nodes
        self.root: Node = None
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self._stack: list[_Frame] = []
        self._nodes = 0

    def scalar(self, text: str | None, line: int) -> None:
        """A word of a mapping, or a value; None is a value that was not written."""
        self._count(line)
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.node, dict) and top.key is None:
            self._word(top, text, line)
            return
        path = self._place(text, line)
        if text is not None and _UNFIT.search(text):
            self.problem(path, line, "a control character is hidden in this text: retype it")

    def open(self, node: dict[str, Node] | list[Node], line: int) -> None:
        """A mapping or list begins (`node` is the empty one to fill)."""
        self._count(line)
        if self._stack and isinstance(self._stack[-1].node, dict) and self._stack[-1].key is None:
            raise _Refused("a list or brackets where a single word is expected before ':'", line)
        if len(self._stack) >= self.max_depth:
            raise _Refused(f"nested too deep: at most {self.max_depth} levels are read", line)
        self._stack.append(_Frame(node, self._place(node, line), line))

    def close(self) -> None:
        self._stack.pop()

    def problem(self, path: Path, line: int | None, message: str) -> None:
        self.problems.append(Problem(self.where, line, field_name(path), message))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Refused("too many problems: the rest of the file was not read", line)

    def here(self) -> Path:
        """The path of the value that comes next."""
        if not self._stack:
            return ()
        top = self._stack[-1]
        if isinstance(top.node, list):
            return (*top.path, len(top.node))
        return top.path if top.key is None else (*top.path, top.key)

    def _count(self, line: int) -> None:
        self._nodes += 1
        if self._nodes > self.max_nodes:
            raise _Refused(f"too many entries: at most {self.max_nodes} are read", line)

    def _word(self, top: _Frame, text: str | None, line: int) -> None:
        if not text:
            raise _Refused("a word is missing before ':'", line)
        top.key = unicodedata.normalize("NFC", text)
        top.key_line = line
        top.discard = True
        path = (*top.path, top.key)
        if _UNFIT.search(text):
            self.problem(top.path, line, "a control character is hidden in a word: retype it")
        elif top.key == "<<":
            self.problem(top.path, line, "merging with '<<' is not allowed: write the lines out")
        elif top.key in top.node:
            first = self.lines.get(path)
            self.problem(path, line, f"stands twice (first on line {first}): keep one")
        else:
            top.discard = False
            self.lines.setdefault(path, line)

    def _place(self, node: Node, line: int) -> Path:
        path = self.here()
        if not self._stack:
            self.root = node
            self.lines[path] = line
            return path
        top = self._stack[-1]
        if isinstance(top.node, list):
            top.node.append(node)
            self.lines.setdefault(path, line)
        elif top.key is not None:
            if not top.discard:
                top.node[top.key] = node
            top.key = None
        return path


# --- YAML ---------------------------------------------------------------------------------

#: Part of what PyYAML says -> what it means to the person who typed. PyYAML's own words are
#: never passed on: they are jargon, and some quote the file.
_SAID = (
    ("while scanning an alias", "put text that starts with '*' or '&' in quotes"),
    ("while scanning an anchor", "put text that starts with '*' or '&' in quotes"),
    ("found character '\\t'", "a tab: use spaces"),
    ("that cannot start any token", "put text that starts with '@', '%' or '`' in quotes"),
    (
        "mapping values are not allowed",
        "a ':' too many, or wrong indentation; text with ': ' in it needs quotes",
    ),
    ("could not find expected ':'", "a word without ':' and a space after it"),
    ("found unexpected end of stream", "a quote is opened here and never closed"),
    ("found unexpected document separator", "a quote is opened here and never closed"),
    ("found unknown escape character", "write '\\\\' for a backslash, or use single quotes"),
    ("expected escape sequence", "write '\\\\' for a backslash, or use single quotes"),
    ("while parsing a flow", "a bracket is opened here and not closed, or a comma is missing"),
    ("while parsing a block", "this line is not indented like its neighbours"),
    ("tag", "tags ('!') are not allowed"),
)
_AT_THE_OPENING = ("found unexpected", "while parsing a flow", "could not find expected")


def _feed_yaml(text: str, builder: _Builder, loader: type[yaml.SafeLoader]) -> None:
    documents = 0
    # SafeLoader is the one written in Python: what strangers send takes libyaml a minute where
    # brackets are nested deep, and whatever else is wrong with libyaml is no exception there.
    events = yaml.parse(text, Loader=loader)
    while (event := _next_event(events)) is not None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Refused("a second document ('---'): write one file for each", line)
        elif isinstance(event, yaml.AliasEvent):
            advice = "put text that starts with '*' in quotes"
            raise _Refused(f"aliases are not allowed: {advice}", line)
        elif isinstance(event, yaml.NodeEvent):
            _feed_node(event, line, builder)
        elif isinstance(event, yaml.CollectionEndEvent):
            builder.close()


def _feed_node(event: yaml.NodeEvent, line: int, builder: _Builder) -> None:
    if event.anchor is not None:
        advice = "anchors are not allowed: put text that starts with '&' in quotes"
        builder.problem(builder.here(), line, advice)
    if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
        advice = "tags are not allowed: put text that starts with '!' in quotes"
        builder.problem(builder.here(), line, advice)
    if isinstance(event, yaml.MappingStartEvent):
        builder.open({}, line)
    elif isinstance(event, yaml.SequenceStartEvent):
        builder.open([], line)
    elif isinstance(event, yaml.ScalarEvent):
        # libyaml gives "" as the style of what stands without quotes.
        written = event.value or event.style
        builder.scalar(event.value if written else None, line)


def _next_event(events: Iterator[yaml.Event]) -> yaml.Event | None:
    try:
        return next(events, None)
    except yaml.MarkedYAMLError as fault:
        raise _explain(fault) from None
    except (yaml.YAMLError, ArithmeticError, AssertionError, LookupError, TypeError, ValueError):
        # PyYAML lets through what chr() and int() raise, for "\UFFFFFFFF" among others.
        raise _Refused(
            "this cannot be read as YAML: an escape or a '%' line is wrong", None
        ) from None


def _explain(fault: yaml.MarkedYAMLError) -> _Refused:
    said = f"{fault.context or ''}: {fault.problem or ''}"
    mark = fault.problem_mark or fault.context_mark
    if any(part in said for part in _AT_THE_OPENING):
        mark = fault.context_mark or mark
    advice = next((means for part, means in _SAID if part in said), "check quotes and indentation")
    return _Refused(f"this cannot be read as YAML: {advice}", mark.line + 1 if mark else None)


# --- JSON ---------------------------------------------------------------------------------


_OPENINGS: dict[str, type[dict[str, Node]] | type[list[Node]]] = {"{": dict, "[": list}
_CLOSINGS = frozenset("}]")
_JSON_WORDS: dict[str, str | None] = {"null": None}


def _feed_json(text: str, builder: _Builder) -> None:
    """Bounds first, then the grammar by `json`, then our own pass for words, lines and numbers."""
    if not text.strip():
        return
    tokens = _json_tokens(text, builder)
    try:
        # Numbers stay text: int() of a million digits takes minutes.
        loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except JSONDecodeError as fault:
        message = "this cannot be read as JSON: check commas, quotes and brackets"
        raise _Refused(message, fault.lineno) from None
    for token, line in tokens:
        if token in _OPENINGS:
            builder.open(_OPENINGS[token](), line)
        elif token in _CLOSINGS:
            builder.close()
        elif token.startswith('"'):
            builder.scalar(str(loads(token)), line)
        elif token in ("NaN", "Infinity", "-Infinity"):
            raise _Refused("NaN and Infinity are not numbers", line)
        elif len(token) > _MAX_NUMBER:
            raise _Refused("a number this long cannot be meant", line)
        else:
            builder.scalar(_JSON_WORDS.get(token, token), line)


def _json_tokens(text: str, builder: _Builder) -> list[tuple[str, int]]:
    """Strings, brackets and bare words with their lines, up to the first that is none of them.

    Where it stops early (an open string), `json` stops at the same place with an error.
    """
    tokens: list[tuple[str, int]] = []
    depth, line, at = 0, 1, 0
    while True:
        gap = _GAP.match(text, at)
        line += text.count("\n", at, gap.end() if gap else at)
        found = _TOKEN.match(text, gap.end() if gap else at)
        if found is None:
            return tokens
        token = found.group()
        depth += (token in _OPENINGS) - (token in _CLOSINGS)
        if depth > builder.max_depth:
            raise _Refused(f"nested too deep: at most {builder.max_depth} levels are read", line)
        if len(tokens) > 2 * builder.max_nodes:
            raise _Refused(f"too many entries: at most {builder.max_nodes} are read", line)
        tokens.append((token, line))
        line += token.count("\n")
        at = found.end()
