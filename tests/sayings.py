"""Every text that the errors of dam can carry, read off its code.

What is put into a sentence only when it is said stands as `VALUE`; what a name stands for is
looked up where it is given: in the function, by its callers, in the module.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
VALUE = "X7"
#: How far a text is followed from the error that carries it, and how many it may turn out to be.
_FAR, _MANY = 4, 60
Function = ast.FunctionDef | ast.AsyncFunctionDef
Texts = tuple[str, ...]
_UNTOLD: Texts = (VALUE,)


@dataclass(frozen=True, eq=False)
class Module:
    """A module of dam: `live` as it runs, and its calls and functions by name."""

    path: Path
    live: ModuleType
    parents: Mapping[ast.AST, ast.AST]
    calls: Mapping[str, list[ast.Call]]
    functions: Mapping[str, list[Function]]

    @classmethod
    def read(cls, path: Path) -> Module:
        tree = ast.parse(path.read_text())
        parents: dict[ast.AST, ast.AST] = {}
        calls: dict[str, list[ast.Call]] = {}
        functions: dict[str, list[Function]] = {}
        for node in ast.walk(tree):
            parents.update((child, node) for child in ast.iter_child_nodes(node))
            if isinstance(node, ast.Call):
                calls.setdefault(called(node), []).append(node)
            elif isinstance(node, Function):
                functions.setdefault(node.name, []).append(node)
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        return cls(path, importlib.import_module(name), parents, calls, functions)

    def place(self, node: ast.expr) -> str:
        return f"{self.path.relative_to(ROOT)}:{node.lineno}"

    def around(self, node: ast.AST) -> Function | None:
        """The function that `node` stands in."""
        at = self.parents.get(node)
        while at is not None and not isinstance(at, Function):
            at = self.parents.get(at)
        return at

    def texts(self, node: ast.expr, far: int = 0) -> Texts:
        """What an expression may be as a text."""
        if isinstance(node, ast.Constant):
            return (node.value,) if isinstance(node.value, str) else _UNTOLD
        if isinstance(node, ast.JoinedStr):
            return _joined([self.texts(part, far) for part in node.values])
        if isinstance(node, ast.FormattedValue):
            found = self.texts(node.value, far)
            return tuple(map(repr, found)) if node.conversion == ord("r") else found
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return _joined([self.texts(node.left, far), self.texts(node.right, far)])
        if isinstance(node, ast.IfExp | ast.BoolOp):
            either = node.values if isinstance(node, ast.BoolOp) else (node.body, node.orelse)
            return _united(self.texts(each, far) for each in either)
        if far < _FAR and isinstance(node, ast.Name):
            return self._named(node, far + 1)
        if far < _FAR and isinstance(node, ast.Call):
            return self._returned(node, far + 1)
        return _UNTOLD

    def _named(self, node: ast.Name, far: int) -> Texts:
        function = self.around(node)
        if function is not None:
            given = list(self._assigned(function, node.id, far))
            if node.id in _parameters(function):
                given += _handed(self, function, node.id, far)
                return _united(given)
            if given:
                return _united(given)
        known = getattr(self.live, node.id, None)
        return (known,) if isinstance(known, str) else _UNTOLD

    def _assigned(self, function: Function, name: str, far: int) -> Iterator[Texts]:
        for each in ast.walk(function):
            if isinstance(each, ast.For) and isinstance(each.target, ast.Tuple):
                rows = each.iter.elts if isinstance(each.iter, ast.Tuple) else []
                for at, one in enumerate(each.target.elts):
                    if isinstance(one, ast.Name) and one.id == name:
                        yield from (self._part(row, at, far) for row in rows)
            if not isinstance(each, ast.Assign):
                continue
            for target in each.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    yield self.texts(each.value, far)
                elif isinstance(target, ast.Tuple):
                    for at, one in enumerate(target.elts):
                        if isinstance(one, ast.Name) and one.id == name:
                            yield self._part(each.value, at, far)

    def _part(self, node: ast.expr, at: int, far: int) -> Texts:
        """What stands at a place of a tuple."""
        if isinstance(node, ast.Tuple):
            return self.texts(node.elts[at], far)
        if isinstance(node, ast.Call) and far < _FAR:
            table, rest = self._table(node)
            found: list[Texts] = [(str(row[at]),) for row in table if isinstance(row, tuple)]
            more = [*rest, *self._answers(node)]
            return _united([*found, *(self._part(each, at, far + 1) for each in more)])
        known = getattr(self.live, node.id, None) if isinstance(node, ast.Name) else None
        return (str(known[at]),) if isinstance(known, tuple) else _UNTOLD

    def _table(self, node: ast.Call) -> tuple[list[object], list[ast.expr]]:
        """The values of a mapping of the module that is asked by `get`, and what else may come."""
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        table = getattr(self.live, of.id, None) if isinstance(of, ast.Name) else None
        if called(node) == "get" and isinstance(table, Mapping):
            return list(table.values()), node.args[1:]
        return [], []

    def _returned(self, node: ast.Call, far: int) -> Texts:
        """What a function of the module, or a mapping of it, answers."""
        table, rest = self._table(node)
        found: list[Texts] = [(each,) for each in table if isinstance(each, str)]
        found += [self.texts(each, far) for each in rest]
        found += [self.texts(each, far) for each in self._answers(node)]
        return _united(found)

    def answers(self, names: Iterable[str]) -> Iterator[ast.expr]:
        """All expressions that these functions of the module return or yield, part by part."""
        for function in (one for name in names for one in self.functions.get(name, ())):
            for each in ast.walk(function):
                if isinstance(each, ast.Return | ast.Yield) and each.value is not None:
                    found = each.value
                    yield from found.elts if isinstance(found, ast.Tuple | ast.List) else [found]

    def _answers(self, node: ast.Call) -> Iterator[ast.expr]:
        """What a function of the module that is called returns."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        for function in self.functions.get(name, ()):
            for each in ast.walk(function):
                if isinstance(each, ast.Return) and each.value is not None:
                    yield each.value

    def means(self, call: ast.Call, other: Module, name: str) -> bool:
        """Whether a call here, of that name, is one of the function of another module."""
        wanted = getattr(other.live, name, None)
        if isinstance(call.func, ast.Name):
            return wanted is not None and getattr(self.live, name, None) is wanted
        of = call.func.value if isinstance(call.func, ast.Attribute) else None
        return isinstance(of, ast.Name) and getattr(self.live, of.id, None) is other.live


def _parameters(function: Function) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _handed(home: Module, function: Function, parameter: str, far: int) -> Iterator[Texts]:
    """What the callers of a function give for one of its parameters."""
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    at = names.index(parameter) if parameter in names else None
    if at is not None and names[0] in ("self", "cls"):
        at -= 1
    for module in modules():
        for call in module.calls.get(function.name, ()):
            if module is not home and not module.means(call, home, function.name):
                continue
            if at is not None and call.args and isinstance(call.args[0], ast.Starred):
                yield module._part(call.args[0].value, at, far)
            elif at is not None and at < len(call.args):
                yield module.texts(call.args[at], far)
            yield from (module.texts(w.value, far) for w in call.keywords if w.arg == parameter)


def _joined(parts: list[Texts]) -> Texts:
    return tuple(dict.fromkeys("".join(one) for one in product(*parts)))


def _united(found: Iterable[Texts]) -> Texts:
    every = tuple(dict.fromkeys(text for texts in found for text in texts))
    return every if 0 < len(every) <= _MANY else _UNTOLD


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@cache
def modules() -> tuple[Module, ...]:
    return tuple(
        Module.read(path)
        for path in sorted((ROOT / "dam").rglob("*.py"))
        if path.name != "__main__.py" and "migrations" not in path.parts
    )
