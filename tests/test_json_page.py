"""docs/json.md tells every word of the JSON that an audit prints, and none that it never has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dam.core.model import Disposition, Purpose
from dam.core.report import Kind
from tests.test_audit import make
from tests.workspaces import Json, Workspace, once

PAGE = Path(__file__).resolve().parents[1] / "docs" / "json.md"
#: Their words are data: months, purposes, kinds, names.
_DATA = ("matrix", "months", "by", "ends", "dispositions")


def words(node: object, way: tuple[str, ...] = ()) -> set[str]:
    """Every word of an object that is no data."""
    found: set[str] = set()
    if isinstance(node, list):
        return found.union(*(words(item, way) for item in node))
    if isinstance(node, dict):
        for word, value in node.items():
            data = bool(way) and (way[-1] in _DATA or (way[-1] == "kinds" and word in set(Kind)))
            data = data or word in set(Purpose)
            found |= words(value, way if data else (*way, word)) | (set() if data else {word})
    return found


def told(page: str) -> set[str]:
    """What stands in backticks as words of JSON, a list of them taken apart."""
    found: set[str] = set()
    for quoted in re.findall(r"`([^`]+)`", page, re.DOTALL):
        found.update(re.split(r"[,\s]+", quoted))
    return found


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Json, Json]:
    """An audit with something in every list, and a comparison likewise."""
    root = once(tmp_path_factory, "paged", make)
    workspace = Workspace(root / "w")
    audit = workspace.ask("audit", "--by", "renewal", "--expiring-within", "60d")
    by_month = workspace.ask("audit", "--by", "month")
    diff = workspace.ask("audit", "--diff", "today", "today")["diff"]
    before = root / "before.json"
    before.write_bytes(workspace.run("audit", "--format", "json").stdout)
    workspace.run("consent", "withdraw", "C-2021-0001", "--by", "parent", "--reason", "asked")
    changed = workspace.ask("audit", "--diff", str(before), "today")["diff"]
    assert audit["renewals"]
    assert changed["findings"]["new"]
    assert by_month["by"]
    assert words(diff) <= words(changed)
    return {**audit, "by": by_month["by"]}, changed


def test_every_word_is_on_the_page_and_each_there_is_one(printed: tuple[Json, Json]) -> None:
    page = PAGE.read_text("utf-8").partition("\n## dam audit\n")[2]
    audit, diff = page.split("`dam audit --diff A B --format json`")
    assert words(printed[0]) - told(audit) == set()
    # What a comparison has of the two audits is told with the audit.
    assert words(printed[1]) - told(page) == set()
    assert {"from", "to", "gained", "lost", "new", "resolved", "nothing"} <= told(diff)
    for part, body in ((audit, printed[0]), (diff, printed[1])):
        known = words(body) | set(map(str, (*Purpose, *Disposition, *Kind)))
        # The first word of each item of the page's lists is one of the object's own.
        for line in re.findall(r"^- `(\w+)`", part, re.M):
            assert line in known, line
    assert words(printed[0]) > {"as_of", "wanted", "renewals", "origin", "severity", "pack"}
