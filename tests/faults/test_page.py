"""docs/reliability.md names a test that exists for every fault of files, parsers and outputs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
ROW = re.compile(r"^\| (\d+) \|.*\| ([^|]*) \|$", re.M)


def named() -> dict[int, list[str]]:
    """The tests of the table of faults, by row."""
    table = PAGE.read_text().partition("## Faults, what dam does")[2]
    return {int(row): re.findall(r"`([^`]+)`", tests) for row, tests in ROW.findall(table)}


def test_every_fault_has_a_test() -> None:
    rows = named()
    assert list(rows) == [*range(1, 33), *range(38, 45)]
    assert all(rows.values())


def test_the_tests_are_there() -> None:
    missing = []
    for test in sorted({test for tests in named().values() for test in tests}):
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text())
        if name not in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}:
            missing.append(test)
    assert missing == []


def test_what_the_page_quotes_is_what_dam_says() -> None:
    """The lines told at the start, numbers apart."""
    quoted = re.findall(r"\*((?:An earlier run|Something changed)[^*]+)\*", PAGE.read_text())
    code = re.sub(r'"\s*f?"', "", (ROOT / "dam/flows/ingest/first.py").read_text())
    for line in (" ".join(q.split()) for q in quoted):
        start = line.partition(" 2 ")[0]
        assert start in code, line
    assert len(quoted) == 2
